"""Finds the commas in braces that cut one value into several keys: "{texte: Bonjour, la lampe}"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from rules.problems import At, Problems
from rules.reading.blocks import BLOCKS
from rules.reading.shapes import SHAPES, AnyOf, Choice, ListOf, Number, Text, Words
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Scalar
from rules.vocabulary import ENGLISH, FRENCH, plain

_SHOWN = 80  # characters
_PROSE = frozenset(
    {"nom", "texte", "sujet", "citation", "adresse", "motif", "silence", "tribunal", "part"}
)
"""Keys whose one value may hold a comma."""


@dataclass(slots=True)
class Cuts:
    """Where each piece of a value stands as a key, with the cure at the first of them."""

    cures: dict[At, str] = field(default_factory=dict)
    spoilt: set[At] = field(default_factory=set)
    """The keys of whose value only a piece is left."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A key, the pieces of its value, and the later of them, which stand as keys."""

    owner: Scalar
    pieces: tuple[str, ...]
    strays: tuple[Scalar, ...]


def cut_values(node: MappingNode, block: str, language: str) -> Cuts:
    """Find the values of a block that commas cut, and propose brackets or quotation marks."""
    found = Cuts()
    keys = _plain_keys(block, language)
    for cut in _cuts(node, lambda word: plain(word) in keys):
        said = plain(cut.owner.text)
        name = FRENCH.get(said, said) if language == "en" else said
        many = _takes_list(block, name)
        found.cures |= _told(cut, _bracketed(cut) if many else _cure(cut, block, name))
        if not many:
            found.spoilt.add(cut.owner.at)
    return found


def cut_texts(node: Node | None) -> Mapping[At, str]:
    """Find the texts by language that commas cut, and propose quotation marks."""
    found: dict[At, str] = {}
    if not isinstance(node, MappingNode):
        return found
    for cut in _cuts(node, lambda word: False):
        found |= _told(cut, _quoted(cut))
    return found


def tell_of_cut(key: Scalar, cure: str, problems: Problems) -> None:
    """Report a piece that stands as a key, once a value."""
    if cure:
        said = f"Après cette virgule, « {key.text} » est lu comme une clé"
        problems.error(key.at, "cle-inconnue", said, cure)


def _cuts(node: MappingNode, is_key: Callable[[str], bool]) -> Iterator[_Cut]:
    owner: Scalar | None = None
    pieces, strays = list[str](), list[Scalar]()
    for key, value in node.entries:
        if pieces and _stands_alone(key, value) and not is_key(key.text):
            pieces.append(key.text)
            strays.append(key)
            continue
        if owner and strays:
            yield _Cut(owner, tuple(pieces), tuple(strays))
        owner, strays = key, []
        pieces = [value.text] if isinstance(value, Scalar) and not value.empty else []
    if owner and strays:
        yield _Cut(owner, tuple(pieces), tuple(strays))


def _stands_alone(key: Scalar, value: Node) -> bool:
    """Whether neither a colon nor a value follows a key, as only in braces."""
    width = len(key.text) + (0 if key.plain else 2)
    end = (key.at.line, key.at.column + width)
    return isinstance(value, Scalar) and not value.text and (value.at.line, value.at.column) == end


@cache
def _plain_keys(block: str, language: str) -> frozenset[str]:
    said = (ENGLISH.get(name, name) if language == "en" else name for name in BLOCKS[block])
    return frozenset(map(plain, said))


@cache
def _takes_list(block: str, name: str) -> bool:
    shape = SHAPES[block].get(name)
    if isinstance(shape, Text | Choice | AnyOf):
        return shape.many
    return shape is None or isinstance(shape, Words | ListOf)


def _told(cut: _Cut, cure: str) -> dict[At, str]:
    return {stray.at: "" if index else cure for index, stray in enumerate(cut.strays)}


def _bracketed(cut: _Cut) -> str:
    pieces = ", ".join(cut.pieces)
    return f"Mettez la liste entre crochets : « {cut.owner.text}: [{pieces}] »."


def _quoted(cut: _Cut) -> str:
    key, whole = cut.owner.text, ", ".join(cut.pieces)
    marked = '"' in whole or "\\" in whole or not all(stray.plain for stray in cut.strays)
    if marked or len(whole) > _SHOWN:
        return f"Mettez tout le texte de « {key} » entre guillemets."
    return f'Mettez le texte entre guillemets : « {key}: "{whole}" ».'


def _cure(cut: _Cut, block: str, name: str) -> str:
    """Propose what a key wants that takes one value."""
    shape = SHAPES[block].get(name)
    if name in _PROSE:
        return _quoted(cut)
    if name in {"delai", "apres", "en"}:
        return "Une durée s'écrit sans virgule, par exemple « 36 heures »."
    if name in {"a_moins_de", "tolerance"} or (isinstance(shape, Number) and shape.decimal):
        number = ",".join(piece.strip() for piece in cut.pieces)
        return f'Mettez le nombre entre guillemets : « {cut.owner.text}: "{number}" ».'
    return f"« {cut.owner.text} » prend une seule valeur : gardez-en une."
