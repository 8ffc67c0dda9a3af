"""The demo as people start, stop and kill it, each in a process of its own."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.console import config_folder
from app.play import played
from app.stores import opened
from demo.script import SCENES
from router.archive import CaseFilter

WAIT_S = 120
STOP_S = 5
_NUMBER = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}\b")


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start a command; no variable sets anything."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("GUICHET_")}
    return subprocess.Popen(
        [sys.executable, "-m", "app", *words],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> dict:
    out, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 0, out + err
    return json.loads(out.splitlines()[-1])


def wait_for_cases(process: subprocess.Popen[str], data: Path, wanted: int) -> None:
    """Wait until the store holds so many cases."""
    until = time.monotonic() + WAIT_S
    while time.monotonic() < until:
        assert process.poll() is None, "it ended before there were so many cases"
        try:
            with sqlite3.connect(f"file:{data / 'guichet.sqlite'}?mode=ro", uri=True) as store:
                [(found,)] = store.execute("SELECT count(*) FROM case_")
            store.close()
        except sqlite3.OperationalError:
            found = 0
        if found >= wanted:
            return
        time.sleep(0.05)
    raise AssertionError(f"never {wanted} cases")


def cases(data: Path) -> list[tuple]:
    """List what became of everybody; numbers and ids of the providers differ between two runs."""

    async def read() -> list[tuple]:
        async with opened(data, "") as store:
            found = await store.cases(CaseFilter(limit=1000))
            return [
                (
                    _NUMBER.sub("…", case.text), case.owner, case.status, case.category,
                    case.urgency, case.channel, len(case.reporters), case.parent is not None,
                    case.partner_ref,
                )
                for case in found
            ]  # fmt: skip

    return sorted(asyncio.run(read()), key=str)


OF_AN_INSTALLATION = """
database_url = "sqlite:///des-vraies-demandes.sqlite"
[channels.email."guichet@nantes.example"]
smtp_host = "127.0.0.1"
smtp_port = 9
"""


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Play the script once from beginning to end: what came of it, and its cases."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "guichet.toml").write_text(OF_AN_INSTALLATION)
    report = ended(start(folder, "demo", "--once", "--json", "--data", "ville"))
    return report, cases(folder / "ville")


def test_everybody_is_answered(undisturbed):
    report, _ = undisturbed
    assert report["messages"] == len(SCENES)
    assert (report["unanswered"], report["wrong_channel"], report["dead"]) == ([], [], [])
    assert all(counts["replies"] for counts in report["by_channel"].values())
    assert all(report["by_way"].values())


def test_it_says_which_rules_are_played(tmp_path):
    draft, data = tmp_path / "config", tmp_path / "ville"
    assert played(draft, data, "") == f"celles du dossier « {draft} »"
    assert played(config_folder(Path("config")), data, "") == "l'exemple livré avec Guichet"
    assert played(draft, data, "postgresql://x") == (
        f"celles que la base garde déjà, sinon celles du dossier « {draft} »"
    )
    data.mkdir()
    (data / "guichet.sqlite").touch()
    assert played(draft, data, "") == f"celles que garde « {data} »"


def test_settings_of_an_installation_are_not_obeyed(undisturbed):
    report, found = undisturbed
    assert report["dead"] == []  # nothing went to the relay of the installation
    assert found  # and the store is the demo's own


def test_two_partners_worked_their_cases_in_their_own_systems(undisturbed):
    _, found = undisturbed
    own = {case[1]: (case[2], case[-1]) for case in found if case[-1]}
    assert own == {
        "transports-publics": ("in_progress", "638344"),
        "bailleur-social": ("in_progress", "BAILLEUR-chauffage"),
    }


def test_stopped_and_killed_in_the_middle_it_comes_to_the_same_cases(tmp_path, undisturbed):
    words = ("demo", "--once", "--json", "--data", "ville")
    process = start(tmp_path, *words)
    wait_for_cases(process, tmp_path / "ville", 3)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=WAIT_S)
    assert time.monotonic() - asked < STOP_S
    assert (process.returncode, out, "Traceback" in err) == (130, "", False)

    process = start(tmp_path, *words)
    wait_for_cases(process, tmp_path / "ville", 17)
    process.kill()
    process.communicate()

    report = ended(start(tmp_path, *words))
    assert (report, cases(tmp_path / "ville")) == undisturbed


def test_two_demos_do_not_share_a_folder(tmp_path):
    (tmp_path / "ville" / "ville").mkdir(parents=True)
    with (tmp_path / "ville" / "ville" / "guichet.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = start(tmp_path, "demo", "--once", "--json", "--data", "ville")
        _, err = process.communicate(timeout=WAIT_S)
    assert process.returncode == 2
    assert "tourne déjà" in err


def test_ctrl_c_stops_the_server_in_time(tmp_path):
    # settings that nobody obeys are told, and the counter opens: rules change while it runs
    (tmp_path / "guichet.toml").write_text('[channels.sms."+33756000099"]\nuser = "x"\n')
    process = start(tmp_path, "serve", "--port", "0")
    assert process.stderr is not None
    said = [process.stderr.readline()]
    while "écoute" not in said[-1]:
        assert process.poll() is None
        said.append(process.stderr.readline())
    assert 'channels.sms."+33756000099"' in "".join(said)
    asked = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=WAIT_S)
    assert time.monotonic() - asked < STOP_S
    assert (process.returncode, "Traceback" in err) == (0, False)
