"""The arrows of the house: each contract is broken once, and exactly that one says so."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from app.running.builders import BUILDERS

ROOT = Path(__file__).parents[2]
HOUSE = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRACTS = {contract["name"]: contract for contract in HOUSE["tool"]["importlinter"]["contracts"]}
PACKAGES = HOUSE["tool"]["importlinter"]["root_packages"]

BREAKS = {
    "Every arrow points at router": (
        ("storage/codec.py", "import understanding.words"),  # neighbours
        ("router/errors.py", "import app.system"),  # against the arrow
        ("channels/sms.py", "import rules.words"),
    ),
    "web sees rules and router only": (("web/wording.py", "import storage.codec"),),
    "router needs the standard library only": (("router/errors.py", "import pydantic"),),
    "SQL lives in storage": (
        ("web/wording.py", "import sqlalchemy"),
        ("app/outbox.py", "import sqlite3"),
    ),
    "Provider libraries live in channels (and their simulators in demo)": (
        ("app/outbox.py", "import twilio"),
        ("web/wording.py", "import aiosmtplib"),
    ),
    "The web framework lives in web, app and demo": (("channels/sms.py", "import fastapi"),),
    "Channels do not see each other": (
        ("channels/sms.py", "import channels.telegram"),
        ("channels/partners/email.py", "import channels.email.reading"),
    ),
    "No circles between siblings": (
        ("demo/script.py", "import demo.actors"),
        ("channels/email/lmtp.py", "import channels.email.channel"),
    ),
}
CASES = [(name, *change) for name, changes in BREAKS.items() for change in changes]


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """Give a copy of the packages in which an import may be written."""
    folder = tmp_path_factory.mktemp("house")
    for package in PACKAGES:
        for module in (ROOT / package).rglob("*.py"):
            target = folder / module.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(module, target)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def broken(folder: Path) -> set[str]:
    """Run `lint-imports` as people do; give the names of the contracts that do not hold."""
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    told = dict(re.findall(r"^(.+?) (KEPT|BROKEN)", run.stdout, re.MULTILINE))
    assert told.keys() == CONTRACTS.keys(), run.stdout + run.stderr
    found = {name for name, verdict in told.items() if verdict == "BROKEN"}
    assert (run.returncode != 0) == bool(found)
    return found


def test_every_contract_holds(copy):
    assert broken(copy) == set()


def test_every_contract_is_broken_once_below():
    assert BREAKS.keys() == CONTRACTS.keys()


@pytest.mark.parametrize(
    ("contract", "module", "forbidden"), CASES, ids=[f"{m}-{i.split()[1]}" for _, m, i in CASES]
)
def test_one_forbidden_import_breaks_exactly_its_contract(copy, contract, module, forbidden):
    file = copy / module
    kept = file.read_text(encoding="utf-8")
    docstring, rest = kept.split("from __future__", 1)
    file.write_text(f"{docstring}from __future__{rest}\n{forbidden}\n", encoding="utf-8")
    try:
        assert broken(copy) == {contract}
    finally:
        file.write_text(kept, encoding="utf-8")


def test_router_imports_nothing_but_the_standard_library():
    known = sys.stdlib_module_names | {"router"}
    foreign = {
        (str(module.relative_to(ROOT)), name)
        for module in (ROOT / "router").rglob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "router"]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name.partition(".")[0] not in known
    }
    assert foreign == set()


def test_every_channel_that_is_wired_stands_in_the_contract_between_channels():
    """What a line of BUILDERS makes is read from the source: a builder returns one call."""
    wiring = ast.parse((ROOT / "app/running/builders.py").read_text(encoding="utf-8"))
    homes = {
        alias.name: node.module
        for node in ast.walk(wiring)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("channels")
        for alias in node.names
    }
    independent = set(CONTRACTS["Channels do not see each other"]["modules"])
    made = {
        name: {
            homes[node.id]
            for node in ast.walk(_function(wiring, build.__name__))
            if isinstance(node, ast.Name) and node.id in homes
        }
        for name, build in BUILDERS.items()
    }
    assert all(made.values())
    assert {name for name, modules in made.items() if not _within(modules, independent)} == set()


def _within(modules: set[str], packages: set[str]) -> bool:
    return any(f"{module}.".startswith(f"{one}.") for module in modules for one in packages)


def _function(module: ast.Module, name: str) -> ast.FunctionDef:
    [found] = [n for n in module.body if isinstance(n, ast.FunctionDef) and n.name == name]
    return found
