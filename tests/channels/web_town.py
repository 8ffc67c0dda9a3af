"""A town whose form is filled in: our own pages in front of a store on disk and the router."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from PIL import Image
from town import START, Town

from app.running.photos import PhotoFolder
from channels.webform import Webform, WebformSettings
from router.case import Case
from router.delivery import Delivery, DeliveryState
from router.policy import Policy
from router.tracking import TrackingNumber
from web.app import create_app
from web.parts import WebParts, WebSettings

MAILBOX, NUMBER, URL = "guichet@town.example", "+33756000044", "https://g.example"
STATES = tuple(DeliveryState)
_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_TOKEN = re.compile(rf"{re.escape(URL)}(/\S+)")


class WebTown(Town):
    """Serves the pages, routes what they send, and reads what would leave."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        super().__init__(folder)
        self.policy = Policy(ways={"email": ("partner", "town")}, base_url=URL)
        self.photos = PhotoFolder(folder / "photos")
        form = WebformSettings(email_account=MAILBOX, sms_account=NUMBER)
        self.web = Webform(form, "web", self.photos.read)
        self.router = replace(self.router, readers={("web", "web"): self.web}, policy=self.policy)
        self.app = create_app(self._parts(settings))

    def _parts(self, settings: dict[str, Any]) -> WebParts:
        return WebParts(
            intake=self.store,
            cases=self.store,
            channels={("web", "web"): self.web},
            rulebooks=self,
            signer=self.signer,
            clock=self.clock,
            wake=lambda: None,
            settings=WebSettings(URL, "Guichet", b"secret of the forms", patience=(), **settings),
            submission_number=self._number,
            save_photo=self.photos.save,
            communes=lambda: ("44109",),
        )

    async def _number(self, submission: str) -> TrackingNumber | None:
        line = await self.store.outcome("web", "web", submission)
        if line is None or line.case_id is None:
            return None
        case = await self.store.case_by_id(line.case_id)
        return case.number if case else None

    def browser(self, address: str = "192.0.2.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 1234))
        return httpx.AsyncClient(transport=transport, base_url=URL)

    async def filled(
        self, browser: httpx.AsyncClient, *, after_s: float = 30, **fields: str
    ) -> dict[str, str]:
        """Open the form and fill it in, as quickly as a person does."""
        page = await browser.get("/")
        self.clock.pass_(seconds=after_s)
        return {**hidden(page.text), "text": "Un lampadaire cassé", "website": "", **fields}

    async def report(self, browser: httpx.AsyncClient, **fields: Any) -> httpx.Response:
        return await browser.post("/signaler", data=await self.filled(browser, **fields))

    async def route(self) -> None:
        while await self.router.run_once():
            pass

    async def cases(self) -> list[Case]:
        lines = await self.store.journal()
        found = [
            await self.store.case_by_id(n) for n in sorted({x.case_id for x in lines if x.case_id})
        ]
        return [case for case in found if case]

    async def deliveries(self, channel: str) -> list[Delivery]:
        found = await self.store.list_deliveries(STATES, 1000)
        return sorted((d for d in found if d.address.channel == channel), key=lambda d: d.id)

    async def notes(self, case: Case) -> str:
        return "\n".join(event.text for event in await self.store.events(case.id))


def hidden(html: str) -> dict[str, str]:
    return {name: value.replace("&#34;", '"') for name, value in _FIELD.findall(html) if value}


def link_in(text: str) -> str:
    """Give the path of the first of our links in a letter."""
    found = _TOKEN.search(text)
    assert found, text
    return found[1]


def picture(
    form: str = "JPEG", *, position: bool = False, size: tuple[int, int] = (40, 30)
) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = "a telephone of somebody"
    if position:
        gps = {1: "N", 2: (47.0, 13.0, 12.0), 3: "W", 4: (1.0, 33.0, 36.0)}
        exif.get_ifd(0x8825).update(gps)
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, form, exif=exif)
    return out.getvalue()


@asynccontextmanager
async def web_town(folder: Path, **settings: Any) -> AsyncIterator[WebTown]:
    town = WebTown(folder, **settings)
    await town.store.open()
    await town.store.publish({}, town.rules.hash, "test", "test", START)
    try:
        yield town
    finally:
        await town.store.close()
