"""Mail out through a real Postfix, what comes back of it, and mail in from it by LMTP."""

from __future__ import annotations

import asyncio
import json
import smtplib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from line import Line
from post_office import BY_LMTP, CITIZENS, GONE, GREY, PASSWORD, REFUSING, PostOffice

from app.running.server import Server
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from channels.email import EmailChannel, EmailSettings
from channels.email.lmtp import Doors
from channels.partners.email import PartnerEmail, PartnerEmailSettings
from router.archive import Action, CaseFilter
from router.case import CaseFile, EventKind
from router.delivery import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Permanent,
    Retry,
    SendOutcome,
    Sent,
    Unknown,
)
from router.errors import StoreUnavailable
from router.events import ReceiptReceived
from router.message import Address, Envelope
from router.tokens import Signer

SIGNER = Signer({"a": b"key"}, "a")


def now() -> datetime:
    return datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


Opens = Callable[..., EmailChannel]


@pytest.fixture
async def channel(office: PostOffice) -> AsyncIterator[Opens]:
    opened: list[EmailChannel] = []

    def channel(address: str, **changed: Any) -> EmailChannel:
        given = {"smtp_host": "127.0.0.1", "smtp_port": office.smtp_port, "smtp_timeout_s": 10}
        given |= {"imap_host": "127.0.0.1", "imap_port": office.imap_port, "imap_tls": False}
        given |= {"imap_wait_s": 0.1, "password": PASSWORD, **changed}
        opened.append(EmailChannel(EmailSettings(**given), address, SIGNER))
        return opened[-1]

    yield channel
    for box in opened:
        await box.close()


@pytest.fixture
def address(office: PostOffice) -> str:
    return office.new_mailbox()


async def send(box: EmailChannel, to: str, idem: str = "ab" * 20) -> SendOutcome:
    delivery = Delivery(
        id=1,
        idem=idem,
        lane="lane",
        kind=DeliveryKind.ACKNOWLEDGEMENT,
        address=Address("email", box.account, to),
        text="Bonjour,\n\nVotre demande est reçue.\n",
        created_at=now(),
        subject="Votre demande est reçue",
    )
    return await box.send(box.render(delivery)[0], idem)


async def arrived(office: PostOffice, address: str, count: int = 1) -> list[Message]:
    while len(office.lying_in(address)) < count:  # noqa: ASYNC110 -- a folder has no event
        await asyncio.sleep(0.02)
    return [message_from_bytes(raw) for raw in office.lying_in(address)]


async def returned(box: EmailChannel) -> ReceiptReceived:
    """Wait for the report that comes back to the mailbox, and read it as the core does."""
    async with asyncio.timeout(20):
        while not (pulled := await box.pull("", now)).envelopes:
            pass
    await box.settle(pulled)
    (event,) = box.receive(pulled.envelopes[0])
    assert isinstance(event, ReceiptReceived)
    return event


@asynccontextmanager
async def refusing(office: PostOffice, *answers: str) -> AsyncIterator[list[str]]:
    """Listen where mail for REFUSING goes; gives each answer once, the last one for ever."""
    left, asked, sessions = list(answers), [], []

    class Recipients:
        async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
            self, server: object, session: object, envelope: Any, to: str, options: object
        ) -> str:
            asked.append(to)
            answer = left.pop(0) if len(left) > 1 else left[0]
            if answer.startswith("250"):
                envelope.rcpt_tos.append(to)
            return answer

    def session() -> SMTP:
        sessions.append(SMTP(Recipients(), loop=loop))
        return sessions[-1]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", office.refusing_port)
    try:
        yield asked
    finally:
        server.close()
        for each in sessions:
            if each.transport is not None:
                each.transport.abort()
        await asyncio.sleep(0)


async def test_an_answer_arrives_as_it_was_written(
    office: PostOffice, address: str, channel: Opens
) -> None:
    box = channel(address)
    assert await send(box, f"lea@{CITIZENS}") == Sent((f"<{'ab' * 20}@nantes.example>",))
    (message,) = await arrived(office, f"lea@{CITIZENS}")
    assert message["Message-ID"] == f"<{'ab' * 20}@nantes.example>"
    assert message["Return-Path"] == f"<{address.partition('@')[0]}+b-{'ab' * 20}@nantes.example>"
    assert message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize("answer", ["550 5.1.1 No such user", "550 no such user", "554 5.7.1 Spam"])
async def test_a_real_bounce_finds_its_delivery(
    office: PostOffice, address: str, channel: Opens, answer: str
) -> None:
    box = channel(address)
    async with refusing(office, answer):
        sent = await send(box, f"lea@{REFUSING}")
        event = await returned(box)
    assert isinstance(sent, Sent)
    assert event.state is DeliveryState.BOUNCED
    assert event.provider_id == sent.provider_ids[0]
    assert event.code.startswith("5.")
    assert answer in event.reason


async def test_a_bounce_without_our_envelope_address_is_found_by_the_embedded_message_id(
    office: PostOffice, address: str, channel: Opens
) -> None:
    box = channel(address, envelope_sender="account")
    async with refusing(office, "550 5.2.1 Disabled"):
        sent = await send(box, f"lea@{REFUSING}", "cd" * 20)
        event = await returned(box)
    assert isinstance(sent, Sent)
    assert (event.provider_id, event.code) == (sent.provider_ids[0], "5.2.1")


async def test_a_real_notice_of_delay_is_a_note(
    office: PostOffice, address: str, channel: Opens
) -> None:
    box = channel(address)
    async with refusing(office, "451 4.3.2 Try later"):
        sent = await send(box, f"lea@{REFUSING}", "ef" * 20)
        event = await returned(box)
    assert isinstance(sent, Sent)
    assert event.state is DeliveryState.DEFERRED
    assert (event.provider_id, event.code) == (sent.provider_ids[0], "4.3.2")
    async with refusing(office, "250 OK") as asked:  # now it goes, and leaves the queue empty
        office.flush()
        while not asked:  # noqa: ASYNC110 -- Postfix tells nobody when it delivers
            await asyncio.sleep(0.02)


@asynccontextmanager
async def policy(office: PostOffice, *actions: str) -> AsyncIterator[None]:
    """Answer what Postfix asks about GREY, each action once."""
    left, tasks = list(actions), set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            while await reader.readuntil(b"\n\n"):
                writer.write(f"action={left.pop(0)}\n\n".encode())
        except (asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # Postfix keeps its connection; the test is over
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(serve, "127.0.0.1", office.policy_port)
    try:
        yield
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks)


async def test_greylisting_is_waited_for_and_the_mail_sent_once(
    office: PostOffice, address: str, channel: Opens
) -> None:
    box = channel(address)
    async with policy(office, "450 4.7.1 Greylisted for 5 minutes", "DUNNO"):
        first = await send(box, GREY)
        assert isinstance(first, Retry)
        assert first.after_s == 300
        assert isinstance(await send(box, GREY), Sent)
    assert len(await arrived(office, GREY)) == 1


async def test_one_refused_recipient_leaves_the_others_alone(
    office: PostOffice, address: str, channel: Opens
) -> None:
    box = channel(address, smtp_connections=1)
    zoe, max_ = f"zoe@{CITIZENS}", f"max@{CITIZENS}"
    outcomes = [await send(box, to, to[:2] * 20) for to in (zoe, GONE, max_)]
    assert isinstance(outcomes[1], Permanent)
    assert outcomes[1].code == "550"
    assert "5.1.1" in outcomes[1].reason
    assert [isinstance(each, Sent) for each in outcomes] == [True, False, True]
    assert len(await arrived(office, zoe)) == len(await arrived(office, max_)) == 1


async def test_a_cut_after_data_is_tried_again_with_the_same_message_id(
    office: PostOffice, address: str, channel: Opens
) -> None:
    async with Line(office.smtp_port) as line:
        box = channel(address, smtp_port=line.port)

        def cut_the_receipt(data: bytes) -> bytes:
            if b"queued as" in data:
                line.cut()
                return b""
            return data

        line.said = cut_the_receipt
        assert isinstance(await send(box, f"ada@{CITIZENS}"), Unknown)
        line.said = bytes
        assert isinstance(await send(box, f"ada@{CITIZENS}"), Sent)
    one, two = await arrived(office, f"ada@{CITIZENS}", 2)
    assert one["Message-ID"] == two["Message-ID"]
    assert one.get_payload(0).as_bytes() == two.get_payload(0).as_bytes()


class Shelf:
    """Has one photo, of the size that it is asked for."""

    async def open_file(self, file: CaseFile, limit: int) -> bytes:
        assert file.size is not None
        return b"x" * file.size


@pytest.mark.parametrize(("size", "enclosed"), [(2_000_000, True), (9_000_000, False)])
async def test_a_case_whose_photo_the_relay_finds_too_large_leaves_with_a_link(
    office: PostOffice, size: int, enclosed: bool
) -> None:
    """Postfix takes 10,240,000 bytes by default, and base64 makes three bytes four."""
    account, service = office.new_mailbox(), f"voirie{size}@{CITIZENS}"
    settings = PartnerEmailSettings(
        smtp_host="127.0.0.1", smtp_port=office.smtp_port, largest_files=9_500_000
    )
    box = PartnerEmail(settings, account, "https://guichet.example", SIGNER, Shelf())
    photo = CaseFile(7, "a", "trou.jpg", "image/jpeg", size)
    sheet = json.dumps({"text": "Un trou", "files": [asdict(photo)]})
    delivery = Delivery(
        7, "ab" * 20, "lane", DeliveryKind.FORWARD, Address("partner_email", account, service),
        "Un trou", now(), data=sheet, reply_token="a.token",
    )  # fmt: skip
    assert isinstance(await box.send(box.render(delivery)[0], delivery.idem), Sent)
    await box.close()
    (message,) = await arrived(office, service)
    assert ("trou.jpg" in [part.get_filename() for part in message.walk()]) is enclosed
    words = message.get_payload(0).get_payload(0).get_payload(decode=True).decode()
    assert (f"/p/a.token/fichier/{photo.key}" in words) is not enclosed


# --- in, by LMTP ---------------------------------------------------------------------------------


def post(office: PostOffice, raw: bytes, *recipients: str) -> None:
    with smtplib.SMTP("127.0.0.1", office.smtp_port) as client:
        client.sendmail(f"lea@{CITIZENS}", recipients, raw)


@asynccontextmanager
async def door(
    office: PostOffice, accept: Callable[[Envelope], Awaitable[None]]
) -> AsyncIterator[EmailChannel]:
    box = EmailChannel(EmailSettings(lmtp_port=office.lmtp_port), f"guichet@{BY_LMTP}", SIGNER)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        listening = group.create_task(box.listen(accept))
        await asyncio.sleep(0)
        yield box
        listening.cancel()


LETTER = f"From: lea@{CITIZENS}\r\nSubject: Trou\r\nMessage-ID: <m1@x.example>\r\n\r\n%s\r\n"


async def test_postfix_keeps_a_mail_while_the_database_is_down(office: PostOffice) -> None:
    taken: list[Envelope] = []
    refused, settled = asyncio.Event(), asyncio.Event()

    async def accept(envelope: Envelope) -> None:
        if not refused.is_set():
            refused.set()
            raise StoreUnavailable("the database is down")
        taken.append(envelope)
        settled.set()

    async with door(office, accept) as box:
        raw = (LETTER % "Un trou rue Crébillon").encode()
        await asyncio.to_thread(post, office, raw, f"guichet@{BY_LMTP}")
        await refused.wait()
        await asyncio.to_thread(office.flush)
        await settled.wait()
    assert box.message(taken[0]).text == "Un trou rue Crébillon"
    assert len(taken) == 1


async def test_every_recipient_of_one_mail_gets_his_own_answer(office: PostOffice) -> None:
    """The same mail to the counter and to one of its cases is one message, known twice."""
    taken: list[Envelope] = []
    both = asyncio.Event()

    async def accept(envelope: Envelope) -> None:
        taken.append(envelope)
        if len(taken) == 2:
            both.set()

    async with door(office, accept):
        raw = (LETTER % "Bonjour").encode()
        to = (f"guichet@{BY_LMTP}", f"guichet+jeton@{BY_LMTP}")
        await asyncio.to_thread(post, office, raw, *to)
        await both.wait()
    assert len({envelope.provider_id for envelope in taken}) == 1
    assert sum(b"guichet+jeton" in envelope.payload for envelope in taken) == 1


async def test_postfix_hands_over_the_mail_of_two_mailboxes_at_one_door(office: PostOffice) -> None:
    taken: list[Envelope] = []
    both = asyncio.Event()
    doors = Doors()
    settings = EmailSettings(lmtp_port=office.lmtp_port)

    async def accept(envelope: Envelope) -> None:
        taken.append(envelope)
        if len(taken) == 2:
            both.set()

    accounts = [f"guichet@{BY_LMTP}", f"voirie@{BY_LMTP}"]
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        boxes = [EmailChannel(settings, account, SIGNER, doors=doors) for account in accounts]
        listening = [group.create_task(box.listen(accept)) for box in boxes]
        await asyncio.sleep(0)
        raw = (LETTER % "Bonjour").encode()
        await asyncio.to_thread(post, office, raw, *accounts)
        await both.wait()
        for one in listening:
            one.cancel()
    assert sorted(envelope.account for envelope in taken) == accounts


async def test_a_line_longer_than_the_standard_allows_is_taken() -> None:
    """A sender that breaks no lines gets no answer from its own server that we refused it."""
    taken: list[Envelope] = []

    async def accept(envelope: Envelope) -> None:
        taken.append(envelope)

    box = EmailChannel(EmailSettings(lmtp_port=0), f"guichet@{BY_LMTP}", SIGNER)

    def hand_over() -> tuple[int, bytes]:
        with smtplib.LMTP("127.0.0.1", box.lmtp_port, "mx.example") as client:
            client.ehlo()
            client.mail(f"lea@{CITIZENS}")
            client.rcpt(f"guichet@{BY_LMTP}")
            return client.data((LETTER % ("mot " * 200_000)).encode())

    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        listening = group.create_task(box.listen(accept))
        while not box.lmtp_port:  # noqa: ASYNC110 -- it tells nobody when it listens
            await asyncio.sleep(0.01)
        code, _ = await asyncio.to_thread(hand_over)
        listening.cancel()
    assert code == 250
    assert len(box.message(taken[0]).text) == 4 * 200_000 - 1


async def test_one_mail_by_two_routes_is_one_message(
    office: PostOffice, address: str, channel: Opens
) -> None:
    """Directly and through a relay that adds its lines, and in its own line ends."""
    raw = (LETTER % "Un trou").encode()
    office.put(address, raw, raw.replace(b"\r\n", b"\n"))
    await asyncio.to_thread(post, office, raw, address, address.replace("@", "+jeton@"))
    await arrived(office, address, 4)
    box = channel(address)
    pulled = await box.pull("", now)
    assert len(pulled.envelopes) == 4
    assert len({envelope.provider_id for envelope in pulled.envelopes}) == 1


async def test_a_bounce_reaches_its_case_and_is_never_answered(
    office: PostOffice, tmp_path: Path
) -> None:
    counter = "guichet@nantes.example"
    mail = {"smtp_host": "127.0.0.1", "smtp_port": office.smtp_port, "imap_host": "127.0.0.1"}
    mail |= {"imap_port": office.imap_port, "imap_tls": False, "password": PASSWORD}
    settings = load_settings(data=tmp_path, channels={"email": {**mail, "imap_wait_s": 5}})
    raw = (
        f"From: lea@{REFUSING}\r\nTo: {counter}\r\nSubject: Lampadaire\r\n\r\n"
        "Le lampadaire rue de la Poterie à Rezé est éteint.\r\n"
    ).encode()
    roles = ("gateway", "router", "courier", "clock")
    async with opened(tmp_path, "") as store, refusing(office, "550 5.1.1 No such user"):
        server = Server(await build(settings, store), roles=roles, port=0)
        async with asyncio.timeout(40), asyncio.TaskGroup() as tasks:
            tasks.create_task(server.run())
            await asyncio.to_thread(post, office, raw, counter)
            while not await store.list_deliveries([DeliveryState.BOUNCED], 1):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
            server.stop.set()
        (case,) = await store.cases(CaseFilter())
        journal = await store.journal()
        assert sorted(line.action for line in journal) == [Action.CREATE, Action.RECEIPT]
        failed = [e for e in await store.events(case.id) if e.kind is EventKind.DELIVERY_FAILED]
        assert sum("550 5.1.1 No such user" in event.text for event in failed) == 1
        assert len(await store.list_deliveries(list(DeliveryState), 10)) == 2  # receipt and forward
