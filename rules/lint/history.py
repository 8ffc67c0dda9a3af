"""Warns of words that no message of the past held."""

from __future__ import annotations

from collections.abc import Iterable

from router.decision import Facts
from rules.compile import RuleSet
from rules.conditions.logic import leaves
from rules.conditions.words import Contains
from rules.phrases import Phrase
from rules.problems import At, Problems
from rules.text import Text

FEWEST = 200
"""So many messages at least, before a word that none holds tells anything."""
_MOST_SHOWN = 6


class Unseen:
    """The words that the rules of a rule set look for and that no message held so far.

    Words of danger rules are left out: those are there for what has never happened.
    """

    def __init__(self, ruleset: RuleSet) -> None:
        self._ruleset = ruleset
        self.messages = 0
        self._left: dict[str, tuple[str, At]] = {}
        """Word as written → its first rule, and where it stands."""
        self._by_word: dict[str, set[Phrase]] = {}
        for one in ruleset.rules:
            for condition in leaves(one.rule.when) if one.rule.priority != "danger" else ():
                if isinstance(condition, Contains):
                    for phrase in (each for group in condition.groups for each in group.phrases):
                        self._left.setdefault(phrase.written, (one.rule.id, condition.at))
                        for word in phrase.anchors or (phrase.beginning,):
                            self._by_word.setdefault(word, set()).add(phrase)

    def look(self, past: Iterable[Facts]) -> None:
        """Strike out the words that these messages hold."""
        for facts in past:
            if facts.text.strip() or facts.subject.strip():
                self.messages += 1
                self._strike(self._ruleset.situation(facts).text)

    def _strike(self, text: Text) -> None:
        for word in (text.words | text.beginnings) & self._by_word.keys():
            found = {one for one in self._by_word[word] if text.find(one) is not None}
            for phrase in found:
                self._left.pop(phrase.written, None)
            self._by_word[word] -= found

    def report(self, problems: Problems) -> None:
        """Report what is left, once a condition; nothing while the past is too short to tell."""
        if self.messages < FEWEST:
            return
        by_place: dict[tuple[str, At], list[str]] = {}
        for word, where in self._left.items():
            by_place.setdefault(where, []).append(word)
        for (rule, at), words in by_place.items():
            shown = ", ".join(f"« {word} »" for word in words[:_MOST_SHOWN])
            more = f" et {len(words) - _MOST_SHOWN} autres" if words[_MOST_SHOWN:] else ""
            problems.warning(
                at,
                "mot-jamais-vu",
                f"Dans la règle « {rule} », des mots ne se trouvent dans aucune des "
                f"{self.messages} demandes passées : {shown}{more}",
                "Vérifiez leur orthographe, ou enlevez-les.",
            )
