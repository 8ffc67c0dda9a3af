"""Compares the words of rules: which phrase follows from another, and which may meet."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from rules.groups import Group
from rules.phrases import Phrase
from rules.words import fold

Slots = Sequence[frozenset[str]]


def phrase_implies(one: Phrase, other: Phrase) -> bool:
    """Whether every text that holds one phrase holds the other."""
    if other.unless_negated and not one.unless_negated:
        return False
    if one.kind == "near":
        nearer = other.kind == "near" and one.span <= other.span
        if nearer and all(any(_at_once(p, q) for p in one.parts) for q in other.parts):
            return True  # in whatever order, and with others between
        return any(phrase_implies(part, other) for part in one.parts)
    if other.kind == "near":
        return False
    if other.kind == "exact":
        return one.kind == "exact" and _run(one.pieces, other.pieces)
    if other.kind == "prefix":
        return _prefixed(one, other)
    return any(
        all(have <= wanted for have, wanted in zip(window, other.forms, strict=True))
        for window in _windows(_slots(one), len(other.forms))
    )


def plain_text(phrase: Phrase) -> str:
    """Write a phrase as a person would type it."""
    if phrase.parts:
        return " ".join(plain_text(part) for part in phrase.parts)
    return phrase.written.strip("=*")


def same_word(one: Phrase, other: Phrase) -> bool:
    """Whether one and the same word or expression of a text may satisfy both phrases."""
    if one.kind == "near" and other.kind == "near":
        return _all_same(one, other) and _all_same(other, one)
    if one.kind == "near" or other.kind == "near":
        return False
    if one.kind == "plain" and other.kind == "plain":
        return len(one.forms) == len(other.forms) and not any(
            mine.isdisjoint(theirs) for mine, theirs in zip(one.forms, other.forms, strict=True)
        )
    if len(one.pieces) != len(other.pieces):
        return False
    return phrase_implies(one, other) or phrase_implies(other, one)


def _at_once(one: Phrase, other: Phrase) -> bool:
    """Whether a phrase holds wherever one of as many words does, from the same word on."""
    return len(one.pieces) == len(other.pieces) and phrase_implies(one, other)


def _all_same(one: Phrase, other: Phrase) -> bool:
    return all(any(same_word(part, theirs) for theirs in other.parts) for part in one.parts)


def _slots(phrase: Phrase) -> Slots:
    """List what surely stands in a text that holds the phrase, word by word."""
    if phrase.kind == "plain":
        return phrase.forms
    whole = phrase.pieces[:-1] if phrase.kind == "prefix" else phrase.pieces
    return [frozenset({fold(piece)}) for piece in whole]


def _windows(slots: Slots, size: int) -> Iterable[Slots]:
    return (slots[start : start + size] for start in range(len(slots) - size + 1))


def _prefixed(one: Phrase, other: Phrase) -> bool:
    """Whether a phrase holds a run that ends in a word with the other's beginning."""
    slots = [set(slot) for slot in _slots(one)]
    if one.kind == "prefix":
        slots.append({one.pieces[-1]})
    *whole, beginning = other.pieces
    for start in range(len(slots) - len(whole)):
        window = slots[start : start + len(whole) + 1]
        runs = all(have == {want} for have, want in zip(window, whole, strict=False))
        if runs and all(form.startswith(beginning) for form in window[-1]):
            return True
    return False


def _run(words: Sequence[str], wanted: Sequence[str]) -> bool:
    size = len(wanted)
    return any(words[i : i + size] == wanted for i in range(len(words) - size + 1))


@dataclass(frozen=True, slots=True)
class _Profile:
    """A group, with its phrases by the folded words that they may be found by, and the reverse."""

    group: Group
    by_word: dict[str, list[Phrase]]
    reached: tuple[tuple[Phrase, Collection[str]], ...]


class Vocabulary:
    """All words of a rule set, by which groups are compared without trying every pair."""

    def __init__(self, groups: Iterable[Group]) -> None:
        own = list(groups)
        self._words = sorted({word for group in own for p in group.phrases for word in _keys(p)})
        self._profiles: dict[int, _Profile] = {}

    def keys(self, group: Group) -> Collection[str]:
        """List folded words; two groups without a common one never meet."""
        return self._profile(group).by_word.keys()

    def implies(self, one: Group, other: Group) -> bool:
        """Whether every text that holds a word of one group holds a word of the other."""
        if one is other:
            return True
        wide = self._profile(other).by_word
        return all(
            any(phrase_implies(p, q) for word in reach if word in wide for q in wide[word])
            for p, reach in self._profile(one).reached
        )

    def shared(self, one: Group, other: Group) -> str | None:
        """Write the text of one word by which both groups may be satisfied, if there is one."""
        ours, theirs = self._profile(one).by_word, self._profile(other).by_word
        for word in sorted(ours.keys() & theirs.keys()):
            for p, q in product(ours[word], theirs[word]):
                if same_word(p, q):
                    narrow = p if phrase_implies(p, q) else q if phrase_implies(q, p) else None
                    return plain_text(narrow) if narrow else word
        return None

    def _profile(self, group: Group) -> _Profile:
        found = self._profiles.get(id(group))
        if found is None:
            by_word: dict[str, list[Phrase]] = {}
            reached = tuple((phrase, self._reach(phrase)) for phrase in group.phrases)
            for phrase, reach in reached:
                for word in reach:
                    by_word.setdefault(word, []).append(phrase)
            found = self._profiles[id(group)] = _Profile(group, by_word, reached)
        return found

    def _reach(self, phrase: Phrase) -> set[str]:
        """List the folded words that a phrase may be found by, those of a prefix included."""
        found = set(_keys(phrase))
        for part in (phrase, *phrase.parts):
            if part.kind == "prefix":
                beginning = part.pieces[-1]
                start = bisect_left(self._words, beginning)
                for word in self._words[start:]:
                    if not word.startswith(beginning):
                        break
                    found.add(word)
        return found


def _keys(phrase: Phrase) -> Iterable[str]:
    if phrase.kind == "near":
        return (key for part in phrase.parts for key in _keys(part))
    if phrase.kind == "plain":
        return (form for forms in phrase.forms for form in forms)
    return map(fold, phrase.pieces)
