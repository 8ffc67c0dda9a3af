"""Serve mailboxes over IMAP with pymap, in the loop that is already running."""

from __future__ import annotations

import asyncio
import ssl
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

from proxyprotocol.sock import SocketInfoLocal
from pymap.backend.dict import Config, Login
from pymap.backend.dict.filter import FilterSet
from pymap.concurrent import Subsystem
from pymap.imap import IMAPServer
from pymap.user import UserMetadata

from demo.mailboxes import KeptMailboxes
from demo.server import listen


class _PlainPasswords:
    """Passwords as they are: hashing them would only slow a demo down."""

    def copy(self, **_: Any) -> _PlainPasswords:
        return self

    def hash(self, secret: str) -> str:
        return secret

    def verify(self, secret: str, hash: str) -> bool:
        return secret == hash


class _Config(Config):
    @property
    def greeting(self) -> bytes:
        return b"Guichet demo"  # pymap's own asks the DNS for the name of the machine


def _config() -> _Config:
    return _Config(
        Namespace(passlib_cfg=None, proxy_protocol=None),
        host=None,
        port=0,
        demo_data=False,
        demo_user="",
        demo_password="",
        tls_enabled=False,
        ssl_context=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        invalid_user_sleep=0.0,
        hash_context=_PlainPasswords(),
        cpu_subsystem=Subsystem.for_asyncio(),
    )


class ImapServer:
    """IMAP4rev1 with IDLE, UIDPLUS and MOVE; a connection is served until `stop` or `drop`."""

    def __init__(self, accounts: Mapping[str, tuple[str, KeptMailboxes]], port: int = 0) -> None:
        """Take the password and the mailboxes of each login."""
        self._config = _config()
        login = Login(self._config)
        for name, (password, mailboxes) in accounts.items():
            login.users_dict[name] = UserMetadata(self._config, name, password=password)
            self._config.set_cache[name] = (mailboxes, FilterSet())
        self._imap = IMAPServer(login, self._config)
        self._wanted_port = port
        self._open: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self.port = 0

    async def start(self) -> None:
        listener = listen(self._wanted_port)
        self.port = listener.getsockname()[1]
        self._server = await asyncio.start_server(self._serve, sock=listener)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 -- a coroutine always runs in a task
        self._open[task] = writer
        try:
            await self._imap(reader, writer, SocketInfoLocal(writer))
        finally:
            del self._open[task]

    async def drop(self) -> None:
        """Cut every open connection without a word."""
        tasks = list(self._open)
        for writer in self._open.values():
            writer.transport.abort()
        if tasks:
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        self._server.close()
        await self.drop()
