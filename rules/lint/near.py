"""Warns of words near each other that are one word alone, or cannot be so near."""

from __future__ import annotations

from rules.compile import RuleSet
from rules.conditions.logic import leaves
from rules.conditions.words import Contains
from rules.phrases import Phrase
from rules.problems import Problems


def advise_near(ruleset: RuleSet, problems: Problems) -> None:
    """Report each ``proche`` once, at the first condition that looks for it."""
    told: set[Phrase] = set()
    for one in ruleset.rules:
        for condition in leaves((*one.rule.when, *one.rule.unless)):
            if not isinstance(condition, Contains):
                continue
            for phrase in (phrase for group in condition.groups for phrase in group.phrases):
                why, fix = _doubt(phrase)
                if why and phrase not in told:
                    told.add(phrase)
                    where = f"Dans la règle « {one.rule.id} », « proche »"
                    problems.warning(condition.at, "proche-douteux", f"{where} {why}", fix)


def _doubt(phrase: Phrase) -> tuple[str, str]:
    if phrase.kind != "near":
        return "", ""
    parts = phrase.parts
    if len(parts) == 1:
        word = parts[0].written
        return (
            f"n'a qu'un mot : « {word} »",
            f"Ajoutez l'autre mot, ou écrivez « {word} » tout seul.",
        )
    if phrase.span >= len(parts) - 1 or not _apart(parts):
        return "", ""
    return (
        f"veut {len(parts)} mots à {phrase.span} mot{'s'[: phrase.span > 1]} l'un de l'autre : "
        "il n'y a pas la place",
        f"Écrivez « mots: {len(parts)} » ou plus.",
    )


def _apart(parts: tuple[Phrase, ...]) -> bool:
    """Whether no two parts may begin at one word, as a word and its own beginning do."""
    seen: set[str] = set()
    for part in parts:
        words = part.forms[0] if part.kind == "plain" else frozenset()
        if not words or not seen.isdisjoint(words):
            return False
        seen |= words
    return True
