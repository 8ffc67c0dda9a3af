"""Which rules the ``essais`` of a rule set reach."""

from __future__ import annotations

from collections import Counter

from rules import trials
from rules.compile import RuleSet


def trials_of(ruleset: RuleSet) -> Counter[str]:
    """Count, by rule, the tests in which it held; rules that none reaches are absent."""
    found: Counter[str] = Counter()
    for result in trials.run(ruleset):
        decision = result.decision
        found.update({decision.rule, *decision.trace.get("true_rules", ())})
    return found


def untried(ruleset: RuleSet) -> list[str]:
    """List the rules of the files that no test reaches, as ``file:line: id``, in their order."""
    reached = trials_of(ruleset)
    return [
        f"{rule.at.file}:{rule.at.line}: {rule.id}"
        for file in ruleset.configuration.files
        for rule in file.rules
        if rule.id not in reached
    ]
