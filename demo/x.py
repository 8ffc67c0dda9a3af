"""Stand in for X: direct messages, mentions and posts of one account, by API version 2."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.responses import Response

from demo.clock import WallClock
from demo.faults import Faults
from demo.ledger import Ledger
from demo.server import LoopbackServer
from demo.x_access import Access, XKeys
from demo.x_book import EMPTY, XBook, XMessage
from demo.x_methods import XMethods
from demo.x_shapes import Record
from router.ports import Clock


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
        tokens = {"access": [self.keys.access_token], "refresh": self.keys.refresh_token}
        self._ledger = Ledger("x", state_dir, {**EMPTY, **tokens})
        self._access = Access(self._ledger, self.keys)
        self._book = XBook(self._ledger, clock or WallClock(), username)
        self._methods = XMethods(
            self._book, self._access, self.faults, self._hang, lambda: self.base_url
        )
        self._methods.calls_per_window = calls_per_window
        self._http = LoopbackServer(self._methods.routes(), port)

    @property
    def calls_per_window(self) -> int:
        """Real limits are a few hundred; a demo that looks every few milliseconds needs more."""
        return self._methods.calls_per_window

    @calls_per_window.setter
    def calls_per_window(self, calls: int) -> None:
        self._methods.calls_per_window = calls

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

    async def _hang(self) -> Response:
        return await self._http.hang()

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
        return self._book.person(username, name)

    async def dm(self, user: str, text: str, *, photo: bytes | None = None) -> str:
        """Write privately to the account; give the event's id."""
        event = self._book.event(self.person(user), self.user_id, text)
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
        post = self._book.new_post(self.person(user), text, reply_to)
        if repost:
            post["referenced_tweets"] = [{"type": "retweeted", "id": post["id"]}]
        self._ledger.changed()
        return str(post["id"])

    async def says(self, user: str, text: str) -> str:
        """Have a user post to all, which reaches the account only if he names it; give the id."""
        post = self._book.new_post(self.person(user), text, None)
        self._ledger.changed()
        return str(post["id"])

    def refuse_dms(self, user: str) -> None:
        """Let a user take no messages from the account."""
        self._ledger.data["refuses_dm"].append(self.person(user))
        self._ledger.changed()

    def received(self, user: str) -> list[XMessage]:
        """List what the account wrote to a user, privately and in public, oldest first."""
        return self._book.received(user)

    def sent_by(self, user: str) -> list[str]:
        """List what a user wrote, so that a script can resume where it was killed."""
        return self._book.sent_by(user)

    def usernames(self) -> list[str]:
        """List everybody but the account itself."""
        return self._book.usernames()

    def spoken(self, user: str) -> list[Record]:
        """List all that a user wrote to the account or received from it, oldest first.

        Private messages have ``participant_ids``, public posts ``author_id``.
        """
        return self._book.spoken(user)

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until a condition holds, looking again after each change; raises TimeoutError."""
        await self._ledger.until(condition, seconds)

    async def until_received(
        self, user: str, count: int = 1, seconds: float = 10.0
    ) -> list[XMessage]:
        """Wait until a user has received so much from the account."""
        await self._ledger.until(lambda: len(self.received(user)) >= count, seconds)
        return self.received(user)
