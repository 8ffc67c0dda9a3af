"""Whom a complaint about our mail silences: only who was sent it."""

from __future__ import annotations

import pytest
from town import START, TownSender

from channels.email import EmailChannel, EmailSettings
from router.archive import Action
from router.delivery import DeliveryState, Sent
from router.outbox import Courier
from router.tokens import Signer

BOX = "guichet@nantes.example"


class Relay(TownSender):
    """Names what it took by the mail's Message-ID, as a relay does."""

    async def send(self, part, idem):
        await super().send(part, idem)
        return Sent((f"<{idem}@nantes.example>",))


@pytest.fixture
def mailbox(town):
    channel = EmailChannel(EmailSettings(), BOX, Signer({"a": b"key"}, "a"))
    town.router.readers.update({("email", BOX): channel})
    return channel


async def take(town, mailbox, raw: str) -> None:
    town.seen.clear()
    await town.store.accept([mailbox.envelope(raw.encode(), START)])
    while await town.router.run_once():
        pass


async def writes(town, mailbox, person: str, text: str) -> None:
    await take(town, mailbox, f"From: {person}\nTo: {BOX}\nSubject: a\n\n{text}\n")


async def answered(town, mailbox, person: str) -> str:
    """Have a person write, and give the Message-ID of what he is answered."""
    await writes(town, mailbox, person, "Le lampadaire est éteint rue Scribe")
    courier = Courier(f"send:email|{BOX}", Relay(), town.store, town.clock, town.ids)
    while await courier.run_once():
        pass
    sent = await town.store.list_deliveries([DeliveryState.SENT], 100)
    return next(one.provider_id for one in sent if one.address.value == person)


def complaint(person: str, fields: str = "", copy: str = "") -> str:
    return (
        f"From: fbl@fournisseur.example\nTo: {BOX}\nSubject: c\nMIME-Version: 1.0\nContent-Type:"
        " multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nplainte\n"
        "--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n"
        f"Original-Rcpt-To: {person}\n{fields}\n--b\nContent-Type: message/rfc822\n\n"
        f"From: {BOX}\nSubject: a\n{copy}\n\nBonjour\n--b--\n"
    )


async def still_answered(town, mailbox, person: str) -> bool:
    await writes(town, mailbox, person, "La poubelle déborde rue Crébillon")
    waiting = await town.store.list_deliveries([DeliveryState.QUEUED], 100)
    return any(one.address.value == person for one in waiting)


@pytest.mark.parametrize("copy", ["", "Message-ID: <1234567890@nantes.example>"])
async def test_a_complaint_about_no_mail_of_ours_silences_nobody(town, mailbox, copy):
    await answered(town, mailbox, "lea@c.example")
    await take(town, mailbox, complaint("lea@c.example", copy=copy))
    assert [worked.action for worked in town.seen] == [Action.IGNORE]
    assert await still_answered(town, mailbox, "lea@c.example")


async def test_a_complaint_about_a_mail_to_somebody_else_silences_neither(town, mailbox):
    await answered(town, mailbox, "lea@c.example")
    own = await answered(town, mailbox, "eve@c.example")
    await take(town, mailbox, complaint("lea@c.example", copy=f"Message-ID: {own}"))
    assert await still_answered(town, mailbox, "lea@c.example")
    assert await still_answered(town, mailbox, "eve@c.example")


async def test_who_calls_a_mail_spam_that_he_was_sent_gets_no_more(town, mailbox):
    sent = await answered(town, mailbox, "lea@c.example")
    await take(town, mailbox, complaint("Lea@c.example", copy=f"Message-ID: {sent}"))
    assert not await still_answered(town, mailbox, "lea@c.example")


async def test_the_envelope_sender_names_the_mail_as_well(town, mailbox):
    sent = await answered(town, mailbox, "lea@c.example")
    verp = f"guichet+b-{sent.strip('<>')}"
    await take(town, mailbox, complaint("lea@c.example", f"Original-Mail-From: <{verp}>\n"))
    assert not await still_answered(town, mailbox, "lea@c.example")
