"""Posts to our webhooks what phones write and what becomes of our messages, signed as by Twilio."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx

from channels.trusted import trusted
from demo.faults import Fault, FaultKind, Faults
from demo.twilio_book import TwilioBook
from demo.twilio_shapes import inbound_form, signature_headers, status_form
from demo.twilio_templates import NOT_ITS_FIELDS
from demo.webhooks import hand_over

OUTSIDE_WINDOW = 63016
_FAILS = {OUTSIDE_WINDOW, NOT_ITS_FIELDS}
"""What WhatsApp refuses, as it says after the message was taken."""
STATUS_TRIES = 40
"""Twilio gives up on a status callback sooner than on a message; the status can be asked for."""


class TwilioCallbacks:
    """The calls that leave an account; ``spawn`` runs one in the background."""

    def __init__(
        self,
        book: TwilioBook,
        faults: Faults,
        auth_token: str,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        base_url: Callable[[], str],
    ) -> None:
        self.shared_key: tuple[str, str] | None = None
        """Id and secret of a key that signs the webhooks instead of the account's token."""
        self._book, self._faults, self._auth_token = book, faults, auth_token
        self._spawn, self._base_url = spawn, base_url
        self._held: list[str] = []
        self._phones: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def start(self) -> None:
        """Go on with what was not answered when the simulator stopped."""
        self._client = httpx.AsyncClient(timeout=15.0, verify=trusted())
        for sid in self._book.ledger.data["inbound"]:
            self._spawn(self._deliver_inbound(sid))
        for sid in self._book.ledger.data["statuses"]:
            self._spawn(self._report_statuses(sid))

    async def stop(self) -> None:
        await self._client.aclose()

    def deliver(self, sid: str) -> None:
        """Post what a phone wrote, in order for each phone, until it is answered."""
        fault = self._faults.take("deliver")
        if fault and fault.kind is FaultKind.REORDER:
            self._held.append(sid)  # goes out after the next one
            return
        self._spawn(self._deliver_inbound(sid, times=1 + _doubled(fault)))
        held, self._held = self._held, []
        for late in held:
            self._spawn(self._deliver_inbound(late))

    async def _deliver_inbound(self, sid: str, times: int = 1) -> None:
        message = self._book.ledger.data["messages"][sid]
        async with self._phones[message["from"]]:
            for _ in range(times):
                form = inbound_form(message, self._base_url())
                await self._post(lambda: self._book.webhooks.get(message["to"]), form)
        self._book.ledger.data["inbound"].pop(sid, None)
        self._book.ledger.changed()

    async def _report_statuses(self, sid: str) -> None:
        message, data = self._book.ledger.data["messages"][sid], self._book.ledger.data
        url: str = data["statuses"][sid]
        last = "undelivered" if message["error_code"] else "delivered"
        last = "failed" if message["error_code"] in _FAILS else last
        statuses = ["queued", "sent", last]
        fault = self._faults.take("status")
        if fault and fault.kind is FaultKind.REORDER:
            statuses.reverse()
        for status in statuses * (1 + _doubled(fault)):
            message["status"] = status if fault is None else last
            if url:
                await self._post(lambda: url, status_form(message, status), STATUS_TRIES)
        data["statuses"].pop(sid, None)
        self._book.ledger.changed()

    async def _post(self, url: Any, form: Mapping[str, str], tries: int | None = None) -> None:
        await hand_over(
            self._client,
            url,
            urlencode(form).encode(),
            lambda target: {
                "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
                "User-Agent": "TwilioProxy/1.1",
                **signature_headers(self._auth_token, self.shared_key, target, form),
            },
            tries=tries,
        )

    def report(self, sid: str) -> None:
        """Tell what becomes of a message of ours, step by step."""
        self._spawn(self._report_statuses(sid))


def _doubled(fault: Fault | None) -> int:
    return int(fault is not None and fault.kind is FaultKind.REDELIVER)
