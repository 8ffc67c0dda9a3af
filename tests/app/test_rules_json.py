"""Whatever fails, `--json` answers in JSON on stdout, with one sentence and the right exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from rules_town import Town
from typer.testing import CliRunner

from app.__main__ import cli

WHOLE = typer.main.get_command(cli)
RULES = WHOLE.get_command(typer.Context(WHOLE), "rules")
COMMANDS = {
    name
    for name in RULES.list_commands(typer.Context(RULES))
    for parameter in RULES.get_command(typer.Context(RULES), name).params
    if "--json" in parameter.opts
}
"""Every command of `guichet rules` that has --json."""


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path / "config")


ON_A_FOLDER = {
    "check": ("check", "{}"),
    "test": ("test", "{}"),
    "replay": ("replay", "{}"),
    "publish": ("publish", "{}", "--reason", "essai", "--par", "Awa"),
    "shadow": ("shadow", "{}", "--par", "Awa"),
    "list": ("list", "{}"),
    "explain": ("explain", "--texte", "banc", "--config", "{}"),
}
ON_A_STORE = {
    "replay": ("replay", "{}"),
    "publish": ("publish", "{}", "--reason", "essai"),
    "approve": ("approve", "3", "--par", "Awa"),
    "rollback": ("rollback", "3", "--reason", "essai"),
    "history": ("history",),
    "list": ("list",),
    "shadow": ("shadow", "--report"),
    "explain": ("explain", "7K4M-Q2XD-9TZ"),
}


def beside(path: str, content: bytes) -> Callable[[Town], None]:
    def spoil(town: Town) -> None:
        (town.folder / path).write_bytes(content)

    return spoil


def linked(path: str, target: str) -> Callable[[Town], None]:
    def spoil(town: Town) -> None:
        (town.folder / path).unlink(missing_ok=True)
        (town.folder / path).symlink_to(target)

    return spoil


def emptied(town: Town) -> None:
    for path in sorted(town.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def gone(town: Town) -> None:
    emptied(town)
    town.folder.rmdir()


def a_file(town: Town) -> None:
    gone(town)
    town.folder.write_text("regles: []\n")


def a_folder_of_that_name(town: Town) -> None:
    (town.folder / "regles/x.yaml").mkdir()


UNREADABLE = "/proc/self/mem"  # reading it fails, for root too
SPOILT: dict[str, tuple[Callable[[Town], None], str]] = {
    "missing folder": (gone, "n'existe pas"),
    "a file": (a_file, "n'est pas un dossier"),
    "empty folder": (emptied, "Ce fichier manque"),
    "bad YAML": (beside("regles/x.yaml", b"regles: ["), "regles/x.yaml:2:1: "),
    "over 1 MB": (beside("regles/x.yaml", b"# " + b"x" * 1_000_001), "dépasse 1 Mo"),
    "NUL byte": (beside("regles/x.yaml", b"regles: \0\n"), "regles/x.yaml:1:9: "),
    "Latin-1": (beside("regles/x.yaml", b"regles: [\xe9]\n"), "regles/x.yaml:1:10: "),
    "a folder x.yaml": (a_folder_of_that_name, "regles/x.yaml:1:1: Ceci est un dossier"),
    "broken link": (linked("regles/x.yaml", "nowhere"), "regles/x.yaml:1:1: Ce lien"),
    "link to itself": (linked("regles/x.yaml", "x.yaml"), "regles/x.yaml:1:1: Ce lien"),
    "unreadable rules": (linked("regles/x.yaml", UNREADABLE), "x.yaml:1:1: Ce fichier ne peut"),
    "unreadable services": (linked("services.yaml", UNREADABLE), "services.yaml:1:1: Ce fichier"),
    "unreadable map": (
        linked("territoire/communes.geojson", UNREADABLE),
        "communes.geojson:1:1: Ce fichier ne peut",
    ),
    "optional file is a dead link": (linked("compteurs.yaml", "nowhere"), "compteurs.yaml:1:1: "),
    "bad JSON": (beside("territoire/codes_postaux.json", b"{"), "codes_postaux.json:1:2: "),
}


def run(*words: str) -> tuple[int, object, str]:
    result = CliRunner().invoke(cli, ["rules", *words, "--json"])
    assert result.exception is None or isinstance(result.exception, SystemExit), result
    assert result.stdout.count("\n") == 1, result.output
    return result.exit_code, json.loads(result.stdout), result.stderr


def test_every_command_with_json_is_tried_here() -> None:
    assert ON_A_FOLDER.keys() | ON_A_STORE.keys() == COMMANDS


@pytest.mark.parametrize("spoilt", list(SPOILT))
def test_a_folder_that_cannot_be_read_is_told_in_json_by_every_command(
    spoilt: str, town: Town, tmp_path: Path
) -> None:
    spoil, sentence = SPOILT[spoilt]
    spoil(town)
    for name, words in ON_A_FOLDER.items():
        data = () if name == "check" else ("--data", str(tmp_path / f"data-{name}"))
        code, told, aside = run(*(word.format(town.folder) for word in words), *data)
        assert (code, aside) == (2, ""), name
        if name == "check":
            assert isinstance(told, list)
            wrong = [one for one in told if one["severity"] == "error"]
            assert wrong
            assert all(one["message"] and one["fix"] and one["code"] for one in wrong)
        else:
            assert isinstance(told, dict)
            assert sentence in told["error"], name


BAD_STORES = {
    "a file": (("--data", "{}/file"), 2),
    "no database": (("--data", "{}/corrupt"), 3),
    "unknown kind": (("--database-url", "mysql://x:secret@host/y"), 2),
    "nobody there": (("--database-url", "postgresql://u:secret@127.0.0.1:1/x"), 3),
    "no address": (("--database-url", "nonsense"), 2),
}


@pytest.mark.parametrize("store", list(BAD_STORES))
def test_a_store_that_cannot_be_opened_is_told_in_json_by_every_command(
    store: str, town: Town, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "corrupt").mkdir()
    (tmp_path / "corrupt/guichet.sqlite").write_bytes(b"nonsense" * 1000)
    options, expected = BAD_STORES[store]
    for words in ON_A_STORE.values():
        where = [option.format(tmp_path) for option in options]
        code, told, aside = run(*(word.format(town.folder) for word in words), *where)
        assert isinstance(told, dict)
        assert (code, aside) == (expected, ""), words
        assert told["error"].endswith(".")
        assert "secret" not in told["error"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("approve", "3", "--par", "Lucie"), 2, "Il n'y a pas de version 3 des règles."),
        (("rollback", "3", "--reason", "essai"), 2, "Il n'y a pas de version 3 des règles."),
        (("rollback", "3"), 2, "Dites pourquoi"),
        (("explain", "zz"), 2, "« zz » n'est pas un numéro de demande"),
        (("explain", "7K4M-Q2XD-9TZ"), 2, "Aucune demande ne porte le numéro"),
        (("explain",), 2, "Donnez le numéro d'une demande"),
        (("explain", "--texte", "x", "--commune", "Nantess", "--config", "{}"), 2, "Nantes ?"),
        (("explain", "--texte", "x", "--recu", "hier", "--config", "{}"), 2, "pas une date"),
        (("explain", "--texte", "x", "--recu", "0000-01-01", "--config", "{}"), 2, "pas une date"),
        (("explain", "--texte", "x", "--recu", "0001-01-01", "--config", "{}"), 2, "de 1900 à"),
        (("explain", "--texte", "x", "--recu", "9999-12-31", "--config", "{}"), 2, "à 2999"),
        (("explain", "--texte", "x", "--canal", "fax", "--config", "{}"), 2, "Le canal « fax »"),
        (("replay", "{}", "--since", "hier"), 2, "« hier » n'est pas une durée"),
        (("replay", "{}", "--csv", "{}/nowhere/x.csv"), 2, "ne peut pas être écrit"),
        (("shadow",), 2, "Donnez le dossier"),
        (("publish",), 2, "Donnez le dossier"),
        (("publish", "{}"), 2, "Dites pourquoi"),
        (("publish", "--public", "{}/page.html"), 1, "Rien n'est publié"),
        (("publish", "{}", "--reason", "x", "--public", "{}"), 2, "c'est un dossier"),
    ],
)
def test_what_was_asked_wrongly_is_told_in_json(
    words: tuple[str, ...], code: int, sentence: str, town: Town, tmp_path: Path
) -> None:
    asked = [word.format(town.folder) for word in words]
    found, told, aside = run(*asked, "--data", str(tmp_path / "data"))
    assert isinstance(told, dict)
    assert (found, aside) == (code, "")
    assert sentence in told["error"]


@pytest.mark.parametrize(
    ("written", "local"),
    [
        ("samedi 22h10", "2026-11-28T22:10:00+01:00"),
        ("1er juillet 2026 8h", "2026-07-01T08:00:00+02:00"),
        ("2026-11-24T10:15", "2026-11-24T10:15:00+01:00"),
        ("2026-11-24T10:15+00:00", "2026-11-24T11:15:00+01:00"),
    ],
)
def test_a_moment_is_written_as_tests_write_it_or_as_programs_do(
    written: str, local: str, town: Town
) -> None:
    said = ("--texte", "un banc", "--recu", written, "--config", str(town.folder))
    code, told, aside = run("explain", *said)
    assert (code, aside) == (0, "")
    assert told["trace"]["facts"]["recu"] == local


def test_a_page_that_cannot_be_written_keeps_a_draft_from_being_published(
    town: Town, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path / "data"))
    asked = ("publish", str(town.folder), "--reason", "x", "--public", f"{tmp_path}/no/p.html")
    assert run(*asked, *data)[0] == 2
    assert run("history", *data)[:2] == (0, [])


def test_ten_thousand_rules_are_checked_and_told_one_by_one(town: Town) -> None:
    written = [
        f"- {{id: r{one}, si: {{contient: [zq{one:x}w]}}, alors: {{responsable: guichet}}}}"
        for one in range(10_500)
    ]
    town.rules("\n".join(written[:9_000]))  # more would not be read from one file
    town.rules("\n".join(written[9_000:]), "regles/suite.yaml")
    code, told, _ = run("check", str(town.folder))
    assert code == 0
    assert isinstance(told, list)
    assert sum(one["code"] == "regle-sans-essai" for one in told) == 10_500


def test_the_tests_of_a_folder_are_told_in_json(town: Town) -> None:
    town.trial("{texte: bonjour}", "{responsable: guichet}")
    town.write(
        "regles/faux.yaml",
        "territoire: metropole\nregles: []\nessais:\n"
        "  - {nom: un lampadaire, cas: {texte: lampadaire}, attendu: {responsable: routes}}\n",
    )
    code, told, _ = run("test", str(town.folder), "--coverage")
    assert code == 1
    assert isinstance(told, dict)
    assert (told["passed"], told["failed"], told["untried"]) == (1, 1, [])
    [failure] = told["failures"]
    assert (failure["name"], failure["file"], failure["line"]) == (
        "un lampadaire", "regles/faux.yaml", 4,
    )  # fmt: skip
    assert failure["differences"] == [
        {"key": "responsable", "expected": "routes", "got": "eclairage-m"}
    ]


@pytest.mark.parametrize(
    ("command", "spoilt"),
    [
        *(("fmt", one) for one in ("missing folder", "Latin-1", "a folder x.yaml", "broken link")),
        *(("table", one) for one in ("missing folder", "bad JSON", "optional file is a dead link")),
    ],
)
def test_commands_without_json_say_one_sentence(command: str, spoilt: str, town: Town) -> None:
    SPOILT[spoilt][0](town)
    result = CliRunner().invoke(cli, ["rules", command, str(town.folder)])
    assert isinstance(result.exception, SystemExit), result
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
