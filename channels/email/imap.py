"""One IMAP connection, with every trap of aioimaplib kept behind it."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aioimaplib import (
    IMAP4,
    IMAP4_SSL,
    STOP_WAIT_SERVER_PUSH,
    AioImapException,
    CommandTimeout,
)

from channels.email.imap_guard import Guard

_UIDVALIDITY = re.compile(rb"\[UIDVALIDITY (\d+)\]", re.IGNORECASE)
_SEARCH = re.compile(rb"^(?:SEARCH\b)?[ \d]*$", re.IGNORECASE)
_UID = re.compile(rb"\bUID (\d+)", re.IGNORECASE)
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)", re.IGNORECASE)
_ANSWER = re.compile(rb"\d+ FETCH \(.*\)", re.IGNORECASE | re.DOTALL)
_AFTER_BODY = re.compile(rb"(?: .*)?\)")
_LONGEST_LITERAL = 256_000_000
"""Bytes; far more than any mail that is fetched whole."""
_SHIFTED = re.compile(r"[^\x20-\x7e]+|&")
MOST_AT_ONCE = 50
"""Messages asked for in one command: some 975 response lines in one read are a RecursionError."""


class Refused(Exception):
    """The server answered NO or BAD."""


def mailbox_name(name: str) -> str:
    """Quote a mailbox name in modified UTF-7 (RFC 3501, 5.1.3); aioimaplib does not."""

    def shifted(found: re.Match[str]) -> str:
        if found[0] == "&":
            return "&-"
        text = base64.b64encode(found[0].encode("utf-16-be")).decode().rstrip("=")
        return f"&{text.replace('/', ',')}-"

    encoded = _SHIFTED.sub(shifted, name)
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


class ImapConnection:
    """A connection to one mailbox. After any error it is good for nothing but :meth:`close`.

    Raises of every method: ``ConnectionError`` (dropped), ``TimeoutError``, :class:`Refused`.
    """

    def __init__(self, host: str, port: int, *, tls: bool, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._scope: asyncio.Timeout | None = None
        self._lost = False
        self._why = "hung up"
        self.uidvalidity = 0
        if tls:
            self._client = IMAP4_SSL(
                host, port, timeout=timeout_s, ssl_context=ssl.create_default_context()
            )
        else:
            self._client = IMAP4(host, port, timeout=timeout_s)
        # without this a drop during IDLE would go unnoticed for up to 29 minutes
        self._client.protocol.conn_lost_cb = self._on_lost
        self._guard = Guard(self._client.protocol, _LONGEST_LITERAL, self._on_nonsense)

    async def login(self, user: str, password: str) -> None:
        """Log in.

        Raises:
            PermissionError: the server refuses the password.
        """
        await self._within(self._hello)
        quoted = '"' + user.replace("\\", "\\\\").replace('"', '\\"') + '"'
        try:
            await self._command(lambda: self._client.login(quoted, password))
        except Refused as error:
            raise PermissionError("the mail server refused the login") from error
        await self._within(self._client.protocol.capability)

    async def login_by_token(self, user: str, token: str) -> None:
        """Log in by an OAuth 2 access token.

        Raises:
            PermissionError: the server refuses the token.
        """
        await self._within(self._hello)
        protocol = self._client.protocol
        known = protocol._continuation

        def answered(line: bytes) -> None:
            # a refusal comes as a question first; unanswered, it would show as a time-out
            command = protocol.pending_sync_command
            if command is not None and command.name == "AUTHENTICATE":
                protocol.send("")
            else:
                known(line)

        protocol._continuation = answered
        try:
            await self._command(lambda: self._client.xoauth2(user, token))
        except Refused as error:
            raise PermissionError("the mail server refused the token") from error
        await self._within(self._client.protocol.capability)

    async def _hello(self) -> None:
        # the library's own waits for a lock that its greeting holds while no answer comes
        await self._client._client_task
        await self._guard.greeted.wait()

    async def select(self, mailbox: str) -> None:
        lines = await self._command(lambda: self._client.select(mailbox_name(mailbox)))
        found = _UIDVALIDITY.search(b"\n".join(lines))
        if found is None:  # without it no UID says which message it means
            raise ConnectionError("the mail server does not say its UIDVALIDITY")
        self.uidvalidity = int(found[1])

    @property
    def can_move(self) -> bool:
        """Whether a message can leave the mailbox without touching others."""
        return self._has("MOVE") or self._has("UIDPLUS")

    def _has(self, capability: str) -> bool:
        return bool(self._client.has_capability(capability))

    async def search(self, *criteria: str) -> list[int]:
        """List UIDs, ascending."""
        lines = await self._command(lambda: self._client.uid_search(*criteria, charset=None))
        numbers = b" ".join(line for line in lines if _SEARCH.match(line))
        return sorted({int(word) for word in numbers.split() if word.isdigit()})

    async def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """Give the size of each message that is still there, at most fifty."""
        chunk = ",".join(map(str, uids[:MOST_AT_ONCE]))
        lines = await self._command(
            lambda: self._client.uid("FETCH", chunk, "(UID FLAGS RFC822.SIZE)")
        )
        found: dict[int, int] = {}
        for line in lines:
            uid, size = _UID.search(line), _SIZE.search(line)
            if uid and size:
                found[int(uid[1])] = int(size[1])
        return found

    async def body(
        self, uid: int, first: int | None = None, *, within_s: float = 0.0
    ) -> bytes | None:
        """Fetch one message, or its ``first`` bytes, ``within_s`` seconds; None when it is gone."""
        section = "BODY.PEEK[]" if first is None else f"BODY.PEEK[]<0.{first}>"
        response = await self._within(
            lambda: self._client.uid("FETCH", str(uid), f"(UID {section})"), extra=within_s
        )
        if response.result != "OK":
            raise Refused("FETCH")
        return _body_of(response.lines[:-1], uid)

    async def create(self, mailbox: str) -> None:
        """Create a mailbox; one that exists is as good."""
        await self._within(lambda: self._client.create(mailbox_name(mailbox)))

    async def move(self, uids: Sequence[int], mailbox: str) -> None:
        """Move messages to another mailbox."""
        chunk, target = ",".join(map(str, uids)), mailbox_name(mailbox)
        if self._has("MOVE"):
            await self._command(lambda: self._client.uid("MOVE", chunk, target))
            return
        await self._command(lambda: self._client.uid("COPY", chunk, target))
        await self._command(
            lambda: self._client.uid("STORE", chunk, "+FLAGS.SILENT", "(\\Deleted)")
        )
        await self._command(lambda: self._client.uid("EXPUNGE", chunk))

    async def flag_seen(self, uids: Sequence[int]) -> None:
        chunk = ",".join(map(str, uids))
        await self._command(lambda: self._client.uid("STORE", chunk, "+FLAGS.SILENT", "(\\Seen)"))

    async def wait(self, seconds: float) -> None:
        """Wait until something arrives, at most so long; a drop is noticed at once."""
        if not self._has("IDLE"):
            await self._within(lambda: asyncio.sleep(min(seconds, 10.0)), extra=seconds)
            return
        idle = await self._within(lambda: self._client.idle_start(timeout=seconds))
        await self._within(self._until_pushed, extra=seconds)
        self._client.idle_done()
        await self._within(lambda: idle)

    async def _until_pushed(self) -> None:
        while True:
            push = await self._client.wait_server_push()
            if push is STOP_WAIT_SERVER_PUSH or any(b"EXISTS" in line for line in push):
                return

    async def close(self) -> None:
        """Drop the connection and everything that the library still runs on it."""
        client, self._lost = self._client, True
        left: list[asyncio.Future[Any]] = [client._client_task, *client.tasks]
        left.extend(client.protocol.tasks)
        if client._idle_waiter is not None:
            client._idle_waiter.cancel()
        if client.protocol.transport is not None:
            client.protocol.transport.abort()
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _on_nonsense(self, why: str) -> None:
        self._why = why
        self._on_lost(None)

    def _on_lost(self, _: Exception | None) -> None:
        self._lost = True
        if self._scope is not None and not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time())

    async def _command(self, call: Callable[[], Awaitable[Any]]) -> list[bytes]:
        response = await self._within(call)
        if response.result != "OK":
            raise Refused(b" ".join(map(bytes, response.lines[-1:])).decode("ascii", "replace"))
        return [bytes(line) for line in response.lines[:-1]]

    async def _within(self, call: Callable[[], Awaitable[Any]], *, extra: float = 0.0) -> Any:
        """Run one call of the library under a deadline; a dropped connection ends it at once."""
        if self._lost:
            raise ConnectionError(f"the mail server {self._why}")
        try:
            async with asyncio.timeout(self._timeout_s + extra) as scope:
                self._scope = scope
                return await call()
        except (CommandTimeout, TimeoutError) as error:
            if self._lost:
                raise ConnectionError(f"the mail server {self._why}") from error
            raise TimeoutError("the mail server does not answer") from error
        except (AioImapException, ValueError, LookupError, AttributeError) as error:
            raise ConnectionError(
                f"the mail server spoke oddly ({type(error).__name__})"
            ) from error
        finally:
            self._scope = None


def _body_of(lines: Sequence[bytes | bytearray], uid: int) -> bytes | None:
    """Take the one literal of an answer to FETCH; None when the answer says nothing.

    Raises:
        ConnectionError: it is of another message, or the literal is not as long as was announced:
            then parts of a mail stand where the answer should end.
    """
    at = [place for place, line in enumerate(lines) if isinstance(line, bytearray)]
    if not at:
        return None
    head, after = lines[at[0] - 1], lines[at[0] + 1 : at[0] + 2]
    others = (*lines[: at[0] - 1], *lines[at[0] + 2 :])
    told = _UID.search(head) or (_UID.search(after[0]) if after else None)
    whole = len(at) == 1 and bool(after) and _AFTER_BODY.fullmatch(after[0])
    if not whole or told is None or int(told[1]) != uid or not all(map(_ANSWER.fullmatch, others)):
        raise ConnectionError("the mail server spoke oddly (FETCH)")
    return bytes(lines[at[0]])
