"""An agent at the city's desk: he enters what people say, reads them the answers, posts letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from channels.trusted import trusted
from demo.browser import read_page
from demo.ledger import Ledger

AGENT, KEY = "anne", "cle-de-l-agent-anne-au-guichet"
LOOK_S = 0.15
"""Pause before the list of tasks is looked at again."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a person heard on the telephone, or read in a letter."""

    to: str
    text: str
    task: str


class DeskAgent:
    """Keeps, on disk if asked, what was entered and told: a task is told before it is done.

    After a kill a task that was told is only said to be done.
    """

    def __init__(self, state_dir: Path | None) -> None:
        self._ledger = Ledger("desk", state_dir, {"entered": {}, "told": []})
        self.base_url = ""

    async def start(self) -> None:
        self._ledger.load()
        self._client = httpx.AsyncClient(timeout=15.0, verify=trusted())

    async def stop(self) -> None:
        await self._client.aclose()

    async def until(self, condition: Callable[[], object], seconds: float | None = 10.0) -> None:
        """Wait until the condition holds, looking again after each thing entered or told."""
        await self._ledger.until(condition, seconds)

    def number_of(self, key: str) -> str | None:
        """Give the number that was said to the person; None while nothing was entered."""
        found: str | None = self._ledger.data["entered"].get(key)
        return found

    def told(self) -> list[Told]:
        """List all that people were told, oldest first."""
        return [Told(**one) for one in self._ledger.data["told"]]

    async def enter(self, key: str, said: Mapping[str, Any]) -> None:
        """Enter something, again until the product gives its number; it counts once."""
        while self.number_of(key) is None:
            try:
                answer = await self._ask("POST", "cases", key, said)
            except httpx.HTTPError:
                answer = None
            number = answer.json().get("number") if answer and answer.is_success else None
            if number is None:
                await asyncio.sleep(LOOK_S)
                continue
            self._ledger.data["entered"][key] = number
            self._ledger.changed()

    async def watch(self) -> None:
        """Do what the list of tasks asks, until cancelled."""
        while True:
            try:
                answer = await self._ask("GET", "tasks")
                for task in answer.json()["tasks"] if answer.is_success else ():
                    await self._do(task)
            except httpx.HTTPError:  # the product is not there, or goes
                pass
            await asyncio.sleep(LOOK_S)

    async def _do(self, task: Mapping[str, str]) -> None:
        text, outcome = task["text"], "read"
        if task["way"] == "letter":
            page = await self._ask("GET", f"tasks/{task['id']}/letter")
            if not page.is_success:
                return
            text, outcome = read_page(200, "", page.text).quoted[0], "posted"
        if all(one.task != task["id"] for one in self.told()):
            said = {"to": task["to"], "text": text, "task": task["id"]}
            self._ledger.data["told"].append(said)
            self._ledger.changed()
        await self._ask(
            "POST", f"tasks/{task['id']}/done", f"done-{task['id']}", {"outcome": outcome}
        )

    async def _ask(
        self, method: str, path: str, key: str = "", said: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {KEY}", "idempotency-key": key}
        url = f"{self.base_url}/desk/v1/{path}"
        return await self._client.request(method, url, json=said, headers=headers)
