"""Tells the category of a text by the words of categories.yaml."""

from __future__ import annotations

from collections.abc import Mapping

from rules.groups import distinct
from rules.model import Category
from rules.phrases import Phrase
from rules.text import Text


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

    def of(self, text: Text) -> tuple[str | None, list[str]]:
        """Find the category of a text and the words that told it.

        Most distinct words first, then the deeper category, then the one named first.
        """
        found: dict[str, dict[object, tuple[int, str]]] = {}
        for word in text.words & self._by_word.keys():
            for name, phrase in self._by_word[word]:
                self._note(found, name, phrase, text)
        for beginning in text.beginnings & self._by_prefix.keys():
            for name, phrase in self._by_prefix[beginning]:
                self._note(found, name, phrase, text)
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
        found: dict[str, dict[object, tuple[int, str]]], name: str, phrase: Phrase, text: Text
    ) -> None:
        """Note a phrase; forms of one word ("trou", "trous") are not distinct words."""
        place = text.find(phrase)
        if place is not None:
            key = phrase.forms or phrase.written
            found.setdefault(name, {}).setdefault(key, (place, phrase.written))


def _ancestry(name: str, categories: Mapping[str, Category]) -> frozenset[str]:
    chain: set[str] = set()
    current: str | None = name
    while current is not None and current in categories and current not in chain:
        chain.add(current)
        current = categories[current].parent
    return frozenset(chain)
