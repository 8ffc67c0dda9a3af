"""What of a person a service may learn."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from router.case import Case
from router.decision import Urgency
from router.directory import Service, Statute
from router.words.answers import PERSONAL
from router.words.masking import Known, masked


def knows_people(service: Service, case: Case) -> bool:
    """Whether a service may learn who wrote."""
    private = service.statute is Statute.PRIVATE
    return "contact" in service.sees and not private and not case.confidential


def hides_people(service: Service, case: Case) -> bool:
    """Whether what betrays a contact is kept from a service.

    Where life may be in danger whoever comes to help may call the number that was written.
    """
    return not knows_people(service, case) and case.urgency is not Urgency.IMMEDIATE


def told_to(service: Service, case: Case) -> Callable[[str], str]:
    """Give how people's words are told to a service: whole, or without what betrays a contact."""
    if not hides_people(service, case):
        return str
    names = tuple(dict.fromkeys(one.name for one in case.reporters if one.name))
    known = Known(names, f"{case.place.street or ''} {case.place.text}")
    return cache(lambda text: masked(text, known))  # a subject and a text are told twice


def may_read(service: Service, case: Case, fact: str) -> bool:
    """Whether a service may read what a person answered about a fact."""
    if fact in PERSONAL:
        return knows_people(service, case)
    return "texte" in service.sees
