"""Whom an account of X has told in public how else to reach us: once, whatever restarts."""

import asyncio

import pytest

from app.running.x_told import StoredTold
from app.system import SystemClock


def keeper(store, account="GuichetNantes"):
    return StoredTold(store, SystemClock(), account)


async def test_who_was_told_is_known_after_a_restart_and_nobody_else(store):
    assert not await keeper(store).knows("42")
    await keeper(store).remember("42")
    for person, known in (("42", True), ("4", False), ("421", False)):
        assert await keeper(store).knows(person) == known
    assert not await keeper(store, "GuichetRezé").knows("42")


async def test_people_who_are_told_at_once_are_all_kept(store):
    kept = keeper(store)
    await asyncio.gather(*(kept.remember(str(person)) for person in range(20)))
    assert all([await keeper(store).knows(str(person)) for person in range(20)])


async def test_no_more_people_are_kept_than_a_row_should_hold(store, monkeypatch):
    monkeypatch.setattr("app.running.x_told._MOST", 3)
    for person in ("1", "2", "3", "1", "4"):
        await keeper(store).remember(person)
    found = [person for person in "1234" if await keeper(store).knows(person)]
    assert found == ["1", "3", "4"]


@pytest.mark.parametrize("odd", ["{", "{}", "7", "null"])
async def test_a_row_that_cannot_be_read_is_nobody(store, odd):
    from app.running.held_row import held_row
    from router.work import CursorWrite

    kept = keeper(store)
    async with held_row(store, kept.clock, "told|x|GuichetNantes") as row:
        await store.accept((), CursorWrite(row.poller, odd, row.token))
    assert not await kept.knows("42")
    await kept.remember("42")
    assert await kept.knows("42")
