"""Stand in for a Matrix homeserver: its client-server API, and the programs of those who write."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.clock import WallClock
from demo.faults import Fault, FaultKind, Faults
from demo.ledger import Ledger
from demo.matrix_book import EMPTY, Event, MatrixBook
from demo.matrix_news import News, place_of
from demo.server import LoopbackServer, cut
from router.ports import Clock

SERVER = "nantes.example"
TOKEN = "syt_jeton_de_demonstration_0123456789"
_CLIENT = "/_matrix/client/v3"
Answer = Callable[[str, Request], Awaitable[Response]]


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
        self._news, self._closing = News(self.book), False
        self._local = local
        answer = self._guarded
        room = f"{_CLIENT}/rooms/{{room}}"
        self._http = LoopbackServer(
            [
                Route(f"{_CLIENT}/account/whoami", answer("look", self._who_am_i)),
                Route(f"{_CLIENT}/sync", answer("poll", self._sync)),
                Route(f"{_CLIENT}/createRoom", answer("create", self._create), methods=["POST"]),
                Route(f"{room}/joined_members", answer("members", self._members)),
                Route(f"{room}/messages", answer("poll", self._messages)),
                Route(f"{room}/send/{{kind}}/{{txn}}", answer("send", self._send), methods=["PUT"]),
                Route(
                    f"{room}/redact/{{event}}/{{txn}}", answer("redact", self._redact),
                    methods=["PUT"],
                ),
                Route(
                    f"{room}/state/{{kind}}/{{key:path}}", answer("state", self._state),
                    methods=["PUT"],
                ),
                Route(f"{room}/{{act}}", answer("join", self._stand), methods=["POST"]),
                Route("/_matrix/media/v3/upload", answer("upload", self._upload), methods=["POST"]),
                Route(
                    "/_matrix/client/v1/media/download/{server}/{media}",
                    answer("file", self._download),
                ),
            ],
            port,
        )  # fmt: skip

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
        self._closing = False
        self.book.register(self._local, "Guichet", TOKEN)
        await self._http.start()

    async def stop(self) -> None:
        self._closing = True
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

    # --- the API ---------------------------------------------------------------------------------

    def _guarded(self, operation: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """Check the token, commit a fault, then answer."""

        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            user = self.book.user_of(given)
            if user is None:
                return _problem(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
            fault = self.faults.take(operation)
            if fault and fault.kind is not FaultKind.CUT_AFTER_ACCEPT:
                return await self._fail(fault)
            response = await answer(user, request)
            return await cut(request) if fault else response

        return guarded

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.HANG:
            return await self._http.hang()
        if fault.kind is FaultKind.TOO_MANY:
            wait = fault.retry_after * 1000
            return _problem(429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after_ms=wait)
        if fault.kind is FaultKind.FORBIDDEN:
            return _problem(403, "M_FORBIDDEN", "You are not allowed to do that here.")
        return Response("Bad Gateway", 502)

    async def _who_am_i(self, user: str, request: Request) -> Response:
        return JSONResponse({"user_id": user, "device_id": "DEMO"})

    async def _sync(self, user: str, request: Request) -> Response:
        asked = request.query_params
        try:
            since = place_of(asked.get("since", ""))
        except ValueError:
            return _problem(400, "M_UNKNOWN", "Invalid stream token")
        if since is not None:
            seconds = int(asked.get("timeout", "0")) / 1000
            with suppress(TimeoutError):
                await self._ledger.until(
                    lambda: self._closing or self._news.has_news(user, since), seconds or 0.001
                )
        wanted = json.loads(asked.get("filter", "{}"))
        return JSONResponse(self._news.since(user, since, wanted))

    async def _create(self, user: str, request: Request) -> Response:
        asked = await request.json()
        direct = bool(asked.get("is_direct"))
        room = self.book.create(user, asked.get("creation_content", {}), direct=direct)
        for state in asked.get("initial_state", ()):
            self.book.add(
                room, state["type"], user, state["content"], state_key=state.get("state_key", "")
            )
        for guest in asked.get("invite", ()):
            self.book.put(room, user, guest, "invite", **({"is_direct": True} if direct else {}))
        return JSONResponse({"room_id": room})

    async def _members(self, user: str, request: Request) -> Response:
        room = request.path_params["room"]
        if self.book.membership(room, user) != "join":
            return _problem(403, "M_FORBIDDEN", f"User {user} not in room {room}")
        joined = self.book.members(room, "join")
        return JSONResponse(
            {"joined": {one: {"display_name": self.book.name(one)} for one in joined}}
        )

    async def _messages(self, user: str, request: Request) -> Response:
        return JSONResponse(
            self._news.messages(request.path_params["room"], dict(request.query_params))
        )

    async def _send(self, user: str, request: Request) -> Response:
        room, kind = request.path_params["room"], request.path_params["kind"]
        if self.book.membership(room, user) != "join":
            return _problem(403, "M_FORBIDDEN", f"User {user} not in room {room}")
        key = "|".join((user, room, request.path_params["txn"]))
        sent = self._ledger.data["sent"]
        if key not in sent:
            body = await request.body()
            if len(body) > 65_000:
                return _problem(413, "M_TOO_LARGE", "event too large")
            sent[key] = self.book.add(room, kind, user, json.loads(body))["event_id"]
            self._ledger.changed()
        return JSONResponse({"event_id": sent[key]})

    async def _redact(self, user: str, request: Request) -> Response:
        room, event = request.path_params["room"], request.path_params["event"]
        return JSONResponse({"event_id": self.book.redact(room, user, event)["event_id"]})

    async def _state(self, user: str, request: Request) -> Response:
        room, kind = request.path_params["room"], request.path_params["kind"]
        key, content = request.path_params["key"], await request.json()
        event = self.book.add(room, kind, user, content, state_key=key)
        return JSONResponse({"event_id": event["event_id"]})

    async def _stand(self, user: str, request: Request) -> Response:
        """Change how somebody stands: join, leave, invite, kick or ban."""
        room, act = request.path_params["room"], request.path_params["act"]
        asked: Mapping[str, Any] = await request.json()
        standing = self.book.membership(room, user)
        own = act in {"join", "leave"}
        if standing not in ({"invite", "join"} if own else {"join"}):
            return _problem(403, "M_FORBIDDEN", f"User {user} is not invited to {room}")
        to = {"invite": "invite", "kick": "leave", "ban": "ban"}.get(act, act)
        self.book.put(room, user, user if own else asked["user_id"], to)
        return JSONResponse({"room_id": room} if act == "join" else {})

    async def _upload(self, user: str, request: Request) -> Response:
        kind = request.headers.get("content-type", "application/octet-stream")
        return JSONResponse({"content_uri": self.book.keep_file(await request.body(), kind)})

    async def _download(self, user: str, request: Request) -> Response:
        found = self.book.file(request.path_params["server"], request.path_params["media"])
        if found is None:
            return _problem(404, "M_NOT_FOUND", "Not found")
        return Response(found[0], media_type=found[1])


def _problem(status: int, code: str, error: str, **more: Any) -> Response:
    return JSONResponse({"errcode": code, "error": error, **more}, status)
