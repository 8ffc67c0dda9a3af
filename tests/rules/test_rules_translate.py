"""French files become English and come back: the same bytes, the same decisions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rules.checking import load
from rules.translate import translate
from rules.trials import run
from understanding.territory import Territory

CONFIG = Path(__file__).parents[2] / "config"
FILES = sorted(path.relative_to(CONFIG).as_posix() for path in CONFIG.rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES)
def test_a_file_that_comes_back_is_what_it_was(path: str) -> None:
    text = (CONFIG / path).read_text(encoding="utf-8")
    own, other = ("en", "fr") if "language: en\n" in text else ("fr", "en")
    there = translate(path, text, other)
    assert there != text
    back = translate(path, there, own)
    assert back.removeprefix("langue: fr\n") == text.removeprefix("langue: fr\n")
    assert translate(path, text, own) == text


def test_an_english_folder_decides_as_the_french_one(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    for path in FILES:
        target = tmp_path / "config" / path
        text = target.read_text(encoding="utf-8")
        target.write_text(translate(path, text, "en"), encoding="utf-8")
    french = run(load(CONFIG, Territory.from_description))
    english = run(load(tmp_path / "config", Territory.from_description))
    assert [(one.passed, one.decision.owner, one.decision.rule) for one in english] == [
        (one.passed, one.decision.owner, one.decision.rule) for one in french
    ]


@pytest.mark.parametrize(
    ("head", "translated"),
    [
        (
            "# Le bruit\n\nformat: 1\nregles: []\n",
            "# Le bruit\n\nformat: 1\nlanguage: en\nrules: []\n",
        ),
        ("# Le bruit\r\nregles: []\r\n", "# Le bruit\r\nlanguage: en\r\nrules: []\r\n"),
        ("regles: []\n", "language: en\nrules: []\n"),
    ],
    ids=["below the format", "below the comment", "at the top"],
)
def test_the_language_stands_below_the_first_comment(head: str, translated: str) -> None:
    assert translate("regles/x.yaml", head, "en") == translated


def test_only_keys_and_closed_values_change() -> None:
    french = (
        "# Le bruit\n"
        "territoire: metropole\n"
        "listes: {urgence: [haute, oui]}\n"
        "regles:\n"
        '  - {id: bruit, si: {contient: [$urgence], canal: sms}, "alors": {urgence: haute}}  # là\n'
    )
    assert translate("regles/x.yaml", french, "en") == (
        "# Le bruit\n"
        "language: en\n"
        "territory: metropole\n"
        "lists: {urgence: [haute, oui]}\n"
        "rules:\n"
        '  - {id: bruit, if: {contains: [$urgence], channel: sms}, "then": {urgency: high}}  # là\n'
    )
