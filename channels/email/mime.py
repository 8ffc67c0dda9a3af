"""The parts of a mail, cut by a small reader of our own that nothing can make slow or deep.

The standard library's parser raises RecursionError on 1,000 nested parts, takes seconds for 10,000
flat ones, and its modern header policy raises IndexError and LookupError on real mail.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from channels.email.charsets import clean, decode
from channels.email.headers import BASE64_LETTERS, Headers, base64_loose, parameters, words
from channels.file_names import file_name
from router.errors import UnreadablePayload

MAX_DEPTH = 50
MAX_PARTS = 500
MAX_HEADER = 256 * 1024
_MAX_LINES = 2000
_FIELD = re.compile(rb"([!-9;-~]{1,120})[ \t]*:[ \t]?(.*)", re.DOTALL)
_WELL_KNOWN = {
    "from", "to", "subject", "date", "message-id", "received", "return-path", "mime-version",
    "content-type", "reply-to", "sender", "delivered-to", "cc", "in-reply-to", "x-original-to",
}  # fmt: skip
_MBOX = (b"From ", b">From ")
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/]+={0,3}[ \t]*")


@dataclass(frozen=True)
class Part:
    """One leaf of a mail: its headers, its undecoded body, and where it hangs.

    ``path`` names the containers above it (``multipart/alternative`` …), ``group`` tells apart two
    containers of one kind.
    """

    headers: Headers
    body: bytes
    number: int
    path: tuple[str, ...] = ()
    groups: tuple[int, ...] = ()
    nested: bool = field(default=False)
    """Whether it lies in a mail that is attached to this one."""

    @cached_property
    def _type(self) -> tuple[str, dict[str, str]]:
        kind, given = parameters(self.headers.get("content-type"))
        return (kind if kind.count("/") == 1 and kind[0] != "/" and kind[-1] != "/" else "", given)

    @cached_property
    def kind(self) -> str:
        """The media type, lower case; ``text/plain`` where there is none."""
        kind = self._type[0]
        if kind:
            return kind
        return "text/html" if "html" in self.headers.get("content-type").lower() else "text/plain"

    @property
    def given(self) -> dict[str, str]:
        """The parameters of the media type."""
        return self._type[1]

    @cached_property
    def disposition(self) -> tuple[str, dict[str, str]]:
        return parameters(self.headers.get("content-disposition"))

    @cached_property
    def name(self) -> str:
        """The safe file name that the sender gave, or nothing."""
        given = self.disposition[1].get("filename") or self.given.get("name") or ""
        return file_name(words(given), "")

    @property
    def content_id(self) -> str:
        return self.headers.get("content-id").strip("<> ")

    @cached_property
    def data(self) -> bytes:
        """The decoded bytes."""
        encoding = self.headers.get("content-transfer-encoding").lower().strip(" ;\"'")
        if encoding.startswith("base64"):
            return _base64(self.body)
        if encoding.startswith("quoted"):
            return binascii.a2b_qp(self.body)
        if encoding in {"x-uuencode", "uuencode", "x-uue"}:
            return _uuencoded(self.body)
        return self.body

    @cached_property
    def text(self) -> str:
        """The decoded text, with LF line ends and no character that cannot be stored."""
        data = self.data
        charset = self.given.get("charset", "")
        if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            charset = "utf-16"
        elif self.kind == "text/html" and not charset:
            declared = re.search(rb"charset=[\"']?([\w.:-]{2,40})", data[:2048], re.IGNORECASE)
            charset = declared[1].decode() if declared else ""
        text = decode(data, charset).replace("\r\n", "\n").replace("\r", "\n")
        return clean(text)


def normalised(raw: bytes) -> bytes:
    """Give a mail LF line ends; skip blank lines and an mbox line before its header."""
    if b"\r" in raw:
        # a lone CR ends a line too: servers put headers with CRLF above mails of old programs
        for end in (b"\r\r\n", b"\r\n", b"\r"):
            if end in raw:  # looking is much cheaper than copying 30 MB
                raw = raw.replace(end, b"\n")
    raw = raw.removeprefix(b"\xef\xbb\xbf").lstrip(b"\n")
    while raw.startswith(_MBOX):
        raw = raw.partition(b"\n")[2]
    return raw


def split(raw: bytes) -> tuple[Headers, bytes]:
    """Split a normalised mail or part into its header block and its body."""
    if raw.startswith(b"\n"):
        return Headers(()), raw[1:]
    head, blank, body = raw.partition(b"\n\n")
    head = head[:MAX_HEADER]
    lines: list[tuple[str, bytes]] = []
    offset = 0
    for line in head.split(b"\n"):
        if line[:1] in (b" ", b"\t") and lines and not line.isspace():
            name, value = lines[-1]
            lines[-1] = (name, value + b"\n" + line) if len(value) < 65536 else (name, value)
        else:
            found = _FIELD.match(line)
            if found:
                lines.append((found[1].decode("ascii").lower(), found[2]))
            elif line.startswith(_MBOX):
                pass  # below the lines that a server put above it
            elif line.strip() and not _header_follows(head, offset + len(line) + 1):
                return Headers(tuple(lines)), raw[offset:]  # the blank line is missing
        if len(lines) > _MAX_LINES:
            break
        offset += len(line) + 1
    return Headers(tuple(lines)), body if blank else b""


def _header_follows(head: bytes, offset: int) -> bool:
    found = _FIELD.match(head[offset : offset + 200].partition(b"\n")[0])
    return found is not None and found[1].decode("ascii").lower() in _WELL_KNOWN


def opened(raw: bytes) -> tuple[Headers, bytes]:
    """Split a whole mail.

    Raises:
        UnreadablePayload: it has no header that any mail has.
    """
    headers, body = split(normalised(raw))
    if not headers.names & _WELL_KNOWN:
        raise UnreadablePayload("this is no e-mail: it has no header")
    return headers, body


@dataclass(frozen=True, slots=True)
class Leaves:
    """The leaves of a mail in reading order; ``unread``: there are more behind or below them."""

    parts: tuple[Part, ...]
    unread: bool


def leaves(headers: Headers, body: bytes) -> Leaves:
    """Find the leaves of a mail, at most :data:`MAX_PARTS`, none below :data:`MAX_DEPTH`."""
    found: list[Part] = []
    waiting = [Part(headers, body, 0)]
    containers = 0
    unread = False
    while waiting and len(found) < MAX_PARTS:
        part = waiting.pop()
        if part.kind.startswith("multipart/"):
            sections = _sections(part) if len(part.path) < MAX_DEPTH else None
            unread = unread or len(part.path) >= MAX_DEPTH
            if sections is not None:
                containers += 1
                unread = unread or len(sections) > MAX_PARTS - len(found)
                default = b"message/rfc822" if part.kind == "multipart/digest" else b""
                inner = [
                    _child(part, section, containers, default)
                    for section in sections[: MAX_PARTS - len(found)]
                ]
                waiting.extend(reversed(inner))
                continue
            part = Part(_as_text(part.headers), part.body, 0, part.path, part.groups, part.nested)
        found.append(Part(part.headers, part.body, len(found), part.path, part.groups, part.nested))
    return Leaves(tuple(found), unread or bool(waiting))


def _child(parent: Part, section: bytes, group: int, default: bytes) -> Part:
    headers, body = split(section)
    if default and "content-type" not in headers:
        headers = Headers((*headers.lines, ("content-type", default)))
    return Part(
        headers, body, 0, (*parent.path, parent.kind), (*parent.groups, group), parent.nested
    )


def _as_text(headers: Headers) -> Headers:
    return Headers(tuple(line for line in headers.lines if line[0] != "content-type"))


def _sections(part: Part) -> list[bytes] | None:
    """Cut a multipart at its boundary; None when none can be found."""
    declared = part.given.get("boundary", "").rstrip()
    if declared:
        sections = list(_cut(part.body, declared.encode("utf-8", "replace")))
        if sections:
            return sections
    guessed = re.match(rb"\s*(?:[^\n]*\n){0,5}?--([^\s-][^\n]{0,80}?)[ \t]*\n", part.body[:2000])
    sections = list(_cut(part.body, guessed[1])) if guessed else []
    return sections or None


def _cut(body: bytes, boundary: bytes) -> Iterator[bytes]:
    mark = b"\n--" + boundary
    start = -1
    position = 0 if body.startswith(mark[1:]) else body.find(mark) + 1
    if position == 0 and not body.startswith(mark[1:]):
        return
    count = 0
    while count <= MAX_PARTS:
        line_end = body.find(b"\n", position)
        line = body[position : line_end if line_end >= 0 else len(body)]
        rest = line[len(mark) - 1 :].rstrip()
        if rest in (b"", b"--"):
            if start >= 0:
                yield body[start : max(position - 1, start)]
                count += 1
            if rest == b"--":
                return
            start = line_end + 1 if line_end >= 0 else len(body)
        if line_end < 0:
            return
        following = body.find(mark, line_end)
        if following < 0:
            break
        position = following + 1
    if 0 <= start < len(body):
        yield body[start:]  # cut off before its end


def attached_mail(part: Part) -> tuple[Headers, bytes] | None:
    """Open a mail that is attached to a mail; None when it is none."""
    data = part.data.replace(b"\r\n", b"\n")
    try:
        return opened(data)
    except UnreadablePayload:
        return None


def _base64(body: bytes) -> bytes:
    """Decode base64, and keep what a list server or a virus scanner wrote below it."""
    if _is_clean(body.strip()):
        return base64_loose(body)
    lines = body.strip().split(b"\n")
    good = 0
    for line in lines:
        line = line.strip()
        if line and not _BASE64_LINE.fullmatch(line):
            break
        good += 1
    if good == len(lines):
        return base64_loose(body)
    after = b"\n".join(lines[good:])
    if good == 0:
        return body if b" " in lines[0].strip() else base64_loose(body)
    return base64_loose(b"".join(lines[:good])) + (b"\n" + after if b" " in after else b"")


def _is_clean(body: bytes) -> bool:
    """Whether a body is base64 and nothing else, as nearly all are: no line need be looked at."""
    core = body.rstrip(b"=")
    return len(body) - len(core) <= 2 and not core.translate(None, BASE64_LETTERS + b"\n")


def _uuencoded(body: bytes) -> bytes:
    chunks = []
    for line in body.split(b"\n"):
        if line.startswith((b"begin ", b"end")):
            continue
        try:
            chunks.append(binascii.a2b_uu(line))
        except binascii.Error:
            continue
    return b"".join(chunks)
