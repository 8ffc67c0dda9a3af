"""Finds the cases that an application of GeoReport v2 asks for, within its bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from router.archive import CaseFilter, CaseReader
from router.case import Case, Event
from web.open311.format import Trouble
from web.open311.records import CHANNEL, moment, posted_by, status_of

_SPAN = timedelta(days=90)
_LONGEST_LIFE = timedelta(days=365)
"""How long before its latest update a request may have been posted."""
_DEFAULT_SIZE, _MOST = 100, 1000  # "90 days or first 1000 requests, whichever is smallest"
_MOST_DIGITS = 6
_BATCH = 500
_MOST_LOOKED_AT = 20_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is asked for; times are aware."""

    numbers: tuple[str, ...]
    codes: frozenset[str]
    statuses: frozenset[str]
    since: datetime
    until: datetime
    first: int
    size: int

    @classmethod
    def of(cls, query: Mapping[str, str], now: datetime) -> Asked:
        """Read the arguments of a list.

        Raises:
            Trouble: one of them cannot be read.
        """
        until = moment(query["end_date"]) if query.get("end_date") else now
        since = moment(query["start_date"]) if query.get("start_date") else until - _SPAN
        if query.get("start_date") and not query.get("end_date"):
            until = min(now, since + _SPAN)
        if until - since > _SPAN + timedelta(days=1):
            raise Trouble(400, "start_date and end_date may not span more than 90 days.")
        statuses = _words(query.get("status", ""))
        if not statuses <= {"open", "closed"}:
            raise Trouble(400, "status is open or closed.")
        page, size = _count(query, "page", 1), _count(query, "page_size", _DEFAULT_SIZE)
        size = min(size, _MOST)
        return cls(
            tuple(number for number in query.get("service_request_id", "").split(",") if number),
            _words(query.get("service_code", "")),
            statuses,
            since,
            until,
            (page - 1) * size,
            size,
        )


class Search:
    """Reads the cases of one application, newest first, no more than the standard lets ask for."""

    def __init__(self, cases: CaseReader) -> None:
        self._cases = cases

    async def requests(self, account: str, asked: Asked) -> list[Case]:
        """List one page of the requests received within the asked time."""
        found = [
            case
            for case in await self._posted(account, asked.since)
            if asked.since <= case.received_at <= asked.until
            and (not asked.codes or case.category in asked.codes)
            and (not asked.statuses or status_of(case.status) in asked.statuses)
        ]
        return found[asked.first : asked.first + asked.size]

    async def updated(self, account: str, asked: Asked) -> list[Case]:
        """List the requests on which something may have happened within the asked time."""
        long_ago = asked.since - _LONGEST_LIFE
        return [c for c in await self._posted(account, long_ago) if c.updated_at >= asked.since]

    async def events(self, case: Case) -> list[Event]:
        """List what happened to a case and to its parts."""
        parts = await self._cases.children(case.id) if case.parts_open else ()
        events = [event for one in (case, *parts) for event in await self._cases.events(one.id)]
        return sorted(events, key=lambda event: event.id)

    async def _posted(self, account: str, since: datetime) -> list[Case]:
        found: list[Case] = []
        before: int | None = None
        for _ in range(_MOST_LOOKED_AT // _BATCH):
            wanted = CaseFilter(channel=CHANNEL, limit=_BATCH, before=before)
            batch: Sequence[Case] = await self._cases.cases(wanted)
            found += [c for c in batch if c.parent is None and posted_by(c, account)]
            if len(batch) < _BATCH or batch[-1].created_at < since:
                break
            before = batch[-1].id
        return found


def _words(text: str) -> frozenset[str]:
    return frozenset(word.strip() for word in text.split(",") if word.strip())


def _count(query: Mapping[str, str], name: str, otherwise: int) -> int:
    given = query.get(name, "")
    if not given:
        return otherwise
    digits = given.lstrip("0")
    if not (given.isascii() and given.isdigit() and 0 < len(digits) <= _MOST_DIGITS):
        raise Trouble(400, f"{name} is a number from 1 to {10**_MOST_DIGITS - 1}.")
    return int(digits)
