"""The words that rules look for: a word or several with their forms, exact, begun, or near."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import chain

from rules.lexicon import GRAMMAR, lexicon
from rules.words import exact_tokens, fold, tokens, written_tokens


@dataclass(frozen=True, slots=True)
class Phrase:
    """A word or several consecutive ones, as a rule writes it.

    ``kind`` is ``plain`` (each word in all its forms), ``exact`` ("=mot": accents count),
    ``prefix`` ("mot*": the last piece is a beginning) or ``near`` (all ``parts`` within ``span``
    words, in any order). ``forms`` are the folded forms of each piece, ``pieces`` what is written.
    """

    written: str
    pieces: tuple[str, ...] = ()
    kind: str = "plain"
    forms: tuple[frozenset[str], ...] = ()
    parts: tuple[Phrase, ...] = ()
    span: int = 0
    unless_negated: bool = False
    anchors: frozenset[str] = field(init=False, compare=False, repr=False)
    """The folded words of which a text must hold one for this to be found; none for a lone prefix."""
    also: frozenset[str] = field(init=False, compare=False, repr=False)
    """Of which it must hold one as well; empty when the phrase is a single word."""
    lead: int = field(init=False, compare=False, repr=False, default=0)
    """How many words of consecutive ones stand before the anchor."""
    beside: int = field(init=False, compare=False, repr=False, default=0)
    """1 or -1: the rarer neighbour of the anchor stands after it, or before; 0 when it has none."""

    def __post_init__(self) -> None:
        best, *others = self._by_rarity() or [(0, frozenset[str]())]
        steps = [place - best[0] for place, _ in others]
        object.__setattr__(self, "lead", best[0])
        object.__setattr__(self, "beside", next((step for step in steps if step in {1, -1}), 0))
        object.__setattr__(self, "anchors", best[1])
        object.__setattr__(self, "also", others[0][1] if others else frozenset())

    def _by_rarity(self) -> list[tuple[int, frozenset[str]]]:
        """List what a text must hold, with its place, the words that few texts hold first."""
        if self.kind == "near":
            found = [part.anchors for part in self.parts if part.anchors]
            found.sort(key=lambda own: (-len(min(own)), sorted(own)))
            return [(0, own) for own in found]
        whole = self.pieces[:-1] if self.kind == "prefix" else self.pieces
        words = [fold(piece) for piece in whole]
        order = sorted(
            range(len(words)),
            key=lambda index: (words[index] in GRAMMAR, -len(words[index]), words[index]),
        )
        if self.kind == "plain":
            return [(index, self.forms[index]) for index in order]
        return [(index, frozenset({words[index]})) for index in order]

    def may_stand(self, words: frozenset[str]) -> bool:
        """Whether a text of these words, one of them an anchor, is worth looking through."""
        return not self.also or not self.also.isdisjoint(words)

    @property
    def beginning(self) -> str:
        """The prefix on which a phrase without anchors hangs."""
        return self.parts[0].beginning if self.parts else self.pieces[-1]

    def words(self) -> Iterable[str]:
        """List the folded words that it looks for, those of ``=mot`` left out."""
        own = chain.from_iterable(self.forms) if self.kind == "plain" else ()
        return chain(own, *(part.words() for part in self.parts))

    def heedless(self) -> Phrase:
        """The same, found even where it is negated."""
        return replace(self, unless_negated=False)

    def heeding(self) -> Phrase:
        """The same, ignored where it is negated."""
        return replace(self, unless_negated=True)


@lru_cache(maxsize=65_536)  # the same words are read again at every save, and in several lists
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
    forms: tuple[frozenset[str], ...] = ()
    if kind == "plain":
        french = lexicon()
        forms = tuple(french.inflections(piece) for piece in written_tokens(text))
    return Phrase(written.strip(), pieces, kind, forms, unless_negated=unless_negated)


def near(parts: tuple[Phrase, ...], span: int, *, unless_negated: bool = False) -> Phrase:
    """Join phrases that must stand within so many words of each other."""
    written = f"{' … '.join(part.written for part in parts)} ({span} mots)"
    return Phrase(written, kind="near", parts=parts, span=span, unless_negated=unless_negated)
