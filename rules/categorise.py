"""Tells the category of a text by the words of categories.yaml."""

from __future__ import annotations

from collections.abc import Container, Mapping

from rules.groups import distinct
from rules.model import Category
from rules.phrases import Phrase
from rules.text import Text
from rules.words import tokens


class Categories:
    """Words of all categories, found in one pass over a text."""

    def __init__(self, categories: Mapping[str, Category]) -> None:
        self._order = {name: rank for rank, name in enumerate(categories)}
        self._depth = {name: category.depth for name, category in categories.items()}
        self._by_word: dict[str, list[tuple[str, Phrase]]] = {}
        self._by_prefix: dict[str, list[tuple[str, Phrase]]] = {}
        for name, category in categories.items():
            for phrase in distinct(category.phrases):
                for anchor in phrase.anchors:
                    self._by_word.setdefault(anchor, []).append((name, phrase))
                if not phrase.anchors:
                    self._by_prefix.setdefault(phrase.beginning, []).append((name, phrase))
        self.ancestries = {name: _ancestry(name, categories) for name in categories}

    def of(self, text: Text, street: str | None = None) -> tuple[str | None, list[str]]:
        """Find the category of a text and the words that told it.

        Most distinct words first, then the deeper category, then the one named first. The name of
        the ``street`` tells nothing: a lamp of the rue de la Fontaine is no fountain.
        """
        names = _name_of(street, text)
        found: dict[str, dict[object, tuple[int, str]]] = {}
        for word in text.words & self._by_word.keys():
            for name, phrase in self._by_word[word]:
                self._note(found, name, phrase, text, names)
        for beginning in text.beginnings & self._by_prefix.keys():
            for name, phrase in self._by_prefix[beginning]:
                self._note(found, name, phrase, text, names)
        if not found:
            return None, []
        best = min(
            found,
            key=lambda name: (
                -len(found[name]),
                -self._depth[name],
                min(found[name].values()),
                self._order[name],
            ),
        )
        return best, [word for _, word in sorted(found[best].values())]

    @staticmethod
    def _note(
        found: dict[str, dict[object, tuple[int, str]]],
        name: str,
        phrase: Phrase,
        text: Text,
        names: Container[int],
    ) -> None:
        """Note a phrase; forms of one word ("trou", "trous") are not distinct words."""
        place = text.find(phrase)
        if place is not None and place in names:
            place = next((one for one in text.places(phrase) if one not in names), None)
        if place is not None:
            key = phrase.forms or phrase.written
            found.setdefault(name, {}).setdefault(key, (place, phrase.written))


def _name_of(street: str | None, text: Text) -> frozenset[int]:
    """List where the name of a street stands in a text, without its kind: "parc" says something.

    The kind may be shortened there ("av", "bd"), never its first letter.
    """
    kind, *name = tokens(street) if street else ("",)
    if not name:
        return frozenset()
    return frozenset(
        place
        for start in text.positions.get(name[0], ())
        if start and text.folded[start : start + len(name)] == name
        if text.folded[start - 1][:1] == kind[:1]
        for place in range(start, start + len(name))
    )


def _ancestry(name: str, categories: Mapping[str, Category]) -> frozenset[str]:
    chain: set[str] = set()
    current: str | None = name
    while current is not None and current in categories and current not in chain:
        chain.add(current)
        current = categories[current].parent
    return frozenset(chain)
