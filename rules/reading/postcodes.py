"""Reads the file that leads from postal codes to communes."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from rules.problems import At
from rules.reading.fields import Fields
from rules.reading.sources import Sources


def read_postcodes(
    beside: str, fields: Fields, sources: Sources, inside: Container[str]
) -> dict[str, tuple[str, ...]]:
    """Give the communes of each postal code, those of the installation alone."""
    path = sources.beside(beside, fields, "codes_postaux")
    data = sources.json(path) if path else None
    found: dict[str, list[str]] = {}
    rows = [*data.items()] if isinstance(data, dict) else _rows(data)
    if path and data is not None and not rows:
        sources.problems.error(
            At(path),
            "codes-postaux",
            "Ce fichier ne contient aucun code postal",
            'Écrivez [{"codePostal": "44000", "codeCommune": "44109"}].',
        )
    for postcode, codes in rows:
        for code in map(str, codes if isinstance(codes, list | tuple) else [codes]):
            if code in inside and code not in found.setdefault(str(postcode), []):
                found[str(postcode)].append(code)
    return {postcode: tuple(codes) for postcode, codes in sorted(found.items()) if codes}


def _rows(data: Any) -> list[tuple[str, str]]:
    if not isinstance(data, list):
        return []
    rows = [row for row in data if isinstance(row, dict)]
    return [
        (str(row["codePostal"]), str(row["codeCommune"]))
        for row in rows
        if "codePostal" in row and "codeCommune" in row
    ]
