"""Answer the calls of Matrix's client-server API that a counter and those who write to it make."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.faults import Fault, FaultKind, Faults
from demo.matrix_book import MatrixBook
from demo.matrix_news import News, place_of
from demo.server import cut

_CLIENT = "/_matrix/client/v3"
Answer = Callable[[str, Request], Awaitable[Response]]


class Methods:
    """Each checks the token, commits a fault that is due, and does what was asked."""

    hang: Callable[[], Awaitable[Response]]
    """Set by the server: answers nothing for as long as it lives."""

    def __init__(self, book: MatrixBook, faults: Faults) -> None:
        self._book, self._faults, self._news = book, faults, News(book)
        self.closing = False

    def routes(self) -> list[Route]:
        """List the calls by their address."""
        answer, room = self._guarded, f"{_CLIENT}/rooms/{{room}}"
        return [
            Route(f"{_CLIENT}/account/whoami", answer("look", self._who_am_i)),
            Route(f"{_CLIENT}/sync", answer("poll", self._sync)),
            Route(f"{_CLIENT}/createRoom", answer("create", self._create), methods=["POST"]),
            Route(f"{room}/joined_members", answer("members", self._members)),
            Route(f"{room}/messages", answer("poll", self._messages)),
            Route(f"{room}/send/{{kind}}/{{txn}}", answer("send", self._send), methods=["PUT"]),
            Route(
                f"{room}/redact/{{event}}/{{txn}}",
                answer("redact", self._redact),
                methods=["PUT"],
            ),
            Route(
                f"{room}/state/{{kind}}/{{key:path}}",
                answer("state", self._state),
                methods=["PUT"],
            ),
            Route(f"{room}/{{act}}", answer("join", self._stand), methods=["POST"]),
            Route("/_matrix/media/v3/upload", answer("upload", self._upload), methods=["POST"]),
            Route(
                "/_matrix/client/v1/media/download/{server}/{media}",
                answer("file", self._download),
            ),
        ]

    def _guarded(self, operation: str, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """Check the token, commit a fault, then answer."""

        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "").removeprefix("Bearer ")
            user = self._book.user_of(given)
            if user is None:
                return _problem(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.")
            fault = self._faults.take(operation)
            if fault and fault.kind is not FaultKind.CUT_AFTER_ACCEPT:
                return await self._fail(fault)
            response = await answer(user, request)
            return await cut(request) if fault else response

        return guarded

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.HANG:
            return await self.hang()
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
                await self._book.ledger.until(
                    lambda: self.closing or self._news.has_news(user, since), seconds or 0.001
                )
        wanted = json.loads(asked.get("filter", "{}"))
        return JSONResponse(self._news.since(user, since, wanted))

    async def _create(self, user: str, request: Request) -> Response:
        asked = await request.json()
        direct = bool(asked.get("is_direct"))
        room = self._book.create(user, asked.get("creation_content", {}), direct=direct)
        for state in asked.get("initial_state", ()):
            self._book.add(
                room, state["type"], user, state["content"], state_key=state.get("state_key", "")
            )
        for guest in asked.get("invite", ()):
            self._book.put(room, user, guest, "invite", **({"is_direct": True} if direct else {}))
        return JSONResponse({"room_id": room})

    async def _members(self, user: str, request: Request) -> Response:
        room = request.path_params["room"]
        if self._book.membership(room, user) != "join":
            return _problem(403, "M_FORBIDDEN", f"User {user} not in room {room}")
        joined = self._book.members(room, "join")
        return JSONResponse(
            {"joined": {one: {"display_name": self._book.name(one)} for one in joined}}
        )

    async def _messages(self, user: str, request: Request) -> Response:
        return JSONResponse(
            self._news.messages(request.path_params["room"], dict(request.query_params))
        )

    async def _send(self, user: str, request: Request) -> Response:
        room, kind = request.path_params["room"], request.path_params["kind"]
        if self._book.membership(room, user) != "join":
            return _problem(403, "M_FORBIDDEN", f"User {user} not in room {room}")
        key = "|".join((user, room, request.path_params["txn"]))
        sent = self._book.ledger.data["sent"]
        if key not in sent:
            body = await request.body()
            if len(body) > 65_000:
                return _problem(413, "M_TOO_LARGE", "event too large")
            sent[key] = self._book.add(room, kind, user, json.loads(body))["event_id"]
            self._book.ledger.changed()
        return JSONResponse({"event_id": sent[key]})

    async def _redact(self, user: str, request: Request) -> Response:
        room, event = request.path_params["room"], request.path_params["event"]
        return JSONResponse({"event_id": self._book.redact(room, user, event)["event_id"]})

    async def _state(self, user: str, request: Request) -> Response:
        room, kind = request.path_params["room"], request.path_params["kind"]
        key, content = request.path_params["key"], await request.json()
        event = self._book.add(room, kind, user, content, state_key=key)
        return JSONResponse({"event_id": event["event_id"]})

    async def _stand(self, user: str, request: Request) -> Response:
        """Change how somebody stands: join, leave, invite, kick or ban."""
        room, act = request.path_params["room"], request.path_params["act"]
        asked: Mapping[str, Any] = await request.json()
        standing = self._book.membership(room, user)
        own = act in {"join", "leave"}
        if standing not in ({"invite", "join"} if own else {"join"}):
            return _problem(403, "M_FORBIDDEN", f"User {user} is not invited to {room}")
        to = {"invite": "invite", "kick": "leave", "ban": "ban"}.get(act, act)
        self._book.put(room, user, user if own else asked["user_id"], to)
        return JSONResponse({"room_id": room} if act == "join" else {})

    async def _upload(self, user: str, request: Request) -> Response:
        kind = request.headers.get("content-type", "application/octet-stream")
        return JSONResponse({"content_uri": self._book.keep_file(await request.body(), kind)})

    async def _download(self, user: str, request: Request) -> Response:
        found = self._book.file(request.path_params["server"], request.path_params["media"])
        if found is None:
            return _problem(404, "M_NOT_FOUND", "Not found")
        return Response(found[0], media_type=found[1])


def _problem(status: int, code: str, error: str, **more: Any) -> Response:
    return JSONResponse({"errcode": code, "error": error, **more}, status)
