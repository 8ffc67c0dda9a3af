"""A proxy before PostgreSQL that loses the connection at counted COMMITs, after they were done."""

from __future__ import annotations

import asyncio

from sqlalchemy.engine import make_url

COMMIT = b"COMMIT;\x00"


class CuttingProxy:
    """Forwards bytes; a COMMIT among ``cuts`` reaches the server, its answer reaches nobody."""

    def __init__(self, url: str) -> None:
        self._target = make_url(url)
        self.cuts = range(0)
        self.commits = 0

    async def __aenter__(self) -> CuttingProxy:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        port = self._server.sockets[0].getsockname()[1]
        url = self._target.set(host="127.0.0.1", port=port).difference_update_query(["host"])
        return url.render_as_string(hide_password=False)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host = self._target.query.get("host") or self._target.host or "127.0.0.1"
        port = self._target.port or 5432
        if str(host).startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(str(host), port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await self._connect()
        cutting = asyncio.Event()
        try:
            await asyncio.gather(
                self._questions(reader, server_writer, cutting),
                _answers(server_reader, writer, cutting),
            )
        except (OSError, asyncio.CancelledError):
            pass  # either side is gone, or the test is over
        finally:
            writer.close()
            server_writer.close()

    async def _questions(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cutting: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if COMMIT in data:
                self.commits += 1
                if self.commits in self.cuts:
                    cutting.set()
            writer.write(data)
        writer.close()


async def _answers(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cutting: asyncio.Event
) -> None:
    while data := await reader.read(65536):
        if cutting.is_set():  # the server has answered: it is committed
            break
        writer.write(data)
    writer.close()
