"""Words of which one is enough, sorted so that a text is asked about few of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from rules.phrases import Phrase
from rules.text import Text


def distinct(phrases: Iterable[Phrase]) -> list[Phrase]:
    """Leave out expressions that say what an earlier one says, as "trous rouges" after "trou rouge".

    Single words all stay: each is told as it is written.
    """
    found: dict[object, Phrase] = {}
    for phrase in phrases:
        several = len(phrase.forms) > 1
        key = (phrase.forms, phrase.unless_negated) if several else phrase
        found.setdefault(key, phrase)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Group:
    """Words of which one is enough, sorted so that a text is asked about few of them."""

    phrases: tuple[Phrase, ...]
    _singles: dict[str, tuple[str, ...]] = field(init=False, compare=False, repr=False)
    _prefixes: dict[str, tuple[str, ...]] = field(init=False, compare=False, repr=False)
    _others: dict[str, tuple[Phrase, ...]] = field(init=False, compare=False, repr=False)
    _keys: tuple[frozenset[str], frozenset[str], frozenset[str]] = field(
        init=False, compare=False, repr=False
    )
    _late: tuple[Phrase, ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        singles: dict[str, tuple[str, ...]] = {}
        prefixes: dict[str, tuple[str, ...]] = {}
        others: dict[str, tuple[Phrase, ...]] = {}
        late: list[Phrase] = []
        for phrase in self.phrases:
            lone = len(phrase.pieces) == 1 and not phrase.unless_negated
            if lone and phrase.kind == "plain":
                for form in phrase.forms[0]:
                    singles[form] = (*singles.get(form, ()), phrase.written)
            elif lone and phrase.kind == "prefix":
                beginning = phrase.pieces[0]
                prefixes[beginning] = (*prefixes.get(beginning, ()), phrase.written)
            elif not phrase.anchors:
                late.append(phrase)
            else:
                for anchor in phrase.anchors:
                    others[anchor] = (*others.get(anchor, ()), phrase)
        for name, value in (
            ("_singles", singles),
            ("_prefixes", prefixes),
            ("_others", others),
            ("_late", tuple(late)),
            ("_keys", (frozenset(singles), frozenset(prefixes), frozenset(others))),
        ):
            object.__setattr__(self, name, value)

    @property
    def anchors(self) -> frozenset[str]:
        """The words of which a text must hold one, where no lone beginning is looked for."""
        singles, _, others = self._keys
        if others:
            return singles | others if singles else others
        return singles

    @property
    def spelled(self) -> Mapping[str, tuple[str, ...]] | None:
        """By folded word, how the group writes it, where holding one is enough; else None."""
        return None if self.lone_words is None else self._singles

    @property
    def lone_words(self) -> frozenset[str] | None:
        """The words of which a text must hold one, where holding one is enough; else None."""
        singles, prefixes, others = self._keys
        return None if prefixes or others or self._late else singles

    def found(self, text: Text) -> bool:
        singles, prefixes, others = self._keys
        words = text.words
        if not singles.isdisjoint(words):
            return True
        if prefixes and not prefixes.isdisjoint(text.beginnings):
            return True
        if others and not others.isdisjoint(words):
            for anchor in others & words:
                for phrase in self._others[anchor]:
                    if phrase.may_stand(words) and text.find(phrase) is not None:
                        return True
        if not self._late:
            return False
        return any(text.find(phrase) is not None for phrase in self._late)

    def matched(self, text: Text) -> list[str]:
        """List the words of the group that the text holds, as written, in the rule's order."""
        singles, prefixes, others = self._keys
        if not (prefixes or others or self._late):
            hits = singles & text.words
            if len(hits) < 2:  # nearly always
                return [own for word in hits for own in self._singles[word]]
        words = {own for word in singles & text.words for own in self._singles[word]}
        if prefixes:
            hit = prefixes & text.beginnings
            words |= {own for word in hit for own in self._prefixes[word]}
        for anchor in others & text.words:
            words |= {one.written for one in self._others[anchor] if text.find(one) is not None}
        words |= {one.written for one in self._late if text.find(one) is not None}
        return [phrase.written for phrase in self.phrases if phrase.written in words]
