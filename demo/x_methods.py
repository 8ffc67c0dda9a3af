"""Answers calls of X's API, version 2: the token checked, the call counted, a fault committed."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.faults import Fault, FaultKind, Faults
from demo.server import cut
from demo.x_access import Access
from demo.x_book import XBook
from demo.x_shapes import (
    LONGEST_POST,
    Record,
    not_found,
    page,
    problem,
    searched,
    shown,
    weighted_length,
)

WINDOW = 900
"""Seconds over which X counts calls."""


class XMethods:
    """The API over one book; ``hang`` answers as a server that fell silent does."""

    def __init__(
        self,
        book: XBook,
        access: Access,
        faults: Faults,
        hang: Callable[[], Awaitable[Response]],
        base_url: Callable[[], str],
    ) -> None:
        self.calls_per_window = 0
        self._base_url = base_url
        self._book, self._access, self._faults, self._hang = book, access, faults, hang
        self._ledger = book.ledger
        self._used: dict[str, tuple[float, int]] = {}

    def routes(self) -> list[Route]:
        answer = self._guarded
        return [
            Route("/2/oauth2/token", self._token, methods=["POST"]),
            Route("/2/users/me", answer("lookup", self._who_am_i)),
            Route("/2/users/by/username/{username}", answer("lookup", self._by_username)),
            Route("/2/users/{id}/mentions", answer("poll", self._mentions)),
            Route("/2/users/{id}/tweets", answer("poll", self._posted_by)),
            Route("/2/dm_events", answer("poll", self._dm_events)),
            Route("/2/dm_conversations/with/{id}/dm_events", answer("poll", self._dm_events)),
            Route(
                "/2/dm_conversations/with/{id}/messages",
                answer("send", self._send_dm),
                methods=["POST"],
            ),
            Route("/2/tweets", answer("send", self._post), methods=["POST"]),
            Route("/2/tweets/search/recent", answer("poll", self._search)),
            Route("/media/{key}", answer("media", self._media)),
        ]

    def _guarded(
        self, operation: str, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Check the token, count the call, commit a fault, then answer."""

        async def guarded(request: Request) -> Response:
            if not self._access.allows(request):
                return problem(401, "Unauthorized", "Unauthorized")
            fault = self._faults.take(operation)
            remaining, reset = self._count(request.url.path)
            if fault and fault.kind is not FaultKind.CUT_AFTER_ACCEPT:
                if fault.kind is FaultKind.TOO_MANY:
                    remaining, reset = (
                        0,
                        int(self._book.clock.now().timestamp()) + fault.retry_after,
                    )
                response = await self._fail(fault)
            elif remaining < 0:
                response = problem(429, "Too Many Requests", "Too Many Requests")
            else:
                response = await answer(request)
            response.headers["x-rate-limit-limit"] = str(self.calls_per_window)
            response.headers["x-rate-limit-remaining"] = str(max(remaining, 0))
            response.headers["x-rate-limit-reset"] = str(reset)
            return await cut(request) if fault and _is_cut(fault) else response

        return guarded

    def _count(self, path: str) -> tuple[int, int]:
        now = self._book.clock.now().timestamp()
        path = re.sub(r"\d+", "id", path.removeprefix("/2"))
        since, used = self._used.get(path, (now, 0))
        if now - since >= WINDOW:
            since, used = now, 0
        self._used[path] = (since, used + 1)
        return self.calls_per_window - used - 1, int(since) + WINDOW

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.HANG:
            return await self._hang()
        if fault.kind is FaultKind.TOO_MANY:
            return problem(429, "Too Many Requests", "Too Many Requests")
        if fault.kind is FaultKind.FORBIDDEN:
            return problem(403, "Forbidden", "You are not permitted to perform this action.")
        return problem(503, "Service Unavailable", "Service Unavailable")

    async def _token(self, request: Request) -> Response:
        fault = self._faults.take("token")
        if fault and not _is_cut(fault):
            return await self._fail(fault)
        answer = await self._access.refresh(request)
        return await cut(request) if fault else answer

    async def _who_am_i(self, request: Request) -> Response:
        me = self._ledger.data["users"][self._book.user_id]
        return JSONResponse({"data": shown(me, "user", request.query_params)})

    async def _by_username(self, request: Request) -> Response:
        username = request.path_params["username"]
        for user in self._ledger.data["users"].values():
            if user["username"].lower() == username.lower():
                return JSONResponse({"data": shown(user, "user", request.query_params)})
        return not_found("username", username)

    async def _mentions(self, request: Request) -> Response:
        since = int(request.query_params.get("since_id", 0))
        wanted = request.path_params["id"]
        found = [
            post
            for post in reversed(self._ledger.data["posts"])
            if int(post["id"]) > since
            and any(named.get("id") == wanted for named in post["entities"]["mentions"])
        ]
        return JSONResponse(page(found, "tweet", self._ledger.data["users"], request.query_params))

    async def _posted_by(self, request: Request) -> Response:
        since, author = int(request.query_params.get("since_id", 0)), request.path_params["id"]
        posts = [p for p in reversed(self._ledger.data["posts"]) if int(p["id"]) > since]
        found = [post for post in posts if post["author_id"] == author]
        return JSONResponse(page(found, "tweet", self._ledger.data["users"], request.query_params))

    async def _dm_events(self, request: Request) -> Response:
        other = request.path_params.get("id")
        token = request.query_params.get("pagination_token", "0")
        if not token.isdigit():
            return problem(400, "Invalid Request", "pagination_token is not valid")
        found = [
            event
            for event in reversed(self._ledger.data["dms"])
            if other is None or other in event["participant_ids"]
        ]
        for medium in (medium for event in found for medium in event.get("_media", [])):
            medium["url"] = f"{self._base_url()}/media/{medium['media_key']}"
        users = self._ledger.data["users"]
        return JSONResponse(page(found, "dm_event", users, request.query_params))

    async def _send_dm(self, request: Request) -> Response:
        them, asked = request.path_params["id"], await request.json()
        if not str(asked.get("text", "")).strip():
            return problem(400, "Invalid Request", "One or more parameters are invalid.")
        if them not in self._ledger.data["users"] or them in self._ledger.data["refuses_dm"]:
            detail = "You do not have permission to DM one or more participants."
            return problem(403, "Forbidden", detail)
        event = self._book.event(self._book.user_id, them, asked["text"])
        self._ledger.changed()
        data = {"dm_conversation_id": event["dm_conversation_id"], "dm_event_id": event["id"]}
        return JSONResponse({"data": data}, 201)

    async def _post(self, request: Request) -> Response:
        asked = await request.json()
        text = str(asked.get("text", ""))
        reply_to = (asked.get("reply") or {}).get("in_reply_to_tweet_id")
        if not text.strip():
            return problem(400, "Invalid Request", "One or more parameters are invalid.")
        if weighted_length(text) > LONGEST_POST:
            return problem(403, "Forbidden", "Your post text is too long.")
        if reply_to and not self._book.find_post(reply_to):
            detail = "You attempted to reply to a post that is deleted or not visible to you."
            return problem(403, "Forbidden", detail)
        if any(
            (p["author_id"], p["text"], _answered(p)) == (self._book.user_id, text, reply_to)
            for p in self._ledger.data["posts"]
        ):
            detail = "You are not allowed to create a Tweet with duplicate content."
            return problem(403, "Forbidden", detail)
        post = self._book.new_post(self._book.user_id, text, reply_to)
        self._ledger.changed()
        return JSONResponse({"data": shown(post, "tweet", {})}, 201)

    async def _search(self, request: Request) -> Response:
        posts = [*reversed(self._ledger.data["posts"])]
        found = searched(posts, request.query_params.get("query", ""))
        return JSONResponse(page(found, "tweet", self._ledger.data["users"], request.query_params))

    async def _media(self, request: Request) -> Response:
        return Response(self._ledger.file(request.path_params["key"]), media_type="image/jpeg")


def _answered(post: Record) -> str | None:
    related = post.get("referenced_tweets")
    return str(related[0]["id"]) if related else None


def _is_cut(fault: Fault) -> bool:
    return fault.kind is FaultKind.CUT_AFTER_ACCEPT
