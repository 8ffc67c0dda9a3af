"""The live rules: a version that was replaced is given up, though the collector does not look."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.live import LiveRulebooks
from app.rulebook import files_of
from app.system import SystemClock, SystemIds
from storage.memory import MemoryStore

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(autouse=True)
def checked_once() -> None:
    """Load each version anew: what becomes of it is the matter here."""


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    gc.unfreeze()
    yield
    gc.unfreeze()


class Knot:
    """Something that only the collector can give up."""

    def __init__(self) -> None:
        self.itself = self


async def test_what_is_loaded_is_looked_through_no_more_and_what_it_replaced_is_gone() -> None:
    store, clock = MemoryStore(SystemIds()), SystemClock()
    live = LiveRulebooks(store, clock)
    loaded = Knot()
    knot = weakref.ref(loaded)
    await live.start(CONFIG)
    live.settle()
    del loaded
    before = gc.get_freeze_count()
    assert before > 100_000
    first = weakref.ref(live.current().ruleset)
    files = files_of(CONFIG)
    calendars = files["calendriers.yaml"] + b"# une remarque\n"
    await store.publish(
        files | {"calendriers.yaml": calendars}, "other", "Ana", "test", clock.now()
    )
    await live.refresh()
    assert first() is None
    assert knot() is None
    assert gc.get_freeze_count() > 100_000
