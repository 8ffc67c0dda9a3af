"""Lets other engines decide the generated rules: a Python loop, zen-engine, and CEL written in Rust.

Each is given what favours it: the words of a text already cut, folded and repaired, and only those
that some rule looks for; it answers with the number of the first rule that holds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import cel
import zen

from bench.rule_sets import Generated
from router.decision import Facts
from rules.compiled import Compiled
from rules.conditions.place import Inside
from rules.conditions.words import Contains

_CHAIN = 25  # rules in one CEL expression: fewer crossings than one each, no deep nesting


@dataclass(frozen=True, slots=True)
class Asked:
    """A case as a peer sees it: the commune, and the words that some rule looks for."""

    commune: str
    words: tuple[str, ...]


Peer = Callable[[Asked], int | None]
"""Answers with the number of the first rule that holds, None when none does."""


@dataclass(frozen=True, slots=True)
class _Plain:
    """A generated rule as plain data: communes, all of which must hold it, and groups of words."""

    communes: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]


def asked(generated: Generated, facts: Facts) -> Asked:
    text = generated.ruleset.situation(facts).text
    known = generated.ruleset.index.usage.keys()
    return Asked(facts.place.communes[0], tuple(sorted(text.words & known)))


def python_loop(generated: Generated) -> Peer:
    """Try rule after rule, on sets of words."""
    rules = [
        (one.communes, tuple(frozenset(group) for group in one.groups))
        for one in _plain(generated.ruleset.rules)
    ]

    def run(case: Asked) -> int | None:
        words, commune = frozenset(case.words), case.commune
        for number, (communes, groups) in enumerate(rules):
            if all(one == commune for one in communes) and not any(
                group.isdisjoint(words) for group in groups
            ):
                return number
        return None

    return run


def zen_engine(generated: Generated) -> Peer:
    """Ask a decision table of the hit policy "first"."""
    rows = [
        {"_id": str(number), "c": _zen(one), "o": str(number)}
        for number, one in enumerate(_plain(generated.ruleset.rules))
    ]
    table = {
        "hitPolicy": "first",
        "inputs": [{"id": "c", "name": "c", "field": ""}],
        "outputs": [{"id": "o", "name": "o", "field": "rule"}],
        "rules": [*rows, {"_id": "none", "c": "", "o": "-1"}],
    }
    decision = zen.ZenEngine().create_decision(json.dumps(_graph(table)))

    def run(case: Asked) -> int | None:
        answer = decision.evaluate({"commune": case.commune, "words": list(case.words)})
        number = int(answer["result"]["rule"])
        return None if number < 0 else number

    return run


def _graph(table: Mapping[str, Any]) -> dict[str, Any]:
    here = {"position": {"x": 0, "y": 0}}
    return {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "in", **here},
            {"id": "table", "type": "decisionTableNode", "name": "table", "content": table, **here},
            {"id": "out", "type": "outputNode", "name": "out", **here},
        ],
        "edges": [
            {"id": "first", "sourceId": "in", "targetId": "table", "type": "edge"},
            {"id": "last", "sourceId": "table", "targetId": "out", "type": "edge"},
        ],
    }


def _zen(rule: _Plain) -> str:
    places = [f"commune == '{one}'" for one in rule.communes]
    return " and ".join([*places, *(f"some(words, # in {list(group)})" for group in rule.groups)])


def cel_rust(generated: Generated) -> Peer:
    """Ask expression after expression, each of some rules in their order."""
    plain = list(enumerate(_plain(generated.ruleset.rules)))
    programs = [
        cel.compile("".join(f"({_cel(rule)}) ? {number} : " for number, rule in some) + "-1")
        for some in (plain[start : start + _CHAIN] for start in range(0, len(plain), _CHAIN))
    ]

    def run(case: Asked) -> int | None:
        context = cel.Context()
        context.add_variable("commune", case.commune)
        context.add_variable("has", dict.fromkeys(case.words, True))
        for program in programs:
            number = int(program.execute(context))
            if number >= 0:
                return number
        return None

    return run


def _cel(rule: _Plain) -> str:
    places = [f"commune == '{one}'" for one in rule.communes]
    groups = (" || ".join(f"'{word}' in has" for word in group) for group in rule.groups)
    return " && ".join([*places, *(f"({group})" for group in groups)])


def _plain(rules: Iterable[Compiled]) -> Iterable[_Plain]:
    for one in rules:
        communes, groups = [one.rule.territory], []
        for condition in one.rule.when[0].conditions:
            if isinstance(condition, Contains):
                groups += [
                    tuple(phrase.written for phrase in group.phrases) for group in condition.groups
                ]
            elif isinstance(condition, Inside):
                communes += sorted(condition.territories)
        yield _Plain(tuple(dict.fromkeys(communes)), tuple(groups))


PEERS: Mapping[str, Callable[[Generated], Peer]] = {
    "python-loop": python_loop,
    "zen-engine": zen_engine,
    "cel-rust": cel_rust,
}
