"""What a tracking page tells of the past: the history of a case, and what was written to its people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from router.case import Case, Event, EventKind, Status, Visibility
from router.decision import ServiceId
from router.delivery import Delivery, DeliveryKind
from router.directory import Service
from router.entry import Way
from router.handling.desk import CHANNEL
from router.rule_ports import Rulebook

_HOUSE_NUMBER = re.compile(r"^\s*\d+\s*(?:bis|ter|quater|[a-dA-D])?\b[\s,]*", re.IGNORECASE)
_OWN_WORDS = {EventKind.ANSWERED, EventKind.STATUS, EventKind.NOTE}
"""Events whose text a service or the router wrote for citizens; other texts are a person's own."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline: a wording's key, who did it, and what he wrote for the citizen.

    Of a letter, ``service`` is whom the case has gone to since it was written.
    """

    at: datetime
    key: str
    service: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """A case with its parts, and what happened on all of them."""

    case: Case
    parts: tuple[Case, ...]
    events: tuple[Event, ...]
    deliveries: tuple[Delivery, ...]


def lines_of(found: Found, rulebook: Rulebook, language: str) -> tuple[Line, ...]:
    """Tell what happened, the newest first; of one moment, what was written last."""
    seen = [event for event in found.events if event.visibility is Visibility.CITIZEN]
    newest = sorted(seen, key=_moment, reverse=True)
    return tuple(_line(event, found.case, rulebook, language) for event in newest)


def _moment(event: Event) -> tuple[datetime, bool, int]:
    # a case is received, decided and handed over in one moment of the clock
    return event.at, event.kind is not EventKind.RECEIVED, event.id


def _line(event: Event, case: Case, rulebook: Rulebook, language: str) -> Line:
    key = f"event.{event.kind}"
    if event.kind is EventKind.STATUS and event.data in set(Status):
        key = f"event.status.{event.data}"
    text = without_person(event.text, case, rulebook) if event.kind in _OWN_WORDS else ""
    service = rulebook.directory.service(_acting(event))
    return Line(event.at, key, _named(service, language), text)


def _acting(event: Event) -> ServiceId:
    """Find the service of an event: whom it was handed to, else who did it."""
    if event.kind is EventKind.FORWARDED:
        try:
            data = json.loads(event.data)
        except ValueError:
            return ServiceId(event.who)
        if isinstance(data, dict):
            return ServiceId(str(data.get("service", event.who)))
    return ServiceId(event.who)


def _named(service: Service | None, language: str) -> str:
    return service.name(language) if service else ""


def letters_of(found: Found, rulebook: Rulebook, language: str) -> tuple[Line, ...]:
    """List what was written to be read on this page; an answer stands in the timeline already."""
    answered = any(event.kind is EventKind.ANSWERED for event in found.events)
    shown = {DeliveryKind.ACKNOWLEDGEMENT, DeliveryKind.QUESTION}
    if not answered:
        shown.add(DeliveryKind.ANSWER)
    letters = [
        delivery for delivery in found.deliveries if _read_here(delivery) and delivery.kind in shown
    ]
    texts: dict[str, Line] = {}
    for letter in _in_language(letters, language):
        text = without_person(letter.text, found.case, rulebook)
        moved = _passed_to(found, letter, rulebook, language)
        texts.setdefault(text, Line(letter.created_at, f"letter.{letter.kind}", moved, text))
    return tuple(sorted(texts.values(), key=lambda line: line.at, reverse=True))


def _passed_to(found: Found, letter: Delivery, rulebook: Rulebook, language: str) -> str:
    """Name who has the case, or parts of it, that another had when a letter was written."""
    now = []
    for part in found.parts or (found.case,):
        handed = [
            event
            for event in found.events
            if event.kind is EventKind.FORWARDED and event.case_id == part.id
        ]
        then = [event for event in handed if event.at <= letter.created_at]
        if len(then) < len(handed) and then and _acting(max(then, key=_moment)) != part.owner:
            now.append(_named(rulebook.directory.service(part.owner), language) or part.owner)
    return ", ".join(dict.fromkeys(now))


def _read_here(delivery: Delivery) -> bool:
    """Whether nothing else brings it to the person: he used the form, or follows by his number."""
    address = delivery.address
    return address.channel == "web" or (address.channel == CHANNEL and address.kind == Way.PAGE)


def _in_language(letters: Sequence[Delivery], language: str) -> Iterable[Delivery]:
    """Of letters of one kind, prefer those in the page's language; two reporters may have two."""
    for letter in letters:
        same_kind = [other for other in letters if other.kind == letter.kind]
        if letter.language == language or all(other.language != language for other in same_kind):
            yield letter


def without_person(text: str, case: Case, rulebook: Rulebook) -> str:
    """Take names, addresses and the citizen's own words of place out of a text for all eyes."""
    hidden = {case.place.text: public_place(case, rulebook)} if case.place.text else {}
    for reporter in case.reporters:
        hidden |= dict.fromkeys(reporter.address.value.splitlines(), "…")
    names = [reporter.name for reporter in case.reporters]
    if case.entry is not None:
        names += [case.entry.behalf_of.partition(",")[0], case.entry.agent]
    for name in names:
        hidden |= dict.fromkeys((name, *name.split()[-1:]), "…")
    for words, instead in hidden.items():
        if len(words) >= 3:
            shown = instead.replace("\\", "\\\\")  # a replacement is a template to re.sub
            text = re.sub(rf"(?<!\w){re.escape(words)}(?!\w)", shown, text)
    return text


def public_place(case: Case, rulebook: Rulebook) -> str:
    """Name street and commune, without the house number, which would name a person."""
    street = _HOUSE_NUMBER.sub("", case.place.street or "")
    communes = [rulebook.commune_name(code) for code in case.place.communes[:1]]
    return ", ".join(part for part in (street, *communes) if part)
