"""Rewrites a file between French and English keys, leaving every other byte as it stands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rules.problems import At, Problems
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Scalar, Sequence, read_tree
from rules.vocabulary import (
    CHANNELS,
    COUNTED_BY,
    ENGLISH,
    FACTS,
    FRENCH,
    LEVELS,
    NATURES,
    PRIORITIES,
    PROOFS,
    SEEN,
    SENDERS,
    STATUTES,
    URGENCIES,
    WAYS,
    plain,
)

Edit = tuple[Scalar, str]
"""A scalar, and what it is to say."""

_BOM = "\ufeff"
"""What some editors put before the first line; no line of YAML counts it."""
_YES_NO = {"oui": "yes", "non": "no"}
_CONDITION = {
    **dict.fromkeys(("un_de", "tous", "aucun_de"), "condition"),
    **{name: name for name in ("pres_de", "recu", "recurrence", "afflux")},
    **dict.fromkeys(("desordre", "confirmations"), "bornes"),
    **dict.fromkeys(("contient", "contient_tous"), "proche"),
}
_EFFECTS = {"escalade": "escalade", "repartir": "part", "cloture": "cloture"}
_CHILDREN: Mapping[str, Mapping[str, str]] = {
    "regles": {"regles": "regle", "essais": "essai", "listes": "*liste"},
    "regle": {"si": "condition", "sauf": "condition", "alors": "effets", "seuils": "effets"},
    "condition": _CONDITION,
    "effets": _EFFECTS,
    "liste": {"mots": "proche"},
    "essai": {"cas": "cas", "attendu": "attendu"},
    "attendu": {**_EFFECTS, "parts": "part", "repartir": "part"},
    "services.yaml": {"services": "service"},
    "service": {
        "transmission": "transmission",
        "contact": "contact",
        "escalade": "escalade",
        "absences": "absence",
    },
    "compteurs.yaml": {"compteurs": "compteur"},
    "categories.yaml": {"categories": "categorie"},
    "categorie": {
        "enfants": "categorie",
        "mots": "proche",
        "transmission": "transmission",
        "escalade": "escalade",
    },
    "competences.yaml": {"competences": "*ligne", "reserve": "reserve", "accords": "accord"},
    "territoire.yaml": {"territoires": "territoire", "zones": "*zone", "couches": "*couche"},
    "calendriers.yaml": {"calendriers": "*calendrier"},
    "textes": {"textes": "*texte"},
}
"""Block → key → the block of its value; a star stands for names that people choose."""

_NAMES_INSIDE = {"ligne": {"partout": "everywhere"}, "texte": {"court": "short"}}
"""Blocks in which most keys are names, and the few that are not."""

_VALUES: Mapping[str, Mapping[str, str]] = {
    "urgence": URGENCIES,
    "priorite": PRIORITIES,
    "echelon": LEVELS,
    "statut": STATUTES,
    "canal": CHANNELS,
    "transmettre_par": WAYS,
    "expediteur": SENDERS,
    "nature": NATURES,
    "par": COUNTED_BY,
    "voit": SEEN,
    "questions": FACTS,
    "demander": FACTS,
    "question": {**FACTS, "aucune": "none"},
    "preuve": PROOFS,
    **dict.fromkeys(
        (
            *("ignorer_si_nie", "piece_jointe", "confidentiel", "publier", "chaque_annee"),
            *(
                "actif",
                "absences",
            ),  # the absences of a test; those of a service are a list of blocks
        ),
        _YES_NO,
    ),
}


def block_of(path: str) -> str | None:
    """Name the outermost block of a file by its path from the folder; None for what is no rule."""
    if path.startswith("regles/"):
        return "regles"
    if path.startswith("textes/"):
        return "textes"
    name = path.rsplit("/", 1)[-1]
    return name if name in _CHILDREN else None


def translate(path: str, text: str, language: str) -> str:
    """Rewrite a file in ``fr`` or ``en``: its keys, and the values of closed lists.

    Comments, spaces, quotes and everything that people named stay byte for byte. A file that
    cannot be read, or that speaks the language already, comes back as it is.
    """
    if text.startswith(_BOM):
        return _BOM + translate(path, text[1:], language)
    block = block_of(path)
    tree = read_tree(text.encode(), path, Problems()) if block else None
    if block is None or not isinstance(tree, MappingNode):
        return text
    head = {plain(key.text): value for key, value in tree.entries}
    spoken = head.get("langue") or head.get("language")
    before = plain(spoken.text) if isinstance(spoken, Scalar) else "fr"
    if before == language:
        return text
    edits = list(_Walk(language).block(block, tree))
    if isinstance(spoken, Scalar):
        edits.append((spoken, language))
        return _applied(text, edits)
    key = "language" if language == "en" else "langue"
    return _below_the_head(_applied(text, edits), tree, f"{key}: {language}")


def _below_the_head(text: str, tree: MappingNode, line: str) -> str:
    """Add a line below the first comment and the format, where people look for it."""
    first = next((key.at.line - 1 for key, _ in tree.entries), 0)
    numbered = next((key.at.line for key, _ in tree.entries if plain(key.text) == "format"), first)
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    return "".join([*lines[:numbered], line, end, *lines[numbered:]])


class _Walk:
    """Goes down a file, naming what has to be said otherwise."""

    def __init__(self, language: str) -> None:
        self.english = language == "en"

    def block(self, block: str, node: Node) -> Iterator[Edit]:
        if isinstance(node, Sequence):
            for item in node.items:
                yield from self.block(block, item)
        if not isinstance(node, MappingNode):
            return
        children = _CHILDREN.get(block, {})
        for key, value in node.entries:
            word = plain(key.text)
            name = word if self.english else FRENCH.get(word, word)
            said = ENGLISH.get(name, key.text) if self.english else name
            if plain(said) != word:
                yield key, said
            yield from self._value(name, children.get(name), value)

    def _value(self, name: str, child: str | None, value: Node) -> Iterator[Edit]:
        if name in _VALUES:
            yield from self._closed(_VALUES[name], value)
        if child is None:
            return
        if not child.startswith("*"):
            yield from self.block(child, value)
            return
        for _, own in value.entries if isinstance(value, MappingNode) else ():
            if child[1:] in _NAMES_INSIDE:
                yield from self._named(_NAMES_INSIDE[child[1:]], own)
            else:
                words = child == "*liste" and not _is_list_block(own)
                yield from self.block("proche" if words else child[1:], own)

    def _named(self, words: Mapping[str, str], node: Node) -> Iterator[Edit]:
        turned = words if self.english else {own: french for french, own in words.items()}
        for key, _ in node.entries if isinstance(node, MappingNode) else ():
            if plain(key.text) in turned:
                yield key, turned[plain(key.text)]

    def _closed(self, words: Mapping[str, str], node: Node) -> Iterator[Edit]:
        turned = words if self.english else {own: french for french, own in words.items()}
        for item in node.items if isinstance(node, Sequence) else (node,):
            said = turned.get(plain(item.text)) if isinstance(item, Scalar) else None
            if isinstance(item, Scalar) and said and said != plain(item.text):
                yield item, said


def _is_list_block(node: Node) -> bool:
    if not isinstance(node, MappingNode):
        return False
    return any(plain(key.text) in {"mots", "words"} for key, _ in node.entries) and not any(
        plain(key.text) in {"proche", "close_together"} for key, _ in node.entries
    )


def _applied(text: str, edits: list[Edit]) -> str:
    """Put the new words in place, from the end, so that no place moves before its turn."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def offset(at: At) -> int:
        return starts[at.line - 1] + at.column - 1

    for scalar, said in sorted(edits, key=lambda edit: -offset(edit[0].at)):
        start = offset(scalar.at)
        if not scalar.plain:
            start += 1
        if text[start : start + len(scalar.text)] == scalar.text:
            text = text[:start] + said + text[start + len(scalar.text) :]
    return text
