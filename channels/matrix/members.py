"""Know who is in a Matrix room, and whether one person is alone there with the counter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from channels.matrix.answers import Json, object_in, objects_in
from channels.matrix.api import MatrixApi, Refused, part

_MOST_ROOMS = 5_000
"""Whose members are remembered."""


class Members:
    """Those of the rooms of one user; what is remembered of them is only a saving."""

    def __init__(self, api: MatrixApi, me: str) -> None:
        self._api, self._me = api, me
        self._known: dict[str, dict[str, str]] = {}
        self._counts: dict[str, int] = {}

    async def of(self, room: str) -> Mapping[str, str]:
        """List who is in a room, and what they are called there; nobody if we are not.

        Raises:
            Refused, Broken: the homeserver does not answer.
        """
        if room not in self._known:
            try:
                answer = await self._api.call("GET", f"/rooms/{part(room)}/joined_members")
            except Refused as error:
                if error.status not in {403, 404}:
                    raise
                return {}
            joined = objects_in(answer, "joined")
            if len(self._known) >= _MOST_ROOMS:
                self._known.clear()
            self._known[room] = {user: str(p.get("display_name") or "") for user, p in joined}
        return self._known[room]

    def told(self, room: str, block: Json) -> None:
        """Keep how many are in a room, which ``/sync`` tells only when it has changed."""
        count = object_in(block, "summary").get("m.joined_member_count")
        if isinstance(count, int) and not isinstance(count, bool):
            if len(self._counts) >= _MOST_ROOMS:
                self._counts.clear()
            self._counts[room] = count

    def changed(self, room: str) -> None:
        """Have the members of a room asked for again."""
        self._known.pop(room, None)

    def last_known(self, room: str) -> Mapping[str, str]:
        """List who was in a room when it was last asked about; nobody if it never was."""
        return self._known.get(room, {})

    def forget(self, room: str) -> None:
        self._known.pop(room, None)
        self._counts.pop(room, None)

    def alone(self, room: str, events: Sequence[Json]) -> bool:
        """Whether these events were between one person and the counter.

        Who spoke and is gone was there too. What nobody knows to be private is not: of a group
        only what names the counter is read.
        """
        members = self.last_known(room).keys()
        count = len(members) or self._counts.get(room, 0)
        spoke = {sender for event in events if isinstance(sender := event.get("sender"), str)}
        return 0 < count <= 2 and len(members | spoke | {self._me}) <= 2
