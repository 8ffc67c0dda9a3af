"""Opens the winmail.dat that Outlook sends: its text and its files ([MS-OXTNEF])."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from channels.email.charsets import clean, decode
from channels.email.markup import text_of_html
from channels.email.rtf import text_of_rtf

_SIGNATURE = b"\x78\x9f\x3e\x22"
_BODY, _TITLE, _DATA = 0x0002800C, 0x00018010, 0x0006800F
_MESSAGE_PROPERTIES, _ATTACHMENT_PROPERTIES, _NEW_FILE = 0x00069003, 0x00069005, 0x00069002
_TEXT, _HTML, _RTF, _LONG_NAME = 0x1000, 0x1013, 0x1009, 0x3707
_MOST = 200
_FIXED = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8,
          0x40: 8, 0x48: 16}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Letter:
    """What was inside."""

    text: str = ""
    files: tuple[tuple[str, bytes], ...] = ()


def read(data: bytes) -> Letter:
    """Open a winmail.dat; what cannot be read is left out."""
    if not data.startswith(_SIGNATURE):
        return Letter()
    text, html, rtf = "", "", ""
    files: list[tuple[str, bytes]] = []
    for name, value in _attributes(data):
        if name == _NEW_FILE and len(files) < _MOST:
            files.append(("", b""))
        elif name == _BODY:
            text = decode(value).rstrip("\x00")
        elif name == _MESSAGE_PROPERTIES:
            found = _properties(value)
            text = text or found.get(_TEXT, "")
            html = found.get(_HTML, "")
            rtf = found.get(_RTF, "")
        elif files:
            title, content = files[-1]
            if name == _TITLE:
                files[-1] = (title or decode(value).rstrip("\x00"), content)
            elif name == _DATA:
                files[-1] = (title, value)
            elif name == _ATTACHMENT_PROPERTIES:
                files[-1] = (_properties(value).get(_LONG_NAME) or title, content)
    text = clean(text or text_of_html(html) or rtf).replace("\r\n", "\n").strip()
    return Letter(text, tuple((name or "fichier.bin", content) for name, content in files))


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 6
    while position + 9 <= len(data):
        name, length = struct.unpack_from("<xII", data, position)
        start = position + 9
        if start + length > len(data):
            return
        yield name, data[start : start + length]
        position = start + length + 2


def _properties(data: bytes) -> dict[int, str]:
    """Read the textual MAPI properties; stops at the first that it does not understand."""
    found: dict[int, str] = {}
    try:
        (count,) = struct.unpack_from("<I", data)
        position = 4
        for _ in range(min(count, 2000)):
            kind, name = struct.unpack_from("<HH", data, position)
            position += 4
            if name >= 0x8000:
                position = _named(data, position)
            values, position = _values(data, position, kind)
            if values and kind & 0xFFF in {0x1E, 0x1F, 0x102}:
                charset = "utf-16-le" if kind & 0xFFF == 0x1F else ""
                rtf = name == _RTF
                text = text_of_rtf(values[0]) if rtf else decode(values[0], charset)
                found[name] = text.rstrip("\x00")
    except (struct.error, ValueError):
        return found
    return found


def _named(data: bytes, position: int) -> int:
    """Skip the name of a named property."""
    (is_text,) = struct.unpack_from("<I", data, position + 16)
    position += 20
    if not is_text:
        return position + 4
    (length,) = struct.unpack_from("<I", data, position)
    size = int(length)
    return position + 4 + size + (-size) % 4


def _values(data: bytes, position: int, kind: int) -> tuple[list[bytes], int]:
    several, kind = bool(kind & 0x1000), kind & 0xFFF
    count = 1
    varies = kind in {0x0D, 0x1E, 0x1F, 0x102}
    if several or varies:
        (count,) = struct.unpack_from("<I", data, position)
        position += 4
    values = []
    for _ in range(min(count, 10_000)):
        if varies:
            (length,) = struct.unpack_from("<I", data, position)
            position += 4
        elif kind in _FIXED:
            length = _FIXED[kind]
        else:
            raise ValueError(kind)
        values.append(data[position : position + length])
        position += length + (-length) % 4
        if position > len(data):
            raise ValueError(position)
    return values, position
