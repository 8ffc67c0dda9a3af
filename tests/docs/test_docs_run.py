"""What the documentation shows is run: code, settings, YAML and commands."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from app.__main__ import cli
from app.rulebook import files_of, load_files
from app.settings import Settings
from web.desk.forms import NewCase

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_COMMAND = typer.main.get_command(cli)


def _settings(example):
    """Read by the product's own settings, which refuse what they do not know."""
    Settings(**tomllib.loads(example.parsed))


def _rules(example):
    """Read by the product's own reader, in the place of the file that its first line names."""
    name = example.parsed.splitlines()[0].removeprefix("#").strip()
    files = files_of(ROOT / "config")
    assert name in files, f"the first line must name a file of config/, not « {name} »"
    load_files({**files, name: example.parsed.encode()})


def _entry(example):
    """What a program of the desk sends is read as the desk reads it; no other JSON is shown."""
    NewCase.model_validate_json(example.parsed)


def _console(example):
    """Every command exists, with the options that it is given."""
    for line in example.parsed.splitlines():
        if line.startswith("$ "):
            words = shlex.split(line.removeprefix("$ "))
            _known(words[: words.index(">")] if ">" in words else words)


def _known(words):
    program = words[0].removeprefix(".venv/bin/")
    if program == "guichet":
        _parsed(words[1:])
    elif program == "make":
        targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        assert set(words[1:]) <= targets
    elif program in {"python", "python3"}:
        assert words[1] == "-m"
    else:
        raise AssertionError(f"« {program} » is no command of this house")


def _parsed(words):
    command, context = _COMMAND, None
    while hasattr(command, "list_commands"):
        context = typer.Context(command, parent=context)
        assert words, "a group alone is no command"
        found = command.get_command(context, words[0])
        assert found is not None, f"guichet has no command « {words[0]} »"
        command, words = found, words[1:]
    command.make_context("guichet", list(words), parent=context, resilient_parsing=False)


def _examples():
    sybil = Sybil(
        parsers=[
            PythonCodeBlockParser(),
            CodeBlockParser("toml", _settings),
            CodeBlockParser("yaml", _rules),
            CodeBlockParser("console", _console),
            CodeBlockParser("json", _entry),
        ]
    )
    for page in PAGES:
        # the supervisors' manual and its card have tests of their own, beside the rules
        if page.name not in {"regles.md", "regles-carte.md"}:
            for example in sybil.parse(page).examples():
                yield pytest.param(example, id=f"{page.relative_to(ROOT)}:{example.line}")


@pytest.mark.parametrize("example", list(_examples()))
def test_an_example_holds(example, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # no settings of this machine are read
    example.evaluate()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        if "://" not in target and not target.startswith("mailto:"):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
    for target in re.findall(r'src="([^"]+)"', page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} shows {target}"
