"""Stand in for X: direct messages, mentions and posts of one account, by API version 2."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from demo.clock import WallClock
from demo.faults import Fault, FaultKind, Faults
from demo.ledger import Ledger
from demo.server import LoopbackServer, cut
from demo.x_access import Access, XKeys
from demo.x_shapes import (
    LONGEST_POST,
    Record,
    mentions,
    not_found,
    page,
    problem,
    searched,
    shown,
    snowflake,
    stamp,
    weighted_length,
)
from router.ports import Clock

WINDOW = 900
"""Seconds over which X counts calls."""


@dataclass(frozen=True, slots=True)
class XMessage:
    """What a person on X received from the account."""

    kind: str
    """``dm`` or ``reply`` (public)."""
    id: str
    text: str
    reply_to: str | None = None
    """The post that a public reply answers."""


class XSimulator:
    """One account of X and those who write to it, as a server on loopback.

    Faults: ``send`` (429, 403, 5xx, hang, cut-after-accept: messages and posts), ``poll`` (429,
    5xx, hang: events and mentions), ``lookup`` (users), ``token`` (5xx, hang, cut-after-accept:
    the rotation is done, but the new tokens are lost).
    """

    def __init__(
        self,
        username: str = "GuichetNantes",
        keys: XKeys | None = None,
        *,
        state_dir: Path | None = None,
        port: int = 0,
        clock: Clock | None = None,
        calls_per_window: int = 90_000,
    ) -> None:
        self.username, self.keys = username, keys or XKeys()
        self.faults = Faults()
        self.calls_per_window = calls_per_window
        """Real limits are a few hundred; a demo that looks every few milliseconds needs more."""
        self._clock = clock or WallClock()
        self._used: dict[str, tuple[float, int]] = {}
        empty = {"users": {}, "dms": [], "posts": [], "sequence": 0, "refuses_dm": []}
        tokens = {"access": [self.keys.access_token], "refresh": self.keys.refresh_token}
        self._ledger = Ledger("x", state_dir, empty | tokens)
        self._access = Access(self._ledger, self.keys)
        answer = self._guarded
        self._http = LoopbackServer(
            [
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
            ],
            port,
        )

    # --- life ------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """What stands for https://api.x.com."""
        return self._http.url

    @property
    def user_id(self) -> str:
        """The id of the account itself."""
        return self.person(self.username)

    @property
    def port(self) -> int:
        return self._http.port

    async def start(self) -> None:
        self._ledger.load()
        self.person(self.username)
        await self._http.start()

    async def stop(self) -> None:
        await self._http.stop()

    async def __aenter__(self) -> XSimulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def bearer(self) -> str:
        """An access token that is valid now."""
        return str([*self._ledger.data["access"], self.keys.access_token][-1])

    @property
    def refresh_token(self) -> str:
        """The refresh token that is valid now."""
        return str(self._ledger.data["refresh"])

    def expire_access(self) -> None:
        """Let the access tokens run out, so that they must be refreshed."""
        self._access.expire()

    # --- citizens --------------------------------------------------------------------------------

    def person(self, username: str, name: str | None = None) -> str:
        """Give the id of a user, who is made up at the first mention."""
        users = self._ledger.data["users"]
        for known in users.values():
            if known["username"].lower() == username.lower():
                return str(known["id"])
        user = {"id": self._next_id(), "name": name or username, "username": username}
        users[user["id"]] = user | {"created_at": stamp(self._clock.now())}
        self._ledger.changed()
        return user["id"]

    async def dm(self, user: str, text: str, *, photo: bytes | None = None) -> str:
        """Write privately to the account; give the event's id."""
        event = self._event(self.person(user), self.user_id, text)
        if photo is not None:
            key = f"3_{event['id']}"
            self._ledger.keep_file(key, photo)
            event["attachments"] = {"media_keys": [key]}
            event["_media"] = [{"media_key": key, "type": "photo"}]
        self._ledger.changed()
        return str(event["id"])

    async def mention(
        self, user: str, text: str, *, reply_to: str | None = None, repost: bool = False
    ) -> str:
        """Name the account in a public post; give the post's id."""
        if f"@{self.username}".lower() not in text.lower():
            text = f"@{self.username} {text}"
        post = self._new_post(self.person(user), text, reply_to)
        if repost:
            post["referenced_tweets"] = [{"type": "retweeted", "id": post["id"]}]
        self._ledger.changed()
        return str(post["id"])

    async def says(self, user: str, text: str) -> str:
        """Have a user post to all, which reaches the account only if he names it; give the id."""
        post = self._new_post(self.person(user), text, None)
        self._ledger.changed()
        return str(post["id"])

    def refuse_dms(self, user: str) -> None:
        """Let a user take no messages from the account."""
        self._ledger.data["refuses_dm"].append(self.person(user))
        self._ledger.changed()

    def received(self, user: str) -> list[XMessage]:
        """List what the account wrote to a user, privately and in public, oldest first."""
        me, them = self.user_id, self.person(user)
        private = [
            XMessage("dm", event["id"], event["text"])
            for event in self._ledger.data["dms"]
            if event["sender_id"] == me and them in event["participant_ids"]
        ]
        public = [
            XMessage("reply", post["id"], post["text"], post["referenced_tweets"][0]["id"])
            for post in self._ledger.data["posts"]
            if post["author_id"] == me and post.get("in_reply_to_user_id") == them
        ]
        return sorted(private + public, key=lambda message: int(message.id))

    def sent_by(self, user: str) -> list[str]:
        """List what a user wrote, so that a script can resume where it was killed."""
        them, data = self.person(user), self._ledger.data
        written = [event for event in data["dms"] if event["sender_id"] == them]
        written += [post for post in data["posts"] if post["author_id"] == them]
        return [record["text"] for record in sorted(written, key=lambda r: int(r["id"]))]

    def usernames(self) -> list[str]:
        """List everybody but the account itself."""
        names = [str(user["username"]) for user in self._ledger.data["users"].values()]
        return [name for name in names if name != self.username]

    def spoken(self, user: str) -> list[Record]:
        """List all that a user wrote to the account or received from it, oldest first.

        Private messages have ``participant_ids``, public posts ``author_id``.
        """
        me, them, data = self.user_id, self.person(user), self._ledger.data
        private = [event for event in data["dms"] if them in event["participant_ids"]]
        public = [
            post
            for post in data["posts"]
            if post["author_id"] == them
            or (post["author_id"] == me and post.get("in_reply_to_user_id") == them)
        ]
        return sorted(private + public, key=lambda record: int(record["id"]))

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until a condition holds, looking again after each change; raises TimeoutError."""
        await self._ledger.until(condition, seconds)

    async def until_received(
        self, user: str, count: int = 1, seconds: float = 10.0
    ) -> list[XMessage]:
        """Wait until a user has received so much from the account."""
        await self._ledger.until(lambda: len(self.received(user)) >= count, seconds)
        return self.received(user)

    # --- the API ---------------------------------------------------------------------------------

    def _guarded(
        self, operation: str, answer: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        """Check the token, count the call, commit a fault, then answer."""

        async def guarded(request: Request) -> Response:
            if not self._access.allows(request):
                return problem(401, "Unauthorized", "Unauthorized")
            fault = self.faults.take(operation)
            remaining, reset = self._count(request.url.path)
            if fault and fault.kind is not FaultKind.CUT_AFTER_ACCEPT:
                if fault.kind is FaultKind.TOO_MANY:
                    remaining, reset = 0, int(self._clock.now().timestamp()) + fault.retry_after
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
        now = self._clock.now().timestamp()
        path = re.sub(r"\d+", "id", path.removeprefix("/2"))
        since, used = self._used.get(path, (now, 0))
        if now - since >= WINDOW:
            since, used = now, 0
        self._used[path] = (since, used + 1)
        return self.calls_per_window - used - 1, int(since) + WINDOW

    async def _fail(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.HANG:
            return await self._http.hang()
        if fault.kind is FaultKind.TOO_MANY:
            return problem(429, "Too Many Requests", "Too Many Requests")
        if fault.kind is FaultKind.FORBIDDEN:
            return problem(403, "Forbidden", "You are not permitted to perform this action.")
        return problem(503, "Service Unavailable", "Service Unavailable")

    async def _token(self, request: Request) -> Response:
        fault = self.faults.take("token")
        if fault and not _is_cut(fault):
            return await self._fail(fault)
        answer = await self._access.refresh(request)
        return await cut(request) if fault else answer

    async def _who_am_i(self, request: Request) -> Response:
        me = self._ledger.data["users"][self.user_id]
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
            medium["url"] = f"{self.base_url}/media/{medium['media_key']}"
        users = self._ledger.data["users"]
        return JSONResponse(page(found, "dm_event", users, request.query_params))

    async def _send_dm(self, request: Request) -> Response:
        them, asked = request.path_params["id"], await request.json()
        if not str(asked.get("text", "")).strip():
            return problem(400, "Invalid Request", "One or more parameters are invalid.")
        if them not in self._ledger.data["users"] or them in self._ledger.data["refuses_dm"]:
            detail = "You do not have permission to DM one or more participants."
            return problem(403, "Forbidden", detail)
        event = self._event(self.user_id, them, asked["text"])
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
        if reply_to and not self._find_post(reply_to):
            detail = "You attempted to reply to a post that is deleted or not visible to you."
            return problem(403, "Forbidden", detail)
        if any(
            (p["author_id"], p["text"], _answered(p)) == (self.user_id, text, reply_to)
            for p in self._ledger.data["posts"]
        ):
            detail = "You are not allowed to create a Tweet with duplicate content."
            return problem(403, "Forbidden", detail)
        post = self._new_post(self.user_id, text, reply_to)
        self._ledger.changed()
        return JSONResponse({"data": shown(post, "tweet", {})}, 201)

    async def _search(self, request: Request) -> Response:
        posts = [*reversed(self._ledger.data["posts"])]
        found = searched(posts, request.query_params.get("query", ""))
        return JSONResponse(page(found, "tweet", self._ledger.data["users"], request.query_params))

    async def _media(self, request: Request) -> Response:
        return Response(self._ledger.file(request.path_params["key"]), media_type="image/jpeg")

    # --- records ---------------------------------------------------------------------------------

    def _next_id(self) -> str:
        self._ledger.data["sequence"] += 1
        return snowflake(self._clock.now(), self._ledger.data["sequence"])

    def _event(self, sender: str, recipient: str, text: str) -> Record:
        both = sorted((sender, recipient), key=int)
        event: Record = {"id": self._next_id(), "event_type": "MessageCreate", "text": text}
        event |= {"sender_id": sender, "participant_ids": both, "created_at": self._stamp()}
        event["dm_conversation_id"] = "-".join(both)
        self._ledger.data["dms"].append(event)
        return event

    def _find_post(self, post_id: str) -> Record | None:
        return next((p for p in self._ledger.data["posts"] if p["id"] == post_id), None)

    def _new_post(self, author: str, text: str, reply_to: str | None) -> Record:
        post_id = self._next_id()
        ids = {user["username"].lower(): user["id"] for user in self._ledger.data["users"].values()}
        post: Record = {"id": post_id, "text": text, "edit_history_tweet_ids": [post_id]}
        post |= {"author_id": author, "created_at": self._stamp(), "conversation_id": post_id}
        post["entities"] = {"mentions": mentions(text, ids)}
        answered = self._find_post(reply_to) if reply_to else None
        if answered:
            post["conversation_id"] = answered["conversation_id"]
            post["in_reply_to_user_id"] = answered["author_id"]
            post["referenced_tweets"] = [{"type": "replied_to", "id": answered["id"]}]
        self._ledger.data["posts"].append(post)
        return post

    def _stamp(self) -> str:
        return stamp(self._clock.now())


def _answered(post: Record) -> str | None:
    related = post.get("referenced_tweets")
    return str(related[0]["id"]) if related else None


def _is_cut(fault: Fault) -> bool:
    return fault.kind is FaultKind.CUT_AFTER_ACCEPT
