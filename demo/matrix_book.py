"""Keep the users, rooms, events and files of a simulated Matrix homeserver."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from demo.ledger import Ledger
from router.ports import Clock

Event = dict[str, Any]
EMPTY: Mapping[str, Any] = {"users": {}, "rooms": {}, "stream": [], "media": {}, "sent": {}}


class MatrixBook:
    """What the homeserver holds; the place of an event in the stream is its age."""

    def __init__(self, ledger: Ledger, server: str, clock: Clock) -> None:
        self.ledger, self.server, self._clock = ledger, server, clock

    # --- users -----------------------------------------------------------------------------------

    def register(self, local: str, name: str = "", token: str = "") -> str:
        """Give the id of a user, who is made up at the first mention."""
        user, users = f"@{local}:{self.server}", self.ledger.data["users"]
        if user not in users:
            users[user] = {"token": token or secrets.token_hex(16), "name": name or local}
            self.ledger.changed()
        return user

    def token(self, user: str) -> str:
        return str(self.ledger.data["users"][user]["token"])

    def user_of(self, token: str) -> str | None:
        users = self.ledger.data["users"].items()
        return next((user for user, known in users if known["token"] == token), None)

    def name(self, user: str) -> str:
        return str(self.ledger.data["users"].get(user, {}).get("name", ""))

    # --- rooms -----------------------------------------------------------------------------------

    @property
    def stream(self) -> list[Event]:
        found: list[Event] = self.ledger.data["stream"]
        return found

    def rooms(self) -> list[str]:
        return list(self.ledger.data["rooms"])

    def membership(self, room: str, user: str) -> str:
        """Say how a user stands in a room: join, invite, leave, ban, or nothing at all."""
        members = self.ledger.data["rooms"].get(room, {"members": {}})["members"]
        return str(members.get(user, ["", 0])[0])

    def since(self, room: str, user: str) -> int:
        """Give the place in the stream of a user's last change of standing."""
        return int(self.ledger.data["rooms"][room]["members"][user][1])

    def members(self, room: str, *standings: str) -> list[str]:
        known = self.ledger.data["rooms"][room]["members"].items()
        return [user for user, (standing, _) in known if standing in standings]

    def events(self, room: str) -> list[tuple[int, Event]]:
        """List a room's events with their place in the stream."""
        places: list[int] = self.ledger.data["rooms"][room]["places"]
        return [(place, self.stream[place]) for place in places]

    def create(self, creator: str, content: Mapping[str, Any], *, direct: bool = False) -> str:
        """Make a room that its creator has entered."""
        room = f"!{secrets.token_hex(9)}:{self.server}"
        members = {creator: ["", 0]}
        self.ledger.data["rooms"][room] = {"members": members, "places": [], "direct": direct}
        self.add(room, "m.room.create", creator, content, state_key="")
        self.put(room, creator, creator, "join")
        return room

    def put(self, room: str, sender: str, user: str, standing: str, **more: Any) -> Event:
        """Change how a user stands in a room."""
        known = self.ledger.data["rooms"][room]["members"]
        before = known.get(user)
        content = {"membership": standing, "displayname": self.name(user), **more}
        event = self.add(room, "m.room.member", sender, content, state_key=user)
        if before and before[0]:
            event["unsigned"] = {"prev_content": {"membership": before[0]}}
        known[user] = [standing, len(self.stream) - 1]
        self.ledger.changed()
        return event

    def add(
        self,
        room: str,
        kind: str,
        sender: str,
        content: Mapping[str, Any],
        state_key: str | None = None,
    ) -> Event:
        """Append an event."""
        event: Event = {"event_id": f"${secrets.token_urlsafe(32)}", "room_id": room}
        event |= {"type": kind, "sender": sender, "content": dict(content), "unsigned": {}}
        event["origin_server_ts"] = int(self._clock.now().timestamp() * 1000)
        if state_key is not None:
            event["state_key"] = state_key
        self.ledger.data["rooms"][room]["places"].append(len(self.stream))
        self.stream.append(event)
        self.ledger.changed()
        return event

    def redact(self, room: str, sender: str, target: str) -> Event:
        """Take back an event: its content is gone for good."""
        because = self.add(room, "m.room.redaction", sender, {"redacts": target})
        because["redacts"] = target
        for _, event in self.events(room):
            if event["event_id"] == target:
                event["content"], event["unsigned"] = {}, {"redacted_because": because}
        self.ledger.changed()
        return because

    # --- files -----------------------------------------------------------------------------------

    def keep_file(self, content: bytes, media_type: str) -> str:
        """Keep a file and give its address."""
        media = secrets.token_hex(12)
        self.ledger.keep_file(media, content)
        self.ledger.data["media"][media] = {"type": media_type, "size": len(content)}
        self.ledger.changed()
        return f"mxc://{self.server}/{media}"

    def file(self, server: str, media: str) -> tuple[bytes, str] | None:
        known = self.ledger.data["media"].get(media)
        if server != self.server or known is None:
            return None
        return self.ledger.file(media), str(known["type"])


def of_types(
    events: Iterable[tuple[int, Event]], types: Iterable[str] | None
) -> list[tuple[int, Event]]:
    """Keep the events of some types; of all types where none is named."""
    return [pair for pair in events if types is None or pair[1]["type"] in types]
