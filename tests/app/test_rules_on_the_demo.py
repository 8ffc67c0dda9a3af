"""The history of the demo, replayed, listed, explained and rolled back by the commands."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli
from app.stores import opened
from router.archive import CaseFilter

CONFIG = Path(__file__).parents[2] / "config"


def fine(*words):
    done = CliRunner().invoke(cli, list(map(str, words)))
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout) if "--json" in words else done.stdout


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """Play the demo once; returns the folder of its store and how many cases it made."""
    data = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "app", "demo", "--once", "--json", "--data", data]
    # whether it went well is asked by the tests of the demo
    subprocess.run(command, cwd=CONFIG.parent, capture_output=True, timeout=300, check=False)
    cases = asyncio.run(_whole_cases(data))
    assert cases > 15
    return data, cases


async def _whole_cases(data):
    """Count the cases that were decided by themselves: a part is decided with the whole."""
    async with opened(data, "") as store:
        return sum(case.parent is None for case in await store.cases(CaseFilter(limit=1000)))


def test_every_case_of_the_demo_is_replayed_and_none_changes_under_its_own_rules(played):
    data, cases = played
    found = fine("rules", "replay", CONFIG, "--data", data, "--json")
    assert (found["replayed"], found["changed"]) == (cases, 0)
    assert found["not_replayed"] == {"facts_missing": 0, "engine_error": 0}


def test_a_changed_table_moves_the_cases_of_the_family(played, tmp_path):
    data, _ = played
    draft = tmp_path / "config"
    shutil.copytree(CONFIG, draft)
    table = (draft / "competences.yaml").read_text()
    assert table.count("eclairage-metropole") == 1
    (draft / "competences.yaml").write_text(
        table.replace("eclairage-metropole", "voirie-metropole")
    )
    found = fine("rules", "replay", draft, "--data", data, "--json")
    lamps = fine("cases", "list", "--owner", "eclairage-metropole", "--data", data, "--json")
    numbers = {one["number"] for one in lamps if one["rule"] == "competence:eclairage:partout"}
    assert {one["number"] for one in found["changes"]} >= numbers > set()
    assert {one["to"]["owner"] for one in found["changes"]} == {"voirie-metropole"}


def test_the_use_of_each_rule_adds_up_to_the_cases(played):
    data, cases = played
    listed = fine("rules", "list", "--data", data, "--json")
    assert sum(one["hits_90d"] for one in listed) >= cases // 2
    assert sum(one["refused"] for one in listed) >= 1
    [first] = fine("rules", "history", "--data", data, "--json")
    assert (first["version"], first["live"]) == (1, True)


def test_every_case_of_the_demo_can_be_explained(played):
    data, _ = played
    for case in fine("cases", "list", "--data", data, "--json")[:4]:
        told = fine("rules", "explain", case["number"], "--data", data)
        assert told.splitlines()[0].endswith(".")
        assert "Version des règles" in told
