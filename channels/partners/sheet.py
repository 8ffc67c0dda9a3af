"""Reads the sheet of a case, as the core wrote it for a service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from router.delivery import Delivery

ASKED = {
    "date": "Quand c'est arrivé",
    "heure": "À quelle heure",
    "duree": "Depuis combien de temps",
    "numero": "Numéro donné",
    "vehicule": "Véhicule",
    "immatriculation": "Immatriculation",
    "personne": "Personne concernée",
    "nom": "Nom donné",
    "telephone": "Téléphone donné",
    "courriel": "Courriel donné",
    "contact": "Pour joindre la personne",
}
"""What a person was asked for, as a service reads it."""
BY_ANOTHER = "Message d'une autre personne (auteur non vérifié)"
"""What stands above the words of one who gave the number of a case and may be anybody."""


def sheet_of(delivery: Delivery) -> Mapping[str, Any]:
    """Read the data of a delivery; what is no sheet is an empty one."""
    try:
        return mapping(json.loads(delivery.data or "{}"))
    except ValueError:
        return {}


def added_by_another(sheet: Mapping[str, Any]) -> bool:
    """Whether what was added says one who is not known as the reporter of the case."""
    return sheet.get("added_by") == "other"


def written_of(delivery: Delivery, sheet: Mapping[str, Any]) -> str:
    """Give what a person wrote, or added; without a sheet the delivery's own text.

    Another's words are said to be that: this may be all that is read of them.
    """
    if not sheet:
        return delivery.text
    parts = (
        [sheet.get("added")] if sheet.get("added") else [sheet.get("subject"), sheet.get("text")]
    )
    texts = [str(part).strip() for part in parts if part]
    if added_by_another(sheet):
        texts = [f"{BY_ANOTHER} :", *texts]
    elif len(texts) == 2 and texts[1].startswith(texts[0]):
        texts = texts[1:]
    return "\n\n".join(texts)


def address_of(sheet: Mapping[str, Any]) -> str:
    """Write the place in one line, from the street to the commune, as people say it."""
    place = mapping(sheet.get("place"))
    communes = [mapping(commune) for commune in items(place.get("communes"))]
    names = [str(commune.get("name") or commune.get("insee") or "") for commune in communes]
    street = place.get("street") or place.get("text")
    town = " ".join(str(part) for part in (place.get("postcode"), " ou ".join(names)) if part)
    return ", ".join(str(part) for part in (street, town) if part)


def point_of(sheet: Mapping[str, Any]) -> tuple[float, float] | None:
    """Give the position in degrees WGS84, if there is one."""
    place = mapping(sheet.get("place"))
    lat, lon = place.get("lat"), place.get("lon")
    if isinstance(lat, int | float) and isinstance(lon, int | float):
        return float(lat), float(lon)
    return None


def answers_of(sheet: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List what the person answered, as (fact, words)."""
    given = [mapping(one) for one in items(sheet.get("answers"))]
    return [(str(one.get("fact") or ""), str(one.get("text") or "")) for one in given]


def label_of(fact: str) -> str:
    """Say of a fact what a service reads before its answer."""
    return ASKED.get(fact, "Réponse")


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def items(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
