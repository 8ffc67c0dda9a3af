"""Every store tells which names stand in what came in, however large it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta

from store_parts import NOW, Numbered, envelope

from router.message import Envelope
from storage.engine import open_store

FORMS = ("web", "desk")


def came(channel: str, id: str, payload: bytes, at: datetime = NOW) -> Envelope:
    return replace(envelope(id=id, payload=payload, at=at), channel=channel)


def said(*names: str, size: int = 0) -> bytes:
    return json.dumps({"text": "é" * size, "attachments": [{"ref": one} for one in names]}).encode()


async def test_only_names_that_came_by_these_channels_since_then_are_found(store):
    old = NOW - timedelta(days=2)
    await store.accept(
        [
            came("web", "1", said("a-1.jpg", "a-2.jpg")),
            came("desk", "2", said("b.jpg", size=50_000)),
            came("email", "3", said("c.jpg")),
            came("web", "4", said("d.jpg"), old),
            came("web", "5", b"no JSON at all \xff e.jpg, f.jpgx"),
        ]
    )
    asked = {"a-1.jpg", "a-2.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg", "nobody.jpg"}
    found = await store.named(asked, FORMS, NOW - timedelta(hours=1))
    assert found == {"a-1.jpg", "a-2.jpg", "b.jpg", "e.jpg"}
    assert await store.named(asked, FORMS, old) == found | {"d.jpg"}
    assert await store.named([], FORMS, old) == frozenset()


async def test_names_are_found_among_many_rows_and_in_every_cell(sqlite_folder, monkeypatch):
    monkeypatch.setattr("storage.naming._PAYLOADS", 3)
    monkeypatch.setattr("storage.naming._LINES", 7)
    stores = [open_store(sqlite_folder, ids=Numbered(), cell=cell) for cell in ("", "b", "c")]
    for cell, store in enumerate(stores):
        await store.open()
        await store.accept([came("web", str(n), said(f"{cell}-{n}.jpg")) for n in range(20)])
    every = {f"{cell}-{n}.jpg" for cell in range(3) for n in range(20)}
    for store in stores:
        assert await store.named(every | {"nobody.jpg"}, FORMS, NOW) == every
        await store.close()
