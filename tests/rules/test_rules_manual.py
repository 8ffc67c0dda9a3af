"""The supervisors' manual: every example runs, every key and every message is in it, in plain words."""

from __future__ import annotations

import ast
import re
import shlex
import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
import yaml
from checked_folders import checked
from jsonschema import Draft7Validator
from rules_town import Town
from typer.core import TyperGroup
from typer.testing import CliRunner

from app.__main__ import cli
from rules import trials, vocabulary
from rules.coverage import untried
from rules.json_schema import json_schema
from rules.reading.blocks import BLOCKS, CONDITIONS, EFFECTS
from rules.reading.fields import Fields
from rules.translate import translate
from understanding.territory import Territory

ROOT = Path(__file__).parents[2]
MANUAL = (ROOT / "docs" / "regles.md").read_text(encoding="utf-8")
CARD = (ROOT / "docs" / "regles-carte.md").read_text(encoding="utf-8")
HEAD = "territoire: metropole\na_defaut: guichet-metropole\n"
EMPTY = f"{HEAD}regles: []\n"
RULES = "regles/metropole.yaml"


@dataclass(frozen=True)
class Example:
    """A fenced block of YAML; ``path`` is the file that its first line names, if it does."""

    line: int
    path: str
    content: str

    @property
    def of_rules(self) -> bool:
        return not self.path or self.path.startswith("regles/")

    @property
    def of_config(self) -> bool:
        """Whether it is to be written into a copy of the shipped folder."""
        return self.path.startswith("config/")


def fenced(page: str, language: str) -> Iterator[tuple[int, str]]:
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        yield page.count("\n", 0, found.start()) + 1, found[1]


def examples(page: str) -> list[Example]:
    found = []
    for line, content in fenced(page, "yaml"):
        named = re.match(r"# (\S+\.yaml)\n", content)
        found.append(Example(line, named[1] if named else "", content))
    return found


EXAMPLES = [one for one in examples(MANUAL) if not one.of_config]
CARDS = [one for one in examples(CARD) if not one.of_config]
FIRST = [one for page in (MANUAL, CARD) for one in examples(page) if one.of_config]
SHARED = {one.path: one.content for one in EXAMPLES if not one.of_rules}


def written(town: Town, example: Example | None) -> Town:
    """Write the town of the manual, and one example of rules into it."""
    for path, content in SHARED.items():
        town.write(path, content)
    town.write(RULES, EMPTY)
    if example is None:
        return town
    if example.path:
        return town.write(example.path, example.content)
    own = example.content
    return town.write(RULES, own if "\nterritoire:" in f"\n{own}" else HEAD + own)


def name(example: Example) -> str:
    return f"line {example.line}"


def shipped(folder: Path, example: Example) -> Path:
    """Copy the shipped folder, and write into it an example that is meant for it."""
    shutil.copytree(ROOT / "config", folder / "config")
    path = folder / example.path
    assert path.parent.is_dir(), "the example adds a file to a folder that is there"
    assert not path.exists()
    path.write_text(example.content, encoding="utf-8")
    return folder / "config"


def test_the_manual_and_its_card_begin_with_a_rule_for_the_shipped_folder() -> None:
    assert [next(iter(examples(page))).of_config for page in (MANUAL, CARD)] == [True, True]


@pytest.mark.parametrize("example", FIRST, ids=name)
def test_a_first_rule_works_in_the_shipped_folder_as_it_is(
    example: Example, tmp_path: Path
) -> None:
    found = checked(shipped(tmp_path, example), Territory.from_description)
    own = example.path.removeprefix("config/")
    assert [str(one) for one in found.problems if one.at.file == own] == []
    assert found.ruleset is not None
    results = trials.run(found.ruleset)
    assert [one.file for one in results].count(own) >= 1
    assert [str(one) for one in results if not one.passed] == []
    assert [one for one in untried(found.ruleset) if one.startswith(own)] == []


@pytest.mark.parametrize("example", [one for one in [*EXAMPLES, *CARDS] if one.of_rules], ids=name)
def test_an_example_passes_its_own_trials_and_is_without_a_warning(
    example: Example, town: Town
) -> None:
    written(town, example)
    checked = town.check()
    assert [str(one) for one in checked.problems] == []
    assert checked.ruleset is not None
    results = trials.run(checked.ruleset)
    assert results
    assert [str(one) for one in results if not one.passed] == []
    assert untried(checked.ruleset) == []


def test_the_town_of_the_manual_is_without_a_warning(town: Town) -> None:
    assert [str(one) for one in written(town, None).problems] == []


def test_the_examples_use_every_key_there_is(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    used: set[tuple[str, str]] = set()
    take = Fields._take

    def noted(self, key, value, free):
        take(self, key, value, free)
        used.update((self.block, name) for name in self.values)

    monkeypatch.setattr(Fields, "_take", noted)
    for example in EXAMPLES:
        if example.of_rules:
            written(town, example).check()
            (town.folder / (example.path or RULES)).unlink()
    missing = [(block, key) for block, keys in BLOCKS.items() for key in keys]
    assert [pair for pair in missing if pair not in used] == []


def sections(page: str) -> dict[str, str]:
    """Split a page at its headings of any level, the blocks left out."""
    bare = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    parts = re.split(r"^#{1,4} (.+)$", bare, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


SECTIONS = sections(MANUAL)
WHERE = {
    "services.yaml": "`services.yaml`",
    "service": "`services.yaml`",
    "absence": "Les absences",
    "transmission": "`services.yaml`",
    "contact": "`services.yaml`",
    "compteurs.yaml": "`compteurs.yaml`",
    "compteur": "`compteurs.yaml`",
    "categories.yaml": "`categories.yaml`",
    "categorie": "`categories.yaml`",
    "competences.yaml": "La table des compétences",
    "reserve": "`reserve` et `accords`",
    "accord": "`reserve` et `accords`",
    "territoire.yaml": "`territoire.yaml`",
    "territoire": "`territoire.yaml`",
    "zone": "`territoire.yaml`",
    "couche": "`territoire.yaml`",
    "calendriers.yaml": "`calendriers.yaml`",
    "calendrier": "`calendriers.yaml`",
    "textes": "Les textes",
    "regles": "Le fichier de règles",
    "liste": "Le fichier de règles",
    "regle": "Les clés d'une règle",
    "seuil": "Les seuils",
    "escalade": "`escalade`",
    "part": "`repartir`",
    "cloture": "`cloture`",
    "proche": "`proche`",
    "bornes": "`desordre`",
    "pres_de": "`pres_de`",
    "recu": "Le moment : `recu`",
    "recurrence": "`recurrence`",
    "afflux": "`afflux`",
    "essai": "Les essais",
    "cas": "Les clés de `cas`",
    "attendu": "Les clés de `attendu`",
    "part_attendue": "Les clés de `attendu`",
}
"""Block → heading under which its keys are told; conditions and effects have headings of their own."""


def told(section: str) -> set[str]:
    return set(re.findall(r"`([\w.-]+)`", section))


@pytest.mark.parametrize("block", list(WHERE))
def test_every_key_of_a_block_is_told_under_its_heading(block: str) -> None:
    keys = set(BLOCKS[block])
    if block in {"seuil", "attendu"}:
        keys -= set(EFFECTS)  # told under their own headings
    assert sorted(keys - told(SECTIONS[WHERE[block]])) == []


def test_every_block_is_told() -> None:
    assert set(BLOCKS) - set(WHERE) == {"condition", "effets"}


@pytest.mark.parametrize("key", [*CONDITIONS, *EFFECTS])
def test_a_condition_or_an_effect_has_a_heading(key: str) -> None:
    assert any(f"`{key}`" in heading for heading in SECTIONS)


CLOSED = ("PRIORITIES", "URGENCIES", "LEVELS", "STATUTES", "WAYS", "CHANNELS", "SENDERS", "NATURES",
          "COUNTED_BY", "SEEN", "PROOFS", "FACTS")  # fmt: skip


@pytest.mark.parametrize("values", CLOSED)
def test_every_value_of_a_closed_list_is_told(values: str) -> None:
    assert sorted(set(getattr(vocabulary, values)) - told(MANUAL)) == []


_TOLD_BY = {"error": "error", "_Refused": "error", "warning": "warning"}


def codes() -> dict[str, set[str]]:
    """List the codes that the sources of rules/ can emit, by severity."""
    found: dict[str, set[str]] = {"error": set(), "warning": set()}
    for path in (ROOT / "rules").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            severity = _TOLD_BY.get(called)
            if severity and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                found[severity].add(str(node.args[1].value))
            elif severity and len(node.args) > 1 and isinstance(node.args[1], ast.Name):
                found[severity] |= listed_codes(tree)
            if called == "_add" and isinstance(node.args[2], ast.Constant):
                found[str(ast.literal_eval(node.args[1]))].add(str(node.args[2].value))
            if called == "_unknown" and isinstance(node.args[1], ast.Constant):
                article, kind = str(node.args[1].value).split()
                end = {"le": "inconnu", "la": "inconnue"}[article]
                found["error"].add(f"{vocabulary.plain(kind)}-{end}")
    return found


def listed_codes(tree: ast.Module) -> set[str]:
    """List the codes that stand first in the rows of a module's tables."""
    return {
        row.elts[0].value
        for row in ast.walk(tree)
        if isinstance(row, ast.Tuple) and row.elts and isinstance(row.elts[0], ast.Constant)
        if re.fullmatch(r"[a-z]+(-[a-z]+)+", str(row.elts[0].value))
    }


@pytest.mark.parametrize(
    ("severity", "heading"), [("error", "Erreurs"), ("warning", "Avertissements")]
)
def test_every_message_of_the_check_is_explained(severity: str, heading: str) -> None:
    rows = [row.split("|")[1:-1] for row in SECTIONS[heading].splitlines() if row.startswith("| `")]
    assert [row for row in rows if not all(cell.strip() for cell in row)] == []
    explained = [row[0].strip(" `") for row in rows]
    assert sorted(explained) == sorted(codes()[severity])


@pytest.mark.parametrize("example", EXAMPLES, ids=name)
def test_an_example_says_the_same_with_english_keys(example: Example, town: Town) -> None:
    path = example.path or RULES
    written(town, example)
    native = (town.folder / path).read_text(encoding="utf-8")
    before = trials.run(town.ruleset())
    english = translate(path, native, "en")
    town.write(path, english)
    assert english != native or example.path.endswith("english.yaml")
    schema = Draft7Validator(json_schema("en"))
    assert [
        error.message
        for error in schema.iter_errors(yaml.load(english, yaml.BaseLoader))  # noqa: S506 — text only
    ] == []
    assert [str(one) for one in town.problems] == []
    after = trials.run(town.ruleset())
    assert [one.decision.owner for one in after] == [one.decision.owner for one in before]
    assert all(one.passed for one in after)


def sentences(page: str) -> Iterator[str]:
    for section in sections(page).values():
        for line in re.split(r"\n\s*\n|\n(?=[|\-\d*])", section):
            for cell in line.replace("\n", " ").split("|"):
                plain = re.sub(r"\]\([^)]*\)", "]", cell)
                yield from re.split(r"(?<=[.!?…])\s+", plain.strip())


def words(sentence: str) -> list[str]:
    """List words; a list of values in quotes of code is no prose."""
    return re.findall(r"\w[\w'’-]*", re.sub(r"`[^`]*`", "", sentence))


def test_where_the_command_is_found_is_said_before_it_is_used() -> None:
    head, _, rest = MANUAL.partition("## D'où vient la commande `guichet`\n")
    said = rest.partition("\n## ")[0]
    assert "$ guichet" not in head
    assert "`guichet rules" not in head
    for what in ("(../README.md)", "terminal", "`--data`", "### Sans terminal", "`--par`"):
        assert what in said, what


@pytest.mark.parametrize("page", [MANUAL, CARD], ids=["manual", "card"])
def test_sentences_are_short(page: str) -> None:
    assert [one for one in sentences(page) if len(words(one)) > 20] == []


@pytest.mark.parametrize("page", [MANUAL, CARD], ids=["manual", "card"])
def test_no_word_of_programmers_is_used(page: str) -> None:
    jargon = r"\b(booléen|string|regex|parser?|commit|git|AST|token|callback|runtime|API|backend)\b"
    assert re.findall(jargon, " ".join(sentences(page)), re.IGNORECASE) == []


def test_the_card_prints_on_one_page() -> None:
    """A4 in 10 points holds about 60 lines of 110 letters."""
    lines = [part for line in CARD.splitlines() for part in textwrap.wrap(line, 110) or [""]]
    assert len(lines) <= 60


@pytest.mark.parametrize("key", [*CONDITIONS, *EFFECTS])
def test_the_card_names_every_condition_and_effect(key: str) -> None:
    assert key in told(CARD)


def test_every_command_of_the_card_exists() -> None:
    lines = re.findall(r"^\| `guichet (.+?)` \|", CARD, re.MULTILINE)
    assert len(lines) >= 7
    for line in lines:
        words = shlex.split(line.replace(" N ", " 1 "))
        command, context = typer.main.get_command(cli), typer.Context(typer.main.get_command(cli))
        while isinstance(command, TyperGroup):
            found = command.get_command(context, words.pop(0))
            assert found is not None, line
            command, context = found, typer.Context(found, parent=context)
        command.make_context("guichet", words, resilient_parsing=False)


def test_every_command_of_the_manual_works_in_its_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(Town(tmp_path / "config"), EXAMPLES[0])
    run_commands(MANUAL, tmp_path, monkeypatch)


def test_the_commands_of_the_first_rule_work_in_the_shipped_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped(tmp_path, FIRST[0])
    beginning = MANUAL[: MANUAL.index("## ", MANUAL.index("## Votre première règle") + 3)]
    run_commands(beginning, tmp_path, monkeypatch)


def run_commands(page: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at_home(folder, monkeypatch)
    for _, block in fenced(page, "console"):
        for line in block.splitlines():
            run(line.removeprefix("$ "))


def at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GUICHET_DATA", str(folder / "var"))
    monkeypatch.setattr("app.rulebook.check", checked)


def run(line: str) -> str:
    """Run a command as it is printed; returns what it says, in one line."""
    program, *words = shlex.split(line)
    assert program == "guichet"
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 0, f"{line}\n{result.output}"
    return " ".join(result.output.split())


def test_the_commands_of_two_people_work_where_the_manual_has_come_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stand in blocks of text, since each needs a past: versions that are live or wait."""
    [reze] = [one for one in EXAMPLES if one.path == "regles/rezé.yaml"]
    town = written(Town(tmp_path / "config"), reze)
    at_home(tmp_path, monkeypatch)
    own, approved, back = (block.strip() for _, block in fenced(MANUAL, "text"))

    def change(word: str) -> None:
        town.write(reze.path, reze.content.replace("[place", f"[{word}, place"))

    publish = own.partition(" --equipe ")[0]
    run(publish)
    change("halles")
    assert "Version 2 en service." in run(own), "who is of the team needs nobody else"
    change("halle")
    assert "Version 3 en service." in run(own)
    change("kiosque")
    waiting = run(publish)
    assert "Version 4 en attente de l'accord d'une deuxième personne" in waiting
    assert approved.replace("Lucie", "NOM") in waiting, "the command says it as the manual does"
    assert "Version 4 en service" in run(approved)
    normal = back.partition(" --urgence ")[0]
    assert "en attente" in run(normal)
    assert "Version 6 en service : le contenu de la version 3." in run(back)
