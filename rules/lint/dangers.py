"""Warns of dangers that nobody is reminded of when the service in charge stays silent."""

from __future__ import annotations

from collections.abc import Iterator

from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.decide import decide
from rules.lint.made_up import MadeUp
from rules.lint.overlap import Comparison
from rules.model import Promises, Ref, Rule
from rules.problems import At, Problems

_NAMED = 2
"""Rules that a sentence names before it counts the others."""


def advise_dangers(ruleset: RuleSet, problems: Problems) -> None:
    """Report services that dangers go to without an alarm, each once, at its first rule.

    Whoever is in danger is promised no delay of a category or a service (see ``rules.decide``), so
    that only an ``escalade``, or a ``delai`` of the rule itself, reminds anybody.
    """
    dangers = [one for one in ruleset.rules if one.rule.priority == "danger"]
    _unowned(ruleset, [one for one in dangers if not one.rule.owners], problems)
    silent: dict[str, dict[str, At]] = {}
    for one in dangers:
        for service, at in _silent(ruleset, one):
            silent.setdefault(service, {}).setdefault(one.rule.id, at)
    for service, rules in silent.items():
        problems.warning(
            next(iter(rules.values())),
            "danger-sans-alerte",
            f"Si « {service} » ne répond pas à un danger ({_said(list(rules))}), personne n'est "
            "alerté : aucune « escalade » n'est écrite",
            f"Ajoutez « {_wanted(ruleset, service)} » à ce service ou à la règle.",
        )


def _silent(ruleset: RuleSet, one: Compiled) -> Iterator[tuple[str, At]]:
    """List the services that get the cases of a rule, where no alarm goes off."""
    if one.categories and all(ruleset.promised[name].escalation for name in one.categories):
        return
    services = ruleset.configuration.services
    for owner in _unalarmed(one.rule):
        for name in _meant(ruleset, one.rule, owner):
            if services[name].promises.escalation is None:
                yield name, owner.at


def _unalarmed(rule: Rule) -> Iterator[Ref]:
    """List those whom a rule or its steps put in charge without an alarm of their own."""
    base = rule.effects
    for effects in (base, *(step.effects for step in rule.steps)):
        if _alarms(effects.promises) or _alarms(base.promises):
            continue
        if effects.owner is not None:
            yield effects.owner
        yield from (part.owner for part in effects.parts[:1])


def _alarms(promises: Promises) -> bool:
    return promises.escalation is not None or promises.delay is not None


def _meant(ruleset: RuleSet, rule: Rule, owner: Ref) -> list[str]:
    """List the services that an owner means; the parts of a case have the alarm of the whole."""
    if rule.effects.parts:
        here = ruleset.geography.whereabouts((rule.territory,))
        return [ruleset.owners.default_of(rule.territory, here).service]
    return [entry.service.id for entry in ruleset.configuration.services_of(owner.id)]


def _unowned(ruleset: RuleSet, rules: list[Compiled], problems: Problems) -> None:
    """Report dangers of which an ordinary case goes to somebody whom nobody watches."""
    if not rules:
        return
    made_up, there = MadeUp(ruleset, Comparison.of(ruleset)), ruleset.without_absences()
    for one in rules:
        cases = filter(None, (made_up.holding((one, one), (term, term)) for term in one.terms))
        for example, facts in cases:
            found = decide(there, facts, traced=False)
            if found.danger and found.escalation is None and found.delay is None:
                problems.warning(
                    one.rule.at,
                    "danger-sans-alerte",
                    f"La règle de danger « {one.rule.id} » n'a pas de responsable : si "
                    f"« {found.owner} » ne répond pas, personne n'est alerté",
                    f"Ajoutez un responsable et « {_wanted(ruleset, found.owner)} ».",
                    example,
                )
                break


def _said(rules: list[str]) -> str:
    """Name a few rules, and count the others."""
    named = [f"« {one} »" for one in rules[:_NAMED]]
    more = f"{len(rules) - _NAMED} autres" if rules[_NAMED:] else named.pop()
    return f"règles {', '.join(named)} et {more}" if named else f"règle {more}"


def _wanted(ruleset: RuleSet, service: str) -> str:
    last = ruleset.owners.last.service
    return f"escalade: {{apres: 2 heures, vers: {last if service != last else 'un autre service'}}}"
