"""On every channel a machine that answers without end, even with cries of danger, ends us in silence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import homeservers
import pytest
from matrix_town import matrix_town
from sms_town import sms_town
from telegram_town import ANNE, telegram_town
from test_matrix_homeserver import Place
from test_whatsapp import WhatsAppTown
from town import Town
from x_town import x_town

from channels.email import EmailChannel, EmailSettings
from router.delivery import DeliveryState

MOST, MORE = 3, 2
Says = Callable[[str], Awaitable[Any]]


@asynccontextmanager
async def sms(folder: Path) -> AsyncIterator[tuple[Town, Says]]:
    async with sms_town(folder) as town:
        yield town, town.texted


@asynccontextmanager
async def whatsapp(folder: Path) -> AsyncIterator[tuple[Town, Says]]:
    async with sms_town(folder, town_kind=WhatsAppTown) as town:
        yield town, town.texted


@asynccontextmanager
async def telegram(folder: Path) -> AsyncIterator[tuple[Town, Says]]:
    async with telegram_town(folder) as town:

        async def says(text: str) -> None:
            await town.hear(ANNE, text)

        yield town, says


@asynccontextmanager
async def matrix(folder: Path) -> AsyncIterator[tuple[Town, Says]]:
    async with homeservers.simulated() as server:
        place = Place(server)
        async with matrix_town(folder, await place.counter()) as town:
            echo = await place.person("Echo")
            room = await echo.room(town.counter.account)

            async def says(text: str) -> None:
                await echo.says(room, text)
                await town.hears()

            yield town, says
        await place.close()


@asynccontextmanager
async def x(folder: Path, public: bool = False) -> AsyncIterator[tuple[Town, Says]]:
    async with x_town(folder) as town:

        async def says(text: str) -> None:
            await (town.sim.mention if public else town.sim.dm)("anne", text)
            await town.heard()

        yield town, says


@asynccontextmanager
async def x_public(folder: Path) -> AsyncIterator[tuple[Town, Says]]:
    async with x(folder, public=True) as opened:
        yield opened


class MailTown(Town):
    """A mailbox into which a program without any mark of one drops its mails."""

    async def mailed(self, text: str) -> None:
        number = self.ids.next()
        raw = (
            "From: Lea <lea@citoyens.example>\r\nTo: guichet@nantes.example\r\n"
            f"Subject: Rue {number}\r\nMessage-ID: <{number}@citoyens.example>\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        )
        await self.store.accept([self.mailbox.envelope(raw.encode(), self.clock.now())])
        while await self.router.run_once():
            pass


@asynccontextmanager
async def email(folder: Path) -> AsyncIterator[tuple[Town, Says]]:
    town = MailTown(folder)
    account = "guichet@nantes.example"
    town.mailbox = EmailChannel(EmailSettings(smtp_host="127.0.0.1"), account, town.signer)
    readers = {**town.router.readers, ("email", account): town.mailbox}
    town.router = replace(town.router, readers=readers)
    await town.store.open()
    await town.store.publish({}, town.rules.hash, "test", "test", town.clock.now())
    yield town, town.mailed
    await town.mailbox.close()
    await town.store.close()


@pytest.mark.parametrize("channel", [email, sms, whatsapp, telegram, matrix, x, x_public])
@pytest.mark.parametrize("cries", ["Une poubelle déborde", "Odeur de gaz"])
async def test_a_machine_without_end_is_answered_so_often_a_day_and_no_more(
    channel: Any, cries: str, tmp_path: Path
) -> None:
    async with channel(tmp_path) as (town, says):
        policy = replace(town.router.policy, automatic_per_day=MOST, dangers_per_day=MORE)
        town.router = replace(town.router, policy=policy)
        for number in range(MOST + MORE + 4):
            await says(f"{cries} au numéro {number}, je réponds à tout ce qui m'est écrit")
            town.clock.pass_(seconds=20)
        states = set(DeliveryState) - {DeliveryState.WITHHELD}
        found = await town.store.list_deliveries(tuple(states), 1000)
        written = [d for d in found if d.address.channel not in {"partner", "memory"}]
        people = [d for d in written if d.service is None]
        assert len(people) == MOST + (MORE if "gaz" in cries else 0)
