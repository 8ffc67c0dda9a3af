"""Tells the place that a message is about from the home that its writer signs with."""

from __future__ import annotations

from router.words.sender_lines import sender_lines
from understanding.communes import Mention, Said
from understanding.streets import Street
from understanding.words import Words


def without_home(
    words: Words,
    name: str,
    streets: tuple[Street, ...],
    mentions: tuple[Mention, ...],
    *,
    pinned: bool,
) -> tuple[tuple[Street, ...], tuple[Mention, ...]]:
    """Leave out what stands where the writer signs, as far as his other words name a place.

    Who names none mostly writes of what he sees from home: that place is kept. ``name`` is his own
    as his channel gives it; ``pinned`` says that a point is known.
    """
    signed = sender_lines(words.text, name)
    if not signed:
        return streets, mentions

    def said(one: Street | Mention) -> bool:
        start = words.spans[one.start][0]
        return not any(block.start <= start < block.end for block in signed)

    known = [one for one in mentions if said(one) and one.said is not Said.AIM]
    told = {code for one in known for code in one.communes}
    lived = {code for one in mentions if not said(one) for code in one.communes}
    elsewhere = any(one.around for one in known) or bool(told and lived - told)
    own = tuple(filter(said, streets))
    kept = own if own or pinned or elsewhere else streets
    return kept, tuple(filter(said, mentions)) if told else mentions
