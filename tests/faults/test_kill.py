"""kill -9 at every place where something becomes durable or leaves the house."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

RUNNER = Path(__file__).parent / "kill_everywhere.py"
MEMORY = Path("/dev/shm")  # a killed process loses nothing of a file, wherever it lies


@pytest.fixture
def folder():
    made = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
    yield made
    shutil.rmtree(made)


async def test_wherever_it_is_killed_the_same_cases_come_out(folder):
    even, odd = await asyncio.gather(_lives(folder / "even", 0), _lives(folder / "odd", 1))
    assert (even[-1]["where"], odd[-1]["where"]) == ("", "")  # both came to the end
    whole, *lives = sorted((*even, *odd), key=lambda life: life["place"])
    assert [life["place"] for life in lives[:-1]] == list(range(1, len(lives)))
    killed = {life["where"] for life in lives}
    assert killed >= {"in a transaction", "committed", "answered", "send begins", "sent"}
    assert killed >= {"blob begins", "blob is there"}
    for life in (whole, *lives):
        place = f"killed at place {life['place']} ({life['where']})"
        assert life["broken"] == [], place
        assert life["picture"] == whole["picture"], place


async def _lives(folder: Path, first: int) -> list[dict]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(RUNNER), str(folder), str(first), "2", stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return [json.loads(line) for line in out.splitlines()]
