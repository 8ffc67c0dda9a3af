"""Small words, greetings and letters by which a short text shows its language."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from understanding.words import fold

_READ = tomllib.loads((files("understanding") / "vocabulary.toml").read_text(encoding="utf-8"))

LETTERS: dict[str, tuple[str, ...]] = {
    letter: tuple(languages.split()) for letter, languages in _READ["letters"].items()
}
"""Letters that few languages write → those languages."""

CYRILLIC: dict[str, frozenset[str]] = {
    language: frozenset(words.split()) for language, words in _READ["cyrillic"].items()
}


def _votes_by_word() -> dict[str, tuple[tuple[str, float], ...]]:
    found: dict[str, dict[str, float]] = {}
    for table, weight in (("small", 1.0), ("telling", 2.0)):
        for language, words in _READ[table].items():
            for word in words.replace("'", " ").replace("-", " ").split():
                own = found.setdefault(fold(word), {})
                own[language] = max(weight, own.get(language, 0.0))
    return {
        word: tuple((language, weight / len(own) ** 0.5) for language, weight in own.items())
        for word, own in found.items()
    }


VOTES = _votes_by_word()
"""Folded word → the languages that it speaks for, each with its weight."""
