"""No channel is stopped by what its provider says, however it was spoilt on the way.

Some seconds each in every run; for longer, from other numbers on::

    GUICHET_FUZZ_SECONDS=600 GUICHET_FUZZ_FIRST=1000000 pytest tests/contract/test_fuzz.py -k telegram
"""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from channel_harnesses import REGISTRY, Entry, garbage
from fuzz_answers import spoilt
from fuzz_changes import changed
from fuzz_laws import asks, reads, takes
from fuzz_seeds import SEEDS, seeds

_SECONDS = float(os.environ.get("GUICHET_FUZZ_SECONDS", "0"))
_FIRST = int(os.environ.get("GUICHET_FUZZ_FIRST", "0"))
_IN_EVERY_RUN = 250
_ANSWERS_IN_EVERY_RUN = 50  # each is a call to a server

every_channel = pytest.mark.parametrize("entry", REGISTRY, ids=[entry.name for entry in REGISTRY])


def chances(most: int = _IN_EVERY_RUN) -> Iterator[random.Random]:
    """Give chance after chance: so many, or for as long as was asked."""
    end = time.monotonic() + _SECONDS
    for number in itertools.count(_FIRST):
        if time.monotonic() > end if _SECONDS else number - _FIRST >= most:
            print(f"\n{number - _FIRST} inputs, up to number {number}")
            return
        yield random.Random(number)


@contextmanager
def naming(number: int) -> Iterator[None]:
    """Say of what goes wrong by which chance it did."""
    try:
        yield
    except Exception as error:
        error.add_note(f"number {number}: GUICHET_FUZZ_FIRST={number} finds it at once")
        raise


def each(hold: Callable[[random.Random], object]) -> None:
    """Hold a law for every chance."""
    for number, draw in enumerate(chances(), _FIRST):
        with naming(number):
            hold(draw)


def test_seeds_are_those_of_channels() -> None:
    assert set(SEEDS) <= {entry.name for entry in REGISTRY}


@every_channel
async def test_what_the_fuzzing_starts_from_is_read(entry: Entry) -> None:
    async with entry.open() as harness:
        found = [seed for seed in seeds(entry.name, harness) if reads(harness, seed)]
        assert found or harness.message is None


@every_channel
async def test_whatever_comes_in_is_read_or_kept_for_an_agent(entry: Entry) -> None:
    async with entry.open() as harness:
        known = [*seeds(entry.name, harness), *garbage()[:-1]]
        each(lambda draw: reads(harness, changed(draw.choice(known), draw)))


@every_channel
async def test_whoever_calls_is_answered(entry: Entry) -> None:
    async with entry.open() as harness:
        each(lambda draw: takes(harness, draw))


@pytest.mark.parametrize(
    "entry", [one for one in REGISTRY if one.provider], ids=lambda entry: entry.name
)
async def test_whatever_a_provider_answers_is_an_outcome(entry: Entry) -> None:
    async with entry.open() as harness:
        with spoilt() as line:
            for number, draw in enumerate(chances(_ANSWERS_IN_EVERY_RUN), _FIRST):
                line.draw = draw
                with naming(number):
                    await asks(harness, draw)
