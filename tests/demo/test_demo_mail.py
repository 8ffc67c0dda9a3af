"""The mail server of the demo, driven by aiosmtplib and aioimaplib."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path

import aioimaplib
import aiosmtplib
import pytest

from demo.mail import PASSWORD, MailSimulator

COUNTER = "guichet@nantes.example"
ANNE = "anne@courriel.example"


def mail(subject: str = "Trou", text: str = "Un trou rue de Crébillon.\n") -> bytes:
    message = EmailMessage()
    message["From"] = f"Anne Le Gall <{ANNE}>"
    message["To"] = COUNTER
    message["Subject"] = subject
    message["Message-ID"] = f"<{subject}@courriel.example>"
    message.set_content(text, cte="8bit")
    return bytes(message)


@pytest.fixture
async def server() -> AsyncIterator[MailSimulator]:
    async with MailSimulator() as server:
        yield server


@asynccontextmanager
async def logged_in(
    server: MailSimulator, address: str = COUNTER
) -> AsyncIterator[aioimaplib.IMAP4]:
    imap = aioimaplib.IMAP4(host=server.host, port=server.imap_port, timeout=5)
    await imap.wait_hello_from_server()
    assert (await imap.login(address, PASSWORD)).result == "OK"
    yield imap
    await imap.logout()


async def uids(imap: aioimaplib.IMAP4) -> list[str]:
    found = await imap.uid_search("ALL", charset=None)
    assert found.result == "OK"
    return [uid for uid in found.lines[0].decode().split() if uid.isdigit()]


async def test_a_citizen_s_mail_is_fetched_as_it_was_sent(server: MailSimulator) -> None:
    await server.citizen_sends(mail(), COUNTER)
    async with logged_in(server) as imap:
        selected = await imap.select("INBOX")
        assert any(b"UIDVALIDITY" in line for line in selected.lines)
        [uid] = await uids(imap)
        sizes = await imap.uid("fetch", uid, "(UID FLAGS RFC822.SIZE)")
        assert b"RFC822.SIZE" in sizes.lines[0]
        fetched = await imap.uid("fetch", uid, "BODY.PEEK[]")
    raw = bytes(fetched.lines[1])
    assert raw == server.mailbox(COUNTER)[0].raw
    assert raw.endswith(mail().replace(b"\n", b"\r\n"))
    assert raw.startswith(f"Return-Path: <{ANNE}>\r\nDelivered-To: {COUNTER}\r\n".encode())


async def test_mail_with_a_token_lands_in_the_counter_s_mailbox(server: MailSimulator) -> None:
    await server.citizen_sends(mail(), "Guichet+7k4m.abc@nantes.example", sender="")
    [received] = server.mailbox(COUNTER)
    assert received.recipient == "Guichet+7k4m.abc@nantes.example"
    assert (received.sender, received.subject) == ("", "Trou")
    assert received.text == "Un trou rue de Crébillon.\n"


async def test_idle_tells_of_new_mail_at_once(server: MailSimulator) -> None:
    async with logged_in(server) as imap:
        await imap.select("INBOX")
        for count in (1, 2):
            idling = await imap.idle_start(timeout=10)
            before = time.monotonic()
            await server.citizen_sends(mail(str(count)), COUNTER)
            pushed = await imap.wait_server_push(timeout=5)
            assert f"{count} EXISTS".encode() in pushed
            assert time.monotonic() - before < 1
            imap.idle_done()
            await asyncio.wait_for(idling, 5)
            assert len(await uids(imap)) == count


async def test_mail_that_comes_while_idle_begins_is_told_too(server: MailSimulator) -> None:
    async with logged_in(server) as imap:
        await imap.select("INBOX")
        idling = await imap.idle_start(timeout=10)
        async with asyncio.TaskGroup() as group:
            for count in range(10):
                group.create_task(server.citizen_sends(mail(str(count)), COUNTER))
        seen: list[bytes] = []
        while b"10 EXISTS" not in seen:
            seen += await imap.wait_server_push(timeout=5)
        imap.idle_done()
        await asyncio.wait_for(idling, 5)


async def test_mail_is_flagged_and_moved_to_a_folder(server: MailSimulator) -> None:
    for subject in ("a", "b"):
        await server.citizen_sends(mail(subject), COUNTER)
    async with logged_in(server) as imap:
        await imap.create("Fait")
        await imap.select("INBOX")
        first, second = await uids(imap)
        stored = await imap.uid("store", first, "+FLAGS", r"(\Seen)")
        assert stored.result == "OK"
        moved = await imap.uid("move", first, "Fait")
        assert moved.result == "OK"
        assert await uids(imap) == [second]
        await imap.uid("store", second, "+FLAGS", r"(\Deleted)")
        await imap.expunge()
        assert await uids(imap) == []
        await imap.select("Fait")
        assert len(await uids(imap)) == 1
    assert [received.subject for received in server.mailbox(COUNTER)] == ["a"]


async def test_the_product_s_answers_lie_in_the_citizen_s_mailbox(server: MailSimulator) -> None:
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = COUNTER, ANNE, "Re: Trou"
    answer.set_content("C’est noté.\n")
    async with aiosmtplib.SMTP(hostname=server.host, port=server.smtp_port) as smtp:
        await smtp.send_message(answer, sender="guichet+7k4m@nantes.example")
    [received] = await server.until_received(ANNE)
    assert (received.sender, received.text) == ("guichet+7k4m@nantes.example", "C’est noté.\n")


async def test_a_wrong_password_is_refused(server: MailSimulator) -> None:
    imap = aioimaplib.IMAP4(host=server.host, port=server.imap_port, timeout=5)
    await imap.wait_hello_from_server()
    assert (await imap.login(COUNTER, "wrong")).result != "OK"
    assert (await imap.login(ANNE, PASSWORD)).result != "OK"
    await imap.logout()


@pytest.mark.parametrize(
    ("fault", "on", "code"),
    [("403", "rcpt", 550), ("4xx", "rcpt", 451), ("429", "send", 451), ("5xx", "send", 554)],
)
async def test_refusals_of_mail(server: MailSimulator, fault: str, on: str, code: int) -> None:
    server.faults.push(fault, on=on)
    with pytest.raises((aiosmtplib.SMTPRecipientsRefused, aiosmtplib.SMTPDataError)) as refused:
        await server.citizen_sends(mail(), COUNTER)
    error = refused.value
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        error = error.recipients[0]
    assert error.code == code
    await server.citizen_sends(mail(), COUNTER)
    assert len(server.mailbox(COUNTER)) == 1


async def test_an_unknown_address_is_refused_beside_a_good_one(server: MailSimulator) -> None:
    server.refused["gone@courriel.example"] = "550 5.1.1 unknown"
    refused, _ = await aiosmtplib.send(
        mail(),
        sender=COUNTER,
        recipients=[ANNE, "gone@courriel.example"],
        hostname=server.host,
        port=server.smtp_port,
    )
    assert list(refused) == ["gone@courriel.example"]
    assert len(server.mailbox(ANNE)) == 1


async def test_a_cut_after_data_leaves_the_mail_delivered(server: MailSimulator) -> None:
    server.faults.push("cut-after-accept")
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await server.citizen_sends(mail(), COUNTER)
    server.faults.push("redeliver")
    await server.citizen_sends(mail(), COUNTER)
    assert len(server.mailbox(COUNTER)) == 3


async def test_a_hanging_relay_ends_with_the_client(server: MailSimulator) -> None:
    server.faults.push("hang")
    async with aiosmtplib.SMTP(hostname=server.host, port=server.smtp_port) as smtp:
        smtp.timeout = 0.1
        with pytest.raises(aiosmtplib.SMTPTimeoutError):
            await smtp.sendmail(ANNE, [COUNTER], mail())
        smtp.close()


async def test_a_dropped_connection_is_seen_in_idle(server: MailSimulator) -> None:
    lost = asyncio.Event()
    imap = aioimaplib.IMAP4(
        host=server.host,
        port=server.imap_port,
        timeout=5,
        conn_lost_cb=lambda _: lost.set(),
    )
    await imap.wait_hello_from_server()
    await imap.login(COUNTER, PASSWORD)
    await imap.select("INBOX")
    await imap.idle_start(timeout=10)
    await server.drop_imap()
    await asyncio.wait_for(lost.wait(), 2)


async def test_a_killed_demo_resumes_with_its_mailboxes_and_uids(tmp_path: Path) -> None:
    async with MailSimulator(state_dir=tmp_path) as before:
        for subject in ("a", "b", "c"):
            await before.citizen_sends(mail(subject), COUNTER)
        await before.citizen_sends(mail("d"), ANNE)
        async with logged_in(before) as imap:
            await imap.create("Fait/2026")
            validity = [line for line in (await imap.select()).lines if b"UIDVALIDITY" in line]
            known = await uids(imap)
            await imap.uid("store", known[1], "+FLAGS", r"(\Flagged)")
            await imap.uid("move", known[0], "Fait/2026")
    async with MailSimulator(state_dir=tmp_path) as after:
        assert [m.subject for m in after.mailbox(COUNTER)] == ["a", "b", "c"]
        assert [m.subject for m in after.mailbox(ANNE)] == ["d"]
        async with logged_in(after) as imap:
            assert validity == [line for line in (await imap.select()).lines if b"UIDVAL" in line]
            assert await uids(imap) == known[1:]
            flags = await imap.uid("fetch", known[1], "(FLAGS)")
            assert b"\\Flagged" in flags.lines[0]
            await after.citizen_sends(mail("e"), COUNTER)
            assert int((await uids(imap))[-1]) == int(known[-1]) + 1


async def test_forty_mails_take_no_time(server: MailSimulator) -> None:
    before = time.monotonic()
    for number in range(40):
        await server.citizen_sends(mail(str(number)), COUNTER)
    assert time.monotonic() - before < 4
