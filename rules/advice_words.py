"""Warns of words that read more than the supervisor meant: accents, forms, foreign languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rules.compile import RuleSet
from rules.conditions.logic import leaves
from rules.conditions.words import Contains
from rules.lexicon import lexicon
from rules.phrases import Phrase
from rules.problems import Problems
from rules.words import fold, lower

_MOST_SHOWN = 6

# Frequent words of English, Spanish, Portuguese and Italian that a French form may equal.
_FOREIGN = frozenset(
    {
        *("but", "car", "cars", "cent", "chat", "coin", "court", "date", "dire", "fin", "four"),
        *("habit", "lit", "main", "mine", "note", "pain", "pays", "place", "pole", "pour", "rate"),
        *("rest", "sale", "sort", "son", "tent", "tire", "tours", "vent", "come", "dame", "dos"),
        *("gente", "hora", "mala", "mano", "mesa", "nada", "para", "parte", "paso", "piso", "sale"),
        *(
            "tarde",
            "vaga",
            "vale",
            "vida",
            "casa",
            "cosa",
            "festa",
            "fare",
            "pare",
            "porta",
            "sera",
        ),
    }
)


def advise_words(ruleset: RuleSet, problems: Problems) -> None:
    """Report words whose folded form, or one of whose forms, is another word."""
    told: set[str] = set()
    for one in ruleset.rules:
        for condition in leaves(one.rule.when):
            if isinstance(condition, Contains):
                phrases = [phrase for group in condition.groups for phrase in group.phrases]
                written = {phrase.written for phrase in phrases}
                for code, said, check in _CHECKS:
                    found = {
                        word: other
                        for word, other in _new(phrases, check, told)
                        if other not in written
                    }
                    if found:
                        problems.warning(
                            condition.at,
                            code,
                            f"Dans la règle « {one.rule.id} », {said} : {_listed(found)}",
                            f"Écrivez « ={next(iter(found))} » pour ce mot exact, accents compris.",
                        )


def _new(
    phrases: list[Phrase], check: Callable[[Phrase], str | None], told: set[str]
) -> Iterator[tuple[str, str]]:
    for phrase in phrases:
        other = check(phrase) if phrase.kind == "plain" and len(phrase.forms) == 1 else None
        if other is not None and phrase.written not in told:
            told.add(phrase.written)
            yield phrase.written, other


def _listed(found: dict[str, str]) -> str:
    shown = [f"« {word} » lit aussi « {other} »" for word, other in found.items()]
    more = f" et {len(shown) - _MOST_SHOWN} autres" if shown[_MOST_SHOWN:] else ""
    return ", ".join(shown[:_MOST_SHOWN]) + more


def _without_accents(phrase: Phrase) -> str | None:
    """Find the other word that remains when the accents fall."""
    word = lower(phrase.written)
    folded = fold(word)
    return folded if folded != word and lexicon().differ(word, folded) else None


def _foreign_form(phrase: Phrase) -> str | None:
    """Find a form, other than what is written, that is a frequent foreign word."""
    hit = (phrase.forms[0] & _FOREIGN) - {phrase.pieces[0]}
    return min(hit, default=None)


_CHECKS = (
    ("mot-sans-accent", "des mots en sont d'autres une fois sans accents", _without_accents),
    ("forme-etrangere", "des formes sont des mots étrangers fréquents", _foreign_form),
)
