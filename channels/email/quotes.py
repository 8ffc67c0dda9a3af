"""Separates a sender's new words from what he quotes, forwards or signs with, in linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass

from channels.email.quote_marks import (
    BARE_MARK,
    CLOSING_FOOTER,
    FORWARD,
    OURS,
    TRANSFER_WORDS,
    attribution_length,
    header_block,
    is_mobile_footer,
    is_quoted,
    sender_named,
    unquoted,
)

_LONGEST = 200_000  # characters; nobody writes more himself
_MOST_FORWARDS = 10  # a mail forwarded more often is read so far
_MOST_SIGNATURES = 20  # lines of dashes that are looked at
_LONGEST_SIGNATURE = 15  # lines below a "--" without its space
_LONGEST_FOOTER = 5  # lines that a mailing list writes below a mail
_OF_A_LIST = re.compile(
    r"\b(?:mailing list|liste? d[e']|listinfo|d[ée]sabonn|unsubscribe)", re.IGNORECASE
)
_FORWARD_SUBJECT = re.compile(r"^\s*(?:re\s*:\s*)*(?:tr|fwd?|wg|rv|i|enc)\s*:", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Cut:
    """``shown``: the new words (or everything, when there are none); ``quoted``: the rest."""

    shown: str
    quoted: str
    origin: str = ""
    """Who wrote what is forwarded, as its header says it."""


@dataclass(slots=True)
class _Sorted:
    """Lines put in two heaps, and where a forwarded mail begins."""

    new: list[str]
    old: list[str]
    forwarded: list[str]


def strip_quotes(text: str, subject: str = "") -> Cut:
    """Separate new words from old; a forwarded mail counts as new when nothing else is said."""
    return _strip(text, subject, depth=0)


def _strip(text: str, subject: str, depth: int) -> Cut:
    heaps = _sort(
        text[:_LONGEST].split("\n"), forwarding=_FORWARD_SUBJECT.match(subject) is not None
    )
    shown = _trim(heaps.new)
    quoted = _trim(heaps.old) + text[_LONGEST:]
    origin = sender_named(heaps.forwarded)
    if heaps.forwarded and depth < _MOST_FORWARDS and _says_nothing(shown):
        inner = _strip("\n".join(_without_marks(heaps.forwarded)), "", depth + 1).shown
        if inner:
            return Cut(f"{shown}\n\n{inner}".strip(), "", origin)
    if not shown:
        return Cut(text.strip(), "", origin)
    return Cut(shown, quoted, origin)


def _sort(lines: list[str], *, forwarding: bool) -> _Sorted:
    heaps = _Sorted([], [], [])
    index, end, dashes = 0, len(lines), 0
    while index < end:
        line = lines[index]
        if FORWARD.match(line[:200]):
            heaps.forwarded, rest = lines[index + 1 :], lines[index:]
            heaps.old.extend(rest)
            break
        if OURS.match(line[:200]) or _starts_history(lines, index):
            # a forward by Outlook has the same header as its replies: only the subject tells
            heaps.forwarded = lines[index:] if forwarding else []
            heaps.old.extend(lines[index:])
            break
        skipped = attribution_length(lines, index)
        if skipped:
            heaps.old.extend(lines[index : index + skipped])
            index += skipped
            if not is_quoted(_next_text(lines, index)):
                heaps.forwarded = lines[index:] if forwarding else []
                heaps.old.extend(lines[index:])
                break
            continue
        dashes += line[:2] == "--"
        if dashes <= _MOST_SIGNATURES and _is_signature(lines, index):
            index = _behind_signature(lines, index, heaps)
            continue
        index = _sort_line(lines, index, heaps)
    return heaps


def _sort_line(lines: list[str], index: int, heaps: _Sorted) -> int:
    line = lines[index]
    old = is_quoted(line) or _runs_on(lines, index)
    if not old and is_mobile_footer(line):
        old = _stands_alone(lines, index)
    if not old and CLOSING_FOOTER.match(line[:200]):
        old = True
    (heaps.old if old else heaps.new).append(line)
    return index + 1


def _starts_history(lines: list[str], index: int) -> bool:
    line = lines[index]
    if BARE_MARK.match(line[:200]):
        return True
    if re.fullmatch(r"\s{0,9}[_=\-*]{10,}\s*", line[:120]):
        following = next((i for i in range(index + 1, min(index + 4, len(lines)))
                          if lines[i].strip()), None)  # fmt: skip
        return _is_list_footer(lines, index) or (
            following is not None and header_block(lines, following) > 0
        )
    return header_block(lines, index) > 0


def _is_list_footer(lines: list[str], index: int) -> bool:
    """Whether a mailing list says below this line, at the very end, what it is called and where."""
    below = [line for line in lines[index + 1 : index + 20] if line.strip()]
    if index + 20 < len(lines) or not 1 < len(below) <= _LONGEST_FOOTER:
        return False
    return any("://" in line[:400] for line in below) and any(
        _OF_A_LIST.search(line[:400]) for line in below
    )


def _next_text(lines: list[str], index: int) -> str:
    for line in lines[index : index + 6]:
        if line.strip():
            return line
    return ""


def _runs_on(lines: list[str], index: int) -> bool:
    """Whether a line is the tail of a long quoted one, which the sender's program broke."""
    line = lines[index]
    if index == 0 or index + 1 >= len(lines) or not line[:1].islower():
        return False
    before = lines[index - 1].rstrip()
    return is_quoted(before) and len(before) >= 60 and is_quoted(lines[index + 1])


def _stands_alone(lines: list[str], index: int) -> bool:
    before = lines[index - 1].strip() if index else ""
    after = lines[index + 1].strip() if index + 1 < len(lines) else ""
    return not before or not after or is_mobile_footer(after) or is_mobile_footer(before)


def _is_signature(lines: list[str], index: int) -> bool:
    line = lines[index]
    if line == "-- ":
        return True
    if line.rstrip() not in {"--", "—"}:
        return False
    near = lines[index + 1 : index + 200]
    below = [text for text in near if text.strip() and not is_quoted(text)]
    return len(below) <= _LONGEST_SIGNATURE or _history_within(lines, index)


def _history_within(lines: list[str], index: int) -> bool:
    stop = min(index + _LONGEST_SIGNATURE, len(lines))
    return any(
        _starts_history(lines, i) or attribution_length(lines, i) for i in range(index + 1, stop)
    )


def _behind_signature(lines: list[str], index: int, heaps: _Sorted) -> int:
    """Put a signature on the old heap, up to where a quotation begins."""
    start = index
    index += 1
    while index < len(lines):
        if is_quoted(lines[index]) or FORWARD.match(lines[index][:200]):
            break
        if _starts_history(lines, index) or attribution_length(lines, index):
            break
        index += 1
    heaps.old.extend(lines[start:index])
    return index


def _says_nothing(shown: str) -> bool:
    """Whether the words above a forwarded mail only hand it on."""
    count = len(_WORD.findall(shown[:2000]))
    return count <= 4 or (count <= 40 and TRANSFER_WORDS.search(shown) is not None)


def _without_marks(lines: list[str]) -> list[str]:
    """Take the ``>`` and the header lines off a forwarded mail."""
    texts = [line for line in lines if line.strip()]
    if texts and all(is_quoted(line) for line in texts):
        lines = [unquoted(line) for line in lines]
    start = 0
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start < len(lines) and (BARE_MARK.match(lines[start]) or lines[start].startswith("____")):
        start += 1
    length = header_block(lines, start, loose=True)
    return lines[start + length :]


def _trim(lines: list[str]) -> str:
    kept: list[str] = []
    for line in lines:
        line = line.rstrip()
        if line or (kept and kept[-1]):
            kept.append(line)
    return "\n".join(kept).strip("\n").strip()
