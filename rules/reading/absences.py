"""Reads when a service is away: the list ``absences`` of services.yaml."""

from __future__ import annotations

from rules.absences import Absence
from rules.reading.fields import Fields
from rules.reading.yaml_tree import Node


def read_absences(fields: Fields) -> tuple[Absence, ...]:
    """Read the absences of a service; one without any day is reported."""
    found = (_absence(node, fields) for node in fields.items("absences"))
    return tuple(one for one in found if one is not None)


def _absence(node: Node, around: Fields) -> Absence | None:
    fields = Fields(node, "absence", around.problems, around.language)
    season, reason = fields.season(), " ".join(fields.text("motif").split())
    if season is not None:
        return Absence(season, reason, fields.at)
    if fields.readable and not fields.values.keys() & {"du", "au", "chaque_annee"}:
        _without_days(fields)
    return None


def _without_days(fields: Fields) -> None:
    start, end = fields.said("du"), fields.said("au")
    if fields.misspelt("du") or fields.misspelt("au"):
        return
    fields.problems.error(
        fields.at,
        "dates",
        f"Cette absence n'a ni « {start} » ni « {end} »",
        f"Ajoutez le premier jour (« {start} »), le dernier (« {end} »), ou les deux.",
    )
