"""Tells which facts were not known, and which rules waited for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rules.compile import RuleSet
from rules.conditions.logic import leaves
from rules.conditions.source import Condition
from rules.model import Rule

_NAMES = {
    "expediteur": "qui écrit",
    "desordre": "la gêne ressentie",
    "nature": "ce que la personne veut",
    "urgence": "l'urgence",
    "piece_jointe": "une pièce jointe",
    "canal": "le canal",
    "langue": "la langue",
    "lieu": "le lieu",
    "categorie": "la catégorie",
}
"""What people call a fact."""
_EXACT = "le lieu exact"
_MOST = 3
"""Rules that are named beside a fact; the file and ``--json`` hold them all."""
_TABLE, _NOWHERE = "competence:", "lieu : inconnu"


def rules_of(ruleset: RuleSet | None) -> dict[str, Rule]:
    """Give the rules of a set by their ids."""
    files = ruleset.configuration.files if ruleset else ()
    return {rule.id: rule for file in files for rule in file.rules}


def missing(trace: Mapping[str, Any], rules: Mapping[str, Rule]) -> dict[str, list[str]]:
    """List the facts that were not known, each with the rules that waited for it.

    A place that is known, but not as exactly as a rule needs it, is missing too.
    """
    known = _known(trace)
    found: dict[str, list[str]] = {}
    for name in trace.get("unknown", ()):
        facts = _facts(name, rules)
        lacking = [one for one in facts if one not in known]
        if not lacking and "lieu" in facts:
            lacking = ["lieu"]
        for fact in lacking:
            found.setdefault(fact, []).append(name)
    return found


def _known(trace: Mapping[str, Any]) -> set[str]:
    place = trace.get("place", {}).get("known", _NOWHERE) != _NOWHERE
    return {"", "texte", "date", *trace.get("facts", {}), *(("lieu",) if place else ())}


def _facts(name: str, rules: Mapping[str, Rule]) -> list[str]:
    return list(dict.fromkeys(one.fact for one in _conditions(name, rules, set())))


def _conditions(name: str, rules: Mapping[str, Rule], seen: set[str]) -> Iterator[Condition]:
    """Go through the conditions of a rule, and of the rules that it asks for."""
    rule = rules.get(name)
    if rule is None or name in seen:
        return
    seen.add(name)
    for one in leaves((*rule.when, *rule.unless)):
        yield one
        for other in getattr(one, "rules", ()):
            yield from _conditions(other, rules, seen)


def missing_told(trace: Mapping[str, Any], ruleset: RuleSet) -> list[str]:
    """Say in French what is missing, a line a fact; and the rules that wait for none of these."""
    found, known = missing(trace, rules_of(ruleset)), _known(trace)
    table = ""
    if any(name.startswith(_TABLE) for name in trace.get("unknown", ())):
        table = "lieu" if "categorie" in known else "categorie"
        found = {table: found.pop(table, []), **found}
    lines = [
        f"{_EXACT if fact == 'lieu' and 'lieu' in known else _NAMES.get(fact, fact)} "
        f"({_listed(names, table=fact == table)})"
        for fact, names in found.items()
    ]
    told = {name for names in found.values() for name in names}
    waiting = (one for one in trace.get("unknown", ()) if not one.startswith(_TABLE))
    others = [name for name in waiting if name not in told]
    return [*lines, f"autre chose ({_listed(others)})"] if others else lines


def _listed(names: list[str], *, table: bool = False) -> str:
    """Name those that wait: "table des compétences, règles a, b, c et 4 autres"."""
    waiting = ["table des compétences"] if table else []
    if names:
        more = len(names) - _MOST
        others = f" et {more} autre{'s' if more > 1 else ''}" if more > 0 else ""
        rules = "règles" if len(names) > 1 else "règle"
        waiting.append(f"{rules} {', '.join(names[:_MOST])}{others}")
    return ", ".join(waiting)
