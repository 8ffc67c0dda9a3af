"""Where a command takes its settings from: command line, then environment, then file, then default."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.__main__ import cli


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


def run(*words):
    result = CliRunner().invoke(cli, words)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def settings(folder: Path, **given: str) -> None:
    lines = (f'{name} = "{value}"\n' for name, value in given.items())
    (folder / "guichet.toml").write_text("".join(lines))


def stores(folder: Path) -> set[str]:
    """Name the folders that hold a store."""
    return {path.parent.name for path in folder.glob("*/*.sqlite")}


STORED = [
    ("cases", "list"),
    ("cases", "export"),
    ("cases", "quarantine"),
    ("outbox", "list"),
    ("desk", "tasks"),
    ("rules", "history"),
    ("rules", "list"),
    ("rules", "shadow", "--report"),
    ("db", "upgrade"),
    ("doctor",),
]


@pytest.mark.parametrize("words", STORED, ids=" ".join)
def test_a_command_opens_the_store_that_the_file_names(elsewhere, words):
    settings(elsewhere, data="du-fichier")
    run(*words)
    assert stores(elsewhere) == {"du-fichier"}


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(elsewhere, monkeypatch):
    settings(elsewhere, data="du-fichier")
    monkeypatch.setenv("GUICHET_DATA", "de-la-variable")
    run("cases", "list")
    assert stores(elsewhere) == {"de-la-variable"}
    run("cases", "list", "--data", "de-la-ligne")
    assert stores(elsewhere) == {"de-la-variable", "de-la-ligne"}


def test_a_command_opens_the_database_that_the_file_names(elsewhere):
    (elsewhere / "base").mkdir()
    settings(elsewhere, database_url=f"sqlite:///{elsewhere}/base/guichet.sqlite")
    run("cases", "list")
    assert stores(elsewhere) == {"base"}


@pytest.mark.parametrize(
    "words", [("rules", "check"), ("rules", "test"), ("services", "list"), ("rules", "list")]
)
def test_a_command_reads_the_rules_that_the_file_names(elsewhere, words):
    settings(elsewhere, config="nulle-part")
    result = run(*words)
    assert result.exit_code == 2
    assert "nulle-part" in result.output


def test_a_variable_names_the_rules_for_a_command_that_takes_a_folder(elsewhere, monkeypatch):
    settings(elsewhere, config="du-fichier")
    monkeypatch.setenv("GUICHET_CONFIG", "de-la-variable")
    assert "de-la-variable" in run("rules", "check").output
    assert "de-la-ligne" in run("rules", "check", "de-la-ligne").output


@pytest.mark.parametrize("words", [("cases", "list"), ("rules", "history", "--json")])
def test_a_mistake_in_the_file_is_told_by_every_command(elsewhere, words):
    settings(elsewhere, datta="var")
    result = run(*words)
    assert result.exit_code == 2
    assert "guichet.toml : datta" in result.output
    assert result.output.startswith('{"error"') == ("--json" in words)
    assert not stores(elsewhere)
