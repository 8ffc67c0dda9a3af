"""The daily upkeep: once a day among all processes, and payloads that no message names are removed."""

from __future__ import annotations

import asyncio
import os
import uuid
from datetime import timedelta

import pytest
from store_parts import NOW, Numbered, envelope

from app.running.upkeep import NAME, Upkeep
from router.errors import StoreUnavailable
from storage.blobs import FolderBlobs
from storage.engine import open_store

HOUR = timedelta(hours=1)
LARGE = b"x" * 100_000


class SetClock:
    def __init__(self):
        self.time = NOW

    def now(self):
        return self.time

    def monotonic(self):
        return self.time.timestamp()


class Counting:
    """A store that counts how often it was tidied."""

    def __init__(self, store, error=None):
        self._store, self.error, self.times = store, error, 0

    def __getattr__(self, name):
        return getattr(self._store, name)

    async def tidy(self, now):
        self.times += 1
        if self.error is not None:
            raise self.error
        return await self._store.tidy(now)


@pytest.fixture
def clock():
    return SetClock()


async def test_it_is_done_once_a_day_whoever_looks(open_another, clock):
    one, two = Counting(await open_another()), Counting(await open_another())
    for hour in range(24 * 7):
        clock.time = NOW + hour * HOUR
        for store in (one, two):
            await Upkeep(store, clock).run_once()
    assert one.times + two.times == 7


async def test_one_that_failed_is_tried_again_and_holds_up_nobody(open_another, clock):
    failing, other = Counting(await open_another(), StoreUnavailable("down")), await open_another()
    with pytest.raises(StoreUnavailable):
        await Upkeep(failing, clock).run_once()
    assert await Upkeep(other, clock).run_once()


async def test_two_processes_never_do_it_at_once(open_another, clock):
    one, two = await open_another(), await open_another()
    if one is two:
        return  # one memory is one process
    assert await one.take(NAME, 60, NOW) is not None
    assert not await Upkeep(two, clock).run_once()


async def test_a_clock_that_was_far_ahead_does_not_put_it_off(store, clock):
    clock.time = NOW + timedelta(days=400)
    assert await Upkeep(store, clock).run_once()
    clock.time = NOW
    assert await Upkeep(store, clock).run_once()
    assert not await Upkeep(store, clock).run_once()


async def _age(blobs, names, hours):
    for name in names:
        at = (NOW - timedelta(hours=hours)).timestamp()
        os.utime(blobs._path(name), (at, at))


async def test_payloads_that_no_message_names_are_removed_after_a_day(sqlite_folder, clock):
    blobs = FolderBlobs(sqlite_folder / "blobs")
    store = open_store(sqlite_folder, ids=Numbered())
    other = open_store(sqlite_folder, ids=Numbered(), cell="other")
    await store.open()
    await other.open()
    [named] = await store.accept([envelope(id="1", payload=LARGE)])
    await store.accept([envelope(id="1", payload=LARGE)])  # delivered twice: a second file
    [theirs] = await other.accept([envelope(id="1", payload=LARGE)])
    every = set(await asyncio.to_thread(blobs.older_than, 1e12))
    assert len(every) == 3
    await _age(blobs, every, 23)
    assert await store.tidy(NOW) == 0
    await _age(blobs, every, 25)
    assert await store.tidy(NOW) == 1
    assert (await store.envelope(named.inbound_id)).payload == LARGE
    assert (await other.envelope(theirs.inbound_id)).payload == LARGE
    await store.close()
    await other.close()


@pytest.mark.postgresql
async def test_payloads_in_the_database_are_removed_when_no_message_names_them(postgres_shared):
    store = open_store(postgres_shared, ids=Numbered(), cell=uuid.uuid4().hex)
    await store.open()
    [named] = await store.accept([envelope(id="1", payload=LARGE)])
    await store.accept([envelope(id="1", payload=LARGE)])
    assert await store.tidy(NOW) == 1
    assert await store.tidy(NOW) == 0
    assert (await store.envelope(named.inbound_id)).payload == LARGE
    await store.close()


async def test_thousands_of_payloads_are_swept_in_pieces(sqlite_folder, monkeypatch):
    monkeypatch.setattr("storage.upkeep._AT_ONCE", 7)
    store = open_store(sqlite_folder, ids=Numbered())
    await store.open()
    blobs = FolderBlobs(sqlite_folder / "blobs")
    messages = [envelope(id=str(n % 20), payload=LARGE) for n in range(40)]
    await store.accept(messages)
    every = await asyncio.to_thread(blobs.older_than, 1e12)
    assert len(every) == 40
    await _age(blobs, every, 25)
    assert await store.tidy(NOW) == 20
    await store.close()
