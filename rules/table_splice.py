"""Puts the rows of a sheet into competences.yaml, touching only what differs."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

import yaml

from rules.table_csv import EVERYWHERE, Row, column_of
from rules.vocabulary import plain

_BOM = "\ufeff"
_PLAIN = re.compile(r"^[^\W\d_](?:[\w'’ -]*\w)?$")
_TYPED = frozenset({"true", "false", "yes", "no", "on", "off", "null", "oui", "non"})

Edit = tuple[int, int, str]
"""From, to, and what stands there afterwards; offsets in the text."""
Pair = tuple[yaml.Node, yaml.Node]


def spliced(yaml_text: str, rows: Sequence[Row]) -> str:
    """Make the table of a readable competences.yaml say what ``rows`` say.

    Rows, cells and comments that stay the same stay byte for byte; a family that is no longer there
    takes the comment on its own line with it.
    """
    if yaml_text.startswith(_BOM):
        return _BOM + spliced(yaml_text[1:], rows)
    page = _Page(yaml_text, "\r\n" if "\r\n" in yaml_text else "\n")
    for start, end, said in sorted(_edits(page, rows), reverse=True):
        yaml_text = yaml_text[:start] + said + yaml_text[end:]
    return yaml_text


def _edits(page: _Page, rows: Sequence[Row]) -> Iterator[Edit]:
    root = yaml.compose(page.text, Loader=yaml.SafeLoader)
    table = _value_of(root, "competences")
    spoken = _value_of(root, "language") or _value_of(root, "langue")
    everywhere = EVERYWHERE["en" if spoken is not None and _text(spoken) == "en" else "fr"]
    own = {family: {_said(c, everywhere): s for c, s in cells.items()} for family, cells in rows}
    if not isinstance(table, yaml.MappingNode) or not table.value:
        lines = "".join(f"{page.end}  {_pair(family, _row(own[family]))}" for family in own)
        if table is not None:
            yield table.start_mark.index, table.end_mark.index, lines
        else:
            yield len(page.text), len(page.text), f"{page.gap}competences:{lines}{page.end}"
        return
    known = {_text(key): value for key, value in table.value}
    added = [_pair(family, _row(cells)) for family, cells in own.items() if family not in known]
    yield from page.reworked(table, own, added)
    for family, row in known.items():
        if family in own:
            yield from _row_edits(page, row, own[family], everywhere)


def _row_edits(
    page: _Page, row: yaml.Node, cells: dict[str, str], everywhere: str
) -> Iterator[Edit]:
    if not isinstance(row, yaml.MappingNode) or not row.value:
        yield _replaced(row, _row(cells))
        return
    known = {_said(_text(key), everywhere): value for key, value in row.value}
    written = {_text(key) for key, _ in row.value if _said(_text(key), everywhere) in cells}
    added = [_pair(column, _scalar(own)) for column, own in cells.items() if column not in known]
    yield from page.reworked(row, written, added)
    for column, value in known.items():
        if column in cells and _text(value) != cells[column]:
            yield _replaced(value, _scalar(cells[column]))


@dataclass(frozen=True, slots=True)
class _Page:
    """The text of the file, in which blocks lose and gain lines."""

    text: str
    end: str
    """How its lines end."""

    @property
    def gap(self) -> str:
        """What ends its last line, where nothing does yet."""
        return self.end if self.text and not self.text.endswith("\n") else ""

    def reworked(
        self, block: yaml.MappingNode, kept: Container[str], added: Sequence[str]
    ) -> Iterator[Edit]:
        """Take out the pairs that are not ``kept``, and write those ``added`` behind the last one."""
        pairs: list[Pair] = block.value
        stays = [_text(key) in kept for key, _ in pairs]
        if block.flow_style:
            return self._in_braces(block, pairs, stays, added)
        return self._in_lines(pairs, stays, added)

    def _in_braces(
        self, block: yaml.MappingNode, pairs: list[Pair], stays: list[bool], added: Sequence[str]
    ) -> Iterator[Edit]:
        if not any(stays):
            yield block.start_mark.index, block.end_mark.index, f"{{{', '.join(added)}}}"
            return
        last = max(index for index, stay in enumerate(stays) if stay)
        for index, stay in enumerate(stays[:last]):
            if not stay:
                yield _start(pairs[index]), _start(pairs[index + 1]), ""
        yield _end(pairs[last][1]), _end(pairs[-1][1]), "".join(f", {one}" for one in added)

    def _in_lines(
        self, pairs: list[Pair], stays: list[bool], added: Sequence[str]
    ) -> Iterator[Edit]:
        for pair, stay in zip(pairs, stays, strict=True):
            if not stay:
                yield self._line(_start(pair)), self._after(_end(pair[1])), ""
        if not added:
            return
        kept = [pair for pair, stay in zip(pairs, stays, strict=True) if stay]
        at = self._after(_end(kept[-1][1])) if kept else self._line(_start(pairs[0]))
        indent = " " * pairs[0][0].start_mark.column
        gap = self.gap if at == len(self.text) else ""
        yield at, at, gap + "".join(f"{indent}{one}{self.end}" for one in added)

    def _line(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1

    def _after(self, offset: int) -> int:
        found = self.text.find("\n", offset)
        return len(self.text) if found < 0 else found + 1


def _value_of(root: yaml.Node | None, name: str) -> yaml.Node | None:
    pairs = root.value if isinstance(root, yaml.MappingNode) else ()
    return next((value for key, value in pairs if plain(_text(key)) == name), None)


def _text(node: yaml.Node) -> str:
    return node.value.strip() if isinstance(node, yaml.ScalarNode) else ""


def _said(column: str, everywhere: str) -> str:
    return everywhere if column_of(column) == EVERYWHERE["fr"] else column


def _start(pair: Pair) -> int:
    return int(pair[0].start_mark.index)


def _end(node: yaml.Node) -> int:
    """Find where a value ends; a block's own mark stands before the next key, past the comments."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return _end(node.value[-1][1])
    return int(node.end_mark.index)


def _replaced(value: yaml.Node, said: str) -> Edit:
    start, end = value.start_mark.index, _end(value)
    return start, end, said if end > start else f" {said}"  # behind the colon of an empty one


def _row(cells: dict[str, str]) -> str:
    return f"{{{', '.join(_pair(column, _scalar(own)) for column, own in cells.items())}}}"


def _pair(key: str, value: str) -> str:
    return f"{_scalar(key)}: {value}"


def _scalar(text: str) -> str:
    """Write a name, in quotes where YAML would read something else."""
    if _PLAIN.match(text) and text.casefold() not in _TYPED:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
