"""Tells ids that people would take for one and the same."""

from __future__ import annotations

from collections.abc import Mapping

from rules.problems import At, Problems
from rules.vocabulary import plain


def tell_alike(taken: Mapping[str, At], kind: str, problems: Problems) -> None:
    """Report an id that differs from an earlier one by capitals or accents alone."""
    first: dict[str, str] = {}
    for name, at in taken.items():
        other = first.setdefault(plain(name), name)
        if other != name:
            problems.warning(
                at,
                "id-semblable",
                f"{kind} « {name} » ne diffère de « {other} » que par des majuscules ou des accents "
                f"({taken[other].file}, ligne {taken[other].line})",
                "Choisissez un nom que l'on ne confond pas.",
            )
