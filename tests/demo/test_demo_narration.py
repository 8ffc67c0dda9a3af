"""What people read on the terminal while the demo runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

from rich.console import Console

from demo.narration import WIDTH, Narrator
from router.archive import Action
from router.case import Case, Reporter, Status
from router.decision import Decision, ServiceId, Urgency
from router.delivery import Delivery, DeliveryKind
from router.message import Address, Envelope, Message
from router.tracking import from_bits, printed
from router.work import Inbound
from router.worked import Worked

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
PHONE = Address("sms", "+33756000044", "+33612340001")
OWNER = ServiceId("proprete-metropole")
NUMBER = from_bits(12345)
REPORT = {
    "messages": 1, "cases": 1, "forwarded": 1, "unanswered": [], "wrong_channel": [], "dead": [],
    "by_channel": {"sms": {"in": 1, "cases": 1, "replies": 2}},
}  # fmt: skip


def _told(narrator: Narrator) -> str:
    assert isinstance(narrator.console.file, StringIO)
    return narrator.console.file.getvalue()


def _narrator(*, quiet: bool = False) -> Narrator:
    return Narrator(quiet=quiet, console=Console(file=StringIO(), width=WIDTH, highlight=False))


def _worked(text: str, action: Action = Action.CREATE) -> tuple[Inbound, Worked]:
    envelope = Envelope("sms", PHONE.account, "SM1", PHONE.key, b"", NOW)
    case = Case(
        1, NUMBER, 1, Status.ASSIGNED, OWNER, NOW, NOW, NOW, category="poubelles-collecte",
        urgency=Urgency.HIGH, reporters=(Reporter(PHONE),),
    )  # fmt: skip
    sentence = "Service de la propreté est responsable par la règle « poubelles » (table)."
    decision = Decision(OWNER, "poubelles", "h", sentence)
    reply = Delivery(2, "i", PHONE.key, DeliveryKind.ACKNOWLEDGEMENT, PHONE, "Reçu", NOW)
    message = Message(PHONE, "SM1", NOW, text=text, text_shown=text)
    return Inbound(1, envelope), Worked(action, "nouveau", case, message, None, decision, reply)


def test_it_opens_with_the_rules_that_are_played() -> None:
    narrator = _narrator()
    narrator.opening("celles du dossier « config »")
    assert "Règles jouées : celles du dossier « config »." in _told(narrator)


def test_a_block_says_message_number_service_reason_and_reply_channel() -> None:
    narrator = _narrator()
    narrator.routed(*_worked("les poubelles débordent"))
    told = _told(narrator)
    for words in ("SMS", "les poubelles débordent", printed(NUMBER), "haute"):
        assert words in told
    assert "→ Service de la propreté" in told
    assert "par la règle « poubelles »" in told
    assert "✓ réponse par SMS au +33612340001" in told


def test_nothing_is_wider_than_the_terminal_and_no_citizen_writes_markup() -> None:
    narrator = _narrator()
    narrator.opening()
    narrator.routed(*_worked("[red]bonjour[/] " + "très long message " * 20))
    narrator.closing(REPORT)
    narrator.your_turn("http://127.0.0.1:8000", "http://127.0.0.1:9000")
    told = _told(narrator)
    assert "[red]bonjour[/]" in told
    assert max(len(line) for line in told.splitlines()) <= WIDTH


def test_a_service_that_answers_is_shown_with_the_way_back() -> None:
    narrator = _narrator()
    inbound, worked = _worked("Nous passons demain.", Action.PARTNER)
    narrator.routed(inbound, worked)
    assert "« Nous passons demain. »" in _told(narrator)
    assert "→ réponse par SMS au +33612340001" in _told(narrator)


def test_the_end_names_what_went_wrong_and_where_to_play() -> None:
    narrator = _narrator()
    narrator.closing(REPORT | {"unanswered": ["bruit"]})
    assert "http" not in _told(narrator)  # a run that ends leaves no page behind
    narrator.your_turn("http://a.example", "http://b.example")
    told = _told(narrator)
    assert "✗ sans réponse : bruit" in told
    assert "Chaque personne a reçu sa réponse" not in told
    assert "http://a.example/suivi" in told
    assert "http://b.example/" in told


def test_programs_that_read_json_see_nothing_of_it() -> None:
    narrator = _narrator(quiet=True)
    narrator.opening()
    narrator.routed(*_worked("bonjour"))
    narrator.closing(REPORT)
    narrator.your_turn("http://a.example", "")
    assert _told(narrator) == ""


def test_a_service_is_called_by_its_name_and_a_person_of_telegram_too() -> None:
    narrator = _narrator()
    narrator.names["proprete-metropole"] = "Service de la propreté"
    chat = Address("telegram", "GuichetNantesBot", "7001")
    inbound, worked = _worked("un banc cassé")
    reporters = (Reporter(chat),)
    message = replace(worked.message, address=chat, sender_name="Inès")
    case = replace(worked.case, reporters=reporters)
    narrator.routed(inbound, replace(worked, message=message, case=case))
    done = replace(
        worked, action=Action.PARTNER, reason="clôture par proprete-metropole", case=case,
        message=None,
    )  # fmt: skip
    narrator.routed(inbound, done)
    told = _told(narrator)
    assert "◆ clôture – Service de la propreté" in told
    assert "→ réponse par Telegram à Inès" in told


def test_a_danger_fits_the_terminal() -> None:
    narrator = _narrator()
    inbound, worked = _worked("ça sent le gaz", Action.EMERGENCY)
    case = replace(worked.case, urgency=Urgency.IMMEDIATE, category="pannes-immeuble")
    narrator.routed(inbound, replace(worked, case=case))
    lines = _told(narrator).splitlines()
    assert any(line.endswith("urgence IMMÉDIATE") for line in lines)
    assert all(len(line) <= WIDTH for line in lines)
    assert all(line == "" or line.startswith((" ", "☎")) for line in lines)


def test_the_echo_of_our_own_message_is_no_news() -> None:
    narrator = _narrator()
    inbound, worked = _worked("", Action.IGNORE)
    narrator.routed(inbound, replace(worked, message=None, case=None))
    assert _told(narrator) == ""
