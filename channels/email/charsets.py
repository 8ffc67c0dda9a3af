"""Bytes of a mail to text, whatever the sender claims that they are."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

_ALIASES = {
    "iso-8859-1": "cp1252",  # what says Latin-1 is Windows-1252 (WHATWG Encoding, 2026)
    "latin1": "cp1252",
    "latin-1": "cp1252",
    "iso8859-1": "cp1252",
    "iso_8859-1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "windows-1252": "cp1252",
    "cp-1252": "cp1252",
    "x-ansi": "cp1252",
    "utf8": "utf-8",
    "utf-8mb4": "utf-8",
    "utf8mb4": "utf-8",
    "unicode": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    "unicode-1-1-utf-7": "utf-7",
    "x-unicode-2-0-utf-7": "utf-7",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "iso-8859-6-i": "iso-8859-6",
    "iso-8859-9": "cp1254",
    "iso-8859-15": "iso-8859-15",
    "latin-9": "iso-8859-15",
    "latin9": "iso-8859-15",
    "tis-620": "cp874",
    "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",
    "cp-850": "cp850",
}
_NOT_TEXT = {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "charmap"}
_ONE_BYTE = re.compile(r"cp(?:125|85|437|874)|iso8859|mac|koi8|ascii")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff\ufeff]")


@lru_cache(maxsize=256)
def codec_of(charset: str) -> str | None:
    """Find Python's codec for a declared charset; None when it is no known text encoding."""
    name = charset.strip().strip("\"'").split("*")[0].lower()
    name = _ALIASES.get(name, name)
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return None
    if found.name in _NOT_TEXT or not found._is_text_encoding:
        return None
    return found.name


def decode(data: bytes, charset: str = "") -> str:
    """Decode with the declared charset, else as UTF-8, else as Windows-1252; never fails.

    A one-byte charset can decode anything, so that bytes which are valid UTF-8 beyond ASCII are
    taken as UTF-8 whatever was declared.
    """
    if data.isascii():
        codec = codec_of(charset)
        if codec and codec.startswith(("utf-7", "utf-16", "utf-32", "iso2022", "hz")):
            return _strict(data, codec) or data.decode("ascii")
        return data.decode("ascii")
    codec = codec_of(charset) if charset else None
    if codec is None or codec == "utf-8" or _ONE_BYTE.match(codec):
        text = _strict(data, "utf-8")
        if text is not None:
            return text
    if codec and codec != "utf-8":
        text = _strict(data, codec)
        if text is not None:
            return text
    return _damaged(data) or data.decode("cp1252", "replace")


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError, OverflowError):
        return None


def _damaged(data: bytes) -> str | None:
    """Read UTF-8 with a few broken bytes (a cut in mid-character) as UTF-8."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    good = sum(1 for character in text if character > "\x7f") - broken
    return text if good > 2 * broken else None


def clean(text: str) -> str:
    """Remove what no reader sees and some databases refuse: NUL, controls, lone surrogates."""
    return _CONTROLS.sub("", text)
