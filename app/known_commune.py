"""Refuses the name of a commune that is none here, and says which one was probably meant."""

from __future__ import annotations

from app.rulebook import LoadedRulebook
from router.errors import InvalidInput
from rules.problems import proposal


def check_commune(commune: str, rulebook: LoadedRulebook) -> None:
    """Make sure that a commune, by its name or INSEE code, is one of the territory; empty is none.

    Raises:
        InvalidInput: it is not; the sentence proposes the nearest, or tells some.
    """
    geography = rulebook.geography
    if commune and geography.commune(commune) is None:
        names = [geography.commune_name(code) for code in geography.communes()]
        raise InvalidInput(f"La commune « {commune} » n'existe pas. {proposal(commune, names)}")
