"""Header lines of a mail: unfolded, decoded, and read as addresses, parameters, ids and times."""

from __future__ import annotations

import base64
import binascii
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from channels.email.charsets import clean, decode

_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?(.{0,2000}?)\?=", re.DOTALL)
_SPACE = re.compile(r"\s+")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,500})>")
_ADDRESS = re.compile(
    r"(?:\"[^\"\s]{1,64}\"|[^\s<>\"(),:;@\\\[\]]{1,64})@(?:[^\s<>\"(),:;@\\\[\]'`]{1,253}"
    r"|\[[\d.a-fA-F:IPv]{2,45}\])"
)
BASE64_LETTERS = f"{string.ascii_letters}{string.digits}+/".encode()
_NOT_BASE64 = bytes(range(256)).translate(None, BASE64_LETTERS)
_LONGEST = 16_384  # characters of one header that are read; RFC 5322 allows 998 a line
_OVERRIDES = dict.fromkeys(
    map(ord, "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)


@dataclass(frozen=True, slots=True)
class Headers:
    """The header block of a mail or a part: (lower-case name, raw value), in order."""

    lines: tuple[tuple[str, bytes], ...]

    def all(self, name: str) -> list[str]:
        return [_text(value) for key, value in self.lines if key == name]

    def get(self, name: str) -> str:
        """Give the first header of a name, unfolded; empty when there is none."""
        for key, value in self.lines:
            if key == name:
                return _text(value)
        return ""

    def __contains__(self, name: str) -> bool:
        return any(key == name for key, _ in self.lines)

    @property
    def names(self) -> set[str]:
        return {key for key, _ in self.lines}


def _text(value: bytes) -> str:
    return decode(value[:_LONGEST]).replace("\n", "").replace("\x00", "").strip()


def words(value: str) -> str:
    """Decode the encoded words of a header (RFC 2047), odd ones too, to one clean line."""
    if "=?" in value:
        value = "".join(_words(value))
    return _SPACE.sub(" ", clean(value).translate(_OVERRIDES)).strip()


def _words(value: str) -> Iterator[str]:
    """Neighbouring words of one charset are joined before decoding: many cut a letter in two."""
    end, pending, charset = 0, b"", ""
    for found in _WORD.finditer(value):
        between = value[end : found.start()]
        if pending and (between.strip() or found[1].lower() != charset):
            yield decode(pending, charset)
            pending = b""
        if between.strip() or end == 0:
            yield between
        charset = found[1].lower()
        pending += _word(found[2], found[3])
        end = found.end()
    if pending:
        yield decode(pending, charset)
    yield value[end:]


def _word(encoding: str, content: str) -> bytes:
    raw = content.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(raw.replace(b"\n", b""), header=True)
    return base64_loose(raw)


def base64_loose(raw: bytes) -> bytes:
    """Decode base64 with missing padding, line noise or a cut end, as far as it goes."""
    kept = raw.translate(None, _NOT_BASE64)
    if len(kept) % 4 == 1:
        kept = kept[:-1]
    return base64.b64decode(kept + b"=" * (-len(kept) % 4))


@lru_cache(maxsize=128)  # one mail's From is asked for by its envelope, its reading, its trust
def addresses(value: str) -> tuple[tuple[str, str], ...]:
    """List (name, address) of an address header, valid addresses only, however it is written."""
    found: list[tuple[str, str]] = []
    carried = ""
    for entry in _entries(value):
        name, address = _mailbox(entry)
        if address:
            found.append((words(", ".join(filter(None, (carried, name)))), address))
            carried = ""
        elif name and not found and "<" not in entry:
            carried = f"{carried}, {name}" if carried else name  # Dupont, Jean <…>, unquoted
    if not found and "=?" in value:
        inner = words(value)  # the whole mailbox was encoded, address and all
        return addresses(inner) if "=?" not in inner else ()
    return tuple(found)


def _entries(value: str) -> Iterator[str]:
    """Cut at commas and semicolons outside quotes, comments and angle brackets."""
    start, quoted, depth, angle, skip = 0, False, 0, False, False
    closes = value.count('"') % 2 == 0
    for index, character in enumerate(value):
        if skip:
            skip = False
        elif character == "\\" and (quoted or depth):
            skip = True
        elif character == '"' and not depth and closes:
            quoted = not quoted
        elif quoted:
            continue
        elif character == "(" and not angle:
            depth += 1
        elif character == ")" and depth:
            depth -= 1
        elif depth:
            continue
        elif character in "<>":
            angle = character == "<"
        elif character in ",;" and not angle:
            yield value[start:index]
            start = index + 1
    yield value[start:]


_GROUP = re.compile(r"^[^<>\"@:]{0,200}:(?!//)")
_AROUND_AT = re.compile(r"[ \t]{1,9}@[ \t]{0,9}|@[ \t]{1,9}")
_COMMENT = re.compile(r"\(([^()]{0,300})\)")


def _mailbox(entry: str) -> tuple[str, str]:
    entry = _GROUP.sub("", entry, count=1) if ":" in entry else entry
    if "<" in entry:
        name, _, rest = entry.rpartition("<")
        inner, _, after = rest.partition(">")
        address = _valid(inner.strip().rpartition(":")[2])
        if address:
            name = name.rstrip("< ") or after
            return _unquoted(name) or _comment(entry), address
        entry = entry.replace("<", " ").replace(">", " ")
    bare = _AROUND_AT.sub("@", _COMMENT.sub(" ", entry))
    for found in _ADDRESS.finditer(bare):
        address = _valid(found[0])
        if address:
            name = (bare[: found.start()] + " " + bare[found.end() :]).strip()
            return _unquoted(name.removesuffix("mailto:")) or _comment(entry), address
    return _unquoted(entry), ""


def _valid(text: str) -> str:
    """Give the address with a lower-case domain, or nothing."""
    text = _SPACE.sub("", clean(text)).strip("'\"`.,;") if not text.startswith('"') else text
    if not _ADDRESS.fullmatch(text):
        return ""
    local, _, domain = text.rpartition("@")
    domain = domain.rstrip(".").lower()
    if (
        not domain
        or domain.startswith(".")
        or ".." in domain
        or ("." not in domain and domain != "localhost")
    ):
        return ""
    return f"{local}@{domain}"


def _comment(entry: str) -> str:
    found = _COMMENT.search(entry)
    return found[1].strip() if found else ""


def _unquoted(name: str) -> str:
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = name[1:-1]
        name = re.sub(r"\\(.)", r"\1", name)
    elif '"' in name:
        name = re.sub(r"\\(.)", r"\1", name).replace('"', "")
    elif "(" in name:
        name = _COMMENT.sub(" ", name) if _COMMENT.sub("", name).strip() else name.strip("()")
    name = name.strip()
    if len(name) > 2 and name[0] == name[-1] == "'":
        name = name[1:-1].strip()
    return name[:1000]


_PARAMETER = re.compile(
    r";\s*([^\s=;\"]{1,80})\s*=\s*(\"(?:[^\"\\]|\\.){0,4000}\"?|[^;]{0,4000})", re.DOTALL
)
_SECTION = re.compile(r"^([^*]+)\*(?:(\d{1,3})(\*)?)?$")


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Split a structured header into its lower-case value and its decoded parameters (RFC 2231)."""
    head, separator, rest = value.partition(";")
    if not separator and "=" in head:  # `text/plain charset=utf-8`, without its semicolon
        head, _, rest = head.strip().partition(" ")
    plain: dict[str, str] = {}
    sections: dict[str, list[tuple[int, bool, str]]] = {}
    for found in _PARAMETER.finditer(f";{rest}"):
        name, raw = found[1].lower(), found[2].strip()
        if raw.startswith('"'):
            raw = re.sub(r"\\([\"\\])", r"\1", raw[1:].removesuffix('"'))
        section = _SECTION.match(name)
        if section is None:
            plain.setdefault(name, raw)
        else:
            encoded = section[2] is None or bool(section[3])
            sections.setdefault(section[1], []).append((int(section[2] or 0), encoded, raw))
    decoded = {name: words(raw) for name, raw in plain.items()}
    decoded.update({name: _joined(parts) for name, parts in sections.items()})
    return head.strip().lower(), decoded


def _joined(parts: list[tuple[int, bool, str]]) -> str:
    """Join the sections of a parameter: ``name*0*=utf-8''caf%C3%A9; name*1=.jpg``."""
    parts.sort(key=lambda part: part[0])
    charset, content = "", b""
    for number, encoded, raw in parts:
        if encoded and number == 0 and raw.count("'") >= 2:
            charset, _, raw = raw.split("'", 2)
        data = raw.encode("utf-8", "replace")
        content += unquote_to_bytes(data) if encoded else data
    return clean(decode(content, charset))


def message_ids(value: str) -> list[str]:
    """List the ``<ids>`` of a header, in order; a lone id without brackets gets its own."""
    found = [f"<{text}>" for text in _MESSAGE_ID.findall(value)]
    bare = value.strip().strip("<>")
    if not found and bare and "@" in bare and not _SPACE.search(bare) and len(bare) <= 500:
        return [f"<{bare}>"]
    return found


def moment(value: str) -> datetime | None:
    """Read a Date header as aware UTC; None when it is no date."""
    try:
        time = parsedate_to_datetime(value[:200])
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
