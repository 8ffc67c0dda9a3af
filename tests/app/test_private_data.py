"""Nobody else with an account on the machine reads what people have written."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest
from ruled import SetClock
from typer.testing import CliRunner

from app.__main__ import cli
from app.running.photos import PhotoFolder
from app.stores import opened
from router.message import Address, Envelope

PERSON = Address("sms", "+33756000044", "+33612340001")


@pytest.fixture(autouse=True)
def usual_machine(monkeypatch, tmp_path):
    """Give a folder that all may enter, under the umask of most machines."""
    (tmp_path / "all").mkdir(mode=0o755)
    monkeypatch.chdir(tmp_path / "all")
    before = os.umask(0o022)
    yield
    os.umask(before)


def fill() -> None:
    """Keep a message too large for its row, and a photo."""

    async def run() -> None:
        async with opened(Path("var"), "") as store:
            raw = b"x" * 100_000
            at = SetClock().now()
            await store.accept([Envelope("sms", PERSON.account, "SM1", PERSON.key, raw, at)])
            await PhotoFolder(Path("var/photos")).save("trou.jpg", b"jpeg")
            assert "guichet.sqlite-wal" in names(Path("var"))
            assert open_to_all(Path("var")) == []

    asyncio.run(run())


def open_to_all(folder: Path) -> list[str]:
    """List what the group or others have any right to."""
    every = [folder, *folder.rglob("*")]
    return [str(one) for one in every if one.stat().st_mode & 0o077]


def names(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


def test_folder_database_photos_and_payloads_are_ours_alone():
    fill()
    kept = {one.suffix for one in Path("var").rglob("*") if one.is_file()}
    assert {".sqlite", ".jpg", ""} <= kept
    assert open_to_all(Path("var")) == []


def test_doctor_names_what_others_can_read_and_how_to_close_it():
    fill()
    Path("var").chmod(0o755)
    Path("var/guichet.sqlite").chmod(0o644)
    found = CliRunner().invoke(cli, ["doctor", "--json"])
    told = {one["what"]: one for one in json.loads(found.stdout)}["données"]
    assert (found.exit_code, told["ok"]) == (1, False)
    assert told["sentence"] == (
        "tous les comptes de cette machine peuvent lire var/guichet.sqlite : chmod -R go= var"
    )
    Path("var").chmod(0o700)
    assert '"données"' not in CliRunner().invoke(cli, ["doctor", "--json"]).stdout
