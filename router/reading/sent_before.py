"""Leaves out of an answer what we had sent ourselves, where no program marks or announces it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from router.delivery import Delivery
from router.events import InboundEvent, MessageReceived
from router.message import Message
from router.reading.rows import ReadRow, Rows
from router.work import Gathered

MOST_REFS = 3
"""Earlier mails of one answer that are looked at, the one that it answers first."""
_LEAST = 8
"""Words; so many of ours in a row, from our first one on, nobody writes by himself."""
_LONGEST = 20_000
_WORD = re.compile(r"\w+")


def refs_of(message: Message) -> tuple[str, ...]:
    """Name the messages of ours that an answer may repeat."""
    return message.thread.refs[:MOST_REFS] if _may_repeat(message) else ()


def without_ours(rows: Rows, gathered: Gathered) -> Rows:
    """Give the rows of a batch with the new words alone; the others are quoted from then on.

    What was read stays as it is: a message that changes is another object.
    """
    if not gathered.provider_ids:
        return rows
    return {lane: [_row(row, gathered) for row in read] for lane, read in rows.items()}


def new_words(text: str, sent: str) -> str:
    """Take out of a text what was sent, from its first words on; nothing where all was sent.

    Line ends, spaces and punctuation do not count. What follows is new where our text is whole,
    and the rest of it otherwise.
    """
    ours = _WORD.findall(sent[:_LONGEST].casefold())
    if len(ours) < _LEAST:
        return text
    lines = text.split("\n")
    begins, words = _words(lines)
    for start, line in begins.items():
        if words[start : start + _LEAST] == ours[:_LEAST]:
            alike = _alike(words[start:], ours)
            whole = alike == len(ours)
            after = begins.get(start + alike) if whole else None
            below = lines[after:] if after is not None else []
            return "\n".join([*lines[:line], *below]).strip()
    return text


def _row(row: ReadRow, gathered: Gathered) -> ReadRow:
    events = tuple(_event(event, gathered) for event in row.events)
    return row if events == row.events else replace(row, events=events)


def _event(event: InboundEvent, gathered: Gathered) -> InboundEvent:
    if not isinstance(event, MessageReceived):
        return event
    message = event.message
    for delivery in _repeated(refs_of(message), gathered.provider_ids, gathered.deliveries):
        new = new_words(message.text_shown, delivery.text)
        if new and new != message.text_shown:
            old = message.text_shown.replace(new, "", 1)
            quoted = f"{old}\n{message.quoted}".strip()
            return MessageReceived(replace(message, text_shown=new, quoted=quoted))
    return event


def _repeated(
    refs: Iterable[str], known: Mapping[str, int], deliveries: Mapping[int, Delivery]
) -> Iterator[Delivery]:
    for ref in refs:
        delivery = deliveries.get(known.get(ref, 0))
        if delivery is not None and delivery.service is None:  # services get letters of their own
            yield delivery


def _may_repeat(message: Message) -> bool:
    return len(message.text_shown) >= 2 * _LEAST


def _words(lines: Sequence[str]) -> tuple[dict[int, int], list[str]]:
    """List the words, and at which of them a line begins (place of the word → line)."""
    begins: dict[int, int] = {}
    words: list[str] = []
    for number, line in enumerate(lines):
        found = _WORD.findall(line.casefold())
        if found:
            begins[len(words)] = number
        words += found
        if len(words) > _LONGEST:
            break
    return begins, words


def _alike(words: Sequence[str], ours: Sequence[str]) -> int:
    pairs = zip(words, ours, strict=False)
    return next(
        (n for n, (one, other) in enumerate(pairs) if one != other), min(len(words), len(ours))
    )
