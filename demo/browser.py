"""Fill in the product's pages as a person with a browser does, and remember what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from channels.trusted import trusted
from demo.ledger import Ledger

_SHOWN = "words"
"""The class of what people wrote, on every page of the product."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it was shown: its address without host, the forms' hidden ids, what it quotes."""

    status: int
    path: str
    form_ids: Mapping[str, str]
    """By act; a form without acts is found under ''."""
    quoted: tuple[str, ...]


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form_ids: dict[str, str] = {}
        self.quoted: list[str] = []
        self._form: dict[str, str] = {}
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attributes}
        if tag == "form":
            self._form = {}
        elif tag == "input" and values.get("name") in ("id", "act"):
            self._form[values["name"]] = values.get("value", "")
            if "id" in self._form:
                self.form_ids[self._form.get("act", "")] = self._form["id"]
        if self._inside and tag == self._inside[0]:
            self._inside.append(tag)
        elif not self._inside and _SHOWN in values.get("class", "").split():
            self._inside.append(tag)
            self.quoted.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and tag == self._inside[0]:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.quoted[-1] += data


def read_page(status: int, path: str, html: str) -> Page:
    """Find in a page what a person would act on."""
    reading = _Reading()
    reading.feed(html)
    return Page(status, path, reading.form_ids, tuple(text.strip() for text in reading.quoted))


class Browser:
    """A browser that keeps, on disk if asked, which form it sent and what page it led to.

    The id of a form is kept before the form is sent: after a kill the same form is sent again,
    and the product takes it for the same.
    """

    def __init__(self, state_dir: Path | None) -> None:
        self._ledger = Ledger("browser", state_dir, {"forms": {}, "led_to": {}, "quoted": {}})
        self.base_url = ""

    async def start(self) -> None:
        self._ledger.load()
        self._client = httpx.AsyncClient(timeout=15.0, follow_redirects=True, verify=trusted())

    async def stop(self) -> None:
        await self._client.aclose()

    def led_to(self, key: str) -> str | None:
        """Give the path of the page that a form led to; None: not sent, or the answer was lost."""
        found: str | None = self._ledger.data["led_to"].get(key)
        return found

    def quoted(self, key: str) -> list[str]:
        """List what the page of a form quoted when it was looked at last."""
        return list(self._ledger.data["quoted"].get(key, ()))

    async def look(self, path: str) -> Page:
        """Open a page of the product, at the address that it has now."""
        answer = await self._client.get(self.base_url + path)
        return read_page(answer.status_code, _path(answer), answer.text)

    async def submit(
        self,
        key: str,
        page_path: str,
        fields: Mapping[str, str],
        *,
        to: str = "",
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Page | None:
        """Send the form of a page, once for each key; None when the page has no such form.

        Raises:
            httpx.HTTPError: the product did not answer; the same call may be made again.
        """
        forms: dict[str, str] = self._ledger.data["forms"]
        if key not in forms:
            page = await self.look(page_path)
            form_id = page.form_ids.get(fields.get("act", ""))
            if form_id is None:
                return None
            forms[key] = form_id
            self._ledger.changed()
        target = self.base_url + (to or page_path)
        answer = await self._client.post(
            target, data={"id": forms[key], **fields}, files=dict(files) if files else None
        )
        page = read_page(answer.status_code, _path(answer), answer.text)
        if answer.status_code < 400:
            self._ledger.data["led_to"][key] = page.path
            self._ledger.changed()
        return page

    async def revisit(self, key: str) -> list[str]:
        """Look again at the page that a form led to, and keep what it quotes."""
        path = self.led_to(key)
        if path is None:
            return []
        page = await self.look(path)
        if page.path != path:  # the waiting page has led on to the case
            self._ledger.data["led_to"][key] = page.path
        if page.status < 400:
            self._ledger.data["quoted"][key] = list(page.quoted)
            self._ledger.changed()
        return self.quoted(key)


def _path(answer: httpx.Response) -> str:
    return urlsplit(str(answer.url)).path
