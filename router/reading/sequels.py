"""Tells by its words whether a message goes on with a case."""

from __future__ import annotations

from datetime import timedelta

from router.case import Case
from router.message import Message
from router.rule_ports import Understanding

_SHORT_ANSWER = 12  # words; longer texts rarely answer "where?" and nothing else
_SAME_BREATH = timedelta(hours=1)
PLACED = {"message", "location", "form"}
"""Where a place comes from that the person himself gives."""


def answers(message: Message, understood: Understanding, category: str | None, asked: str) -> bool:
    """Whether a message answers the question ``asked`` in the same conversation."""
    if asked == "categorie" and category is not None:  # this is what was asked
        return True
    names_place = understood.place.source in PLACED
    return names_place or understood.follow_up or (is_short(message) and category is None)


def continues(
    message: Message, understood: Understanding, category: str | None, case: Case
) -> bool:
    """Whether a message reads as a sequel of what was last said about a case."""
    if understood.follow_up:
        return True
    if category is not None:
        return False
    soon = message.received_at - case.updated_at <= _SAME_BREATH
    return soon and is_short(message)


def is_short(message: Message) -> bool:
    """Whether a message is so short that by itself it hardly tells of anything."""
    return len(message.text_shown.split()) <= _SHORT_ANSWER


def other_subject(category: str | None, case: Case) -> bool:
    """Whether what the rules read in a message is not what the case is about."""
    if category is None or case.category is None:
        return False
    return category != case.category


def other_place(understood: Understanding, case: Case) -> bool:
    """Whether a message names a place that is not the case's."""
    place = understood.place
    if place.source not in PLACED:
        return False
    if place.communes and case.place.communes and place.communes != case.place.communes:
        return True
    return bool(place.street and case.place.street and place.street != case.place.street)
