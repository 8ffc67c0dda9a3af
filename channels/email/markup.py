"""The text of an HTML mail as a reader sees it, quotations marked by ``>`` as in plain mail."""

from __future__ import annotations

import re
from html import unescape

_LONGEST = 2_000_000
_TAG = re.compile(r"<(/?)([a-zA-Z][\w:-]{0,40})")
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all", re.IGNORECASE)
_SKIPPED = {"head", "style", "script", "title", "template", "noscript", "object", "svg", "select"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "pre"}
_LINES = {
    "div", "br", "tr", "li", "section", "article", "header", "footer", "form", "address", "dt",
    "dd", "center", "fieldset", "main", "nav", "tbody", "thead", "figure", "caption",
}  # fmt: skip
_VOID = {"br", "img", "hr", "meta", "link", "input", "area", "base", "col", "wbr", "source"}
_MOST_UNCLOSED = 20
_WHITE = re.compile(r"[ \t\n\f\r\xa0]+")


class _Page:
    """Lines in the making: depth of quotation, and how many line ends are due."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.depth = 0
        self.preformatted = 0
        self.unclosed = 0
        """Elements whose end was looked for in vain, through all that follows."""

    def write(self, text: str) -> None:
        if self.preformatted:
            first, *others = text.split("\n")
            self.line.append(first)
            for other in others:
                self.end_line(force=True)
                self.line.append(other)
            return
        text = _WHITE.sub(" ", text)
        if not self.line:
            text = text.lstrip(" ")
        elif self.line[-1].endswith(" "):
            text = text.removeprefix(" ")
        if text:
            self.line.append(text)

    def end_line(self, *, force: bool = False) -> None:
        text = "".join(self.line).rstrip()
        if text or force:
            self.lines.append("> " * self.depth + text if self.depth else text)
        self.line = []

    def paragraph(self) -> None:
        self.end_line()
        mark = ("> " * self.depth).rstrip()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append(mark)


def text_of_html(html: str) -> str:
    """Turn HTML into text in one pass over it; broken HTML loses nothing that is visible."""
    html = html[:_LONGEST]
    page = _Page()
    position, end = 0, len(html)
    while position < end:
        opening = html.find("<", position)
        if opening < 0:
            page.write(unescape(html[position:]))
            break
        if opening > position:
            page.write(unescape(html[position:opening]))
        position = _markup(html, opening, page)
    page.end_line()
    return _tidy(page.lines)


def _markup(html: str, opening: int, page: _Page) -> int:
    """Work one piece of markup; give the place behind it."""
    if html.startswith("<!--", opening):
        closing = html.find("-->", opening + 4)
        return closing + 3 if closing >= 0 else len(html)
    if html.startswith(("<!", "<?"), opening):
        closing = html.find(">", opening)
        return closing + 1 if closing >= 0 else len(html)
    found = _TAG.match(html, opening)
    if found is None:
        page.write("<")
        return opening + 1
    closing = _end_of_tag(html, found.end())
    name = found[2].lower()
    attributes = html[found.end() : closing - 1]
    if found[1]:
        _closed(name, page)
        return closing
    hidden = "style" in attributes and _HIDDEN_STYLE.search(attributes[:2000]) is not None
    if (name in _SKIPPED or (hidden and name not in _VOID)) and page.unclosed < _MOST_UNCLOSED:
        behind = _behind(html, name, closing)
        page.unclosed += behind is None
        return closing if behind is None else behind  # never closed: what follows is shown
    _opened(name, attributes, page)
    return closing


def _end_of_tag(html: str, position: int) -> int:
    """Find the end of a tag; a ``>`` inside a quoted attribute does not end it."""
    closing = html.find(">", position)
    if closing < 0:
        return len(html)
    for _ in range(20):
        inside = html[position:closing]
        if inside.count('"') % 2 == 0 or len(inside) > 10_000:
            break
        further = html.find(">", closing + 1)
        if further < 0 or further - position > 10_000:
            break
        closing = further
    return closing + 1


def _behind(html: str, name: str, position: int) -> int | None:
    """Find what is behind the element's end, its own kind nested in it counted; None if nothing."""
    pattern = re.compile(rf"<(/?){name}\b", re.IGNORECASE)
    depth = 1
    for found in pattern.finditer(html, position):
        depth += -1 if found[1] else 1
        if depth == 0 or (name in {"style", "script", "title", "head"} and found[1]):
            return _end_of_tag(html, found.end())
    return None


def _opened(name: str, attributes: str, page: _Page) -> None:
    if name == "blockquote":
        page.paragraph()
        page.depth = min(page.depth + 1, 20)
    elif name == "hr":
        page.paragraph()
    elif name == "br":
        page.end_line(force=True)
    elif name in _PARAGRAPHS:
        page.paragraph()
        page.preformatted += name == "pre"
    elif name in _LINES:
        page.end_line()
        if name == "li":
            page.write("- ")
    elif name in {"td", "th"} and page.line:
        page.write(" ")


def _closed(name: str, page: _Page) -> None:
    if name == "blockquote":
        page.end_line()
        page.depth = max(page.depth - 1, 0)
    elif name == "pre":
        page.preformatted = max(page.preformatted - 1, 0)
        page.paragraph()
    elif name in _PARAGRAPHS:
        page.paragraph()
    elif name in _LINES:
        page.end_line()


def _tidy(lines: list[str]) -> str:
    """Leave at most one blank line between two others."""
    kept: list[str] = []
    for line in lines:
        line = line.rstrip()
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip("\n")
