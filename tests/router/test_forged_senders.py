"""What is done with a mail that our own server knows not to come from whom it names."""

from __future__ import annotations

import pytest
from town import START

from channels.email import EmailChannel, EmailSettings
from router.archive import CaseFilter
from router.case import EventKind
from router.tokens import Signer

BOX = "guichet@nantes.example"
VERDICT = "Authentication-Results: mx.nantes.example; dmarc={} header.from=v.example\n"


@pytest.fixture
def mailbox(town):
    settings = EmailSettings(trusted_authserv_ids=("mx.nantes.example",))
    channel = EmailChannel(settings, BOX, Signer({"a": b"key"}, "a"))
    town.router.readers.update({("email", BOX): channel})
    return channel


async def take(town, mailbox, verdict: str, number: int, text: str, subject: str = "l") -> None:
    raw = (
        f"{VERDICT.format(verdict)}From: v@v.example\nTo: {BOX}\nSubject: {subject}{number}\n"
        f"Message-ID: <{number}@x>\n\n{text}\n"
    )
    await town.store.accept([mailbox.envelope(raw.encode(), START)])
    while await town.router.run_once():
        pass


@pytest.mark.parametrize(
    "text",
    ["Le lampadaire numéro {0} est éteint rue n{0}", "Ça sent le gaz rue n{0}", "C'est flou {0}"],
)
async def test_who_is_named_by_a_forger_is_written_to_by_no_machine(town, mailbox, text):
    for number in range(3):
        await take(town, mailbox, "fail", number, text.format(number))
    assert await town.to("v@v.example") == []
    cases = await town.store.cases(CaseFilter())
    assert cases
    assert all("a-verifier" in case.labels for case in cases)
    for case in cases:
        notes = [e.text for e in await town.store.events(case.id) if e.kind is EventKind.NOTE]
        assert any("Aucune réponse automatique" in note for note in notes), notes


async def test_what_a_forger_adds_to_a_case_is_not_answered_either(town, mailbox):
    await take(town, mailbox, "pass", 1, "Le lampadaire est éteint rue Scribe")
    (case,) = await town.store.cases(CaseFilter())
    before = await town.to("v@v.example")
    await take(town, mailbox, "fail", 2, f"Toujours éteint, {case.number}")
    assert await town.to("v@v.example") == before
    notes = [e.text for e in await town.store.events(case.id) if e.kind is EventKind.NOTE]
    assert any("Aucune réponse automatique" in note for note in notes)


async def act(town, case, act: str, text: str = "") -> None:
    token = town.signer.sign("p", case.number, case.owner)
    await town.hear(str(case.owner), kind="act", token=token, act=act, text=text)


async def test_only_what_a_service_answers_itself_leaves_for_who_is_named(town, mailbox):
    await take(town, mailbox, "fail", 1, "Le lampadaire est éteint rue Scribe")
    (case,) = await town.store.cases(CaseFilter())
    await act(town, case, "accept")
    assert await town.to("v@v.example") == []
    notes = [e.text for e in await town.store.events(case.id) if e.kind is EventKind.NOTE]
    assert sum("rien n'est parti" in note for note in notes) == 1
    await act(town, case, "close", "Réparé hier soir.")
    [told] = await town.to("v@v.example")
    assert "Réparé hier soir." in told.text


async def test_who_then_writes_himself_hears_what_becomes_of_it(town, mailbox):
    await take(town, mailbox, "fail", 1, "Le lampadaire est éteint rue Scribe")
    (case,) = await town.store.cases(CaseFilter())
    await take(town, mailbox, "pass", 2, f"Toujours éteint, {case.number}")
    before = len(await town.to("v@v.example"))
    await act(town, case, "accept")
    assert len(await town.to("v@v.example")) == before + 1


async def test_a_mail_that_is_merely_not_signed_is_answered(town, mailbox):
    await take(town, mailbox, "none", 1, "Le lampadaire est éteint rue Scribe")
    assert len(await town.to("v@v.example")) == 1


async def test_the_page_of_an_odd_form_is_still_answered(town):
    worked = await town.hear("page", "Le lampadaire est éteint", trust="failed")
    assert len(await town.to("page")) == 1
    notes = [e.text for e in await town.store.events(worked.case.id)]
    assert not any("Aucune réponse automatique" in note for note in notes)
