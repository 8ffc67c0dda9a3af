"""Accept the invitations to Matrix rooms, for as long as it takes, and refuse the others."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from channels.matrix.answers import Json, events_in, object_in, objects_in
from channels.matrix.api import Broken, MatrixApi, Refused, part

_MOST_TRIES = 20
_AT_ONCE = 50


class Invitations:
    """Those of one user. What is not yet accepted is given back, to be kept with the cursor."""

    def __init__(self, api: MatrixApi, me: str, *, groups: bool) -> None:
        self._api, self._me, self._groups = api, me, groups

    async def accept(self, invited: Mapping[str, int]) -> dict[str, int]:
        """Enter the rooms that we were invited to; give those that must be tried again."""
        async with asyncio.TaskGroup() as tasks:
            entering = {
                room: tasks.create_task(self._enter(room, tries))
                for room, tries in list(invited.items())[:_AT_ONCE]
            }
        later = {room: task.result() for room, task in entering.items()}
        waiting = {room: tries for room, tries in invited.items() if room not in entering}
        return waiting | {r: tries for r, tries in later.items() if tries is not None}

    async def _enter(self, room: str, tries: int) -> int | None:
        """Enter a room; give how often it has failed if it is worth another try."""
        try:
            await self._api.call("POST", f"/rooms/{part(room)}/join", body={})
        except Broken:
            return tries + 1 if tries < _MOST_TRIES else None
        except Refused as error:
            if error.status == 429:
                return tries
            return tries + 1 if error.status >= 500 and tries < _MOST_TRIES else None
        return None

    async def new(self, rooms: Json) -> list[str]:
        """List the rooms to enter; refuse the others."""
        wanted = []
        for room, block in objects_in(rooms, "invite"):
            if self._wanted(events_in(object_in(block, "invite_state"))):
                wanted.append(room)
            else:
                await self._refuse(room)
        return wanted

    def _wanted(self, state: Sequence[Json]) -> bool:
        kinds = {e.get("type"): object_in(e, "content") for e in state if not e.get("state_key")}
        if object_in(kinds, "m.room.create").get("type") == "m.space":
            return False  # a space holds rooms, and no words
        own = (e for e in state if e.get("state_key") == self._me)
        return self._groups or any(object_in(e, "content").get("is_direct") is True for e in own)

    async def _refuse(self, room: str) -> None:
        try:
            await self._api.call("POST", f"/rooms/{part(room)}/leave", body={})
        except (Refused, Broken):
            return  # it stays an invitation that nobody takes up
