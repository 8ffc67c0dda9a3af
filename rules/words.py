"""Words of texts and rules: folded, cut at punctuation, found as words, never as substrings."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

BREAK = ""
"""Stands between the subject and the text, so that no phrase runs from one into the other."""

_NEGATIONS = frozenset({"sans", "aucun", "aucune", "no", "without"})
_NEGATIONS_WITH_DE = frozenset({"pas", "plus"})
_DE = frozenset({"de", "d"})
_FARTHEST_NEGATION = 2  # words between the negation and what it denies


def _ranges(characters: Iterable[int]) -> str:
    spans: list[list[int]] = []
    for code in characters:
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in spans)


# Vowel signs of many scripts are marks, which \w leaves out: without them words fall to pieces.
_MARKS = _ranges(
    code for code in range(0x300, 0x1E000) if unicodedata.category(chr(code))[0] == "M"
)
# Scripts written without spaces: each letter is a word of its own, so that a phrase finds its text.
_SPACELESS = "\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_SPACELESS}]|(?:[^\W_{_SPACELESS}][{_MARKS}]*)+")
_ASCII_WORD = re.compile(r"[a-z0-9]+")


def _latin_folds() -> dict[int, str]:
    folds = {ord("œ"): "oe", ord("æ"): "ae", ord("ß"): "ss", ord("ø"): "o", ord("ł"): "l"}
    folds |= {ord("đ"): "d", ord("ı"): "i", ord("’"): " ", ord("\u00ad"): ""}
    for code in [*range(0xC0, 0x250), *range(0x1E00, 0x1F00)]:
        parts = unicodedata.normalize("NFD", chr(code).lower())
        base = "".join(part for part in parts if not unicodedata.combining(part))
        if base and base[0].isascii() and base[0].isalpha():
            folds.setdefault(code, base)
    return folds


_LATIN_FOLDS = _latin_folds()
_STRAY_LATIN_MARKS = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")


def lower(text: str) -> str:
    """Bring a text to NFKC and lower case, accents kept."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).lower()


def fold(lowered: str) -> str:
    """Fold accents and ligatures of Latin letters; other scripts keep theirs."""
    if lowered.isascii():
        return lowered
    folded = lowered.translate(_LATIN_FOLDS)
    return _STRAY_LATIN_MARKS.sub("", folded) if not folded.isascii() else folded


def tokens(text: str) -> tuple[str, ...]:
    """Cut a text into folded words: "Plus d'eau !" gives plus, d, eau."""
    return tuple(_cut(fold(lower(text))))


def _cut(text: str) -> list[str]:
    return (_ASCII_WORD if text.isascii() else _WORD).findall(text)


def exact_tokens(text: str) -> tuple[str, ...]:
    """Cut a text into lower-case words that keep their accents."""
    return tuple(_cut(lower(text)))


@dataclass(frozen=True, slots=True)
class Phrase:
    """A word or several consecutive ones, as a rule writes it.

    ``kind`` is ``plain``, ``exact`` ("=mot": accents count), ``prefix`` ("mot*": the last piece is
    a beginning) or ``near`` (all pieces within ``span`` words, in any order).
    """

    written: str
    pieces: tuple[str, ...]
    kind: str = "plain"
    span: int = 0
    unless_negated: bool = False

    @property
    def anchor(self) -> str | None:
        """The folded piece that a text must hold for this to be found; None for a lone prefix."""
        whole = self.pieces[:-1] if self.kind == "prefix" else self.pieces
        return fold(max(whole, key=lambda piece: (len(piece), piece))) if whole else None


def parse_phrase(written: str, *, unless_negated: bool = False) -> Phrase | None:
    """Read a word of the rules; None when it holds no word."""
    text = written.strip()
    kind = "plain"
    if text.startswith("="):
        kind, text = "exact", text[1:]
    elif text.endswith("*"):
        kind, text = "prefix", text[:-1]
    pieces = exact_tokens(text) if kind == "exact" else tokens(text)
    if not pieces:
        return None
    interned = tuple(sys.intern(piece) for piece in pieces)
    return Phrase(written.strip(), interned, kind, unless_negated=unless_negated)


class Text:
    """The sender's new words, cut once for all rules."""

    __slots__ = (
        "_beginnings",
        "_exact",
        "_held",
        "_raw",
        "folded",
        "positions",
        "repaired",
        "words",
    )

    def __init__(self, text: str, subject: str = "") -> None:
        self._raw = (subject, text)
        parts = [_cut(fold(lower(part))) for part in (subject, text) if part]
        folded: list[str] = parts[0] if parts else []
        if len(parts) == 2:
            folded = [*parts[0], BREAK, *parts[1]]
        self.folded = folded
        self.repaired: dict[str, str] = {}
        self._exact: list[str] | None = None
        self._index()

    def _index(self) -> None:
        positions: dict[str, list[int]] = {}
        for place, word in enumerate(self.folded):
            if word in positions:
                positions[word].append(place)
            else:
                positions[word] = [place]
        positions.pop(BREAK, None)
        self.positions = positions
        self.words = frozenset(positions)
        self._beginnings: frozenset[str] | None = None
        self._held: dict[int, tuple[Group, bool]] = {}

    def holds(self, group: Group) -> bool:
        """Whether one word of a group is found; a group that is asked again is not looked for again.

        Groups are known by their identity, and held so that it stays theirs: their hash is dear.
        """
        known = self._held.get(id(group))
        if known is None:
            known = self._held[id(group)] = (group, group.found(self))
        return known[1]

    @property
    def beginnings(self) -> frozenset[str]:
        """Every beginning of every word, the whole word included."""
        if self._beginnings is None:
            self._beginnings = frozenset(
                word[:size] for word in self.words for size in range(1, len(word) + 1)
            )
        return self._beginnings

    @property
    def exact(self) -> list[str]:
        """Words with their accents, in step with ``folded``."""
        if self._exact is None:
            parts = [_cut(lower(part)) for part in self._raw if part]
            exact: list[str] = parts[0] if parts else []
            if len(parts) == 2:
                exact = [*parts[0], BREAK, *parts[1]]
            self._exact = exact
        return self._exact

    def repair(self, corrections: dict[str, str]) -> None:
        """Read some words as others, as if they had been typed without error."""
        self.exact  # noqa: B018 — exact words must be cut before the folded ones change
        self.folded = [corrections.get(word, word) for word in self.folded]
        self.repaired = corrections
        self._index()

    def find(self, phrase: Phrase) -> int | None:
        """Find the first place where a phrase holds."""
        if phrase.kind == "plain" and not phrase.unless_negated:
            return next(iter(self._runs(phrase.pieces)), None)
        for place in self._places(phrase):
            if not (phrase.unless_negated and self._negated(place)):
                return place
        return None

    def _places(self, phrase: Phrase) -> Iterator[int]:
        if phrase.kind == "plain":
            yield from self._runs(phrase.pieces)
        elif phrase.kind == "exact":
            exact, size = self.exact, len(phrase.pieces)
            wanted = list(phrase.pieces)
            for place, word in enumerate(exact):
                if word == wanted[0] and exact[place : place + size] == wanted:
                    yield place
        elif phrase.kind == "prefix":
            yield from self._prefixed(phrase.pieces)
        else:
            yield from self._near(phrase)

    def _runs(self, pieces: tuple[str, ...]) -> Iterable[int]:
        first = self.positions.get(pieces[0], ())
        if len(pieces) == 1 or not first:
            return first
        wanted = list(pieces)
        return [place for place in first if self.folded[place : place + len(wanted)] == wanted]

    def _prefixed(self, pieces: tuple[str, ...]) -> Iterator[int]:
        last = pieces[-1]
        if len(pieces) == 1:
            if last in self.beginnings:
                for place, word in enumerate(self.folded):
                    if word.startswith(last):
                        yield place
            return
        size = len(pieces) - 1
        for place in self._runs(pieces[:-1]):
            after = place + size
            if after < len(self.folded) and self.folded[after].startswith(last):
                yield place

    def _near(self, phrase: Phrase) -> Iterator[int]:
        places = [self.positions.get(piece) for piece in phrase.pieces]
        found = [own for own in places if own]
        if len(found) < len(phrase.pieces):
            return
        for start in found[0]:
            nearest = [min(own, key=lambda place: abs(place - start)) for own in found]
            low, high = min(nearest), max(nearest)
            if high - low <= phrase.span and BREAK not in self.folded[low:high]:
                yield low

    def _negated(self, place: int) -> bool:
        for before in range(place - 1, max(place - 2 - _FARTHEST_NEGATION, -1), -1):
            word = self.folded[before]
            if word == BREAK:
                return False
            if word in _NEGATIONS:
                return True
            if word in _DE and before > 0 and self.folded[before - 1] in _NEGATIONS_WITH_DE:
                return True
        return False


@dataclass(frozen=True, slots=True)
class Group:
    """Words of which one is enough, sorted so that a text is asked about few of them."""

    phrases: tuple[Phrase, ...]
    _singles: dict[str, str] = field(init=False, compare=False, repr=False)
    _prefixes: dict[str, str] = field(init=False, compare=False, repr=False)
    _others: dict[str, tuple[Phrase, ...]] = field(init=False, compare=False, repr=False)
    _keys: tuple[frozenset[str], frozenset[str], frozenset[str]] = field(
        init=False, compare=False, repr=False
    )
    _late: tuple[Phrase, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        singles: dict[str, str] = {}
        prefixes: dict[str, str] = {}
        others: dict[str, tuple[Phrase, ...]] = {}
        late: list[Phrase] = []
        for phrase in self.phrases:
            anchor = phrase.anchor
            lone = len(phrase.pieces) == 1 and not phrase.unless_negated
            if lone and phrase.kind == "plain":
                singles.setdefault(phrase.pieces[0], phrase.written)
            elif lone and phrase.kind == "prefix":
                prefixes.setdefault(phrase.pieces[0], phrase.written)
            elif anchor is None:
                late.append(phrase)
            else:
                others[anchor] = (*others.get(anchor, ()), phrase)
        for name, value in (
            ("_singles", singles),
            ("_prefixes", prefixes),
            ("_others", others),
            ("_late", tuple(late)),
            ("_keys", (frozenset(singles), frozenset(prefixes), frozenset(others))),
        ):
            object.__setattr__(self, name, value)

    def found(self, text: Text) -> bool:
        singles, prefixes, others = self._keys
        if not singles.isdisjoint(text.words):
            return True
        if prefixes and not prefixes.isdisjoint(text.beginnings):
            return True
        for anchor in others & text.words if others else ():
            for phrase in self._others[anchor]:
                if text.find(phrase) is not None:
                    return True
        return any(text.find(phrase) is not None for phrase in self._late)

    def matched(self, text: Text) -> list[str]:
        """List the words of the group that the text holds, as written, in the rule's order."""
        singles, prefixes, others = self._keys
        words = {self._singles[word] for word in singles & text.words}
        words |= {self._prefixes[word] for word in prefixes & text.beginnings}
        for anchor in others & text.words:
            words |= {one.written for one in self._others[anchor] if text.find(one) is not None}
        words |= {one.written for one in self._late if text.find(one) is not None}
        return [phrase.written for phrase in self.phrases if phrase.written in words]
