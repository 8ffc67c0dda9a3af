"""What a service reads of a case: as data, with no more of the person than it may see."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

from router.case import Case, CaseFile, ReporterRole
from router.decision import Place
from router.delivery import DeliveryKind
from router.directory import Service, Statute
from router.rule_ports import Rulebook
from router.telling.privacy import knows_people, may_read, told_to
from router.telling.told_files import attachments_told, told_files, withheld
from router.tracking import printed
from router.words.receipts import rights_of

_json = json.JSONEncoder(ensure_ascii=False, default=str).encode


def sheet(
    rulebook: Rulebook,
    case: Case,
    service: Service,
    kind: DeliveryKind,
    added: str,
    files: tuple[CaseFile, ...] | None = None,
    *,
    by_another: bool = False,
    words: Callable[[str], str] | None = None,
) -> str:
    """Write the case as data, with no more of the person than the service may see.

    ``files`` are those that go along; all of the case's when they are not given. ``by_another``:
    what is ``added`` says one who is not known as its reporter. ``words`` tells people's words as
    :func:`told_to` does.
    """
    sees, words = set(service.sees), words or told_to(service, case)
    given = told_files(service, case, files)
    found: dict[str, object] = {
        "kind": kind,
        "in_charge": case.owner == service.id,
        "number": case.number,
        "number_printed": printed(case.public_number or case.number),
        "service": {"id": service.id, "name": service.name("fr")},
        "category": case.category,
        "category_name": (rulebook.category_name(case.category, "fr") if case.category else None),
        "also": [rulebook.category_name(one, "fr") for one in case.beside],
        "nature": case.nature,
        "urgency": case.urgency,
        "proposals": case.proposals,
        "proof": case.proof,
        "language": case.language,
        "subject": words(case.subject) if "texte" in sees else "",
        "text": words(case.text) if "texte" in sees else "",
        "added": words(added),
        "received_at": case.received_at.isoformat(),
        "due_at": case.due_at.isoformat() if case.due_at else None,
        "attachments": attachments_told(service, case) if "photos" in sees else 0,
        "files": [asdict(file) for file in given] if "photos" in sees else [],
        "place": _place(rulebook, case.place, words) if "lieu" in sees else {},
    }
    rights = rights_of(rulebook, case)
    if rights is not None and rights.on is not None:
        found["silence"] = {"means": rights.silence, "on": rights.on.isoformat()}
    if "photos" in sees and (kept := withheld(service, case)):
        found["withheld"] = kept
    if by_another:
        found["added_by"] = "other"
    if answers := _answers(case, service, words):
        found["answers"] = answers
    known = knows_people(service, case)
    if case.entry is not None:
        private = service.statute is Statute.PRIVATE
        found["entry"] = case.entry.told(agent=not private, contact=known)
    if known:
        found["reporters"] = [
            {"name": reporter.name, "channel": reporter.address.channel}
            for reporter in case.reporters
            if reporter.role is ReporterRole.REPORTER
        ]
    return _json(found)


def _answers(case: Case, service: Service, words: Callable[[str], str]) -> list[dict[str, str]]:
    """List what the person answered, as far as the service may read it."""
    return [
        {"fact": answer.fact, "text": words(answer.text)}
        for answer in case.answers
        if may_read(service, case, answer.fact)
    ]


def _place(rulebook: Rulebook, place: Place, words: Callable[[str], str]) -> dict[str, object]:
    point = place.point
    return {
        "text": words(place.text),
        "street": words(place.street) if place.street else place.street,
        "postcode": place.postcode,
        "communes": [
            {"insee": code, "name": rulebook.commune_name(code)} for code in place.communes
        ],
        "lat": point.lat if point else None,
        "lon": point.lon if point else None,
        "precision_m": point.precision_m if point else None,
    }
