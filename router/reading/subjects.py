"""Tells of which of a message's parts its category speaks, and what the others speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from router.decision import Facts, Place
from router.directory import Counter
from router.message import Message
from router.rule_ports import Reading, Rulebook, Understanding, Understands

_READ = 2_000  # characters, as of the place
_MOST = 12  # parts; the rest of a longer message stays with the last
_END = re.compile(
    r"\n+|(?<=[!?;])\s+|(?<=\w{4}[.…])\s+|(?<=\w\w[.…])\s+(?=\d{1,2}[.)]\s|(?:Les?|La|Il|Un|Une|Des?|Et|Je)\b)"
)
"""Where a sentence or a line ends; never behind "av." or "M."."""
_JOINT = re.compile(r"\s*,\s*(?:et\s+)?|\s+(?:et|puis|ainsi que|and|y|und|mais)\s+", re.IGNORECASE)
_MORE = re.compile(
    r"\s*(?:\d{1,2}\s?[.)°]|[-•*–])\s|"
    r"\b(?:aussi|également|egalement|par ailleurs|de plus|en plus|d['’]autre part|autre chose|sinon|ensuite|"
    r"deuxièmement|also|another|además|también|também|außerdem|inoltre|anche|również|także|"
    r"крім того|також|также|кроме того|ayrıca|de asemenea)\b|أيضا|还有|另外",
    re.IGNORECASE,
)
"""What tells that a part speaks of one more thing, and not of what comes of the first."""
_ADDRESS = re.compile(r"\W*(?:adresse|lieu|localisation|endroit|address|location)\b", re.IGNORECASE)
"""How a line begins that tells the place of all the others."""


@dataclass(frozen=True, slots=True)
class _Part:
    text: str
    place: Place
    category: str | None


def parts_of(text: str) -> tuple[str, ...]:
    """Cut a text into sentences and items of a list, none of which is lost."""
    text = text[:_READ]
    cuts = [found.end() for found in _END.finditer(text)]
    parts = [text[a:b].strip() for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    told = [part for part in parts if part]
    return (*told[: _MOST - 1], "\n".join(told[_MOST - 1 :])) if len(told) > _MOST else tuple(told)


@dataclass(frozen=True, slots=True)
class Subjects:
    """Reads a message again, part by part, where it speaks of two things or names two places."""

    rulebook: Rulebook
    understands: Understands

    def told_apart(
        self,
        message: Message,
        counter: Counter | None,
        understood: Understanding,
        facts: Facts,
        reading: Reading,
    ) -> Understanding:
        """Give what was understood with the place of the parts that decide, and what others name.

        A part that tells a danger decides; else those of the category. A point, and a place that a
        form gave, stay; so does the place where the deciding parts name none.
        """
        parts = parts_of(facts.text)
        several = understood.several_places
        if reading.category is None or not (several or len(parts) > 1):
            return understood
        beside = reading.beside
        if not beside and not (several and len(parts) > 1):
            return understood
        read = [self._read(part, message, counter, facts) for part in parts]
        if beside and several:
            read = [each for part in read for each in self._clauses(part, message, counter, facts)]
        if len(read) < 2:
            return understood
        others = tuple(
            dict.fromkeys(
                one.category
                for one in read
                if one.category and one.category in beside and _is_more(one, read)
            )
        )
        place = understood.place
        if several and place.point is None and place.source == "message":
            main = self._deciding(read, facts, reading)
            place = self._place(main, read, place, message, counter)
        return replace(understood, place=place, beside=others)

    def _read(self, text: str, message: Message, counter: Counter | None, facts: Facts) -> _Part:
        place = self._place_of(text, message, counter)
        category = self.rulebook.read(replace(facts, text=text, subject="")).category
        return _Part(text, place, category)

    def _place_of(self, text: str, message: Message, counter: Counter | None) -> Place:
        part = replace(message, text_shown=text, subject="")
        return self.understands.place(part, counter)

    def _clauses(
        self, part: _Part, message: Message, counter: Counter | None, facts: Facts
    ) -> Iterable[_Part]:
        """Cut a sentence where it goes on with another place; one place alone is one matter."""
        clauses: list[str] = []
        start = 0
        for joint in (*_JOINT.finditer(part.text), None):
            end = joint.start() if joint else len(part.text)
            clauses.append(part.text[start:end])
            start = joint.end() if joint else end
        placed: list[str] = []
        open_clause = ""
        for clause in clauses:
            open_clause = f"{open_clause}, {clause}" if open_clause else clause
            if self._place_of(clause, message, counter).street:
                placed.append(open_clause)
                open_clause = ""
        if len(placed) < 2:
            return (part,)
        if open_clause:
            placed[-1] = f"{placed[-1]}, {open_clause}"
        return [self._read(clause, message, counter, facts) for clause in placed]

    def _deciding(self, parts: Sequence[_Part], facts: Facts, reading: Reading) -> list[_Part]:
        if self.rulebook.decide(facts, reading).danger:
            return [
                part
                for part in parts
                if self.rulebook.decide(replace(facts, text=part.text, subject="")).danger
            ]
        return [
            part for part in parts if part.category == reading.category or _ADDRESS.match(part.text)
        ]

    def _place(
        self,
        main: Sequence[_Part],
        parts: Sequence[_Part],
        place: Place,
        message: Message,
        counter: Counter | None,
    ) -> Place:
        """Choose the place of the parts that decide; the whole message completes it."""
        if not main or len(main) == len(parts):
            return place
        said = self._place_of("\n".join(part.text for part in main), message, counter)
        named = said.source == "message" or said.street
        if not named or said.street == place.street:
            return place
        if said.source == "message" and said.communes:
            return said
        return replace(said, communes=place.communes, postcode=place.postcode, source=place.source)


def _is_more(one: _Part, parts: Sequence[_Part]) -> bool:
    """Whether a part is one more matter, or a later one is: it says so, or has its own place."""
    behind = parts[parts.index(one) :]
    if any(
        part.category and _MORE.search(part.text)
        for part in behind
        if part is one or part.category != one.category
    ):
        return True
    street = one.place.street
    others = [part for part in parts if part is not one and part.place.street]
    return bool(street and others) and all(part.place.street != street for part in others)
