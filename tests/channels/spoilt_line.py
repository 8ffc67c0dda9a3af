"""A line to a mail server on which what the server says is spoilt, a few times, and then no more."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable

_LITERAL = re.compile(rb"\{(\d+)\}\r\n$")
_TAGGED = re.compile(rb"^[A-Z]+\d+ ")
_NONSENSE = (
    b"", b"*", b"* ", b"* (", b"* )", b"* FETCH", b"* 1 FETCH", b"* 1 FETCH (", b"* 9 FETCH (UID 9 ",
    b"* 1 FETCH (FLAGS (\\Seen))", b"* 2 FETCH (UID 2 RFC822.SIZE 7)", b"* -1 EXPUNGE", b"* 1 EXPUNGE",
    b"* SEARCH", b"* SEARCH 1 2 3 4 5 999999", b"* SEARCH \xff", b"* 0 EXISTS", b"* " + b"9" * 5000,
    b"* BYE", b"* BAD", b"* NO [ALERT] x", b"* OK [UIDVALIDITY \xb2]", b"* OK [UIDVALIDITY 77]", b"* CAPABILITY", b"* LIST () / x",
    b"+", b"+ ", b"+ idling", b"A1 OK", b"ZZZZ99 OK done", b"ZZZZ99 NO", b"OK", b"\xff\xfe\x00", b"NIL",
    b"* 1 FETCH (UID 1 BODY[] {4}\r\nabcd)", b"* X {3}\r\nabc", b"{0}", b"* X {" + b"9" * 30 + b"}",
    b"HTTP/1.1 400 Bad Request", b"* PREAUTH hello", b"* 1 FETCH (UID 1 " * 400,
)  # fmt: skip


class SpoiltLine:
    """A TCP proxy that puts ``spoils`` errors into the server's lines; bytes of mails stay as they are.

    ``keeps`` says which lines must stay: what no client can know to be wrong.
    """

    def __init__(
        self, port: int, draw: random.Random, spoils: int, keeps: Callable[[bytes], bool]
    ) -> None:
        self._port = port
        self._draw = draw
        self._left = spoils
        self._keeps = keeps
        self._serving: set[asyncio.Task[None]] = set()
        self.done: list[str] = []

    async def __aenter__(self) -> SpoiltLine:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**26)
        ways = [
            asyncio.ensure_future(_pass_on(reader, up_writer)),
            asyncio.ensure_future(self._speak(up_reader, writer)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            writer.transport.abort()
            up_writer.transport.abort()
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _speak(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line, literal in _pieces(reader):
            told = line + literal
            if self._left and not self._keeps(line) and self._draw.randrange(5) == 0:
                self._left -= 1
                found = self._spoilt(line, literal)
                if found is None:
                    return
                told = found
            writer.write(told.removesuffix(_SILENT))
            await writer.drain()
            if told.endswith(_SILENT):
                await asyncio.Event().wait()

    def _spoilt(self, line: bytes, literal: bytes) -> bytes | None:
        """Give what is said instead; None to hang up."""
        way = self._draw.choice(_WAYS)
        self.done.append(f"{way.__name__} {line[:60]!r}")
        return way(self._draw, line, literal)


async def _pieces(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    """Give line after line, each with the literal that it announces."""
    while line := await reader.readline():
        found = _LITERAL.search(line)
        yield line, await reader.readexactly(int(found[1])) if found else b""


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


# --- ways to spoil -------------------------------------------------------------------------------

_SILENT = b"\0silence"


def _hang_up(draw: random.Random, line: bytes, literal: bytes) -> None:
    return None


def _fall_silent(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    whole = line + literal
    return whole[: draw.randrange(len(whole))] + _SILENT


def _leave_out(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    return b""


def _cut_the_line(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    return line[: draw.randrange(len(line))] + b"\r\n" + literal


def _say_twice(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    return (line + literal) * 2


def _speak_nonsense_before(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    return draw.choice(_NONSENSE) + b"\r\n" + line + literal


def _speak_nonsense_instead(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    return draw.choice(_NONSENSE) + b"\r\n" + literal


def _answer_another(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    return _TAGGED.sub(b"QQ7 ", line) + literal


def _announce_wrongly(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    wrong = draw.choice((0, 1, -1, -2, -3, 3, 7, -20, 10**4, 10**12, -len(literal) // 2))
    said = b"{%d}\r\n" % max(0, len(literal) + wrong)
    return _LITERAL.sub(said, line) + literal


def _say_without_end(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    return line[:-2] + b"a" * draw.choice((5_000, 70_000, 3_000_000)) + b"\r\n" + literal


def _say_much_at_once(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    return (
        draw.choice((b"* 1 EXISTS\r\n", b"x\r\n", b"* 1 FETCH (UID 1\r\n")) * 3000 + line + literal
    )


def _turn_bytes(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    changed = bytearray(line[:-2])
    for _ in range(draw.randrange(1, 4)):
        if changed:
            changed[draw.randrange(len(changed))] = draw.choice(b'\0 \xff()[]{}*+abcXYZ"\\')
    return bytes(changed) + b"\r\n" + literal


def _refuse(draw: random.Random, line: bytes, literal: bytes) -> bytes:
    return re.sub(rb"^([A-Z]+\d+) OK", draw.choice((rb"\1 NO", rb"\1 BAD", rb"\1")), line) + literal


_WAYS = (
    _hang_up, _fall_silent, _leave_out, _cut_the_line, _say_twice, _speak_nonsense_before,
    _speak_nonsense_instead, _answer_another, _announce_wrongly, _say_without_end,
    _say_much_at_once, _turn_bytes, _refuse,
)  # fmt: skip
