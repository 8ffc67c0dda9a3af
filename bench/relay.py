"""A mail relay that takes everything and keeps nothing: run ``python -m bench.relay [FILE]``.

It says its port first; when its standard input closes, it writes to FILE when each mail came.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from pathlib import Path

_ANSWERS = {
    b"EHLO": b"250-relay\r\n250 8BITMIME\r\n",
    b"DATA": b"354 go on\r\n",
    b"QUIT": b"221 bye\r\n",
}


async def run() -> None:
    """Serve until the one who started us closes our standard input."""
    came: list[float] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.CancelledError, ConnectionError):  # we end, or the client did
            await talk(reader, writer)
        writer.close()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 relay\r\n")
        while line := await reader.readline():
            word = line[:4].upper().strip()
            writer.write(_ANSWERS.get(word, b"250 ok\r\n"))
            if word == b"DATA":
                await reader.readuntil(b"\r\n.\r\n")
                came.append(time.time())
                writer.write(b"250 taken\r\n")
            if word == b"QUIT":
                return

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 26)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    server.close()
    for path in sys.argv[1:]:
        await asyncio.to_thread(Path(path).write_text, json.dumps(came))


if __name__ == "__main__":
    asyncio.run(run())
