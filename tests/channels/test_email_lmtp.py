"""Mail by LMTP: one door for all mailboxes of a port, and the recipient tells whose a mail is."""

from __future__ import annotations

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from channels.email import EmailChannel, EmailSettings
from channels.email.lmtp import Doors
from demo.server import listen
from router.message import Envelope
from router.tokens import Signer

SIGNER = Signer({"a": b"x" * 32}, "a")
NANTES, REZE = "guichet@nantes.example", "mairie@reze.example"
LETTER = b"From: lea@citoyens.example\r\nSubject: Trou\r\n\r\n%s\r\n"


def handed(port: int, recipient: str, text: bytes = b"Un trou") -> tuple[int, int]:
    """Hand a mail over as a mail server does; give the answers to its recipient and to the mail."""
    with smtplib.LMTP("127.0.0.1", port, "mx.example") as client:
        client.ehlo()
        client.mail("lea@citoyens.example")
        rcpt = client.rcpt(recipient)[0]
        return rcpt, client.data(LETTER % text)[0] if rcpt == 250 else 0


class Listening:
    """Mailboxes that listen, and what came into them."""

    def __init__(self, group: asyncio.TaskGroup, port: int) -> None:
        self.port, self.taken = port, list[Envelope]()
        self._group, self._doors = group, Doors()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def open(self, account: str, **settings: int) -> None:
        made = EmailSettings(lmtp_port=self.port, **settings)
        box = EmailChannel(made, account, SIGNER, doors=self._doors)
        box.lmtp_port = 0
        self._tasks[account] = self._group.create_task(box.listen(self._accept))
        while not box.lmtp_port:  # noqa: ASYNC110 -- no event tells it
            await asyncio.sleep(0.01)
        assert box.lmtp_port == self.port

    async def close(self, account: str) -> None:
        task = self._tasks.pop(account)
        task.cancel()
        await asyncio.wait([task])

    async def _accept(self, envelope: Envelope) -> None:
        self.taken.append(envelope)

    async def hand(self, recipient: str, text: bytes = b"Un trou") -> tuple[int, int]:
        return await asyncio.to_thread(handed, self.port, recipient, text)

    async def end(self) -> None:
        for account in [*self._tasks]:
            await self.close(account)


@asynccontextmanager
async def listening() -> AsyncIterator[Listening]:
    with listen() as free:
        port = free.getsockname()[1]
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        made = Listening(group, port)
        yield made
        await made.end()


@pytest.mark.parametrize("order", [(NANTES, REZE), (REZE, NANTES)])
async def test_two_mailboxes_share_a_port_and_each_has_its_own_mail(order: tuple[str, str]) -> None:
    async with listening() as door:
        for account in order:
            await door.open(account)
        for account in order:
            local, _, domain = account.partition("@")
            for recipient in (account, account.upper(), f"{local}+jeton@{domain}"):
                assert await door.hand(recipient) == (250, 250)
                assert door.taken.pop().account == account
        for stranger in ("autre@nantes.example", "guichet@reze.example", "guichet"):
            assert (await door.hand(stranger))[0] == 550
        assert door.taken == []


@pytest.mark.parametrize("first", [NANTES, REZE])
async def test_a_mailbox_that_ends_leaves_the_door_to_the_other(first: str) -> None:
    other = {NANTES: REZE, REZE: NANTES}[first]
    async with listening() as door:
        await door.open(NANTES)
        await door.open(REZE)
        await door.close(first)
        assert (await door.hand(first))[0] == 550
        assert await door.hand(other) == (250, 250)
        await door.close(other)
        with pytest.raises(ConnectionRefusedError):
            await door.hand(other)
        await door.open(first)
        assert await door.hand(first) == (250, 250)


async def test_the_limit_of_each_mailbox_is_its_own() -> None:
    async with listening() as door:
        await door.open(NANTES, largest_mail=100_000)
        await door.open(REZE, largest_mail=1_000_000)
        long = b"mot " * 50_000
        assert await door.hand(NANTES, long) == (250, 552)
        assert await door.hand(REZE, long) == (250, 250)
        assert [one.account for one in door.taken] == [REZE]
