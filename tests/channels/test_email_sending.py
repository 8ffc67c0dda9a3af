"""Mail out by real SMTP: what is written, and what becomes of it when the relay misbehaves."""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest

from channels.email import EmailChannel, EmailSettings
from channels.smtp.letter import Letter, encoded, written
from channels.smtp.settings import EnvelopeSender, Tls
from demo.faults import FaultKind
from demo.mail import MailSimulator
from router.case import CaseFile
from router.delivery import Delivery, DeliveryKind, Permanent, Retry, SendOutcome, Sent, Unknown
from router.message import Address
from router.ports import OutboundPart
from router.tokens import REPLY, Signer
from router.tracking import from_bits

COUNTER = "guichet@nantes.example"
SIGNER = Signer({"a": b"key"}, "a")
TOKEN = SIGNER.sign(REPLY, from_bits(123456789), "email|x")
IDEM = "ab" * 20


def delivery(**changed: Any) -> Delivery:
    return replace(
        Delivery(
            id=1,
            idem=IDEM,
            lane="lane",
            kind=DeliveryKind.ACKNOWLEDGEMENT,
            address=Address("email", COUNTER, "lea@citoyens.example"),
            text="Bonjour,\n\nVotre demande est reçue : https://nantes.example/suivi/7K4M.\n",
            created_at=datetime(2026, 11, 22, 9, 0, tzinfo=UTC),
            subject="Votre demande est reçue [#7K4M-Q2XD-9TC]",
            refs=("<m0@citoyens.example>", "<m1@citoyens.example>"),
            reply_token=TOKEN,
        ),
        **changed,
    )


def channel(server: MailSimulator, **changed: Any) -> EmailChannel:
    given = {"smtp_host": "127.0.0.1", "smtp_port": server.smtp_port, "smtp_timeout_s": 1.0}
    given |= {"display_name": "Guichet de Nantes, été", "lmtp_port": 0}
    settings = EmailSettings(**{**given, **changed})
    return EmailChannel(settings, COUNTER, SIGNER)


async def send(channel: EmailChannel, what: Delivery) -> SendOutcome:
    part = channel.render(what)[0]
    return await channel.send(part, what.idem)


@pytest.fixture
async def server() -> AsyncIterator[MailSimulator]:
    async with MailSimulator() as running:
        yield running


@pytest.fixture
async def box(server: MailSimulator) -> AsyncIterator[EmailChannel]:
    made = channel(server)
    yield made
    await made.close()


def parsed(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


async def test_an_answer_arrives_whole(server: MailSimulator, box: EmailChannel) -> None:
    assert await send(box, delivery()) == Sent((f"<{IDEM}@nantes.example>",))
    mail = server.mailbox("lea@citoyens.example")[0]
    message = mail.message
    assert mail.text == delivery().text
    assert str(message["From"]) == f'"Guichet de Nantes, été" <{COUNTER}>'
    assert message["Reply-To"] == f"guichet+{TOKEN}@nantes.example"
    assert message["In-Reply-To"] == "<m1@citoyens.example>"
    assert str(message["References"]).split() == [
        "<m0@citoyens.example>",
        "<m1@citoyens.example>",
    ]
    assert message["Subject"] == "Votre demande est reçue [#7K4M-Q2XD-9TC]"
    assert message["Message-ID"] == f"<{IDEM}@nantes.example>"
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["Content-Language"] == "fr"
    assert mail.sender == f"guichet+b-{IDEM}@nantes.example"
    html = message.get_body(("html",))
    assert html is not None
    assert '<a href="https://nantes.example/suivi/7K4M">' in html.get_content()


async def test_the_reply_address_leads_back_to_the_case(
    server: MailSimulator, box: EmailChannel
) -> None:
    await send(box, delivery())
    to = str(server.mailbox("lea@citoyens.example")[0].message["Reply-To"])
    raw = f"From: lea@citoyens.example\nTo: {to}\nSubject: Re\n\nOui\n".encode()
    assert box.message(box.envelope(raw, delivery().created_at)).thread.tokens == (TOKEN,)


@pytest.mark.parametrize(("letters", "told"), [(22, True), (23, False)])
async def test_no_reply_address_is_longer_than_mail_servers_take(
    server: MailSimulator, letters: int, told: bool
) -> None:
    account = f"{'g' * letters}@nantes.example"
    settings = EmailSettings(smtp_host="127.0.0.1", smtp_port=server.smtp_port, lmtp_port=0)
    box = EmailChannel(settings, account, SIGNER)
    await send(box, delivery(reply_token=SIGNER.sign(REPLY, from_bits(5), "email|x")))
    reply_to = server.mailbox("lea@citoyens.example")[0].message["Reply-To"]
    assert (reply_to is not None) is told
    if reply_to is not None:
        assert len(str(reply_to).partition("@")[0]) <= 64
    health = await box.health()
    await box.close()
    assert ("22 caractères" in health.sentence) is not told
    assert health.ok is told


async def test_what_a_person_wrote_is_not_marked_as_automatic(
    server: MailSimulator, box: EmailChannel
) -> None:
    await send(box, delivery(automatic=False, refs=()))
    message = server.mailbox("lea@citoyens.example")[0].message
    assert "Auto-Submitted" not in message
    assert "References" not in message


async def test_two_tries_of_one_delivery_are_the_same_bytes(
    server: MailSimulator, box: EmailChannel
) -> None:
    await send(box, delivery())
    await send(box, delivery())
    first, second = (m.raw.split(b"Date:", 1)[1] for m in server.mailbox("lea@citoyens.example"))
    assert first == second


class Shelf:
    """Has one photo, of the size that it is asked for."""

    async def open_file(self, file: CaseFile, limit: int) -> bytes:
        assert file.size is not None
        return b"x" * file.size


@pytest.mark.parametrize(
    "refusal",
    [Permanent("552", "message file too big"), Permanent("550", "550 5.3.4 message too big")],
)
async def test_an_answer_whose_photo_the_relay_finds_too_large_arrives_without_it(
    server: MailSimulator, monkeypatch: pytest.MonkeyPatch, refusal: Permanent
) -> None:
    box = channel(server)
    box._files = Shelf()
    genuine = box._relay.deliver

    async def deliver(sender: str, recipient: str, message: bytes, ref: str) -> SendOutcome:
        return refusal if len(message) > 500_000 else await genuine(sender, recipient, message, ref)

    monkeypatch.setattr(box._relay, "deliver", deliver)
    photo = {"inbound": 7, "ref": "a", "name": "apres.jpg", "media_type": "image/jpeg"}
    data = json.dumps({"files": [{**photo, "size": 900_000}]})
    assert isinstance(await send(box, delivery(data=data)), Sent)
    small = json.dumps({"files": [{**photo, "size": 9_000}]})
    assert isinstance(await send(box, delivery(data=small)), Sent)
    without, with_photo = server.mailbox("lea@citoyens.example")
    assert without.text == delivery().text
    assert [part.get_filename() for part in without.message.iter_attachments()] == []
    assert [part.get_filename() for part in with_photo.message.iter_attachments()] == ["apres.jpg"]
    await box.close()


@pytest.mark.parametrize("field", ["subject", "display_name", "refs", "language", "token"])
async def test_no_value_can_add_a_header(server: MailSimulator, field: str) -> None:
    evil = "x\r\nBcc: victime@example.org\r\n\r\nCorps"
    box = channel(server, display_name=evil if field == "display_name" else "Guichet")
    changed: dict[str, Any] = {
        "subject": {"subject": evil},
        "refs": {"refs": (f"<{evil}@x>",)},
        "language": {"language": evil},
        "token": {"reply_token": evil},
    }.get(field, {})
    assert isinstance(await send(box, delivery(**changed)), Sent)
    message = server.mailbox("lea@citoyens.example")[0].message
    assert "Bcc" not in message
    assert message.get_body(("plain",)) is not None
    await box.close()


@pytest.mark.parametrize(
    "value",
    [
        "a@b.fr\r\nRCPT TO:<c@d.fr>",
        "personne",
        "é@nantes.example",
        "",
        "a@b.fr,c@d.fr",
        "a@b.fr;c@d.fr",
    ],
)
async def test_an_impossible_address_is_final(box: EmailChannel, value: str) -> None:
    what = delivery(address=Address("email", COUNTER, value))
    assert isinstance(await send(box, what), Permanent)


async def test_a_domain_with_accents_is_written_in_ascii(
    server: MailSimulator, box: EmailChannel
) -> None:
    what = delivery(address=Address("email", COUNTER, "lea@citoyens-été.example"))
    assert isinstance(await send(box, what), Sent)


async def test_a_refused_recipient_is_final(server: MailSimulator, box: EmailChannel) -> None:
    server.refused["lea@citoyens.example"] = "550 5.1.1 no such user"
    outcome = await send(box, delivery())
    assert isinstance(outcome, Permanent)
    assert outcome.code == "550"
    other = delivery(address=Address("email", COUNTER, "jean@citoyens.example"))
    assert isinstance(await send(box, other), Sent)  # the same connection serves on


async def test_a_greylisted_recipient_is_tried_later(
    server: MailSimulator, box: EmailChannel
) -> None:
    server.refused["lea@citoyens.example"] = "451 4.7.1 Greylisted"
    outcome = await send(box, delivery())
    assert isinstance(outcome, Retry)
    assert outcome.after_s == 300


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (FaultKind.FORBIDDEN, Permanent),
        (FaultKind.BROKEN, Permanent),
        (FaultKind.TOO_MANY, Retry),
        (FaultKind.CUT_AFTER_ACCEPT, Unknown),
        (FaultKind.HANG, Unknown),
    ],
)
async def test_every_answer_after_data_has_its_outcome(
    server: MailSimulator, box: EmailChannel, kind: FaultKind, expected: type
) -> None:
    server.faults.push(kind, on="send")
    assert isinstance(await send(box, delivery()), expected)
    assert isinstance(await send(box, delivery()), Sent)


async def test_a_relay_that_is_away_is_tried_later() -> None:
    settings = EmailSettings(smtp_host="127.0.0.1", smtp_port=1)
    assert isinstance(await send(EmailChannel(settings, COUNTER, SIGNER), delivery()), Retry)


async def test_a_warm_connection_that_went_away_costs_nothing(server: MailSimulator) -> None:
    box = channel(server)
    assert isinstance(await send(box, delivery()), Sent)
    for connection in list(server._connections):
        if connection.transport is not None:
            connection.transport.close()
    await asyncio.sleep(0.02)
    assert isinstance(await send(box, delivery(idem="cd" * 20)), Sent)
    await box.close()


async def test_a_send_cancelled_half_way_leaves_the_channel_usable(
    server: MailSimulator, box: EmailChannel
) -> None:
    server.faults.push(FaultKind.HANG, on="send")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await send(box, delivery())
    assert isinstance(await send(box, delivery()), Sent)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (EnvelopeSender.NULL, ""),
        (EnvelopeSender.ACCOUNT, COUNTER),
        (EnvelopeSender.VERP, f"guichet+b-{IDEM}@nantes.example"),
    ],
)
async def test_the_envelope_sender_is_a_choice(
    server: MailSimulator, wanted: EnvelopeSender, expected: str
) -> None:
    box = channel(server, envelope_sender=wanted)
    await send(box, delivery())
    assert server.mailbox("lea@citoyens.example")[0].sender == expected
    await box.close()


async def test_health_says_whether_the_relay_answers(
    server: MailSimulator, box: EmailChannel
) -> None:
    assert (await box.health()).ok
    away = EmailChannel(EmailSettings(smtp_host="127.0.0.1", smtp_port=1), COUNTER, SIGNER)
    assert not (await away.health()).ok


def test_a_message_is_never_cut() -> None:
    settings = EmailSettings()
    parts = EmailChannel(settings, COUNTER, SIGNER).render(delivery(text="mot " * 20_000))
    assert parts == (OutboundPart(delivery(text="mot " * 20_000), "mot " * 20_000),)


@pytest.mark.parametrize(
    "text", ["court", "é" * 200, "=?utf-8?q?faux?=", "日本語 " * 30, "a" * 1500]
)
def test_a_subject_survives_its_encoding(text: str) -> None:
    raw = f"Subject: {encoded(text)}\r\n\r\n".encode("ascii")
    assert str(parsed(raw)["Subject"]).strip() == text.strip()
    assert all(len(line) < 998 for line in raw.split(b"\r\n"))


def test_arabic_is_written_from_right_to_left() -> None:
    letter = Letter(COUNTER, "", "a@b.fr", "s", "مصباح", "ar", IDEM)
    message = parsed(written(letter, "Sun, 22 Nov 2026 09:00:00 +0000"))
    html = message.get_body(("html",))
    assert html is not None
    assert 'dir="rtl"' in html.get_content()


def test_passwords_do_not_show() -> None:
    settings = EmailSettings(password="secret-a", smtp_password="secret-b")
    assert "secret-" not in repr(settings)
    assert "secret-" not in str(EmailChannel(settings, COUNTER, SIGNER).__dict__)


@pytest.mark.parametrize(("given", "meant"), [(True, Tls.STARTTLS), (False, Tls.NONE)])
def test_tls_may_be_yes_or_no(given: bool, meant: Tls) -> None:
    assert EmailSettings(smtp_tls=given).smtp_tls is meant
