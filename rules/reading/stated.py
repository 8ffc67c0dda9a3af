"""Reads facts that are stated one by one, with the words and the mistakes of the essais."""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence as Values
from dataclasses import dataclass, replace
from typing import Any

from router.decision import Facts
from router.errors import InvalidInput
from rules.coordinates import box_of
from rules.model import Configuration
from rules.problems import At, Problems
from rules.reading.arrival import NOT_SAID
from rules.reading.cases import CaseReader
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.yaml_tree import Mapping, Node, Scalar, Sequence

_FIELDS = {
    "categorie": "category",
    "sujet": "subject",
    "langue": "language",
    "desordre": "annoyance",
    "piece_jointe": "attachment",
    "expediteur": "sender_kinds",
    "nature": "nature",
}
"""Key of a case → what it is among the facts."""
_PLACE = {"rue": "street", "code_postal": "postcode", "point": "point"}


@dataclass(frozen=True, slots=True)
class Stated:
    """What was stated of a case: by key what was said, and the facts that it makes."""

    said: frozenset[str]
    facts: Facts

    def onto(self, found: Facts) -> Facts:
        """Put what was stated in the place of what was found; the rest stays as it was found."""
        own: dict[str, Any] = {
            field: getattr(self.facts, field) for key, field in _FIELDS.items() if key in self.said
        }
        place: dict[str, Any] = {
            field: getattr(self.facts.place, field)
            for key, field in _PLACE.items()
            if key in self.said
        }
        if place.keys() - {"street"}:
            place |= {"outside": False, "source": "message"}
        return replace(found, place=replace(found.place, **place), **own)


def stated(said: Table[str, Values[str]], configuration: Configuration) -> Stated:
    """Read one value or several by key of a case; a key without a value is left out.

    Raises:
        InvalidInput: a value is not one of the key's; every mistake is told with a proposal.
    """
    problems = Problems()
    given = {key: values for key, values in said.items() if values}
    node = Mapping(tuple((Scalar(key, At(key)), _node(key, given[key])) for key in given), At(""))
    reader = CaseReader(_names(configuration, problems), problems)
    facts = reader.facts(Fields(node, "cas", problems, "fr"), NOT_SAID)
    if "precision" in given and "point" not in given:
        raise InvalidInput("La précision est celle d'un point : donnez aussi le point.")
    if problems.found:
        raise InvalidInput(" ".join(f"{one.message}. {one.fix}" for one in problems.found))
    return Stated(frozenset(given), facts)


def _node(key: str, values: Values[str]) -> Node:
    if key == "point":
        values = [number.strip() for value in values for number in value.split(",")]
    scalars = tuple(Scalar(value, At(key)) for value in values)
    return scalars[0] if len(scalars) == 1 else Sequence(scalars, At(key))


def _names(configuration: Configuration, problems: Problems) -> Names:
    """Give the names that a case may use."""
    communes = configuration.territory.communes
    names = Names(
        problems,
        territories=[area.id for area in configuration.territory.territories],
        categories=configuration.categories,
        timezone=configuration.timezone,
        box=box_of([one.outline for one in communes]),
    )
    names.learn_communes({one.insee: one.name for one in communes}, {})
    return names
