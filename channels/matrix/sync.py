"""Ask a homeserver for what is new, and miss nothing of what was said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from channels.matrix.answers import Json, events_in, object_in, objects_in
from channels.matrix.api import Broken, MatrixApi, Refused, part
from channels.matrix.invitations import Invitations
from channels.matrix.members import Members

PAGE = 100
_MOST_PAGES = 20
"""Pages read back in one room: with what comes at once, 2,100 messages of one outage."""
_MOST_FAILURES = 5
"""After so many, what came of a room is taken as it is, without what else could be asked of it."""
_TYPES = ["m.room.message", "m.room.encrypted", "m.room.redaction", "m.room.member"]
_TYPES += ["m.reaction", "m.sticker"]
_NOTHING: dict[str, list[str]] = {"types": []}


@dataclass(frozen=True, slots=True)
class Position:
    """How far we have read, and the invitations to accept, with how often that has failed."""

    since: str
    invited: Mapping[str, int]

    @classmethod
    def of(cls, cursor: str) -> Position:
        known = json.loads(cursor) if cursor else {}
        return cls(known.get("since", ""), known.get("invited", {}))

    @property
    def cursor(self) -> str:
        return json.dumps({"since": self.since, "invited": self.invited})


@dataclass(frozen=True, slots=True)
class Heard:
    """An event, and what is known of its room."""

    event: Json
    room: Json


class Sync:
    """Reads the rooms of one user."""

    def __init__(
        self, api: MatrixApi, me: str, *, groups: bool, wait_s: float, page: int = PAGE
    ) -> None:
        self._api, self._me = api, me
        self._wait_s, self._page = wait_s, page
        self._invitations = Invitations(api, me, groups=groups)
        self._members = Members(api, me)
        self._failed: Counter[str] = Counter()

    async def next(self, cursor: str) -> tuple[list[Heard], str]:
        """Wait for what is new after a cursor ('' at first); give it, and the next cursor.

        Raises:
            Refused, Broken: the homeserver does not answer, or refuses us.
        """
        position = Position.of(cursor)
        again = await self._invitations.accept(position.invited)
        known, answer = await self._ask(position.since)
        rooms = object_in(answer, "rooms")
        heard: list[Heard] = []
        for room, block in objects_in(rooms, "join"):
            heard += await self._heard(room, block, position.since, known=known)
        for room, block in objects_in(rooms, "leave"):
            heard += self._until_put_out(room, block)
        invited = again | dict.fromkeys(await self._invitations.new(rooms), 0)
        return heard, Position(str(answer["next_batch"]), invited).cursor

    async def _ask(self, since: str) -> tuple[bool, Json]:
        """Ask for news; tell whether the homeserver knew how far we had read."""
        try:
            return bool(since), await self._sync(since)
        except Refused as error:
            if error.status != 400 or not since:
                raise
        # a homeserver that was set up anew: all is read again, and what we have is known by its id
        return False, await self._sync("")

    async def _sync(self, since: str) -> Json:
        query = {
            "filter": _filter(self._page),
            "timeout": str(int(self._wait_s * 1000 if since else 0)),
        }
        query |= {"since": since} if since else {}
        answer = await self._api.call("GET", "/sync", query=query, wait_s=self._wait_s)
        if not isinstance(answer.get("next_batch"), str):
            raise Refused(502, "M_BAD_JSON", "an answer to /sync that does not say where it ends")
        return answer

    # --- what was said ---------------------------------------------------------------------------

    async def _heard(self, room: str, block: Json, since: str, *, known: bool) -> list[Heard]:
        """Give what was said in a room; one about which nothing can be asked holds up no other."""
        self._members.told(room, block)
        try:
            found = await self._said(room, block, since, known=known)
        except (Refused, Broken):
            self._failed[room] += 1
            if self._failed[room] < _MOST_FAILURES:
                raise
            found = self._as_it_is(room, block)
        self._failed.pop(room, None)
        return found

    async def _said(self, room: str, block: Json, since: str, *, known: bool) -> list[Heard]:
        timeline = object_in(block, "timeline")
        events, state = events_in(timeline), events_in(object_in(block, "state"))
        new = not known or any(self._entered(event) for event in (*state, *events))
        if timeline.get("limited") is True and timeline.get("prev_batch"):
            upto = "" if new else since
            events = [*await self._older(room, str(timeline["prev_batch"]), upto), *events]
        if new:
            events = self._since_invited(events)
        if not since:
            events = self._unanswered(events)
        if any(event.get("type") == "m.room.member" for event in (*state, *events)):
            self._members.changed(room)
        ours = [event for event in events if self._concerns_us(event)]
        members = await self.members(room) if ours else {}
        alone = self._members.alone(room, events)
        return [self._with_room(room, event, members, alone=alone) for event in ours]

    async def _older(self, room: str, start: str, upto: str) -> list[Json]:
        """Read back what did not fit, oldest first, to where we had read or were invited."""
        query = {"dir": "b", "limit": str(self._page), "filter": json.dumps({"types": _TYPES})}
        query |= {"to": upto} if upto else {}
        found: list[Json] = []
        for _ in range(_MOST_PAGES):
            page = await self._api.call(
                "GET", f"/rooms/{part(room)}/messages", query=query | {"from": start}
            )
            chunk = events_in(page, "chunk")
            found += chunk
            start = str(page.get("end") or "")
            if not start or (not upto and any(self._invited(event) for event in chunk)):
                break
        return found[::-1]

    def _own_member(self, event: Json, membership: str) -> bool:
        own = event.get("type") == "m.room.member" and event.get("state_key") == self._me
        return own and object_in(event, "content").get("membership") == membership

    def _invited(self, event: Json) -> bool:
        return self._own_member(event, "invite")

    def _entered(self, event: Json) -> bool:
        before = object_in(object_in(event, "unsigned"), "prev_content").get("membership")
        return self._own_member(event, "join") and before != "join"

    def _since_invited(self, events: list[Json]) -> list[Json]:
        """Leave out what was said before we were asked to listen."""
        places = [place for place, event in enumerate(events) if self._invited(event)]
        return events[places[-1] + 1 :] if places else events

    def _unanswered(self, events: list[Json]) -> list[Json]:
        """Leave out, at the first start, what was said before we last wrote there."""
        own = [
            place
            for place, event in enumerate(events)
            if event.get("sender") == self._me and event.get("type") == "m.room.message"
        ]
        return events[own[-1] + 1 :] if own else events

    def _concerns_us(self, event: Json) -> bool:
        if event.get("type") == "m.room.member":
            return object_in(event, "content").get("membership") in {"leave", "ban"}
        return event.get("sender") != self._me

    def _until_put_out(self, room: str, block: Json) -> list[Heard]:
        """Give what was said in a room that we are no longer in, with what we knew of it."""
        if object_in(block, "timeline").get("limited") is True:
            self._members.forget(room)  # others may have come of whom we are not told
        found = self._as_it_is(room, block)
        self._members.forget(room)
        return found

    def _as_it_is(self, room: str, block: Json) -> list[Heard]:
        """Give what came of a room, without asking anything about it."""
        events = events_in(object_in(block, "timeline"))
        known = {
            "direct": self._members.alone(room, events),
            "me": self._members.last_known(room).get(self._me, ""),
        }
        return [Heard(_in_room(event, room), known) for event in events if self._concerns_us(event)]

    # --- rooms -----------------------------------------------------------------------------------

    def _with_room(
        self, room: str, event: Json, members: Mapping[str, str], *, alone: bool
    ) -> Heard:
        sender = str(event.get("sender", ""))
        known = {
            "direct": alone,
            "empty": not members.keys() - {self._me},
            "name": members.get(sender) or sender.removeprefix("@").partition(":")[0],
            "me": members.get(self._me, ""),
        }
        return Heard(_in_room(event, room), known)

    async def members(self, room: str) -> Mapping[str, str]:
        """List who is in a room, and what they are called there; nobody if we are not.

        Raises:
            Refused, Broken: the homeserver does not answer.
        """
        return await self._members.of(room)


@cache
def _filter(limit: int) -> str:
    """Write what is wanted of ``/sync``: messages, and who enters and leaves."""
    room: dict[str, Any] = {"timeline": {"limit": limit, "types": _TYPES}}
    room["state"] = {"types": ["m.room.member"], "lazy_load_members": True}
    room |= {"ephemeral": _NOTHING, "account_data": _NOTHING}
    return json.dumps({"presence": _NOTHING, "account_data": _NOTHING, "room": room})


def _in_room(event: Json, room: str) -> Json:
    return {**event, "room_id": room}
