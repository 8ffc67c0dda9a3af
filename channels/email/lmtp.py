"""Takes mail by LMTP from the city's own mail server: 250 only once it is committed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import weakref
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Protocol

from aiosmtpd.lmtp import LMTP

from channels.email.settings import EmailSettings
from channels.system_words import not_listening
from router.errors import ConfigurationError, StoreUnavailable
from router.message import Envelope

_LONGEST_LINE = 4_000_000
"""Bytes; RFC 5321 allows 1,000, and a refusal would reach the citizen as a bounce."""

_IDENT, _GREETING_S = "Guichet", 2.0

Accept = Callable[[Envelope], Awaitable[None]]


class Mailbox(Protocol):
    """A mailbox whose mail comes by a door."""

    settings: EmailSettings
    account: str
    now: Callable[[], datetime]
    lmtp_port: int

    def envelope(
        self, raw: bytes, received_at: datetime, recipient: str | None = None
    ) -> Envelope: ...


class _Session(LMTP):
    line_length_limit = _LONGEST_LINE


class _Reception:
    """What aiosmtpd calls; one recipient a transaction, so that each gets its own answer."""

    def __init__(self, mailboxes: Mapping[str, Mailbox], accept: Accept) -> None:
        self._mailboxes = mailboxes
        self._accept = accept

    def _mailbox_of(self, recipient: str) -> Mailbox | None:
        local, _, domain = recipient.lower().rpartition("@")
        return self._mailboxes.get(f"{local.partition('+')[0]}@{domain}")

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        if self._mailbox_of(address) is None:
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        recipient = envelope.rcpt_tos[0]
        mailbox = self._mailbox_of(recipient)
        if mailbox is None:
            return "451 4.3.0 This mailbox is being closed, try again"
        raw = bytes(envelope.original_content or b"")
        if len(raw) > mailbox.settings.largest_mail:
            return "552 5.3.4 This mail is larger than the mailbox takes"
        returned = "".join((envelope.mail_from or "").split())
        raw = f"Return-Path: <{returned}>\r\n".encode("utf-8", "replace") + raw
        received = mailbox.now()
        try:
            made = await asyncio.to_thread(  # 25 MB take a third of a second
                mailbox.envelope, raw, received, recipient=recipient
            )
            await self._accept(made)
        except StoreUnavailable:
            return "451 4.3.0 The database cannot take it now, try again"
        return "250 2.0.0 OK"

    async def handle_exception(self, error: Exception) -> str:
        return "451 4.3.0 Internal error, try again"


async def trouble_at(host: str, port: int) -> str:
    """Say in French why this door cannot be opened, or nothing; where ours is open it is well."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
            door.listen(1)
            return ""
        except OSError as error:
            if error.errno == errno.EADDRINUSE and await _is_ours(host, port):
                return ""
            why = not_listening(error)
    return f"la porte LMTP ne peut pas s'ouvrir à {host}:{port} (lmtp_host, lmtp_port) : {why}"


async def _is_ours(host: str, port: int) -> bool:
    """Whether a process of ours greets there."""
    greeting = b""
    with contextlib.suppress(OSError, ValueError):
        async with asyncio.timeout(_GREETING_S):
            reader, writer = await asyncio.open_connection(host, port)
            greeting = await reader.readline()
            writer.close()
    return greeting.startswith(b"220 ") and _IDENT.encode() in greeting


class Door:
    """One port at which the mail of several mailboxes is taken: the recipient tells whose it is."""

    def __init__(self, accept: Accept) -> None:
        self._mailboxes: dict[str, Mailbox] = {}
        self._reception = _Reception(self._mailboxes, accept)
        self._opening = asyncio.Lock()
        self._server: asyncio.Server | None = None
        self._sessions: weakref.WeakSet[_Session] = weakref.WeakSet()

    async def take_for(self, mailbox: Mailbox) -> None:
        """Take a mailbox's mail until cancelled; the last that goes closes the door.

        Raises:
            ConfigurationError: the port is taken, or is none that this process may open.
        """
        account = mailbox.account.lower()
        self._mailboxes[account] = mailbox
        try:
            async with self._opening:
                server = self._server = self._server or await self._opened(mailbox)
            mailbox.lmtp_port = server.sockets[0].getsockname()[1]
            await asyncio.get_running_loop().create_future()
        finally:
            del self._mailboxes[account]
            if not self._mailboxes:
                self._close()

    async def _opened(self, mailbox: Mailbox) -> asyncio.Server:
        settings = mailbox.settings
        try:
            return await asyncio.get_running_loop().create_server(
                self._session, settings.lmtp_host, settings.lmtp_port
            )
        except OSError as error:
            raise ConfigurationError(
                f"{mailbox.account} : LMTP ne peut pas écouter sur {settings.lmtp_host}, port"
                f" {settings.lmtp_port} : {not_listening(error)} Changez lmtp_host ou lmtp_port."
            ) from None

    def _session(self) -> _Session:
        boxes = [*self._mailboxes.values()]
        made = _Session(
            self._reception,
            data_size_limit=max(box.settings.largest_mail for box in boxes),
            enable_SMTPUTF8=True,
            hostname=boxes[0].account.rpartition("@")[2],
            ident=_IDENT,
            loop=asyncio.get_running_loop(),
        )
        self._sessions.add(made)
        return made

    def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None
        for one in [*self._sessions]:
            if one.transport is not None:
                one.transport.close()


Doors = dict[tuple[str, int], Door]
"""The doors of one process, by host and port; each may have several mailboxes behind it."""


async def serve(mailbox: Mailbox, accept: Accept, doors: Doors) -> None:
    """Listen until cancelled, at the door of the mailbox's port; a free port (0) is its own.

    Raises:
        ConfigurationError: the port is taken, or is none that this process may open.
    """
    place = (mailbox.settings.lmtp_host, mailbox.settings.lmtp_port or 0)
    door = doors.setdefault(place, Door(accept)) if place[1] else Door(accept)
    await door.take_for(mailbox)
