"""Asks X for private messages and mentions that are new, no oftener than is worth its price."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from channels.x.api import Refused, XApi
from channels.x.budget import Budget
from channels.x.shapes import DM, MENTION, first_id, is_id, part_of
from router.ports import Clock

Page = dict[str, Any]

log = logging.getLogger("channels.x")

DM_QUERY = {
    "event_types": "MessageCreate",
    # newest first and without a since_id: what is read again on another day is billed again
    "max_results": "20",
    "dm_event.fields": "id,text,event_type,created_at,sender_id,dm_conversation_id,attachments",
    "expansions": "sender_id,attachments.media_keys",
    "user.fields": "id,name,username",
    "media.fields": "media_key,type,url",
}
POST_QUERY = {
    "max_results": "100",
    "tweet.fields": (
        "id,text,created_at,author_id,conversation_id,in_reply_to_user_id,"
        "referenced_tweets,attachments,entities"
    ),
    "expansions": "author_id,attachments.media_keys",
    "user.fields": "id,name,username",
    "media.fields": "media_key,type,url",
}
_MOST_PAGES = 10
"""Pages read of one feed at once; the walk back goes on with the next question."""
_BEFORE_THE_START = timedelta(days=1)
"""How old messages may be that are read when the account is connected for the first time."""
_LONGEST_WAIT_S = 20.0
_JUST_NOW = timedelta(minutes=1)
"""How old mentions may be that are asked for only to see whether X gives any: each is billed."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a feed was read. A walk that was broken off goes on at ``token``, down to ``since``.

    ``top`` is the highest id that the walk has met.
    """

    since: str = ""
    token: str = ""
    top: str = ""


class Feed:
    """Reads both feeds of one account."""

    def __init__(self, api: XApi, budget: Budget, clock: Clock, poll_s: float) -> None:
        self._api, self._budget, self._clock = api, budget, clock
        self._poll_s = poll_s
        self._next = 0.0
        self._next_mentions, self._refusal = 0.0, ""

    async def is_time(self) -> bool:
        """Wait a while for the next question; say whether it may be asked."""
        wait = self._next - self._clock.monotonic()
        if wait > 0:
            await asyncio.sleep(min(wait, _LONGEST_WAIT_S))
        return self._clock.monotonic() >= self._next

    async def new(self, me: str, cursor: str, now: datetime) -> tuple[list[Page], str]:
        """Give what is new after a cursor, oldest first, and the cursor after it.

        Raises:
            ConnectionError: the day's money is spent.
            Refused: X refuses to give private messages.
            httpx.HTTPError: X cannot be reached.
        """
        await self._budget.look()
        self._next = self._clock.monotonic() + self._budget.pause_s(self._poll_s)
        if self._budget.rests:
            raise ConnectionError(self._budget.sentence)
        marks = _marks(cursor, now)
        try:
            messages, dm = await self._walk("/2/dm_events", DM_QUERY, marks[DM])
        except Refused as refused:
            self._next = self._clock.monotonic() + (refused.after_s or 0.0)
            raise
        posts, mention = await self._mentions(me, marks[MENTION])
        if dm.token or (mention.token and mention != marks[MENTION]):
            self._next = 0.0
        after = {DM: dm, MENTION: mention}
        same = cursor and after == marks
        return [*messages, *posts], cursor if same else _written(after)

    async def _mentions(self, me: str, mark: Mark) -> tuple[list[Page], Mark]:
        """Read mentions; where X refuses them, the mark stays and private messages go on."""
        if self._clock.monotonic() < self._next_mentions:
            return [], mark
        query = POST_QUERY | {"since_id": mark.since}
        try:
            found = await self._walk(f"/2/users/{me}/mentions", query, mark)
        except Refused as refused:
            self._next_mentions = self._clock.monotonic() + (refused.after_s or 0.0)
            if str(refused) != self._refusal:
                log.warning("X: mentions are not read: %s", refused)
            self._refusal = str(refused)
            return [], mark
        self._refusal = ""
        return found

    async def ask(self, me: str) -> None:
        """See whether X gives both feeds, for the price of one private message and hardly more.

        Raises:
            Refused: it does not give one of them.
            httpx.HTTPError: X cannot be reached.
        """
        await self._api.call("GET", "/2/dm_events", query={"max_results": "1"})
        young = first_id(self._clock.now() - _JUST_NOW)
        query = {"max_results": "5", "since_id": young}  # X gives no fewer
        await self._api.call("GET", f"/2/users/{me}/mentions", query=query)

    async def _walk(
        self, path: str, query: Mapping[str, str], mark: Mark
    ) -> tuple[list[Page], Mark]:
        """Read pages, newest first, back to what is known; give them oldest first."""
        pages: list[Page] = []
        for _ in range(_MOST_PAGES):
            page = await self._page(path, query, mark)
            listed = page.get("data")
            records = listed if isinstance(listed, list) else []
            new = [r for r in records if not _is_known(r, mark.since)]
            mark = replace(mark, top=_highest(new, mark))
            if new:
                pages.append({"data": new[::-1], "includes": part_of(page, "includes")})
            mark = replace(mark, token=str(part_of(page, "meta").get("next_token") or ""))
            if not mark.token or len(new) < len(records):
                return pages[::-1], Mark(since=mark.top or mark.since)
        return pages[::-1], mark

    async def _page(self, path: str, query: Mapping[str, str], mark: Mark) -> Page:
        further = {"pagination_token": mark.token} if mark.token else {}
        try:
            return await self._api.call("GET", path, query={**query, **further})
        except Refused as refused:
            if not mark.token or refused.status != 400:
                raise
        # a token that X no longer takes: from the top again, what is known comes to nothing
        return await self._api.call("GET", path, query=dict(query))


def _marks(cursor: str, now: datetime) -> dict[str, Mark]:
    """Read a cursor; those of before the walks hold bare ids."""
    known = json.loads(cursor) if cursor else {}
    begin = Mark(since=first_id(now - _BEFORE_THE_START))
    return {kind: _mark(known.get(kind), begin) for kind in (DM, MENTION)}


def _mark(known: object, begin: Mark) -> Mark:
    if isinstance(known, dict):
        return Mark(**known)
    return Mark(since=str(known)) if known and known != "0" else begin


def _written(marks: Mapping[str, Mark]) -> str:
    return json.dumps(
        {kind: {"since": m.since, "token": m.token, "top": m.top} for kind, m in marks.items()}
    )


def _is_known(record: object, since: str) -> bool:
    return (number := _number_in(record)) is not None and number <= int(since)


def _number_in(record: object) -> int | None:
    own = record.get("id") if isinstance(record, Mapping) else None
    return int(own) if isinstance(own, str) and is_id(own) else None


def _highest(records: Iterable[object], mark: Mark) -> str:
    """Give the highest id; ids grow with time."""
    numbers = [_number_in(record) for record in records]
    known = [number for number in numbers if number is not None]
    return str(max([*known, *([int(mark.top)] if mark.top else [])], default=""))
