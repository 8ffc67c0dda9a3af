"""Finds the case that who writes in private was invited in public to write about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from router.case import Case, Status
from router.message import Message
from router.reading.conversation import ENDED, How, Threaded
from router.reading.sequels import PLACED, is_short, other_place, other_subject
from router.rule_ports import Understanding
from router.workspace import Workspace

_STANDS = timedelta(days=30)
"""How long an invitation is one to go on with its case."""
_JUST_ENDED = timedelta(days=14)
_PLACES = {"lieu", "adresse", "rue", "commune"}


@dataclass(frozen=True, slots=True)
class Invited:
    """A case of which a person hears only now what he was not told in public.

    ``at`` is when he was last invited to write in private, ``asked`` the fact that he was to be
    asked for; ``goes_on`` tells whether what he says may be about the case.
    """

    case_id: int
    at: datetime
    asked: str = ""
    goes_on: bool = True


def goes_on(case: Case, at: datetime, now: datetime) -> bool:
    """Whether who was invited at a moment may still go on with a case: open, or ended just now."""
    ended = case.status in ENDED and now - case.updated_at >= _JUST_ENDED
    return now - at <= _STANDS and case.status is not Status.MERGED and not ended


def by_invitation(
    message: Message,
    understood: Understanding,
    category: str | None,
    invited: Sequence[Invited],
    workspace: Workspace,
) -> Threaded | None:
    """Find the case, the latest invitation first; None where the words tell of something else.

    He was asked for the exact place, so that a place and the same subject again are a sequel; words
    that say nothing ask what there is for him.
    """
    for each in sorted(invited, key=lambda one: one.at, reverse=True):
        case = workspace.case(each.case_id)
        if case is None or not each.goes_on or other_subject(category, case):
            continue
        if _gives(each.asked, understood, category):
            why = f"réponse en privé à la question posée ({each.asked})"
            return Threaded(case, How.ANSWER, why)
        if other_place(understood, case):
            continue
        if _says_nothing(message, understood, category):
            why = "la personne écrit en privé, comme nous l'y invitions"
            return Threaded(case, How.INVITED, why, unheard=each.asked)
        if _is_sequel(message, understood, category, case):
            why = "suite en privé de ce que la personne a dit en public"
            return Threaded(case, How.FOLLOW_UP, why, unheard=each.asked)
    return None


def unheard(found: Threaded, invited: Sequence[Invited]) -> Threaded:
    """Mark what was found otherwise, where its case has a question that he has not heard."""
    asked = next((one.asked for one in invited if found.case and one.case_id == found.case.id), "")
    return replace(found, unheard=asked) if asked and found.how is not How.ANSWER else found


def _gives(asked: str, understood: Understanding, category: str | None) -> bool:
    """Whether the words give a fact that he has not heard us ask for."""
    if asked == "categorie":
        return category is not None
    return asked in _PLACES and understood.place.source in PLACED


def _says_nothing(message: Message, understood: Understanding, category: str | None) -> bool:
    more = message.attachments or message.location or understood.place.source in PLACED
    return not (more or understood.follow_up or category) and is_short(message)


def _is_sequel(
    message: Message, understood: Understanding, category: str | None, case: Case
) -> bool:
    if understood.follow_up:
        return True
    if category is not None:
        return category == case.category
    return understood.place.source in PLACED or is_short(message)
