"""Which rules the ``essais`` of a rule set reach."""

from __future__ import annotations

from collections import Counter

from rules import trials
from rules.compile import RuleSet
from rules.model import Trial


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


def rules_expected(ruleset: RuleSet) -> set[str]:
    """List the rules of which a test expects an effect: it names the effect, and they bring it."""
    found: set[str] = set()
    for trial, result in zip(_all_trials(ruleset), trials.run(ruleset), strict=True):
        decision = result.decision
        if "repondre" in trial.expected:
            found.update(filter(ruleset.is_danger, decision.trace["true_rules"]))
        for effect, brought in decision.trace["effects"].items():
            if effect in trial.expected or (effect == "demander" and "question" in trial.expected):
                found.update(rule for rule, _ in brought)
    return found


def _all_trials(ruleset: RuleSet) -> list[Trial]:
    return [trial for file in ruleset.configuration.files for trial in file.trials]
