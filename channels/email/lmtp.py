"""Takes mail by LMTP from the city's own mail server: 250 only once it is committed."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Awaitable, Callable
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
    """The mailbox that this door belongs to."""

    settings: EmailSettings
    account: str
    now: Callable[[], datetime]
    lmtp_port: int

    def envelope(
        self, raw: bytes, received_at: datetime, recipient: str | None = None
    ) -> Envelope: ...


class _Session(LMTP):
    line_length_limit = _LONGEST_LINE


class _Door:
    """What aiosmtpd calls; one recipient a transaction, so that each gets its own answer."""

    def __init__(self, mailbox: Mailbox, accept: Accept) -> None:
        self._mailbox = mailbox
        self._accept = accept

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if envelope.rcpt_tos:
            return "452 4.5.3 One recipient at a time"
        local, _, domain = address.lower().rpartition("@")
        if f"{local.partition('+')[0]}@{domain}" != self._mailbox.account.lower():
            return "550 5.1.1 No such mailbox here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 -- aiosmtpd's name
        self, server: Any, session: Any, envelope: Any
    ) -> str:
        raw = bytes(envelope.original_content or b"")
        returned = "".join((envelope.mail_from or "").split())
        raw = f"Return-Path: <{returned}>\r\n".encode("utf-8", "replace") + raw
        received = self._mailbox.now()
        try:
            made = await asyncio.to_thread(  # 25 MB take a third of a second
                self._mailbox.envelope, raw, received, recipient=envelope.rcpt_tos[0]
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


async def serve(mailbox: Mailbox, accept: Accept) -> None:
    """Listen until cancelled.

    Raises:
        ConfigurationError: the port is taken, or is none that this process may open.
    """
    settings = mailbox.settings
    loop = asyncio.get_running_loop()
    sessions: set[_Session] = set()

    def session() -> _Session:
        made = _Session(
            _Door(mailbox, accept),
            data_size_limit=settings.largest_mail,
            enable_SMTPUTF8=True,
            hostname=mailbox.account.rpartition("@")[2],
            ident=_IDENT,
            loop=loop,
        )
        sessions.add(made)
        return made

    try:
        server = await loop.create_server(session, settings.lmtp_host, settings.lmtp_port)
    except OSError as error:
        raise ConfigurationError(
            f"{mailbox.account} : LMTP ne peut pas écouter sur {settings.lmtp_host}, port"
            f" {settings.lmtp_port} : {not_listening(error)} Changez lmtp_host ou lmtp_port."
        ) from None
    mailbox.lmtp_port = server.sockets[0].getsockname()[1]
    try:
        await server.serve_forever()
    finally:
        server.close()
        for one in sessions:
            if one.transport is not None:
                one.transport.close()
