"""A body that comes slowly is read to its end; one that is held open is given up."""

from __future__ import annotations

import asyncio
from itertools import accumulate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_fakes import House

from web.app import create_app
from web.pace import GRACE_S, SLOWEST, Pace, TooSlow

sizes = st.integers(0, 60).map(lambda thousands: thousands * SLOWEST)
pieces = st.lists(st.tuples(sizes, st.integers(0, 30)), min_size=1, max_size=20)


async def read(body: list[tuple[int, int]]) -> int:
    """Read pieces of so many bytes that come after so many seconds; gives how many came."""
    passed, sent = 0.0, 0

    async def receive() -> dict[str, Any]:
        nonlocal passed, sent
        size, seconds = body[sent]
        passed, sent = passed + seconds, sent + 1
        return {"type": "http.request", "body": b"x" * size, "more_body": sent < len(body)}

    pace = Pace(receive, lambda: passed)
    while (await pace())["more_body"]:
        pass
    return sent


@given(pieces)
async def test_a_body_is_read_to_its_end_unless_it_was_waited_for_longer_than_it_brought(
    body: list[tuple[int, int]],
) -> None:
    waited = accumulate(
        body[:-1], lambda left, piece: left + piece[0] / SLOWEST - piece[1], initial=GRACE_S
    )
    if any(left <= 0 for left in waited):
        with pytest.raises(TooSlow):
            await read(body)
    else:
        assert await read(body) == len(body)


async def held(house: House, path: str, method: str = "POST") -> list[dict[str, Any]]:
    """Send the beginning of a body, and then nothing any more."""
    begun, answered = False, []

    async def receive() -> dict[str, Any]:
        nonlocal begun
        if begun:
            await asyncio.Event().wait()
        begun = True
        return {"type": "http.request", "body": b"text=", "more_body": True}

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {
        "type": "http", "method": method, "path": path, "raw_path": path.encode(),
        "query_string": b"", "root_path": "", "scheme": "http", "http_version": "1.1",
        "server": ("city.example", 80), "client": ("192.0.2.1", 1234),
        "headers": [
            (b"host", b"city.example"), (b"content-type", b"application/x-www-form-urlencoded"),
            (b"x-key", b"right"),
        ],
    }  # fmt: skip
    await create_app(house.parts())(scope, receive, send)
    return answered


@pytest.mark.parametrize(
    "path",
    ["/signaler", "/webhooks/hook/main", "/open311/v2/requests.json", "/partners/v1/acts"],
)
async def test_a_body_that_is_held_open_is_answered_and_the_connection_closed(
    house: House, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.pace.GRACE_S", 0.001)
    start, *_ = await held(house, path)
    assert start["status"] == 408
    assert dict(start["headers"])[b"connection"] == b"close"
    assert house.journal.envelopes == []


async def test_who_listens_for_the_end_of_an_answer_waits_as_long_as_it_lasts() -> None:
    passed = 0.0

    async def receive() -> dict[str, Any]:
        nonlocal passed
        passed += 10 * GRACE_S
        return {"type": "http.request", "body": b"", "more_body": False}

    pace = Pace(receive, lambda: passed)
    for _ in range(3):
        assert (await pace())["type"] == "http.request"
