"""Asks a partner's Open311 server for news of the requests that it took from us.

Each piece of news is an envelope of its own: one that cannot be read is kept for an agent, and the
others are worked.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import unquote

from channels.partners.http import refusal_of
from channels.partners.open311_answers import listed, mark_of_request, mark_of_update, word
from channels.partners.open311_pages import Asks, Refused, pages
from router.delivery import Permanent
from router.errors import InvalidInput, UnreadablePayload
from router.message import Address, Envelope
from router.ports import Clock, KnowsHandedOver, Pulled

Asked = dict[str, str]
_LONGEST_WAIT_S = 25.0  # of one pull; the lease of the poller is renewed between two
_AT_ONCE = 50  # requests asked for in one call
_IN_ONE_PULL = 200  # the rest comes with the next pull, at once
_TOKENS_AT_ONCE = 20
_TOKEN = "token="  # noqa: S105 -- the name of a field
_OVERLAP = timedelta(hours=1)
"""Clocks differ, and an update may come before its request is known here: the window looks back."""
_FIRST_WINDOW = timedelta(days=7)
_REMEMBERED = 50_000


class Server(Asks, Protocol):
    """The partner's server as the poll needs it."""

    name: str
    account: str

    @property
    def has_updates(self) -> bool: ...


class Follow:
    """The news of one partner; what was committed is remembered, so that it is not stored again."""

    def __init__(self, server: Server, every_s: float, clock: Clock) -> None:
        self._server = server
        self._every_s = every_s
        self._clock = clock
        self._next = 0.0
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._requests: dict[str, str] = {}
        self._followed: frozenset[str] = frozenset()
        self._states_from = self._tokens_from = 0

    async def pull(
        self, cursor: str, received_at: Callable[[], datetime], handed: KnowsHandedOver | None
    ) -> Pulled:
        """Wait until it is time, at most half a minute; then ask.

        Raises:
            ConnectionError, httpx.HTTPError, InvalidInput: they cannot be asked.
        """
        left = self._next - self._clock.monotonic()
        if left > 0 or handed is None:  # a pull either waits or asks: its lease is not endless
            await asyncio.sleep(min(max(left, 1.0), _LONGEST_WAIT_S))
            return Pulled((), cursor)
        at = received_at()
        open_ = await self._open(handed)
        if self._server.has_updates:
            found = await self._updates(open_, cursor, at)
        else:
            found = await self._states(open_, at)
        if self._states_from == 0:
            self._next = self._clock.monotonic() + self._every_s
        new = tuple(one for one in found if one.provider_id not in self._seen)
        moved = at.isoformat() if new or not cursor else cursor
        return Pulled(new, moved, receipt=frozenset(open_))

    def committed(self, pulled: Pulled) -> None:
        """Remember what is in the journal."""
        if isinstance(pulled.receipt, frozenset):
            self._followed = pulled.receipt
        for envelope in pulled.envelopes:
            self._seen[envelope.provider_id] = None
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    async def request_of(self, forward: str) -> str:
        """Give their number of what they took; empty while it has only a token."""
        if forward in self._requests:
            return self._requests[forward]
        token = _token_of(forward)
        if not token:
            self._requests[forward] = unquote(forward.rpartition("#")[2])
            return self._requests[forward]
        answer = await self._server.ask("GET", f"/tokens/{token}")
        if refusal_of(answer, "") is not None:
            return ""
        records = [one for one in listed(answer.body) if isinstance(one, Mapping)]
        found = next((word(one, "service_request_id") for one in records), "")
        if found:
            self._requests[forward] = found
        return found

    async def _open(self, handed: KnowsHandedOver) -> dict[str, str]:
        """Give what they have now: their number → the provider id by which we know it."""
        known = await handed.handed_over(self._server.name, self._server.account)
        await self._number([one.forward for one in known])
        return {
            self._requests[one.forward]: one.forward
            for one in known
            if one.forward in self._requests
        }

    async def _number(self, forwards: Sequence[str]) -> None:
        """Learn their numbers; of those that have only a token so far, some at a time."""
        waiting = [one for one in forwards if one not in self._requests and _token_of(one)]
        for forward in forwards:
            if not _token_of(forward):
                await self.request_of(forward)
        self._tokens_from %= max(1, len(waiting))
        turn = waiting[self._tokens_from :][:_TOKENS_AT_ONCE]
        self._tokens_from += len(turn)
        for forward in turn:
            with contextlib.suppress(UnreadablePayload):  # one odd token keeps nobody else's back
                await self.request_of(forward)

    async def _updates(self, open_: Mapping[str, str], cursor: str, at: datetime) -> list[Envelope]:
        """Read the extension's list of updates since the last time, oldest first."""
        fresh = sorted(open_.keys() - self._followed)
        query = {"start_date": _w3(_since(cursor, at, fresh)), "end_date": _w3(at + _OVERLAP)}
        records = await self._listed("/servicerequestupdates", query)
        records.sort(key=_when)
        found = [
            self._envelope(
                "request", f"number:{one}", open_[one],
                {"service_request_id": one, "status": "open"}, at,
            )
            for one in fresh
        ]  # fmt: skip
        for record in records:
            request = word(record, "service_request_id") if isinstance(record, Mapping) else ""
            if request and request not in open_:
                continue  # of somebody else, or ended here
            forward = open_.get(request, "")
            found.append(self._envelope("update", mark_of_update(record), forward, record, at))
        return found

    async def _states(self, open_: Mapping[str, str], at: datetime) -> list[Envelope]:
        """Read how each request stands, many in one call where the server can do that."""
        numbers = list(open_)
        first, last = self._states_from, self._states_from + _IN_ONE_PULL
        self._states_from = last if last < len(numbers) else 0
        found = []
        for start in range(first, min(last, len(numbers)), _AT_ONCE):
            for record in await self._requests_of(numbers[start : start + _AT_ONCE]):
                request = word(record, "service_request_id") if isinstance(record, Mapping) else ""
                if request not in open_:
                    continue
                mark = mark_of_request(record)
                found.append(self._envelope("request", mark, open_[request], record, at))
        return found

    async def _requests_of(self, numbers: Sequence[str]) -> list[Any]:
        try:
            return await self._listed("/requests", {"service_request_id": ",".join(numbers)})
        except Refused:
            # one unknown number makes some servers refuse the whole list
            return [record for number in numbers for record in await self._request(number)]

    async def _request(self, number: str) -> list[Any]:
        try:
            return await self._listed(f"/requests/{number}", {})
        except InvalidInput:
            return []

    async def _listed(self, path: str, query: Mapping[str, str]) -> list[Any]:
        try:
            return [one async for page in pages(self._server, path, query) for one in page]
        except Refused as error:
            if isinstance(error.outcome, Permanent):
                raise
            raise ConnectionError(str(error)) from None

    def _envelope(
        self, kind: str, mark: str, forward: str, record: object, at: datetime
    ) -> Envelope:
        said = {"forward": forward, "kind": kind, "record": record}
        note = "" if forward else "an update that names no request"
        return Envelope(
            channel=self._server.name,
            account=self._server.account,
            provider_id=mark,
            conversation=Address(self._server.name, self._server.account, forward or mark).key,
            payload=json.dumps(said, ensure_ascii=False).encode("utf-8", "replace"),
            received_at=at,
            note=note,
        )


def _token_of(forward: str) -> str:
    """Give the token by which alone we know what they took; empty where it has a number."""
    own = forward.rpartition("#")[2]
    return own.removeprefix(_TOKEN) if own.startswith(_TOKEN) else ""


def _since(cursor: str, at: datetime, fresh: Sequence[str]) -> datetime:
    """Look back a little; far where a request is newly known, whose news may be older."""
    last = datetime.fromisoformat(cursor) - _OVERLAP if cursor else at - _FIRST_WINDOW
    return min(last, at - _FIRST_WINDOW) if fresh else last


def _when(record: object) -> str:
    return word(record, "updated_datetime") if isinstance(record, Mapping) else ""


def _w3(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
