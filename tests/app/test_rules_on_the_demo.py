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


def test_every_case_of_the_demo_is_explained_to_a_supervisor(played, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    data, _ = played
    told = {
        case["number"]: fine("rules", "explain", case["number"], "--data", data)
        for case in fine("cases", "list", "--data", data, "--json")
    }
    for said in told.values():
        first, _, rest = said.partition("\n\n")
        assert " est responsable " in " ".join(first.split())
        assert first.endswith(".")
        assert "Version des règles" in rest
        assert max(map(len, said.splitlines())) <= 80
        assert not set("{}[]") & set(rest)
        assert "competence:" not in rest.partition("À relire")[0]
    every = "\n".join(" ".join(said.split()) for said in told.values())
    for what in (
        "parties de la demande, par la règle « echafaudage-et-cloture ».",
        "Parties : échafaudage → Mairie de Nantes, clôture → Service de la voirie",
        "par la règle « danger-gaz ».",
        "Refus : ",
        "Décisions précédentes :",
        "le lieu exact (règle",
    ):
        assert what in every, what
