"""A line to a server that can be cut at a chosen place, or lose what the server says unasked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Line:
    """A TCP proxy. ``heard`` sees what the client says, ``said`` what the server says.

    Either may give fewer bytes than it was given, and cut the line by ``cut()``.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self.connections = 0
        self.heard: Callable[[bytes], bytes] = bytes
        self.said: Callable[[bytes], bytes] = bytes
        self.moments: dict[bytes, asyncio.Event] = {}

    async def __aenter__(self) -> Line:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """Drop every connection without a word."""
        for writer in self._writers:
            writer.transport.abort()

    async def until_heard(self, words: bytes) -> None:
        """Wait until the client says something."""
        await self.moments.setdefault(words, asyncio.Event()).wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, up_writer}
        await asyncio.gather(
            self._pass_on(reader, up_writer, self._hear),
            self._pass_on(up_reader, writer, lambda data: self.said(data)),
        )

    def _hear(self, data: bytes) -> bytes:
        for words, moment in self.moments.items():
            if words in data:
                moment.set()
        return self.heard(data)

    async def _pass_on(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        change: Callable[[bytes], bytes],
    ) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(change(data))
                await writer.drain()
        except (OSError, asyncio.CancelledError):
            pass  # cut, or the test is over
        finally:
            writer.close()
