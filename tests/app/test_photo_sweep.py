"""Photos that nobody sent are removed after a day; one that a message names never is."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_parts import NOW, Numbered, envelope

from app.backup import back_up
from app.running.photo_sweep import CHANNELS, KEPT
from app.running.photos import PhotoFolder
from app.running.upkeep import EVERY, Upkeep
from app.stores import opened
from router.errors import InvalidInput, StoreUnavailable
from storage.memory import MemoryStore
from web.report.form import PHOTO_LIFE_S

HOUR = timedelta(hours=1)


class SetClock:
    def __init__(self):
        self.time = NOW

    def now(self):
        return self.time

    def monotonic(self):
        return self.time.timestamp()


async def naming(store, clock, channel, *refs, size=0):
    """Accept a message with pictures, as each door writes them."""
    files = [{"name": "photo-1.jpg", "ref": ref, "sent": "0" * 64} for ref in refs]
    payload = json.dumps({"text": "é" * size, "attachments": files}).encode()
    one = envelope(id=f"{channel}{refs}", payload=payload, at=clock.now())
    await store.accept([replace(one, channel=channel)])


async def is_there(photos, ref):
    try:
        return await photos.read(ref, 100) == b"jpeg"
    except InvalidInput:
        return False


def test_a_form_carries_no_photo_as_long_as_it_is_kept():
    assert timedelta(seconds=PHOTO_LIFE_S) + HOUR <= KEPT


steps = st.lists(
    st.one_of(
        st.tuples(st.just("save"), st.none()),
        st.tuples(st.just("name"), st.tuples(st.integers(0, 5), st.sampled_from(CHANNELS))),
        st.tuples(st.just("pass"), st.integers(1, 40)),
        st.tuples(st.just("look"), st.none()),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(steps)
async def test_whenever_photos_are_kept_named_and_looked_at_no_named_one_is_removed(told):
    clock = SetClock()
    with tempfile.TemporaryDirectory() as folder:
        store, photos = MemoryStore(Numbered()), PhotoFolder(Path(folder), clock)
        upkeep = Upkeep(store, clock, photos)
        await upkeep.run_once()
        kept, named = {}, set()
        for step, what in told:
            if step == "save":
                kept[await photos.save("a.jpg", b"jpeg")] = clock.now()
            elif step == "pass":
                clock.time += what * HOUR
            elif step == "look":
                await upkeep.run_once()
            elif kept:
                ref = [*kept][-1 - what[0] % len(kept)]
                if (clock.now() - kept[ref]).total_seconds() <= PHOTO_LIFE_S:
                    await naming(store, clock, what[1], ref)
                    named.add(ref)
        for _ in range(3):
            clock.time += EVERY
            await upkeep.run_once()
        assert {ref for ref in kept if await is_there(photos, ref)} == named


async def test_a_photo_in_a_large_message_on_disk_is_named(store):
    clock = SetClock()
    with tempfile.TemporaryDirectory() as folder:
        photos = PhotoFolder(Path(folder), clock)
        upkeep = Upkeep(store, clock, photos)
        await upkeep.run_once()
        small, large, lost = [await photos.save("a.jpg", b"jpeg") for _ in range(3)]
        await naming(store, clock, "web", small)
        await naming(store, clock, "desk", large, size=100_000)
        for _ in range(3):
            clock.time += EVERY
            await upkeep.run_once()
        found = [await is_there(photos, one) for one in (small, large, lost)]
        assert found == [True, True, False]


async def test_an_installation_restored_from_its_backup_keeps_its_photos(tmp_path):
    clock, data, copy = SetClock(), tmp_path / "var", tmp_path / "copy"
    async with opened(data, "") as store:
        photos = PhotoFolder(data / "photos", clock)
        await Upkeep(store, clock, photos).run_once()
        named, lost = [await photos.save("a.jpg", b"jpeg") for _ in range(2)]
        await naming(store, clock, "web", named)
        await asyncio.to_thread(back_up, data, "", copy)
    async with opened(copy, "") as store:
        restored = PhotoFolder(copy / "photos", clock)
        assert await is_there(restored, lost)
        for _ in range(3):
            clock.time += EVERY
            assert await Upkeep(store, clock, restored).run_once()
        assert [await is_there(restored, one) for one in (named, lost)] == [True, False]


class NoAnswer(MemoryStore):
    """A store that cannot say what is named."""

    async def named(self, words, channels, since):
        raise StoreUnavailable("down")


async def test_while_it_cannot_be_told_what_is_named_nothing_is_removed(tmp_path):
    clock, store = SetClock(), NoAnswer(Numbered())
    photos = PhotoFolder(tmp_path, clock)
    upkeep = Upkeep(store, clock, photos)
    await upkeep.run_once()
    ref = await photos.save("a.jpg", b"jpeg")
    clock.time += 2 * EVERY
    with pytest.raises(StoreUnavailable):
        await upkeep.run_once()
    assert await is_there(photos, ref)


async def test_on_a_database_that_never_looked_nothing_is_removed(tmp_path):
    """An empty database, or another's, names nothing: the folder of data is not its own."""
    clock = SetClock()
    photos = PhotoFolder(tmp_path, clock)
    ref = await photos.save("a.jpg", b"jpeg")
    clock.time += 30 * EVERY
    for _ in range(3):
        await Upkeep(MemoryStore(Numbered()), clock, photos).run_once()
    assert await is_there(photos, ref)


async def test_neither_copied_files_nor_names_of_earlier_versions_are_taken_for_old(tmp_path):
    clock, store = SetClock(), MemoryStore(Numbered())
    photos = PhotoFolder(tmp_path, clock)
    upkeep = Upkeep(store, clock, photos)
    await upkeep.run_once()
    clock.time += EVERY - HOUR
    fresh = await photos.save("a.jpg", b"jpeg")
    os.utime(tmp_path / fresh, (0, 0))
    earlier = "0" * 32 + ".jpg"
    for name in (earlier, "notes.txt"):
        (tmp_path / name).write_bytes(b"jpeg")
        os.utime(tmp_path / name, (0, 0))
    clock.time += HOUR
    assert await upkeep.run_once()
    assert {one.name for one in tmp_path.iterdir()} == {fresh, earlier, "notes.txt"}
    assert await is_there(photos, earlier)
