"""Queue the updates of a simulated bot and hand them over, by long polling or webhook."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import httpx
from starlette.responses import Response

from demo.faults import FaultKind, Faults
from demo.ledger import Ledger
from demo.telegram_shapes import DEFAULT_UPDATES, error, ok
from demo.webhooks import hand_over

CONFLICT = "Conflict: terminated by other getUpdates request; make sure that only one bot instance"
WEBHOOK_ACTIVE = "Conflict: can't use getUpdates method while webhook is active"


class Updates:
    """The updates not yet confirmed by the bot, oldest first."""

    def __init__(self, ledger: Ledger, faults: Faults) -> None:
        self._ledger = ledger
        self._faults = faults
        self._poller = 0
        self._confirmed: list[dict[str, Any]] = []
        self.closing = False

    @property
    def waiting(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ledger.data["updates"]
        return found

    def add(self, kind: str, content: Mapping[str, Any]) -> None:
        """Queue an update, unless the bot did not ask for this kind."""
        data = self._ledger.data
        if kind in (data["allowed_updates"] or DEFAULT_UPDATES):
            self.waiting.append({"update_id": data["next_update"], kind: dict(content)})
            data["next_update"] += 1
        self._ledger.changed()

    async def poll(self, asked: Mapping[str, Any]) -> Response:
        """Answer ``getUpdates``: at once when there is something, else when something comes."""
        data = self._ledger.data
        if data["webhook"]["url"]:
            return error(409, WEBHOOK_ACTIVE)
        self._poller += 1
        mine = self._poller
        if "allowed_updates" in asked:
            data["allowed_updates"] = _listed(asked["allowed_updates"])
        self._confirm(int(asked.get("offset", 0)))
        self._ledger.changed()  # also tells an older poller that it is one too many
        with suppress(TimeoutError):
            await self._ledger.until(
                lambda: self.waiting or self.closing or self._poller != mine,
                float(asked.get("timeout", 0)) or 0.001,
            )
        if self._poller != mine:
            return error(409, CONFLICT)
        return ok(self._batch(int(asked.get("limit", 100))))

    def _confirm(self, offset: int) -> None:
        """Forget what the bot has seen; a negative offset keeps that many of the last."""
        waiting = self.waiting
        if offset < 0:
            seen = waiting[:offset]
        else:
            seen = [update for update in waiting if update["update_id"] < offset]
        if seen:
            self._confirmed = seen
            self._ledger.data["updates"] = waiting[len(seen) :]

    def _batch(self, limit: int) -> list[dict[str, Any]]:
        batch = self.waiting[:limit]
        fault = self._faults.take("deliver") if batch else None
        if fault and fault.kind is FaultKind.REDELIVER:
            return self._confirmed + batch
        if fault and fault.kind is FaultKind.REORDER:
            return batch[::-1]
        return batch

    def set_webhook(self, asked: Mapping[str, Any]) -> None:
        """Post updates to this address from now on; an empty one ends it."""
        data = self._ledger.data
        data["webhook"] = {"url": asked.get("url", ""), "secret": asked.get("secret_token", "")}
        if "allowed_updates" in asked:
            data["allowed_updates"] = _listed(asked["allowed_updates"])
        if str(asked.get("drop_pending_updates", "")).lower() == "true":
            data["updates"] = []
        self._ledger.changed()

    async def push_forever(self, client: httpx.AsyncClient) -> None:
        """Post each update in turn while a webhook is set.

        An update that the bot refuses (4xx) is dropped, where Telegram would come back for a day.
        """
        data = self._ledger.data
        while True:
            await self._ledger.until(lambda: data["webhook"]["url"] and self.waiting, None)
            update = self.waiting[0]
            fault = self._faults.take("deliver")
            for _ in range(2 if fault and fault.kind is FaultKind.REDELIVER else 1):
                await hand_over(
                    client,
                    lambda: data["webhook"]["url"] or None,
                    json.dumps(update).encode(),
                    lambda _: {
                        "Content-Type": "application/json",
                        "X-Telegram-Bot-Api-Secret-Token": data["webhook"]["secret"],
                    },
                )
            self._confirm(update["update_id"] + 1)
            self._ledger.changed()


def _listed(value: Any) -> list[str]:
    return list(json.loads(value) if isinstance(value, str) else value)
