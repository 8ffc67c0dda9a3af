"""Reads YAML into a tree in which every scalar is text and everything has a position."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import yaml

from rules.problems import At, Problems
from rules.reading.yaml_mistakes import DEEPEST, odd_indentation, tell
from rules.reading.yaml_typed import long_dash, told_dash

LARGEST_FILE = 1_000_000

# What YAML 1.1 does not admit (section 5.1), and the tabulation, which it admits in places.
_UNPRINTABLE = re.compile("[^\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value, always text; ``plain`` tells that it has no quotes."""

    text: str
    at: At
    plain: bool = True
    folded: bool = False
    """Whether it is the value of a key, without quotes, over several lines that became one."""

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
        tell(error, text, file, _Loader, problems)
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


class _Composer:
    """Builds the tree from the events of the C parser, refusing what people should not use."""

    def __init__(self, file: str, problems: Problems) -> None:
        self.file = file
        self.problems = problems
        self.rows: list[str] = []

    def compose(self, text: str) -> Node | None:
        self.rows = text.split("\n")
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
            plain = event.style in {None, ""}
            if plain and not event.value[:1].isascii():
                self._refuse_odd_indentation(at)
                self._refuse_long_dash(event.value, at)
            return Scalar(event.value, at, plain=plain)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                items.append(self._node(event, events, depth + 1))
            return Sequence(tuple(items), at)
        return self._mapping(at, events, depth)

    def _refuse_odd_indentation(self, at: At) -> None:
        """Refuse what begins with the spaces of a line that YAML takes for letters."""
        row = self.rows[at.line - 1] if at.line <= len(self.rows) else ""
        found = odd_indentation(row, at.line - 1)
        if found is not None and at.column <= found.column + 1:
            raise _Refused(at, "caractere", found.message, found.fix)

    def _refuse_long_dash(self, value: str, at: At) -> None:
        """Refuse a list of a word processor, which YAML takes for one text."""
        if (found := long_dash(value)) is not None and found[:2] == (0, 0):
            raise _Refused(at, "caractere", *told_dash(found[2]))

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        value = self._node(event, events, depth)
        ends = event.end_mark.line + 1 if event.end_mark else value.at.line
        if isinstance(value, Scalar) and value.plain and ends > value.at.line:
            return replace(value, folded=True)
        return value

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
            value = self._value(next(events), events, depth + 1)
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
