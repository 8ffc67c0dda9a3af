"""Changes what a provider says: its structure where it has one, else its bytes."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from copy import deepcopy
from typing import Any
from urllib.parse import parse_qsl, urlencode

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, -(2**70), 10**400, 1.5, -0.0, 1e308,
    float("nan"), float("inf"), float("-inf"),
    "", " ", "\0", "\ud800", "a\udfffb", "\u202egnp.exe", "|", "a|b|c|d", "/", "../../x", "\r\n\r\n",
    "²", "١٢٣", "9" * 19, "9" * 30, "9" * 5000, "-5", "1e400", "nan", "inf", "0x10", "+33612345678",
    "é" * 3000, "a" * 70_000, "👨‍👩‍👧‍👦" * 50, "{", "[]", "null", "true", "STOP", "@", "a@b", "http://[::1",
    "https://[", "//", "file:///etc/passwd", "2026-13-45T99:99:99Z", "9999-12-31T23:59:59+00:00",
    "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "=?utf-8?b?", "<!--", "&#xD800;",
    [], {}, [[]], [{}], [None], ["x"], {"": ""}, {"id": {}}, [["x"] * 3] * 3,
)  # fmt: skip
_FRAGMENTS = (
    b"", b"\0", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b'"', b"{", b"}", b"[", b"]", b",", b":", b"&",
    b"=", b"%", b"%00", b"%ud800", b"%FF", b"+", b";", b"\r\n", b"\n\n", b"--", b"null", b"1e999",
    b"-", b"\\u0000", b"\\ud800", b"NaN", b"<a>", b"</", b"<![CDATA[", b"&#0;", b"<!DOCTYPE x [",
)  # fmt: skip
_NUMBER = re.compile(rb"\d+")
_DEPTH = 40


def changed(raw: bytes, draw: random.Random) -> bytes:
    """Give ``raw`` with one to four errors in it, always the same ones for the same ``draw``."""
    for _ in range(draw.randrange(1, 5)):
        raw = _changed_once(raw, draw)
    return raw


def _changed_once(raw: bytes, draw: random.Random) -> bytes:
    if draw.randrange(4):
        tree = _json(raw)
        if tree is not None:
            return _written(_with_an_error(tree, draw))
        if b"=" in raw and b"\n" not in raw:
            return _form(raw, draw)
    return _bytes(raw, draw)


def odd_text(draw: random.Random) -> str:
    """Give a text that nobody expects."""
    return str(draw.choice([one for one in ODD if isinstance(one, str)]))


# --- JSON ----------------------------------------------------------------------------------------


def _json(raw: bytes) -> Any:
    try:
        tree = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    return tree if isinstance(tree, dict | list) and _depth(raw) < _DEPTH else None


def _depth(raw: bytes) -> int:
    return min(raw.count(b"[") + raw.count(b"{"), 1000) // 4


def _written(tree: Any) -> bytes:
    return json.dumps(tree).encode()


def _with_an_error(tree: Any, draw: random.Random) -> Any:
    tree = deepcopy(tree)
    places = list(_places(tree))
    if not places:
        return draw.choice(ODD)
    holder, key = draw.choice(places)
    draw.choice(_ERRORS)(holder, key, places, draw)
    return tree


def _places(tree: Any) -> Any:
    """List (holder, key) of everything inside."""
    waiting = [tree]
    while waiting:
        holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            yield holder, key
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])


def _replace(holder: Any, key: Any, places: Any, draw: random.Random) -> None:
    holder[key] = deepcopy(draw.choice(ODD))


def _drop(holder: Any, key: Any, places: Any, draw: random.Random) -> None:
    del holder[key]


def _swap(holder: Any, key: Any, places: Any, draw: random.Random) -> None:
    other, there = draw.choice(places)
    holder[key] = deepcopy(other[there])


def _wrap(holder: Any, key: Any, places: Any, draw: random.Random) -> None:
    holder[key] = [holder[key]] if draw.randrange(2) else {"id": holder[key]}


def _rename(holder: Any, key: Any, places: Any, draw: random.Random) -> None:
    if isinstance(holder, dict):
        names = [name for _, name in places if isinstance(name, str)]
        holder[draw.choice(names) if draw.randrange(4) else odd_text(draw)] = holder.pop(key)


def _spoil(holder: Any, key: Any, places: Any, draw: random.Random) -> None:
    """Put an error into a text, which so stays nearly what it was."""
    if isinstance(holder[key], str):
        text, at = holder[key], draw.randrange(len(holder[key]) + 1)
        holder[key] = text[:at] + odd_text(draw)[:20] + text[at:]
    else:
        _replace(holder, key, places, draw)


_ERRORS: tuple[Callable[[Any, Any, Any, random.Random], None], ...] = (
    _replace, _replace, _replace, _drop, _swap, _wrap, _rename, _spoil, _spoil,
)  # fmt: skip


# --- forms and bytes -----------------------------------------------------------------------------


def _form(raw: bytes, draw: random.Random) -> bytes:
    pairs = parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)
    if not pairs:
        return _bytes(raw, draw)
    at = draw.randrange(len(pairs))
    name, value = pairs[at]
    match draw.randrange(5):
        case 0:
            del pairs[at]
        case 1:
            pairs.append((name, odd_text(draw)))
        case 2:
            pairs[at] = (draw.choice(pairs)[0], value)
        case _:
            pairs[at] = (name, odd_text(draw) if draw.randrange(2) else value + odd_text(draw)[:20])
    return urlencode(pairs, errors="surrogatepass").encode()


def _bytes(raw: bytes, draw: random.Random) -> bytes:
    spoilt = bytearray(raw)
    at, length = draw.randrange(len(spoilt) + 1), draw.randrange(5)
    match draw.randrange(6):
        case 0:
            del spoilt[at:]
        case 1:
            spoilt[at:at] = spoilt[at : at + 40] * draw.randrange(1, 4)
        case 2:
            spoilt[at : at + length] = draw.randbytes(length)
        case 3:
            longer = draw.choice((b"0", b"-1", b"9" * 400, b"9" * 5000, b"1e400"))
            return _NUMBER.sub(longer, raw, count=1 + draw.randrange(3))
        case _:
            spoilt[at : at + length] = draw.choice(_FRAGMENTS)
    return bytes(spoilt)
