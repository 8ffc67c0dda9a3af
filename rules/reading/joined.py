"""Finds the signs by which people write several words of the rules in one text."""

from __future__ import annotations

import re

from rules.vocabulary import ENGLISH

_SUSPECT = re.compile(r"[\n;|,/(]|^\s*-|\b(?:OU|OR|ET|AND|PAS|SAUF|NON|NOT)\b")
_SIGNS = (
    r"\n|;|\|"
    r"|,(?!\d)|(?<=\D),"  # « 1,5 » is a number
    r"|(?<=\w\w)/(?=[^\W\d]{2})|(?<=\s)/(?=\s)"  # « km/h » and « 24h/24 » are words
)
_APART = re.compile(rf"\s*(?:{_SIGNS})\s*")
_APART_OR = re.compile(rf"\s*(?:{_SIGNS}|(?<=\s)(?:OU|OR)(?=\s))\s*")
"""What stands between words of which one is enough."""
_BOTH = re.compile(r"\s+(?:ET|AND)\s+")
_PLURAL = re.compile(r"(?<=[^\W\d_])\(\w{1,4}\)")
_NOT = re.compile(
    r"\s*(?:-(?=\w)|(?:PAS(?! de? | d['’])|SAUF|NON|NOT)\s+)(?P<word>.*\S)\s*", re.DOTALL
)
"""What people put before a word to exclude it; « PAS d'eau » is what they look for."""
_SHOWN = 4  # words


def joined(text: str, language: str, *, in_list: bool) -> tuple[str, str] | None:
    """Say what is wrong with a text that was meant as several words, or without one, and the cure.

    Signs count only where the words of a request cannot hold them: those are read without signs.
    """
    if not _SUSPECT.search(text):
        return None
    named = text.isupper()  # « MAISON ET JARDIN »: capitals say nothing in such a name
    pieces = list(filter(None, (_APART if named else _APART_OR).split(text.strip())))
    if len(pieces) > 1:
        said = f"« {' '.join(text.split())} » est lu comme une seule expression"
        return said, _apart(pieces, in_list)
    if _PLURAL.search(text):
        said = f"« {text} » n'est jamais trouvé, à cause de la parenthèse"
        return said, f"Écrivez « {_PLURAL.sub('', text)} », dont toutes les formes sont trouvées."
    if named:
        return None
    if (both := _BOTH.split(text.strip()))[1:]:
        key = "contient_tous" if language == "fr" else ENGLISH["contient_tous"]
        said = f"« {text} » est lu comme une seule expression"
        return said, f"Pour exiger chaque mot, écrivez « {key}: {_listed(both)} »."
    if refused := _NOT.fullmatch(text):
        return f"« {text} » n'exclut rien", _excluded(refused["word"], language)
    return None


def folded(text: str) -> tuple[str, str]:
    """Say that lines without dashes became one text, and the cure."""
    return (
        f"« {text} » est lu comme une seule expression",
        "Écrivez chaque mot sur sa ligne, après « - » et une espace.",
    )


def _apart(pieces: list[str], in_list: bool) -> str:
    if in_list:
        some = ", ".join(f"« {piece} »" for piece in pieces[:_SHOWN])
        return f"Faites-en plusieurs éléments de la liste : {some}{_more(pieces)}."
    return f"Écrivez la liste « {_listed(pieces)} »."


def _listed(pieces: list[str]) -> str:
    return f"[{', '.join(map(_quoted, pieces))}]"


def _more(pieces: list[str]) -> str:
    return ", …" if len(pieces) > _SHOWN else ""


def _quoted(piece: str) -> str:
    """Write a word as an element of a list, in quotation marks where YAML wants them."""
    return piece if re.fullmatch(r"[\w$][\w $'’*.-]*", piece) else f'"{piece}"'


def _excluded(word: str, language: str) -> str:
    unless, holds = ("sauf", "contient") if language == "fr" else ("except", "contains")
    when = "si" if language == "fr" else "if"
    return f"Écrivez « {unless}: {{{holds}: {_listed([word])}}} » à côté de « {when} »."
