"""Decisions of generated rule sets of 100 to 100,000 rules: microseconds each, and what grows.

Run ``python -m bench.rules`` (``--json`` for programs). Rules stand in files of 24 communes, and of
1,000 beside, over a vocabulary of 600 words; a text has about 300 characters, which each decision
normalises. Every figure is processor time of this process: decisions without and with their trace,
the same rules in other engines, a replay of past cases, a save.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.table import Table

from bench.rule_history import replay_s, save_s
from bench.rule_peers import PEERS, Peer, asked
from bench.rule_sets import Generated, generate, with_communes
from rules.checking import load
from rules.decide import decide
from rules.model import Configuration
from understanding.territory import Territory

CONFIG = Path(__file__).parents[1] / "config"
SIZES = (100, 1_000, 10_000, 100_000)
COMMUNES, MANY_COMMUNES = 24, 1_000
PAST_CASES = 100_000
_ROUNDS = 7
_PEERS_AT = (1_000, 10_000)
_CHECKED, _PEERS_ASKED = 50, 20  # cases


Case = TypeVar("Case")


class EnginesDiffer(Exception):
    """Two engines name different owners for one case: their times cannot be compared."""


def microseconds(run: Callable[[Case], object], cases: Sequence[Case], rounds: int) -> float:
    """Time one call a case: the median of some rounds, after one that warms the memories."""
    for case in cases:
        run(case)
    taken = []
    for _ in range(rounds):
        start = time.process_time()
        for case in cases:
            run(case)
        taken.append((time.process_time() - start) / len(cases) * 1e6)
    return statistics.median(taken)


def decisions(generated: Generated) -> dict[str, float]:
    """Time decisions without and with their trace, in turns, so that both see the same machine."""
    ruleset, cases = generated.ruleset, generated.cases
    ways: dict[str, Callable[[Any], object]] = {
        "plain": lambda facts: decide(ruleset, facts, traced=False),
        "traced": lambda facts: decide(ruleset, facts),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    gc.collect()
    gc.freeze()  # millions of rules would be looked through again and again, whoever decides
    for _ in range(_ROUNDS):
        for name, run in ways.items():
            taken[name].append(microseconds(run, cases, 1))
    gc.unfreeze()
    return {name: statistics.median(times) for name, times in taken.items()}


def check_owners(generated: Generated, name: str, peer: Peer) -> None:
    """Hold a peer and this engine to the same rule and owner, or to no rule at all.

    Raises:
        EnginesDiffer: they name different ones.
    """
    rules = generated.ruleset.rules
    ids = {one.rule.id for one in rules}
    for facts in generated.cases[:_CHECKED]:
        number = peer(asked(generated, facts))
        decision = decide(generated.ruleset, facts, traced=False)
        ours = (decision.rule, str(decision.owner)) if decision.rule in ids else None
        theirs = None
        if number is not None:
            owner = rules[number].rule.effects.owner
            theirs = (rules[number].rule.id, owner.id if owner else "")
        if ours != theirs:
            raise EnginesDiffer(f"{len(rules)} rules, {facts.text!r}: {ours}, {name}: {theirs}")


def peers(generated: Generated) -> dict[str, float]:
    """Time the other engines on the same rules, once they are known to answer the same."""
    found = {}
    cases = [asked(generated, facts) for facts in generated.cases[:_PEERS_ASKED]]
    for name, made in PEERS.items():
        peer = made(generated)
        check_owners(generated, name, peer)
        found[name] = round(microseconds(peer, cases, 3), 1)
    return found


def measure(sizes: Iterable[int], past: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Measure everything; gives plain JSON: microseconds a decision, seconds, ratios."""
    base = load(CONFIG, Territory.from_description).configuration
    many = with_communes(base, MANY_COMMUNES)
    figures: dict[str, Any] = {
        name: {} for name in ("us_per_decision", "us_traced", "us_1000_communes", "compile_s")
    }
    figures["peers"] = {name: {} for name in PEERS}
    few_places = Territory.from_description(base.territory)
    many_places = Territory.from_description(many.territory)
    for size in sizes:
        say(f"{size} rules")
        generated = generate(base, few_places, size, COMMUNES)
        check_owners(generated, "python-loop", PEERS["python-loop"](generated))
        taken = decisions(generated)
        figures["us_per_decision"][str(size)] = round(taken["plain"], 1)
        figures["us_traced"][str(size)] = round(taken["traced"], 1)
        figures["compile_s"][str(size)] = round(generated.compile_s, 2)
        for name, us in peers(generated).items() if size in _PEERS_AT else ():
            figures["peers"][name][str(size)] = us
        del generated
        figures["us_1000_communes"][str(size)] = _beside(many, many_places, size)
    return figures | _summed_up(figures) | _history(base, past, say)


def _beside(base: Configuration, geography: Territory, size: int) -> float:
    generated = generate(base, geography, size, MANY_COMMUNES)
    return round(decisions(generated)["plain"], 1)


def _summed_up(figures: dict[str, Any]) -> dict[str, float]:
    plain, traced = figures["us_per_decision"], figures["us_traced"]
    smallest, *_, largest = plain.values() if len(plain) > 1 else [*plain.values()] * 2
    return {
        "trace_ratio": round(max(traced[size] / plain[size] for size in plain), 2),
        "growth": round(largest / smallest, 2),
    }


def _history(base: Configuration, past: int, say: Callable[[str], None]) -> dict[str, float]:
    say(f"replay of {past} past cases on the shipped rules")
    replayed = round(replay_s(base, past), 2)
    say("save of a file of 400 rules")
    saved = round(save_s(CONFIG), 3)
    return {f"replay_{past // 1000}k_s": replayed, "save_400_rules_s": saved}


def show(figures: dict[str, Any], console: Console) -> None:
    """Print the figures for people, the other engines as multiples of this one."""
    table = Table("rules", "µs", "with trace", "1,000 communes", *PEERS, title="one decision, CPU")
    for size, us in figures["us_per_decision"].items():
        others = (figures["peers"][name].get(size) for name in PEERS)
        table.add_row(
            f"{int(size):,}",
            f"{us:.0f}",
            f"{figures['us_traced'][size]:.0f}",
            f"{figures['us_1000_communes'][size]:.0f}",
            *("" if other is None else f"{other:.0f} (x{other / us:.1f})" for other in others),
        )
    console.print(table)
    for name, figure in figures.items():
        if isinstance(figure, float):
            console.print(f"{name}: {figure}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the bench and print its figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.rules", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON line last on stdout")
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="largest rule set")
    parser.add_argument(
        "--past-cases", type=int, default=PAST_CASES, help="cases that are replayed"
    )
    chosen = parser.parse_args(arguments)
    err, began = Console(stderr=True, highlight=False), time.monotonic()

    def say(text: str) -> None:
        err.print(f"{time.monotonic() - began:5.1f} s  {text}", markup=False)

    sizes = [size for size in SIZES if size <= chosen.largest]
    figures = measure(sizes, chosen.past_cases, say)
    if chosen.json:
        print(json.dumps(figures))
    else:
        show(figures, Console(highlight=False))


if __name__ == "__main__":
    main()
