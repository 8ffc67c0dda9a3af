"""Spoils what a provider answers on its way back, over HTTP and SMTP."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import httpx
from aiosmtplib.protocol import SMTPProtocol
from fuzz_changes import changed, odd_text

_STATUSES = (200, 200, 200, 200, 200, 201, 204, 206, 302, 400, 401, 403, 404, 409, 410, 413, 422)
_STATUSES += (425, 429, 429, 500, 502, 503, 504, 599)
_HEADERS = ("retry-after", "x-rate-limit-reset", "content-type", "location", "content-encoding")
_VALUES = (
    b"nan", b"inf", b"-1", b"1e400", b"9" * 30, b"12", b"0.5", b"Wed, 21 Oct 2026 07:28:00 GMT",
    b"gzip", b"br", b"text/plain; charset=base64", b"text/plain; charset=utf-16",
    b"application/json; charset=idna", b"http://[::1", b"//", b"\xff\xfe", b"",
)  # fmt: skip


_CODES = (b"", b"250", b"250-", b"354", b"421", b"450", b"550", b"999", b"\xff", b"2")


class Line:
    """The line to the provider; nothing is spoilt until it is given a chance."""

    def __init__(self) -> None:
        self.draw: random.Random | None = None

    def spoil_lines(self, data: bytes) -> bytes:
        """Spoil the lines of a mail relay."""
        if self.draw is None or self.draw.randrange(3):
            return data
        return self.draw.choice(_CODES) + changed(data, self.draw)[self.draw.choice((0, 3)) :]

    def spoil(self, answer: httpx.Response, content: bytes) -> httpx.Response:
        draw = self.draw
        if draw is None or draw.randrange(5) == 0:
            return _answer(answer.status_code, answer.headers.raw, content)
        status = draw.choice(_STATUSES) if draw.randrange(2) else answer.status_code
        headers = [pair for pair in answer.headers.raw if pair[0].lower() not in _FRAMING]
        for _ in range(draw.randrange(3)):
            value = draw.choice(_VALUES)
            if draw.randrange(3) == 0:
                value = odd_text(draw).encode("utf-8", "replace")[:200]
            headers.append((draw.choice(_HEADERS).encode(), value))
        if draw.randrange(4):
            content = changed(content, draw)
        return _answer(status, headers, content)


_FRAMING = {b"content-length", b"transfer-encoding", b"content-encoding"}


class _Body(httpx.AsyncByteStream):
    def __init__(self, content: bytes) -> None:
        self._content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content


def _answer(status: int, headers: list[tuple[bytes, bytes]], content: bytes) -> httpx.Response:
    kept = [pair for pair in headers if pair[0].lower() not in _FRAMING - {b"content-encoding"}]
    return httpx.Response(status, headers=kept, stream=_Body(content))


_BODIES = {
    "an empty body": b"",
    "half a body": b'{"data": {"id": "12',
    "no JSON": b"<html>OK</html>",
    "no text": b"\xff\xfe\x00",
    "a value without parts": b"null",
    "a list": b"[]",
    "an object without an id": b"{}",
    "JSON too deep to read": b"[" * 100_000,
}
SPOILT_ANSWERS = (
    *_BODIES,
    "a body that breaks off",
    "a body that cannot be unpacked",
    "502",
    "504",
)
"""What may stand in the place of an answer by which a provider said that it took a message."""


def unreadable(answer: httpx.Response, how: str) -> httpx.Response:
    """Spoil an answer that said yes; its status stays, unless something on the way gave another."""
    if how.isdigit():
        return httpx.Response(int(how))
    if how == "a body that breaks off":
        return httpx.Response(answer.status_code, stream=_BreaksOff())
    packed = {} if how in _BODIES else {"content-encoding": "gzip"}
    return httpx.Response(
        answer.status_code, headers=packed, stream=_Body(_BODIES.get(how, b"\x00" * 9))
    )


class _BreaksOff(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"data": {"id"'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete body")


@contextmanager
def spoilt() -> Iterator[Line]:
    """Stand between every client of httpx and its server."""
    line, genuine = Line(), httpx.AsyncHTTPTransport.handle_async_request
    heard = SMTPProtocol.data_received

    async def handle(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if request.url.host not in {"127.0.0.1", "localhost"}:  # nobody is called out there
            return line.spoil(httpx.Response(200), b"\xff\xd8\xff")
        answer = await genuine(self, request)
        stream = answer.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        content = b"".join([chunk async for chunk in stream])
        await stream.aclose()
        return line.spoil(answer, content)

    def hear(self: SMTPProtocol, data: bytes) -> None:
        heard(self, line.spoil_lines(data))

    httpx.AsyncHTTPTransport.handle_async_request = handle  # type: ignore[method-assign]
    SMTPProtocol.data_received = hear  # type: ignore[method-assign]
    try:
        yield line
    finally:
        httpx.AsyncHTTPTransport.handle_async_request = genuine  # type: ignore[method-assign]
        SMTPProtocol.data_received = heard  # type: ignore[method-assign]
