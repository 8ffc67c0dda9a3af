"""Reads YAML into a tree in which every scalar is text and everything has a position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from rules.problems import At, Problems

LARGEST_FILE = 1_000_000
DEEPEST = 20

# What YAML 1.1 does not admit (section 5.1), and the tabulation, which it admits in places.
_UNPRINTABLE = re.compile("[^\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TWICE = re.compile(r"([^\s{}\[\],:\"'\\][^{}\[\],:\"'\\]*): +([^{}\[\],:\"'\\]+?) *$")
"""What stands before the second colon of one entry in braces: its key and what it says so far."""
_REST = re.compile(r" *:[^{}\[\],:\"'\\]*")
_SHOWN = 80  # characters
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SENTENCES = (
    ("could not find expected ':'", "il manque « : » après une clé", "Écrivez « clé: valeur »."),
    ("found unexpected ':'", "aucune valeur ne suit ce « : »", "Écrivez-la, ou enlevez la clé."),
    (
        "mapping values are not allowed",
        "un « : » se trouve là où aucune clé n'est attendue",
        "Mettez le texte entre guillemets, ou corrigez le retrait.",
    ),
    (
        "did not find expected key",
        "le retrait de cette ligne ne correspond à aucun bloc",
        "Alignez la ligne sur ses voisines.",
    ),
    (
        "did not find expected '-' indicator",
        "cette ligne n'est pas alignée sur la liste qui précède",
        "Alignez le tiret sur les autres tirets.",
    ),
    (
        "did not find expected ',' or",
        "une accolade ou un crochet n'est pas refermé",
        "Ajoutez « , », « } » ou « ] ».",
    ),
    (
        "found unexpected end of stream",
        "un guillemet n'est pas refermé",
        "Ajoutez le guillemet qui manque.",
    ),
    (
        "cannot start any token",
        "ce caractère ne peut pas commencer une valeur",
        "Mettez la valeur entre guillemets.",
    ),
    (
        "exceeded",  # the C parser's own limit of nesting, far above ours
        f"les blocs sont imbriqués sur plus de {DEEPEST} niveaux",
        "Simplifiez la structure.",
    ),
    (
        "found undefined alias",
        "les alias YAML (« * ») ne sont pas admis",
        "Recopiez la valeur, ou mettez-la entre guillemets.",
    ),
    (
        "found unknown escape character",
        "la suite « \\… » n'existe pas entre guillemets doubles",
        "Utilisez des guillemets simples.",
    ),
)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value, always text; ``plain`` tells that it has no quotes."""

    text: str
    at: At
    plain: bool = True

    @property
    def empty(self) -> bool:
        return not self.text.strip() or (self.plain and self.text in {"~", "null"})


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]
    at: At


@dataclass(frozen=True, slots=True)
class Mapping:
    entries: tuple[tuple[Scalar, Node], ...]
    at: At


Node = Scalar | Sequence | Mapping


class _Refused(Exception):
    """Reading this file cannot go on."""

    def __init__(self, at: At, code: str, message: str, fix: str) -> None:
        super().__init__(message)
        self.at, self.code, self.message, self.fix = at, code, message, fix


def read_tree(raw: bytes, file: str, problems: Problems) -> Node | None:
    """Read a file's bytes; what is refused becomes problems, and None is returned."""
    text = ""
    try:
        text = _text(raw, file)
        return _Composer(file, problems).compose(text)
    except _Refused as refused:
        problems.error(refused.at, refused.code, refused.message, refused.fix)
    except yaml.YAMLError as error:
        _syntax(error, text, file, problems)
    return None


def _text(raw: bytes, file: str) -> str:
    if len(raw) > LARGEST_FILE:
        raise _Refused(
            At(file), "fichier-trop-gros", "Ce fichier dépasse 1 Mo", "Coupez-le en plusieurs."
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        raise _Refused(
            At(file, line, column),
            "encodage",
            "Ce fichier n'est pas écrit en UTF-8",
            "Enregistrez-le en UTF-8.",
        ) from None
    if found := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        at = At(file, line, found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1)
        if found[0] == "\t":
            raise _Refused(
                at,
                "tabulation",
                "Une tabulation se trouve ici, et le YAML n'en admet pas",
                "Remplacez-la par des espaces.",
            )
        raise _Refused(
            at,
            "caractere",
            f"Un caractère invisible (U+{ord(found[0]):04X}) se trouve ici",
            "Effacez-le.",
        )
    return text


def _syntax(error: yaml.YAMLError, text: str, file: str, problems: Problems) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    at = At(file, mark.line + 1, mark.column + 1) if mark else At(file)
    said = str(getattr(error, "problem", "") or error)
    if mark and "did not find expected ',' or" in said:
        twice = _second_colon(text, mark.line, mark.column, within="[" if "]" in said else "{")
        if twice:
            problems.error(at, "yaml", *twice)
            return
    for known, message, fix in _SENTENCES:
        if known in said:
            problems.error(at, "yaml", message[0].upper() + message[1:], fix)
            return
    problems.error(
        at,
        "yaml",
        "La structure YAML est illisible ici",
        "Vérifiez le retrait, les guillemets et les deux-points.",
    )


def _second_colon(text: str, line: int, column: int, *, within: str) -> tuple[str, str] | None:
    """Tell of the second colon of one entry in braces; None where it is another fault."""
    rows = text.split("\n")
    row = rows[line] if line < len(rows) else ""
    before = _TWICE.search(row[max(0, column - _SHOWN) : column])
    rest = _REST.match(row[column : column + _SHOWN])
    if not before or not rest:
        return None
    if len(rest[0]) == _SHOWN or (column > _SHOWN and before.start() == 0):
        return None  # too long to be shown whole
    key, value = before.groups()
    whole = f"{value}{rest[0]}".rstrip()
    fix = f'"{key}: {whole}"' if within == "[" else f'{key}: "{whole}"'
    return (
        f"Un second « : » suit « {key}: {value} »",
        f"Écrivez « {fix} », ou une virgule avant une autre clé.",
    )


class _Composer:
    """Builds the tree from the events of the C parser, refusing what people should not use."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems

    def compose(self, text: str) -> Node | None:
        events: Iterator[yaml.Event] = iter(yaml.parse(text, Loader=_Loader))
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Refused(
                        self._at(event),
                        "plusieurs-documents",
                        "Ce fichier contient plusieurs documents séparés par « --- »",
                        "Gardez-en un seul par fichier.",
                    )
            elif isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 1)
        return root

    def _at(self, event: yaml.Event) -> At:
        mark = event.start_mark
        if mark is None:
            return At(self.file)
        return At(self.file, mark.line + 1, mark.column + 1)

    def _node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        at = self._at(event)
        if isinstance(event, yaml.AliasEvent):
            raise _Refused(
                at,
                "alias",
                "Les alias YAML (« * ») ne sont pas admis",
                "Recopiez la valeur, ou mettez-la entre guillemets.",
            )
        if getattr(event, "anchor", None) is not None:
            raise _Refused(
                at,
                "ancre",
                "Les ancres YAML (« & ») ne sont pas admises",
                "Recopiez la valeur, ou mettez-la entre guillemets.",
            )
        if getattr(event, "tag", None) is not None:
            raise _Refused(
                at,
                "etiquette-yaml",
                "Les étiquettes YAML (« ! ») ne sont pas admises",
                "Enlevez-la, ou mettez la valeur entre guillemets.",
            )
        if depth > DEEPEST:
            raise _Refused(
                at,
                "trop-profond",
                f"Les blocs sont imbriqués sur plus de {DEEPEST} niveaux",
                "Simplifiez la structure.",
            )
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, at, plain=event.style in {None, ""})
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                items.append(self._node(event, events, depth + 1))
            return Sequence(tuple(items), at)
        return self._mapping(at, events, depth)

    def _mapping(self, at: At, events: Iterator[yaml.Event], depth: int) -> Mapping:
        entries: list[tuple[Scalar, Node]] = []
        seen: dict[str, At] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._node(event, events, depth + 1)
            if not isinstance(key, Scalar):
                raise _Refused(
                    key.at, "cle", "Une clé doit être un simple mot", "Écrivez « clé: valeur »."
                )
            if key.plain and key.text == "<<":
                raise _Refused(
                    key.at,
                    "fusion",
                    "Les clés de fusion « << » ne sont pas admises",
                    "Recopiez les lignes voulues.",
                )
            value = self._node(next(events), events, depth + 1)
            if key.text in seen:
                self.problems.error(
                    key.at,
                    "cle-en-double",
                    f"La clé « {key.text} » est écrite deux fois "
                    f"(déjà ligne {seen[key.text].line})",
                    "Gardez-en une seule.",
                )
                continue
            seen[key.text] = key.at
            entries.append((key, value))
        return Mapping(tuple(entries), at)
