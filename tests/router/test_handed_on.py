"""What a person wrote and a machine handed on is read by somebody, and never answered by us."""

from __future__ import annotations

import pytest
from town import START

from channels.email import EmailChannel, EmailSettings
from router.archive import CaseFilter
from router.case import EventKind
from router.delivery import DeliveryState
from router.tokens import Signer

BOX = "guichet@nantes.example"
GAS = "Ça sent le gaz rue Scribe à Nantes, des gens sont malades"
LAMP = "Le lampadaire est éteint rue Scribe"
PLAIN = "Bonjour, voici les nouvelles du quartier"
FORM = "From: Formulaire <noreply@ville.example>\nReply-To: Lea <lea@c.example>"
LIST = "From: Jean <jean@c.example>\nList-Id: <quartier.example>"


@pytest.fixture
def mailbox(town):
    channel = EmailChannel(EmailSettings(), BOX, Signer({"a": b"key"}, "a"))
    town.router.readers.update({("email", BOX): channel})
    return channel


async def take(town, mailbox, head: str, text: str):
    if "From:" not in head:
        head = f"From: Jean <jean@c.example>\n{head}"
    if "Subject:" not in head:
        head = f"{head}\nSubject: Urgent"
    raw = f"{head}\nTo: {BOX}\n\n{text}\n"
    await town.store.accept([mailbox.envelope(raw.encode(), START)])
    while await town.router.run_once():
        pass
    cases = await town.store.cases(CaseFilter())
    sent = await town.store.list_deliveries(list(DeliveryState), 1000)
    people = [one for one in sent if one.address.channel == "email" and "@c." in one.address.value]
    people += [one for one in sent if "noreply" in one.address.value]
    assert people == []
    return cases


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (FORM, GAS),
        (FORM, LAMP),
        (FORM, PLAIN),
        (f"{FORM}\nAuto-Submitted: auto-generated", GAS),
        (FORM, f"Ceci est un message automatique, merci de ne pas y répondre.\n\n{GAS}"),
        ("From: noreply@ville.example", GAS),
        ("From: noreply@ville.example", LAMP),
        (LIST, GAS),
        (LIST, LAMP),
        (f"{LIST}\nSubject: Re: [quartier] Urgent", GAS),
        ("Precedence: list", GAS),
        ("Precedence: list", LAMP),
        ("Precedence: bulk", GAS),
        ("Precedence: bulk", LAMP),
        ("Auto-Submitted: auto-generated", GAS),
        ("From: notifications@ville.example", GAS),
        ("Feedback-ID: 1:2:3:f", GAS),
    ],
)
async def test_somebody_reads_what_a_machine_hands_on(town, mailbox, head, text):
    [case] = await take(town, mailbox, head, text)
    assert "a-verifier" in case.labels
    assert text.splitlines()[-1] in case.text
    notes = [e.text for e in await town.store.events(case.id) if e.kind is EventKind.NOTE]
    assert any("Envoyé par une machine" in note for note in notes)
    assert not case.asked
    if "Reply-To" in head:
        assert any("Lea <lea@c.example>" in note for note in notes)


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (LIST, PLAIN),
        ("From: noreply@ville.example", PLAIN),
        ("Auto-Submitted: auto-generated", LAMP),
        ("From: newsletter@theatre.example", LAMP),
        ("Auto-Submitted: auto-replied", GAS),
        ("Subject: Réponse automatique : Votre demande", GAS),
        (f"{LIST}\nSubject: Réponse automatique : Votre demande", GAS),
        ("Precedence: bulk\nSubject: Re: Votre demande", f"{LAMP}. Je suis absent."),
        ("Precedence: auto_reply", GAS),
        ("Precedence: junk", GAS),
        ("X-Autoreply: yes", GAS),
        ("Return-Path: <>", GAS),
        ("From: MAILER-DAEMON@mx.example", GAS),
        (f"From: {BOX}", GAS),
        (f"{FORM}\nX-Loop: {BOX}", GAS),
        ("Subject: Re: Votre demande", f"Je suis absent. En cas d'urgence, appelez.\n{GAS}"),
    ],
)
async def test_what_a_machine_says_for_itself_opens_nothing(town, mailbox, head, text):
    assert await take(town, mailbox, head, text) == []


async def test_our_own_words_that_a_machine_sends_back_open_nothing(town, mailbox):
    town.rules.known["gaz"] = "Sortez d'ici sans allumer. Appelez le 18, le gaz peut exploser."
    assert await take(town, mailbox, FORM, town.rules.known["gaz"]) == []


async def test_one_form_writes_for_many_people(town, mailbox):
    await take(town, mailbox, FORM, LAMP)
    cases = await take(town, mailbox, FORM, "La poubelle déborde, toujours")
    assert len(cases) == 2


async def test_no_service_s_answer_goes_to_a_machine(town, mailbox):
    [case] = await take(town, mailbox, FORM, LAMP)
    token = town.signer.sign("p", case.number, case.owner)
    await town.hear(str(case.owner), kind="act", token=token, act="close", text="Réparé.")
    assert await town.to("noreply@ville.example") == []
