"""Reads words and lists of words: ``mot``, ``=mot``, ``mot*``, ``$liste`` and ``{proche: …}``."""

from __future__ import annotations

from dataclasses import dataclass

from rules import scalars
from rules.groups import Group
from rules.phrases import Phrase, near, parse_phrase
from rules.problems import Problems
from rules.reading.fields import Fields
from rules.reading.joined import folded, joined
from rules.reading.names import Names
from rules.reading.value import show
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Scalar, Sequence
from rules.vocabulary import plain

_NEAR_BY_DEFAULT = 5


@dataclass(frozen=True, slots=True)
class Unless:
    """Whether the rule asks to ignore words that are negated."""

    negated: bool = False


def _phrase(scalar: Scalar, problems: Problems, unless: Unless) -> tuple[Phrase, ...]:
    phrase = None if scalar.empty else parse_phrase(scalar.text, unless_negated=unless.negated)
    if phrase is None:
        problems.error(
            scalar.at,
            "mot-vide",
            f"« {scalar.text} » ne contient aucun mot",
            "Écrivez au moins une lettre ou un chiffre.",
        )
        return ()
    if "*" in (phrase.written[:-1] if phrase.kind == "prefix" else phrase.written):
        problems.error(
            scalar.at,
            "etoile",
            f"Dans « {scalar.text} », l'étoile n'est pas à la fin d'un début de mot",
            "Écrivez « encombr* » : l'étoile à la fin, sans « = ».",
        )
    return (phrase,)


def _tell_if_joined(scalar: Scalar, problems: Problems, language: str, *, in_list: bool) -> None:
    found = folded(scalar.text) if scalar.folded else None
    if (found := found or joined(scalar.text, language, in_list=in_list)) is not None:
        problems.error(scalar.at, "mots-ensemble", *found)


def _near(
    node: MappingNode, problems: Problems, language: str, unless: Unless
) -> tuple[Phrase, ...]:
    if (words := _only_words(node)) is not None:
        problems.error(
            node.at,
            "liste-attendue",
            "Une liste de mots est attendue ici, sans accolades ni clé",
            f"Écrivez « {show(words)} ».",
        )
        return ()
    fields = Fields(node, "proche", problems, language)
    fields.require("proche")
    for scalar in fields.scalars("proche"):
        listed = isinstance(fields.node("proche"), Sequence)
        _tell_if_joined(scalar, problems, language, in_list=listed)
    span = fields.read("mots", scalars.whole) if "mots" in fields else _NEAR_BY_DEFAULT
    parts = tuple(
        phrase
        for scalar in fields.scalars("proche")
        for phrase in _phrase(scalar, problems, Unless())
    )
    if span == 0:
        problems.error(
            fields.where("mots"),
            "valeur-illisible",
            "Deux mots ne sont jamais à 0 mot l'un de l'autre",
            "Écrivez 1 pour des mots qui se suivent.",
        )
    if not parts or span is None:
        return ()
    return (near(parts, span, unless_negated=unless.negated),)


def _only_words(node: MappingNode) -> Node | None:
    """Find the words of a block that gives them under « mots », as a named list may."""
    if len(node.entries) != 1 or plain(node.entries[0][0].text) not in {"mots", "words"}:
        return None
    words = node.entries[0][1]
    return words if isinstance(words, Sequence) and words.items else None


def phrases(
    node: Node, problems: Problems, language: str, names: Names | None, unless: Unless
) -> tuple[Phrase, ...]:
    """Read one word or a list of words; ``names`` resolves ``$liste`` where lists may be used."""
    found: list[Phrase] = []
    for item in node.items if isinstance(node, Sequence) else (node,):
        if isinstance(item, Scalar):
            _tell_if_joined(item, problems, language, in_list=item is not node)
            _tell_if_list(item, problems, names)
        if isinstance(item, MappingNode):
            found += _near(item, problems, language, unless)
        elif isinstance(item, Sequence):
            problems.error(
                item.at,
                "valeur-simple",
                "Une liste se trouve dans une liste de mots",
                "Écrivez tous les mots dans une seule liste.",
            )
        elif item.text.strip().startswith("$"):
            found += _listed(item, problems, names, unless)
        else:
            found += _phrase(item, problems, unless)
    return tuple(found)


def _tell_if_list(scalar: Scalar, problems: Problems, names: Names | None) -> None:
    """Doubt a word that names a list, where no word is written so: many lists are named « feu »."""
    word = scalar.text.strip()
    if "_" in word and names and word in (names.lists or {}):
        problems.warning(
            scalar.at,
            "liste-sans-signe",
            f"« {word} » est lu comme un mot, alors qu'une liste porte ce nom",
            f"Écrivez « ${word} » pour citer la liste.",
        )


def _listed(
    scalar: Scalar, problems: Problems, names: Names | None, unless: Unless
) -> tuple[Phrase, ...]:
    if names is None:
        problems.error(
            scalar.at,
            "liste-dans-liste",
            "Une liste ne peut pas citer une autre liste",
            "Recopiez ses mots ici, ou citez les deux listes dans la règle.",
        )
        return ()
    own = names.words_of(scalar)
    return tuple(one.heeding() for one in own) if unless.negated else own


def one_group(node: Node, fields: Fields, key: str, names: Names, unless: Unless) -> Group | None:
    """Read words of which one is enough."""
    if isinstance(node, Scalar) and node.empty:
        fields.scalar(key)
        return None
    found = phrases(node, fields.problems, fields.language, names, unless)
    return Group(found) if found else None


def groups(node: Node, fields: Fields, key: str, names: Names, unless: Unless) -> tuple[Group, ...]:
    """Read one group a line: each must be found."""
    if isinstance(node, Scalar):
        one = one_group(node, fields, key, names, unless)
        return (one,) if one else ()
    if isinstance(node, MappingNode):
        fields.problems.error(
            node.at,
            "liste-attendue",
            f"« {fields.said(key)} » attend une liste",
            "Commencez chaque élément par un tiret.",
        )
        return ()
    lines = [phrases(item, fields.problems, fields.language, names, unless) for item in node.items]
    return tuple(Group(line) for line in lines if line)
