"""What commands say to people fits a terminal of 80 columns."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
import typer
from past import RULES, Past
from rich.cells import cell_len
from rules_town import Town
from test_commands import unreadable
from test_rules_mistakes import BAD, DOUBTFUL, problems
from typer.testing import CliRunner

from app.__main__ import cli
from app.console import say

WIDTH = 80
REASON = (
    "La voirie de Nantes prend les lampadaires du centre jusqu'à la fin des travaux de la place"
)
TEXT = (
    "Le lampadaire devant le 12 rue de la Poterie à Rezé est éteint, et une odeur de gaz persiste"
)
FAILING = """
territoire: metropole
regles: []
essais:
  - cas: {texte: un lampadaire qui clignote au coin de la rue et du quai, commune: Nantes, canal: sms}
    attendu: {responsable: voirie-m, urgence: haute, informer: [mairie-nantes], regle: nuit}
"""
FOR_PROGRAMS = {
    "rules schema": "a JSON Schema",
    "rules table": "a sheet in CSV",
    "cases export": "a sheet, or JSON a line",
    "desk letter": "a page in HTML",
}
OF_OTHERS = {
    "serve": "test_server_stop.py, and a log",
    "demo": "the narrator has a width of his own: tests/demo/test_demo_narration.py",
    "desk done": "one short line",
    "outbox requeue": "one short line",
    "db upgrade": "one short line",
    "db restored": "two short sentences",
    "cells list": "test_cells_commands.py",
    "cells end": "test_cells_commands.py",
}


def commands(of: Any, *path: str) -> Iterator[str]:
    context = typer.Context(of)
    for name in of.list_commands(context):
        command = of.get_command(context, name)
        if hasattr(command, "list_commands"):
            yield from commands(command, *path, name)
        else:
            yield " ".join((*path, name))


EVERY = frozenset(commands(typer.main.get_command(cli)))


def fits(said: str) -> None:
    """Check each line; one word that is longer, with what is never parted from it, may stand."""
    for line in said.splitlines():
        bare = re.sub(r"(?<=«) | (?=[»:;?!])", "_", line.strip(" -│"))
        assert cell_len(line) <= WIDTH or " " not in bare, line


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    yield
    structlog.reset_defaults()


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "config")


@pytest.fixture
def told(past: Past) -> dict[str, str]:
    """Run every command on an installation whose rules changed; what each said."""
    store = ("--data", str(past.data))
    said: dict[str, str] = {}

    def run(name: str, *words: str | Path, data: bool = True) -> None:
        line = [*name.split(), *map(str, words), *(store if data else ())]
        result = CliRunner().invoke(cli, line)
        assert result.exception is None or isinstance(result.exception, SystemExit), result
        said[name] = said.get(name, "") + result.output

    folder = past.config
    services = (folder / "services.yaml").read_text("utf-8")
    long = "Service de l'éclairage public, du mobilier urbain et des illuminations du centre"
    past.town.write("services.yaml", services.replace("{fr: Éclairage}", f'{{fr: "{long}"}}'))
    past.publish()
    lamp = past.case(
        "un lampadaire " + "qui clignote encore et encore " * 8, refused=("trop loin",)
    )
    past.case(TEXT)
    past.case("bonjour")
    past.change("urgence: immediate", "urgence: haute")
    past.town.rules(
        RULES.replace("urgence: immediate", "urgence: haute").replace("eclairage-m", "voirie-m")
    )
    run("rules shadow", folder)
    past.case(TEXT)
    run("rules shadow", "--report")
    run("rules replay", folder)
    run("rules publish", folder, "--reason", REASON, "--par", "Awa Diallo")
    run("rules approve", "3", "--par", "Awa Diallo")
    run("rules approve", "3", "--par", "Lucie")
    past.case("encore un lampadaire", ago=timedelta())
    run("rules history")
    run("rules rollback", "2", "--reason", REASON, "--par", "Awa")
    run("rules list")
    run("rules explain", lamp)
    run("rules explain", "--texte", TEXT, "--commune", "Rezé")
    run("rules explain", "--texte", "rien")
    unreadable(past.data)
    run("cases quarantine")
    run("ledger", "--config", folder)
    run("db backup", str(past.data / "sauvegarde"))
    run("cases list")
    run("cases show", lamp)
    run("outbox list")
    run("services list", "--config", folder, data=False)
    run("doctor", "--config", folder)
    run("try", "--text", TEXT, "--config", folder, data=False)
    run("try", "--text", TEXT, data=False)
    call = ("--source", "appel", "--agent", "a", "--texte", TEXT, "--reponse", "rappel:0240000000")
    run("desk new", *call, "--data", "desk", data=False)
    run("desk tasks", "--data", "desk", data=False)
    past.town.write("regles/essai.yaml", FAILING)
    run("rules test", folder, "--coverage")
    run("rules publish", folder, "--reason", REASON)
    past.town.write("regles/essai.yaml", FAILING.replace("regles: []", "regles: [{idd: a}]"))
    run("rules check", folder, data=False)
    run("rules test", folder)
    run("rules fmt", folder, "--langue", "en", data=False)
    return said


def test_no_line_that_a_person_reads_is_longer_than_the_terminal(told: dict[str, str]) -> None:
    assert told.keys() | FOR_PROGRAMS.keys() | OF_OTHERS.keys() == EVERY
    for command, said in told.items():
        assert said.strip(), command
        fits(said)


@pytest.mark.parametrize("command", sorted(EVERY))
def test_the_help_of_each_command_fits(command: str) -> None:
    fits(CliRunner().invoke(cli, [*command.split(), "--help"]).output)


@pytest.mark.parametrize("file", [*BAD, *DOUBTFUL], ids=lambda file: file.stem)
def test_each_mistake_and_each_doubt_fits(
    file: Path, town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    for one in problems(file, town):
        say(f"✗ {one}")
    fits(capsys.readouterr().out)
