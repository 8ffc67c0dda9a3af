"""Warns of words that read more than the supervisor meant: accents, forms, foreign languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rules.compile import RuleSet
from rules.compiled import Compiled
from rules.conditions.logic import leaves
from rules.conditions.words import Contains
from rules.groups import Group
from rules.lexicon import lexicon
from rules.lint.overlap import groups_of
from rules.phrases import Phrase
from rules.problems import At, Problems
from rules.words import fold, lower

_MOST_SHOWN = 6
_SHORTEST_WORD = 4
_STOP_WORDS = frozenset(
    {
        *("avec", "dans", "pour", "plus", "tout", "tous", "toute", "toutes", "cette", "cela"),
        *("chez", "mais", "sans", "sous", "vers", "bonjour", "merci", "alors", "aussi", "avoir"),
        *("etre", "faire", "quand", "rien", "tres", "bien", "comme", "encore", "depuis"),
        *("votre", "notre", "nous", "vous", "elle", "elles", "sont", "etait", "entre"),
        *("leur", "leurs", "meme", "deja", "donc", "apres", "avant", "autre", "autres", "aucun"),
        *("aucune", "avez", "avons", "celui", "celle", "ceux", "celles", "contre", "dont", "etes"),
        *("etaient", "fait", "font", "jamais", "lorsque", "moins", "parce", "peut", "peuvent"),
        *("plusieurs", "pourquoi", "presque", "puis", "quel", "quelle", "quels", "quelles"),
        *("quelque", "quelques", "selon", "soit", "suis", "surtout", "telle", "toujours", "trop"),
        *("voici", "voila", "pendant", "jusque", "jusqu", "aujourd", "votre", "notre", "bonsoir"),
        # a counter of a city is written to in English and Spanish too
        *("with", "this", "that", "from", "have", "there", "your", "please", "hello", "thank"),
        *("thanks", "they", "what", "when", "where", "which", "been", "were", "will", "would"),
        *("hola", "gracias", "favor", "este", "esta", "como", "cuando", "donde", "porque", "para"),
    }
)

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
    """Report words that match too much, and those that read as another word."""
    _words(ruleset, problems)
    _everywhere(ruleset, problems)
    _of_categories(ruleset, problems)
    _read_as_others(ruleset, problems)


def _words(ruleset: RuleSet, problems: Problems) -> None:
    """Report words that match too much, once each, together with their neighbours."""
    told: set[str] = set()
    for one in ruleset.rules:
        for condition in leaves(one.rule.when):
            if not isinstance(condition, Contains):
                continue
            phrases = [phrase for group in _alone(one, condition) for phrase in group.phrases]
            for doubtful, why, fix in ((_short, _SHORT, _SHORT_FIX), (_common, _COMMON, _FIX)):
                found = [p.written for p in phrases if doubtful(p) and p.written not in told]
                told.update(found)
                if found:
                    problems.warning(
                        condition.at,
                        "mot-douteux",
                        f"Dans la règle « {one.rule.id} », {why} : {_named(found)}",
                        fix.format(found[0]),
                        f'{{texte: "{found[0]}"}}',
                    )


def _everywhere(ruleset: RuleSet, problems: Problems) -> None:
    """Report words of nearly all messages in ``sauf``, where short ones exclude what they should."""
    for one in ruleset.rules:
        for block in one.rule.unless:
            conditions = block.conditions
            if len(conditions) == 1 and isinstance(conditions[0], Contains):
                groups = conditions[0].groups
                found = [p.written for p in groups[0].phrases if _common(p)]
                if found and len(groups) == 1:
                    where = f"Dans « sauf » de la règle « {one.rule.id} »"
                    _common_told(where, found, conditions[0].at, problems)


def _of_categories(ruleset: RuleSet, problems: Problems) -> None:
    """Report words of categories that match too much: "avs" is read in "12 av Camus" too."""
    for category in ruleset.configuration.categories.values():
        where = f"Dans la catégorie « {category.id} »"
        found = [phrase.written for phrase in category.phrases if _common(phrase)]
        if found:
            _common_told(where, found, category.at, problems)
        short = [phrase.written for phrase in category.phrases if _short(phrase)]
        if short:
            problems.warning(
                category.at,
                "mot-douteux",
                f"{where}, {_SHORT} : {_named(short)}",
                _SHORT_FIX.format(short[0].removesuffix("*")),
                f'{{texte: "{short[0]}"}}',
            )


def _common_told(where: str, found: list[str], at: At, problems: Problems) -> None:
    problems.warning(
        at,
        "mot-douteux",
        f"{where}, {_COMMON} : {_named(found)}",
        _FIX,
        f'{{texte: "{found[0]}"}}',
    )


def _alone(one: Compiled, condition: Contains) -> list[Group]:
    """List the words of a condition that need not meet others: "feu" beside "sourd" is no doubt."""
    if len(condition.groups) > 1:
        return []
    [group] = condition.groups
    meeting = [groups_of(term) for term in one.terms]
    return [group] if any(groups == [group] for groups in meeting) else []


_FIX = "Écrivez plutôt une expression de plusieurs mots."
_SHORT_FIX = "Écrivez une expression de plusieurs mots, ou « ={} » si c'est bien ce mot exact."
_SHORT = f"des mots ont moins de {_SHORTEST_WORD} lettres"
_COMMON = "des mots se trouvent dans presque tous les messages"


def _named(words: list[str]) -> str:
    return ", ".join(f"« {word} »" for word in dict.fromkeys(words))


def _single(phrase: Phrase) -> str:
    single = phrase.kind in {"plain", "prefix"} and len(phrase.pieces) == 1
    return phrase.pieces[0] if single else ""


def _short(phrase: Phrase) -> bool:
    word = _single(phrase)
    return 0 < len(word) < _SHORTEST_WORD and word.isascii() and word.isalpha()


def _common(phrase: Phrase) -> bool:
    return _single(phrase) in _STOP_WORDS


def _read_as_others(ruleset: RuleSet, problems: Problems) -> None:
    """Report words whose folded form, or one of whose forms, is another word."""
    told: set[str] = set()
    for one in ruleset.rules:
        for condition in leaves(one.rule.when):
            if isinstance(condition, Contains):
                phrases = [phrase for group in _alone(one, condition) for phrase in group.phrases]
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
                            f'{{texte: "{next(iter(found.values()))}"}}',
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
