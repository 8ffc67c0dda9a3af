"""Tell a user of a simulated Matrix homeserver what is new, as ``/sync`` and ``/messages`` do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from demo.matrix_book import Event, MatrixBook, of_types

_STRIPPED = ("type", "sender", "content", "state_key")


class News:
    """Answers of ``/sync`` and ``/messages``; a token is a place in the stream."""

    def __init__(self, book: MatrixBook) -> None:
        self._book = book

    def has_news(self, user: str, since: int) -> bool:
        """Whether anything of this user's rooms has happened since a place."""
        rooms = {room for room in self._book.rooms() if self._book.membership(room, user)}
        return any(event["room_id"] in rooms for event in self._book.stream[since:])

    def since(self, user: str, since: int | None, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """Answer ``/sync``: rooms joined, invited to and left."""
        rooms: dict[str, dict[str, Any]] = {"join": {}, "invite": {}, "leave": {}}
        for room in self._book.rooms():
            standing = self._book.membership(room, user)
            if not standing:
                continue
            changed = since is None or self._book.since(room, user) >= since
            if standing == "join":
                block = self._joined(room, None if changed else since, wanted)
                rooms["join"] |= {room: block} if block else {}
            elif standing == "invite" and changed:
                rooms["invite"][room] = {"invite_state": {"events": self._stripped(room, user)}}
            elif changed and since is not None:
                rooms["leave"][room] = self._left(room, user, since, wanted)
        return {"next_batch": f"s{len(self._book.stream)}", "rooms": rooms}

    def _left(self, room: str, user: str, since: int, wanted: Mapping[str, Any]) -> dict[str, Any]:
        end, types = self._book.since(room, user), wanted.get("room", {}).get("timeline", {})
        seen = of_types(self._book.events(room), types.get("types"))
        events = [event for place, event in seen if since <= place <= end]
        return {"timeline": {"events": events}, "state": {"events": []}}

    def _joined(
        self, room: str, since: int | None, wanted: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        timeline = wanted.get("room", {}).get("timeline", {})
        limit, known = int(timeline.get("limit", 10)), self._book.events(room)
        new = [pair for pair in known if since is None or pair[0] >= since]
        new = of_types(new, timeline.get("types"))
        shown = new[-limit:]
        if not shown and since is not None:
            return None
        start = shown[0][0] if shown else len(self._book.stream)
        before = known if since is None else new
        state = [event for place, event in before if place < start and "state_key" in event]
        told = since is None or any(event["type"] == "m.room.member" for _, event in new)
        return {
            "summary": self._summary(room) if told else {},
            "timeline": {
                "events": [event for _, event in shown],
                "limited": since is None or len(new) > limit,
                "prev_batch": f"t{start}",
            },
            "state": {"events": state},
        }

    def _summary(self, room: str) -> dict[str, Any]:
        """Count who is in a room, which a homeserver tells when it has changed."""
        joined, invited = self._book.members(room, "join"), self._book.members(room, "invite")
        return {"m.joined_member_count": len(joined), "m.invited_member_count": len(invited)}

    def _stripped(self, room: str, user: str) -> list[Event]:
        kept = ("m.room.create", "m.room.name", "m.room.encryption")
        events = [event for _, event in self._book.events(room)]
        shown = [e for e in events if e["type"] in kept or e.get("state_key") == user]
        return [{name: event[name] for name in _STRIPPED} for event in shown]

    def messages(self, room: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """Answer ``/messages``, backwards only: newest first."""
        start = place_of(asked.get("from", "")) or 0
        upto = place_of(asked.get("to", "")) or 0
        types = json.loads(asked.get("filter", "{}")).get("types")
        older = [pair for pair in self._book.events(room) if upto <= pair[0] < start]
        older = of_types(older, types)[::-1]
        limit = int(asked.get("limit", "10"))
        page = older[:limit]
        answer: dict[str, Any] = {"start": asked.get("from", "")}
        answer["chunk"] = [event for _, event in page]
        return answer | ({"end": f"t{page[-1][0]}"} if len(older) > limit else {})


def place_of(token: str) -> int | None:
    """Read a token; None where there is none.

    Raises:
        ValueError: it is not one of ours.
    """
    if not token:
        return None
    if token[0] not in "st":
        raise ValueError(token)
    return int(token[1:])
