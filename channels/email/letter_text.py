"""The text of the letter itself: which of a mail's parts it is, and how each is read."""

from __future__ import annotations

import re

from channels.email.markup import text_of_html
from channels.email.mime import Part

_DUMMY = re.compile(
    r"\bhtml\b|navigateur|browser|multi-?part|ne (?:s[’']affiche|supporte)|version en ligne", re.I
)
_HTML = re.compile(r"\s*(?:<!doctype html|<html|<body|<div\b|<p\b)", re.IGNORECASE)


def bodies_of(parts: list[Part]) -> list[Part]:
    """Choose the parts that are the letter itself and no attachment."""
    texts = [part for part in parts if part.kind.startswith("text/") and _reads(part)]
    chosen = [part for part in texts if not _is_attached(part)]
    if not chosen:  # the letter itself was sent with a file name
        chosen = [part for part in texts[:1] if part.disposition[0] != "attachment"]
    return chosen


def _reads(part: Part) -> bool:
    return part.kind in {
        "text/plain", "text/html", "text/markdown", "text/enriched", "text/x-amp-html",
        "text/watch-html", "text/richtext",
    } or (not part.name and "/" not in part.headers.get("content-type"))  # fmt: skip


def _is_attached(part: Part) -> bool:
    disposition = part.disposition[0]
    if part.number == 0 and not part.path:
        return disposition == "attachment" and bool(part.name)
    named = bool(part.name) and "multipart/alternative" not in part.path
    return disposition == "attachment" or named


def text_of(bodies: list[Part]) -> str:
    """Join the letter's parts; of alternatives the plain one, unless it says nothing."""
    blocks: dict[int, list[Part]] = {}
    for part in bodies:
        blocks.setdefault(_alternative(part), []).append(part)
    texts: list[str] = []
    for alternative, group in blocks.items():
        text = _best(group) if alternative else "\n".join(filter(None, map(_own, group)))
        if text.strip() and not _repeats(texts, text):
            texts.append(text.strip("\n"))
    return "\n\n".join(texts).strip()


def _alternative(part: Part) -> int:
    """Number the outermost multipart/alternative around a part; others by their own negative."""
    for kind, group in zip(part.path, part.groups, strict=True):
        if kind == "multipart/alternative":
            return group
    return -1 - part.number


def _best(group: list[Part]) -> str:
    plain = [p for p in group if p.kind not in {"text/html", "text/x-amp-html", "text/watch-html"}]
    text = "\n\n".join(filter(None, (_own(part).strip("\n") for part in plain)))
    if text.strip() and not (len(text) < 400 and _DUMMY.search(text)):
        return text
    html = "\n\n".join(filter(None, (_own(p) for p in group if p.kind == "text/html")))
    return html if len(html.strip()) > 1 else text


def _own(part: Part) -> str:
    text = part.text
    if part.kind == "text/html" or (part.kind == "text/plain" and _HTML.match(text[:200])):
        return text_of_html(text)
    if part.kind in {"text/enriched", "text/richtext"}:
        return re.sub(r"</?[\w-]{1,30}>", "", text)
    if part.given.get("format", "").lower() == "flowed":
        text = unflowed(text, delete_space=part.given.get("delsp", "").lower() == "yes")
    return "\n".join(line.rstrip() if line != "-- " else line for line in text.split("\n"))


def unflowed(text: str, *, delete_space: bool = False) -> str:
    """Join the soft line ends of ``format=flowed`` (RFC 3676)."""
    lines: list[list[str]] = []  # pieces: a line may be joined from a million
    joins, depth_before = False, 0
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        is_mark = content == "-- "
        if joins and depth == depth_before and not is_mark:
            lines[-1].append(content)
        else:
            lines.append([">" * depth + (" " if depth and content else ""), content])
        joins = content.endswith(" ") and not is_mark
        if joins and delete_space:
            lines[-1][-1] = lines[-1][-1][:-1]
        depth_before = depth
    return "\n".join("".join(pieces) for pieces in lines)


def _repeats(before: list[str], text: str) -> bool:
    """Whether an HTML part says again what a plain one said, though not marked as alternative."""
    squeezed = re.sub(r"[\W_]+", "", text)
    return any(re.sub(r"[\W_]+", "", other) == squeezed for other in before)
