"""Reads the conditions on the place: communes, territories, postal codes, streets, objects."""

from __future__ import annotations

from rules import scalars
from rules.conditions import place
from rules.conditions.source import Condition
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.value import Value
from rules.reading.yaml_tree import Scalar

_STREETS = (
    "rue avenue boulevard place quai chemin allee impasse route square faubourg passage "
    "de du des la le les d l"
)
_OF_ANY_STREET = frozenset(_STREETS.split())
"""Words that alone would name nearly every street."""


def commune(value: Value) -> Condition | None:
    found = frozenset(filter(None, map(value.names.commune, _no_postcodes(value))))
    return place.Inside(**value.origin, territories=found) if found else None


def inside(value: Value) -> Condition | None:
    found = frozenset(filter(None, map(value.names.territory, _no_postcodes(value))))
    return place.Inside(**value.origin, territories=found) if found else None


def _no_postcodes(value: Value) -> tuple[Scalar, ...]:
    fields, names = value.fields, value.names
    return tuple(one for one in value.scalars() if not told_postcode(one, fields, names))


def told_postcode(scalar: Scalar, fields: Fields, names: Names) -> bool:
    """Refuse a postal code where a commune is named; tell whether it was one."""
    code = scalar.text.strip()
    named = code in names.communes or code in names.abroad or code in (names.territories or ())
    if code not in names.postcodes or named or code in names.zones:
        return False
    fields.problems.error(
        scalar.at,
        "commune-inconnue",
        f"« {code} » est un code postal, et non une commune",
        f"Écrivez « {fields.said('code_postal')}: {code} ».",
    )
    return True


def postcode(value: Value) -> Condition | None:
    codes = frozenset(filter(None, (_postcode(value, scalar) for scalar in value.scalars())))
    communes = frozenset(one for code in codes for one in value.names.postcodes.get(code, ()))
    if not codes:
        return None
    return place.HasPostcode(**value.origin, postcodes=codes, communes=communes)


def _postcode(value: Value, scalar: Scalar) -> str | None:
    code = scalar.text.strip().replace(" ", "")
    if len(code) == 5 and code.isdigit():
        return code
    value.problems.error(
        scalar.at,
        "valeur-illisible",
        f"« {scalar.text} » n'est pas un code postal",
        "Écrivez cinq chiffres.",
    )
    return None


def on(value: Value) -> Condition | None:
    names = filter(None, map(value.names.layer, value.scalars()))
    layers = tuple((name, value.names.layers.get(name, 0.0)) for name in names)
    return place.NearObject(**value.origin, layers=layers) if layers else None


def near(value: Value) -> Condition | None:
    """Read one block or several: layers with their distances, of which one is enough."""
    layers = tuple(layer for one in value.each() for layer in _near(one))
    return place.NearObject(**value.origin, layers=layers) if layers else None


def _near(value: Value) -> tuple[tuple[str, float], ...]:
    inner = value.block("pres_de")
    inner.require("quoi", "a_moins_de")
    metres = inner.read("a_moins_de", scalars.metres)
    box = value.names.box
    if metres is not None and box is not None and metres > box.across_m:
        value.problems.error(
            inner.where("a_moins_de"),
            "valeur-illisible",
            f"« {inner.text('a_moins_de')} » va plus loin que tout le territoire "
            f"({box.across_m / 1000:.0f} km)",
            "Écrivez une distance plus petite, par exemple « 150 m ».",
        )
    names = tuple(filter(None, map(value.names.layer, inner.scalars("quoi"))))
    return tuple((name, metres) for name in names if metres is not None)


def street(value: Value) -> Condition | None:
    streets = tuple(filter(None, (_street(value, scalar) for scalar in value.scalars())))
    return place.OnStreet(**value.origin, streets=streets) if streets else None


def _street(value: Value, scalar: Scalar) -> tuple[str, ...]:
    words = place.street_tokens(scalar.text)
    if set(words) - _OF_ANY_STREET:
        return words
    value.problems.error(
        scalar.at,
        "valeur-illisible",
        f"« {scalar.text} » ne nomme aucune rue",
        "Écrivez son nom entier, par exemple « rue de la Poterie ».",
    )
    return ()
