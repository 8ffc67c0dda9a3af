"""The JSON Schema for editors: what the readers take it takes, what it can refuse it refuses."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator
from oracle_cases import Seeded, Writer
from rules_town import BASE, Town
from typer.testing import CliRunner, Result

from app.__main__ import cli
from rules.json_schema import json_schema
from rules.key_titles import description, spelled
from rules.problems import Problems
from rules.reading.blocks import BLOCKS
from rules.reading.shapes import REQUIRED, SHAPES
from rules.reading.yaml_tree import Mapping, Node, Scalar, Sequence, read_tree
from rules.translate import translate
from rules.vocabulary import ENGLISH, plain

ROOT = Path(__file__).parents[2]
CONFIG = sorted((ROOT / "config").rglob("*.yaml"))
BAD = sorted((Path(__file__).parent / "bad").glob("*.yaml"))
KEYS = [(block, key) for block, keys in BLOCKS.items() for key in keys]
WHOLE, FRENCH, ENGLISH_KEYS = (Draft7Validator(json_schema(one)) for one in (None, "fr", "en"))


def plain_data(node: Node | None) -> Any:
    """Give a file as the readers see it: every value is text."""
    if isinstance(node, Scalar):
        return None if node.empty else node.text
    if isinstance(node, Mapping):
        return {key.text: plain_data(value) for key, value in node.entries}
    return [plain_data(item) for item in node.items] if node else None


def read(content: bytes) -> Any:
    return plain_data(read_tree(content, "x.yaml", Problems()))


class EditorLoader(yaml.SafeLoader):
    """Types numbers and booleans before the schema sees them, as editors do (YAML 1.2)."""


EditorLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in forms if not tag.endswith((":timestamp", ":merge"))]
    for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_an_editor(content: bytes) -> Any:
    return yaml.load(content, EditorLoader)  # noqa: S506 — a safe loader


def complaints(validator: Draft7Validator, data: Any) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(data)]


@pytest.mark.parametrize("language", [None, "fr", "en"])
def test_the_schema_is_a_schema(language: str | None) -> None:
    Draft7Validator.check_schema(json_schema(language))


@pytest.mark.parametrize("reader", [read, as_an_editor], ids=["as read", "as an editor types it"])
@pytest.mark.parametrize("path", CONFIG, ids=lambda path: str(path.relative_to(ROOT / "config")))
def test_every_file_of_the_example_is_valid(path: Path, reader: Any) -> None:
    assert complaints(WHOLE, reader(path.read_bytes())) == []


@pytest.mark.parametrize("path", [path for path in BASE if path.endswith(".yaml")])
def test_every_file_of_the_town_under_test_is_valid(path: str) -> None:
    assert complaints(FRENCH, read(BASE[path].encode())) == []


def _codes(path: Path, town: Town) -> set[str]:
    content = path.read_text(encoding="utf-8")
    target = content.splitlines()[0].removeprefix("# ")
    (town.folder / target).write_text(content, encoding="utf-8")
    return {one.code for one in town.problems if one.severity == "error"}


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_mistake_that_a_schema_can_tell_is_refused(path: Path, town: Town) -> None:
    codes = _codes(path, town)
    told = {"cle-inconnue", "cle-manquante", "bloc-attendu", "valeur-inconnue"} & codes
    if told and path.stem not in {
        "alors_vide",
        "sans_effet",
    }:  # nothing is written where a rule acts
        assert complaints(WHOLE, read(path.read_bytes())) != [], told


def test_unknown_keys_are_among_the_bad_files(town: Town) -> None:
    assert sum("cle-inconnue" in _codes(path, town) for path in BAD) >= 3


@pytest.mark.parametrize(("block", "key"), KEYS)
def test_every_key_has_a_shape_and_a_short_french_sentence(block: str, key: str) -> None:
    assert key in SHAPES[block]
    said = description(block, key)
    assert said.endswith((".", "…"))
    assert len(said.split()) <= 20


def fields(schema: object) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the fields of a schema at any depth, but for those that only choose a language."""
    if isinstance(schema, list):
        for each in schema:
            yield from fields(each)
    elif isinstance(schema, dict):
        yield from schema.get("properties", {}).items()
        for name, each in schema.items():
            if name not in {"if", "not"}:
                yield from fields(each)


@pytest.mark.parametrize("language", [None, "fr", "en"])
def test_every_field_at_any_depth_has_a_french_title_and_a_sentence(language: str | None) -> None:
    untold = [
        name
        for name, field in fields(json_schema(language))
        if not field.get("title") or "_" in field["title"] or not field.get("description")
    ]
    assert untold == []


def test_no_shape_is_of_a_key_that_is_gone() -> None:
    assert {name: set(keys) for name, keys in SHAPES.items()} == {
        name: set(keys) for name, keys in BLOCKS.items()
    }
    assert all(set(keys) <= set(BLOCKS[name]) for name, keys in REQUIRED.items())


@pytest.mark.parametrize(("block", "key"), KEYS)
def test_an_editor_completes_every_key_with_and_without_accents(block: str, key: str) -> None:
    properties = json_schema()["definitions"][block]["properties"]
    assert properties[key]["title"]
    assert properties[spelled(key)] == properties[key]
    assert plain(spelled(key)) == key
    english = json_schema("en")["definitions"][f"en:{block}"]
    assert ENGLISH.get(key, key) in english["properties"]


@pytest.mark.parametrize("block", list(BLOCKS))
def test_no_block_takes_another_key(block: str) -> None:
    own = {"$ref": f"#/definitions/{block}", "definitions": json_schema()["definitions"]}
    found = complaints(Draft7Validator(own), {"responsble": "x"})
    assert any("responsble" in one for one in found)


ENGLISH_FILE = b"""
language: en
territory: metropole
default: guichet
rules:
  - id: noise
    if: {category: bruit, received: {hours: 22h-6h, days: [fri, sat]}}
    except: {contains: [chantier]}
    then: {owner: paix-nantes, urgency: high, closing: {proof: photo}}
tests:
  - case: {text: musique, channel: phone}
    expected: {owner: guichet, question: none}
"""


def test_an_english_file_has_its_own_schema(town: Town) -> None:
    town.write("regles/english.yaml", ENGLISH_FILE.decode())
    assert town.errors == []
    for validator in (WHOLE, ENGLISH_KEYS):
        assert complaints(validator, read(ENGLISH_FILE)) == []
    assert complaints(FRENCH, read(ENGLISH_FILE)) != []
    for head in (b"", b"langue: fr\n"):  # whose keys are unknown in a file that says nothing
        assert complaints(WHOLE, read(ENGLISH_FILE.replace(b"language: en\n", head))) != []


def test_a_french_key_is_refused_in_an_english_file() -> None:
    mixed = ENGLISH_FILE.replace(b"    then:", b"    alors:")
    assert complaints(WHOLE, read(mixed)) != []


def test_accents_are_free_as_in_the_files(town: Town) -> None:
    content = """
        territoire: metropole
        à_défaut: guichet
        règles:
          - id: a
            priorité: exception
            si: {catégorie: bruit, pièce_jointe: oui, expéditeur: élu}
            alors: {responsable: paix-nantes, urgence: immédiate, délai: 5 jours ouvrés}
        """
    town.write("regles/metropole.yaml", content)
    assert town.errors == []
    own = (town.folder / "regles/metropole.yaml").read_bytes()
    assert complaints(FRENCH, read(own)) == []


@pytest.mark.parametrize(
    ("rule", "fine"),
    [
        ("{id: a, si: {contient: x}, alors: {responsable: b}}", True),
        (
            "{id: a, si: [{contient: [x, {proche: [y, z], mots: 3}]}], alors: {urgence: haute}}",
            True,
        ),
        ("{id: a, si: {contient_tous: [x, [y, z]]}, alors: {responsable: b}}", True),
        ("{id: a, si: {desordre: {min: 7}, piece_jointe: true}, alors: {publier: non}}", True),
        ("{id: a, si: {un_de: [{rue: r}, {tous: [{sur: p}]}]}, alors: {responsable: b}}", True),
        ("{id: a, si: {code_postal: 44000}, alors: {repartir: [{part: x, responsable: b}]}}", True),
        ("{id: a, si: {contient: x}, alors: {urgence: urgente}}", False),
        ("{id: a, si: {canal: fax}, alors: {responsable: b}}", False),
        ("{id: a, si: {recu: {heurs: 8h-9h}}, alors: {responsable: b}}", False),
        ("{id: a, si: {pres_de: {quoi: ecoles}}, alors: {responsable: b}}", False),
        ("{id: a, si: {contient: x}, alors: {escalade: {apres: 2 jours}}}", False),
        ("{si: {contient: x}, alors: {responsable: b}}", False),
        ("{id: a, si: {contient: x}, alors: {cloture: photo}}", False),
    ],
)
def test_what_a_rule_may_look_like(rule: str, fine: bool) -> None:
    data = read(f"territoire: m\nregles:\n  - {rule}\n".encode())
    assert (complaints(FRENCH, data) == []) is fine


@pytest.mark.parametrize("seed", range(60))
def test_generated_rules_are_valid_in_both_languages(seed: int) -> None:
    for path, content in Writer(Seeded(seed)).files().items():
        raw = content.encode()
        assert complaints(FRENCH, read(raw)) == [], content
        assert complaints(FRENCH, as_an_editor(raw)) == [], content
        english = translate(path, content, "en").encode()
        for validator in (WHOLE, ENGLISH_KEYS):
            assert complaints(validator, read(english)) == [], english.decode()


def _keys(node: Node | None) -> list[Scalar]:
    if isinstance(node, Mapping):
        inner = [key for _, value in node.entries for key in _keys(value)]
        return [*(key for key, _ in node.entries), *inner]
    return [key for item in node.items for key in _keys(item)] if isinstance(node, Sequence) else []


@pytest.mark.parametrize("seed", range(20))
def test_a_key_that_is_misspelled_anywhere_is_refused_by_both(seed: int, town: Town) -> None:
    """Every key of a rule in turn; the reader points at it, the schema marks its block."""
    for path, content in Writer(Seeded(seed)).files().items():
        tree = read_tree(content.encode(), path, Problems())
        lines = content.splitlines(keepends=True)
        keys = _keys(tree)
        for key in random.Random(seed).sample(keys, min(5, len(keys))):
            line, column = key.at.line - 1, key.at.column - 1
            wrong = f"{lines[line][:column]}x{lines[line][column:]}"
            broken = "".join([*lines[:line], wrong, *lines[line + 1 :]])
            assert complaints(WHOLE, read(broken.encode())) != [], broken
            town.write(path, broken)
            told = [one for one in town.problems if one.code == "cle-inconnue"]
            assert (key.at.line, key.at.column) in [(one.line, one.column) for one in told], broken
        (town.folder / path).unlink(missing_ok=True)


def test_the_command_writes_it() -> None:
    assert json.loads(_schema().stdout) == json_schema()
    assert json.loads(_schema("--langue", "en").stdout) == json_schema("en")
    wrong = _schema("--langue", "de")
    assert wrong.exit_code == 2
    assert "fr" in wrong.stderr


def _schema(*more: str) -> Result:
    return CliRunner().invoke(cli, ["rules", "schema", *more])
