"""What a message adds to a case: its words, its files, a better place, the next thread to hang on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from router.case import Case, CaseFile, Reporter, ReporterRole
from router.decision import Place
from router.directory import Service
from router.message import Message, Trust
from router.work import Inbound

LONGEST_TEXT = 20_000
"""Characters of a case's text; what is beyond stays in the journal."""
_MOST_FILES = 50
STATED = {"message", "location", "form", "agent"}


def files_of(inbound: Inbound, message: Message) -> tuple[CaseFile, ...]:
    """List the files of a message as a case keeps them."""
    return tuple(
        CaseFile(inbound.id, file.ref, file.name, file.media_type, file.size)
        for file in message.attachments[:_MOST_FILES]
    )


def joined(
    case: Case,
    inbound: Inbound,
    message: Message,
    language: str,
    now: datetime,
    *,
    own: bool,
    personal: bool = False,
) -> Case:
    """Take in the message's words and files, and a person who was not yet on the case.

    ``personal`` words stay out of the text, which every service may read.
    """
    if own:
        said = "" if personal else message.text_shown
        text = f"{case.text}\n{said}".strip()[:LONGEST_TEXT]
        case = replace(case, text=text, reporters=seen(case.reporters, message))
    elif all(reporter.address != message.address for reporter in case.reporters):
        new = Reporter(
            message.address,
            message.sender_name,
            language,
            ReporterRole.THIRD_PARTY,
            (message.ref,) if message.ref else (),
            now,
            message.trust is Trust.VERIFIED,
            message.until_confirmed,
            public=message.public,
            person=known_in_public(message),
        )
        case = replace(case, reporters=(*case.reporters, new))
    files = (*case.files, *files_of(inbound, message))[-_MOST_FILES:]
    return replace(case, attachments=case.attachments + len(message.attachments), files=files)


def known_in_public(message: Message) -> str:
    """Name who wrote in public, hashed, to know him again in private; of others nothing is kept."""
    who = message.person_at if message.public else None
    return who.value if who is not None else ""


def better_place(known: Place, said: Place) -> Place:
    """Keep the place that was stated; a new statement completes or replaces what was implied."""
    if said.source not in STATED:  # a street without its commune, or nothing at all
        return replace(known, text=said.text, street=said.street) if said.street else known
    if known.source not in STATED:
        return said if said.known else replace(known, text=said.text, street=said.street)
    return replace(
        said,
        text=said.text or known.text,
        communes=said.communes or known.communes,
        postcode=said.postcode or known.postcode,
        street=said.street or known.street,
        point=said.point or known.point,
    )


def seen(reporters: tuple[Reporter, ...], message: Message) -> tuple[Reporter, ...]:
    """Hang the next answer under the reporter's latest message; who writes from it has an address."""
    refs = (message.ref,) if message.ref else ()
    return tuple(
        replace(
            reporter,
            refs=(*reporter.refs, *refs)[-10:],
            page=reporter.page if message.until_confirmed else None,
            public=message.public,
            forged=reporter.forged and message.forged,
        )
        if reporter.address == message.address
        else reporter
        for reporter in reporters
    )


def without_words(message: Message, owner: Service) -> str:
    """Say to a service what came in a message that says nothing."""
    count = len(message.attachments)
    files = {0: "", 1: "1 pièce jointe"}.get(count, f"{count} pièces jointes")
    at = message.location
    position = "Position envoyée" if at else ""
    if at and "lieu" in owner.sees:
        position += f" : {at.lat:.5f}, {at.lon:.5f}"
    return "\n".join(part for part in (files, position) if part) or "Message vide"
