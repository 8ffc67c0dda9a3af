"""Names to people what decides a case without being a rule of a file: the table, a default, an agent."""

from __future__ import annotations

from collections.abc import Callable

_TABLE, _DEFAULT, _AGENT = "competence:", "a_defaut:", "choix_agent"


def rule_named(rule: str, place: Callable[[str], str] = str) -> str:
    """Name a rule in French: "la table des compétences (famille voirie, partout)"; one of a file by its id.

    ``place`` names a territory that is written as a code.
    """
    if rule.startswith(_TABLE):
        family, _, column = rule.removeprefix(_TABLE).partition(":")
        return f"la table des compétences (famille {family}, {place(column)})"
    if rule.startswith(_DEFAULT):
        return f"le responsable par défaut ({place(rule.removeprefix(_DEFAULT))})"
    return "le choix d'un agent" if rule == _AGENT else rule


def by_rule(rule: str) -> str:
    """Say by which rule something is so: "règle eclairage", or what decides in its place."""
    named = rule_named(rule)
    return f"règle {rule}" if named == rule else named
