"""Stand in for a Matrix homeserver: its client-server API, and the programs of those who write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.clock import WallClock
from demo.faults import Faults
from demo.ledger import Ledger
from demo.matrix_book import EMPTY, Event, MatrixBook
from demo.matrix_methods import Methods
from demo.server import LoopbackServer
from router.ports import Clock

SERVER = "nantes.example"
TOKEN = "syt_jeton_de_demonstration_0123456789"


@dataclass(frozen=True, slots=True)
class MatrixMessage:
    """A message of the counter as it shows in a room."""

    event_id: str
    text: str
    reply_to: str | None
    notice: bool
    """Whether it is marked as a robot's."""


class MatrixSimulator:
    """A homeserver with one counter, as a server on loopback.

    Faults: ``send`` (429, 403, 5xx, hang, cut-after-accept), ``poll`` (429, 5xx, hang), ``join``
    (429, 403, 5xx), ``members`` (5xx) and ``file`` (5xx, hang).
    """

    def __init__(
        self,
        local: str = "guichet",
        *,
        state_dir: Path | None = None,
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.faults = Faults()
        self._ledger = Ledger("matrix", state_dir, EMPTY)
        self.book = MatrixBook(self._ledger, SERVER, clock or WallClock())
        self._local = local
        self._methods = Methods(self.book, self.faults)
        self._http = LoopbackServer(self._methods.routes(), port)
        self._methods.hang = self._http.hang

    # --- life ------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """What stands for https://matrix.nantes.example."""
        return self._http.url

    @property
    def port(self) -> int:
        return self._http.port

    @property
    def counter(self) -> str:
        """The user id of the counter."""
        return f"@{self._local}:{SERVER}"

    @property
    def token(self) -> str:
        """The access token of the counter."""
        return self.book.token(self.counter)

    async def start(self) -> None:
        self._ledger.load()
        self._methods.closing = False
        self.book.register(self._local, "Guichet", TOKEN)
        await self._http.start()

    async def stop(self) -> None:
        self._methods.closing = True
        self._ledger.wake()
        await self._http.stop()

    async def __aenter__(self) -> MatrixSimulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- citizens --------------------------------------------------------------------------------

    def account(self, local: str, name: str = "") -> tuple[str, str]:
        """Give the user id and the access token of somebody."""
        user = self.book.register(local, name)
        return user, self.book.token(user)

    def room_with(self, local: str, name: str = "") -> str:
        """Give the private room of somebody with the counter; it is made and invites if needed."""
        user, _ = self.account(local, name)
        rooms = self._ledger.data["rooms"].items()
        own = (r for r, known in rooms if known["direct"] and known["members"].get(user))
        room = next(own, "") or self.book.create(user, {}, direct=True)
        if not self.book.membership(room, self.counter):
            self.book.put(room, user, self.counter, "invite", is_direct=True)
        return room

    async def citizen_sends(
        self,
        local: str,
        text: str = "",
        *,
        name: str = "",
        location: tuple[float, float] | None = None,
        photo: bytes | None = None,
    ) -> str:
        """Write privately to the counter; the text of a photo is its caption. Give the event's id."""
        room, (user, _) = self.room_with(local, name), self.account(local)
        content: dict[str, Any] = {"msgtype": "m.text", "body": text}
        if location is not None:
            place = f"geo:{location[0]},{location[1]};u=20"
            content = {"msgtype": "m.location", "body": f"Position : {place}", "geo_uri": place}
        if photo is not None:
            content = {"msgtype": "m.image", "body": text or "photo.jpg", "filename": "photo.jpg"}
            content["url"] = self.book.keep_file(photo, "image/jpeg")
            content["info"] = {"mimetype": "image/jpeg", "size": len(photo)}
        return str(self.book.add(room, "m.room.message", user, content)["event_id"])

    def received(self, local: str) -> list[MatrixMessage]:
        """List what the counter wrote to somebody, oldest first."""
        return [
            MatrixMessage(
                event["event_id"],
                event["content"].get("body", ""),
                event["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id"),
                event["content"].get("msgtype") == "m.notice",
            )
            for event in self.spoken(local)
            if event["sender"] == self.counter
        ]

    def sent_by(self, local: str) -> list[str]:
        """List what somebody wrote, so that a script can resume where it was killed."""
        return [
            event["content"].get("body", "")
            for event in self.spoken(local)
            if event["sender"] != self.counter
        ]

    def spoken(self, local: str) -> list[Event]:
        """List all that was said in the rooms of somebody, oldest first."""
        user = f"@{local}:{SERVER}"
        return [
            event
            for event in self.book.stream
            if event["type"] == "m.room.message" and self.book.membership(event["room_id"], user)
        ]

    def people(self) -> list[str]:
        """List the names of everybody but the counter."""
        users = (user[1:].partition(":")[0] for user in self._ledger.data["users"])
        return [local for local in users if local != self._local]

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until a condition holds, looking again after each change; raises TimeoutError."""
        await self._ledger.until(condition, seconds)

    async def until_received(
        self, local: str, count: int = 1, seconds: float = 10.0
    ) -> list[MatrixMessage]:
        """Wait until somebody has received so much from the counter."""
        await self._ledger.until(lambda: len(self.received(local)) >= count, seconds)
        return self.received(local)
