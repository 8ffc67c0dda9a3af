"""Makes up a case for which two rules hold, written as the ``cas`` of a test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from router.decision import Facts, Place, Point
from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.counts import Counted
from rules.conditions.facts import (
    Annoyance,
    CategoryIs,
    ChannelIs,
    Confirmations,
    HasAttachment,
    LanguageIs,
    NatureIs,
    SenderIs,
    UrgencyIs,
)
from rules.conditions.place import HasPostcode, Inside, NearObject, OnStreet
from rules.conditions.time import Received
from rules.coordinates import box_of, positions
from rules.dnf import Term
from rules.lint.meaning import plain_text
from rules.lint.moments import starts_of
from rules.lint.overlap import Comparison, groups_of
from rules.model import Effects
from rules.reading.arrival import DEFAULT_MOMENT
from rules.reading.facts import URGENCY

T = TypeVar("T")
_URGENCY = {urgency: word for word, urgency in URGENCY.items()}
_GRID = (0.5, 0.3, 0.7, 0.1, 0.9)  # shares of a box in which points are tried
_MOST_VERTICES = 40
_LONGEST_WAIT = 800  # days after the usual moment in which a time is looked for


@dataclass(frozen=True, slots=True)
class _Where:
    """A place to try, and how a test writes it."""

    place: Place
    said: tuple[tuple[str, str], ...] = ()


class MadeUp:
    """Makes up cases for one rule set."""

    def __init__(self, ruleset: RuleSet, compare: Comparison) -> None:
        self.ruleset = ruleset
        self.compare = compare
        self.configuration = ruleset.configuration
        self.geography = ruleset.geography

    def case(self, rules: tuple[Compiled, Compiled], meeting: tuple[Term, Term]) -> str:
        """Write a case in which both rules hold by these alternatives; the nearest if none does."""
        found = self.holding(rules, meeting) or next(self._tried(rules, meeting))
        return found[0]

    def holding(
        self, rules: tuple[Compiled, Compiled], meeting: tuple[Term, Term]
    ) -> tuple[str, Facts] | None:
        """Find a case in which both rules hold by these alternatives, as written and as facts."""
        tried = self._tried(rules, meeting)
        return next((each for each in tried if self._hold(rules, each[1])), None)

    def _tried(
        self, rules: tuple[Compiled, Compiled], meeting: tuple[Term, Term]
    ) -> Iterator[tuple[str, Facts]]:
        held = [literal.condition for term in meeting for literal in term if literal.positive]
        usual = datetime(*DEFAULT_MOMENT, tzinfo=self.ruleset.zone)
        said, facts = self._facts(meeting, held, Facts(received_at=usual))
        said, facts = _confirmed(said, rules, facts)
        for where in self._places(rules, held):
            for moment in self._moments(rules, held, usual):
                tried = replace(facts, place=where.place, received_at=moment)
                written = {**said, **dict(where.said), **_said_when(moment, usual)}
                yield _written(written), tried
        yield _written(said), facts

    def _hold(self, rules: Iterable[Compiled], facts: Facts) -> bool:
        case = self.ruleset.situation(facts, as_typed=True)
        self.ruleset.categorise(case)
        return all(one.value(case) for one in rules)

    def _facts(
        self, meeting: tuple[Term, Term], held: list[Any], facts: Facts
    ) -> tuple[dict[str, str], Facts]:
        said: dict[str, str] = {}
        if text := self._text(meeting):
            said["texte"], facts = f'"{text}"', replace(facts, text=text)
        if category := self._category(meeting):
            said["categorie"], facts = category, replace(facts, category=category)
        if channel := _common(one.channels for one in held if isinstance(one, ChannelIs)):
            said["canal"], facts = channel, replace(facts, channel=channel)
        if language := _common(one.languages for one in held if isinstance(one, LanguageIs)):
            said["langue"], facts = language, replace(facts, language=language)
        if urgency := _common(one.urgencies for one in held if isinstance(one, UrgencyIs)):
            said["urgence"], facts = _URGENCY[urgency], replace(facts, urgency=urgency)
        if nature := _common(one.natures for one in held if isinstance(one, NatureIs)):
            said["nature"], facts = nature.value, replace(facts, nature=nature)
        if senders := [min(one.kinds) for one in held if isinstance(one, SenderIs)]:
            kinds = tuple(dict.fromkeys(senders))
            said["expediteur"], facts = f"[{', '.join(kinds)}]", replace(facts, sender_kinds=kinds)
        return _counted(said, held, facts)

    def _text(self, meeting: tuple[Term, Term]) -> str:
        """Write the words that all groups want, one for both rules where they share it."""
        ours, theirs = map(groups_of, meeting)
        words: dict[str, None] = {}
        for group in ours:
            for other in theirs:
                if (word := self.compare.words.shared(group, other)) is not None:
                    words[word] = None
                    theirs.remove(other)
                    break
            else:
                words[plain_text(group.phrases[0])] = None
        words.update((plain_text(group.phrases[0]), None) for group in theirs)
        return " ".join(words)

    def _category(self, meeting: tuple[Term, Term]) -> str | None:
        """Choose the category that all ask for, and none refuses."""
        found: set[str] | None = None
        refused: set[str] = set()
        for literal in (literal for term in meeting for literal in term):
            if isinstance(literal.condition, CategoryIs):
                own = self.compare.categories(literal.condition)
                if literal.positive:
                    found = set(own) if found is None else found & own
                else:
                    refused |= own
        order = list(self.configuration.categories)
        return min((found or set()) - refused, key=order.index, default=None)

    # --- places ----------------------------------------------------------------------------------

    def _places(self, rules: Iterable[Compiled], held: list[Any]) -> Iterator[_Where]:
        street = next((one.written for one in held if isinstance(one, OnStreet)), None)
        named = street.strip("[]").split(",")[0].strip() if street else None
        for where in self._spots(rules, held):
            if named is None:
                yield where
            else:
                place = replace(where.place, street=named)
                yield replace(where, place=place, said=(*where.said, ("rue", f'"{named}"')))

    def _spots(self, rules: Iterable[Compiled], held: list[Any]) -> Iterator[_Where]:
        layers = [one for one in held if isinstance(one, NearObject)]
        if layers:
            yield from map(_at, self._vertices(layers))
        names = {one.insee: one.name for one in self.configuration.territory.communes}
        for code in self.geography.communes():
            place = Place(communes=(code,), source="message")
            yield _Where(place, (("commune", names.get(code, code)),))
        for one in held:
            if isinstance(one, HasPostcode):
                code = min(one.postcodes)
                yield _Where(Place(postcode=code, source="message"), (("code_postal", code),))
        wanted = {name for one in held if isinstance(one, Inside) for name in one.territories}
        wanted |= {name for one in rules for name in one.bound}
        yield from map(_at, self._points(wanted))

    def _vertices(self, layers: list[NearObject]) -> Iterator[tuple[float, float]]:
        wanted = {name for one in layers for name, _ in one.layers}
        for layer in self.configuration.territory.layers:
            if layer.id in wanted:
                spots = (spot for shape in layer.objects for spot in positions(shape))
                yield from (spot for spot, _ in zip(spots, range(_MOST_VERTICES), strict=False))

    def _points(self, territories: set[str]) -> Iterator[tuple[float, float]]:
        description = self.configuration.territory
        for area in (*description.territories, *description.zones):
            for outline in area.outlines if area.id in territories else ():
                if box := box_of([outline]):
                    for y in _GRID:
                        for x in _GRID:
                            lon = box.west + x * (box.east - box.west)
                            yield lon, box.south + y * (box.north - box.south)

    # --- times -----------------------------------------------------------------------------------

    def _moments(
        self, rules: Iterable[Compiled], held: list[Any], usual: datetime
    ) -> Iterator[datetime]:
        yield usual
        times = [one for one in held if isinstance(one, Received)]
        if not times and not any(one.rule.season for one in rules):
            return
        calendars = self.configuration.calendars
        starts = {start for one in times for start in starts_of(one, calendars)} or {37_800}
        midnight = usual.replace(hour=0, minute=0)
        for after in range(-usual.timetuple().tm_yday, _LONGEST_WAIT):
            for start in sorted(starts):
                yield midnight + timedelta(days=after, seconds=start)


def _common(sets: Iterable[frozenset[T]]) -> T | None:
    own = list(sets)
    return min(frozenset.intersection(*own), key=str, default=None) if own else None


def _counted(said: dict[str, str], held: list[Any], facts: Facts) -> tuple[dict[str, str], Facts]:
    fields = {"recurrence": "recurrence", "afflux": "surge"}
    for one in held:
        if isinstance(one, HasAttachment):
            said["piece_jointe"] = "oui" if one.wanted else "non"
            facts = replace(facts, attachment=one.wanted)
        elif isinstance(one, Annoyance):
            degree = max(one.least or 1, facts.annoyance or 1, *(one.values or {1}))
            said["desordre"], facts = str(degree), replace(facts, annoyance=degree)
        elif isinstance(one, Confirmations):
            people = max(one.least or 0, facts.confirmations)
            said[one.key], facts = str(people), replace(facts, confirmations=people)
        elif isinstance(one, Counted):
            count = max(one.least, getattr(facts, fields[one.key]))
            said[one.key] = str(count)
            facts = replace(facts, **{fields[one.key]: count})
    return said, facts


def _confirmed(
    said: dict[str, str], rules: Iterable[Compiled], facts: Facts
) -> tuple[dict[str, str], Facts]:
    """Let as many people confirm as it takes for both rules to name an owner."""
    people = 0
    for rule in (one.rule for one in rules if not _decides(one.rule.effects)):
        steps = (step.confirmations for step in rule.steps if _decides(step.effects))
        people = max(people, min(steps, default=0))
    if people <= facts.confirmations:
        return said, facts
    return {**said, "confirmations": str(people)}, replace(facts, confirmations=people)


def _decides(effects: Effects) -> bool:
    return effects.owner is not None or bool(effects.parts)


def _at(spot: tuple[float, float]) -> _Where:
    lon, lat = round(spot[0], 6), round(spot[1], 6)
    place = Place(point=Point(lat, lon), source="message")
    return _Where(place, (("point", f"[{lat}, {lon}]"),))


def _said_when(moment: datetime, usual: datetime) -> Mapping[str, str]:
    return {} if moment == usual else {"recu": f'"{moment:%Y-%m-%d %H:%M}"'}


def _written(said: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in said.items()) + "}"
