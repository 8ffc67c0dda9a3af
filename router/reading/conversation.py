"""Decides which case a message belongs to, and says why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from router.case import Case, Reporter, ReporterRole, Status
from router.errors import InvalidInput
from router.message import Message, corrected
from router.reading.sequels import answers, continues, other_place, other_subject
from router.rule_ports import Understanding
from router.telling.cell_writing import back_to
from router.tokens import PAGE, PARTNER, REPLY, Signer, Token, party_of
from router.tracking import TrackingNumber, find
from router.words.mistyped import has_mistyped_number
from router.words.their_numbers import quoted
from router.work import Conversation
from router.workspace import Workspace

ENDED = {Status.CLOSED, Status.REFUSED, Status.MERGED}
"""States in which a case takes nothing more that does not name it; one passed on still does."""


class How(StrEnum):
    """By what a message was tied to its case, in the order in which they are tried.

    A button counts as an answer, though it is found by its reference. Who is *invited* comes to hear
    what there is for him, and says nothing else.
    """

    PARTNER = "partner"
    PAGE = "page"
    TOKEN = "token"  # noqa: S105 -- a way of threading, no secret
    ALBUM = "album"
    REFERENCE = "reference"
    NUMBER = "number"
    ANSWER = "answer"
    FOLLOW_UP = "follow_up"
    INVITED = "invited"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Threaded:
    """The case of a message (None: a new one), how it was found, and the reason for people."""

    case: Case | None
    how: How
    reason: str
    party: str = ""
    """Whom the token was made for, hashed: a service, or the reporter whose page it is."""
    mistyped: bool = False
    """Whether the message has something in it that was meant for a tracking number and is none."""
    unheard: str = ""
    """The fact that the person was to be asked for and has not heard us ask: this is no answer."""


def numbers_of(message: Message, signer: Signer) -> frozenset[TrackingNumber]:
    """List the tracking numbers of a message: in its tokens, its subject, its new words."""
    tokens = {token.number for token in tokens_of(message, signer)}
    if message.offer is not None:
        tokens.add(message.offer.number)
    return frozenset(tokens.union(find(message.subject), find(message.text_shown)))


def tokens_of(message: Message, signer: Signer) -> tuple[Token, ...]:
    """Read the valid tokens of a message; forged ones count for nothing."""
    valid = []
    for text in message.thread.tokens:
        try:
            valid.append(signer.read(text))
        except InvalidInput:
            continue
    return tuple(valid)


def thread(
    message: Message,
    understood: Understanding,
    category: str | None,
    conversation: Conversation,
    workspace: Workspace,
    signer: Signer,
) -> Threaded:
    """Find the case that a message continues.

    ``category`` is what the rules read in the message's own words, or None. Quoted text is never
    looked at.
    """
    named = (
        _by_token(message, workspace, signer)
        or _by_album(message, workspace)
        or _by_reference(message, workspace)
        or _by_number(message, workspace)
    )
    if named is not None:
        return named
    mistyped = has_mistyped_number(f"{message.subject}\n{message.text_shown}")
    found = _by_conversation(message, understood, category, conversation, workspace)
    found = found or Threaded(None, How.NEW, "rien ne la relie à une demande connue")
    return replace(found, mistyped=mistyped) if mistyped else found


def is_reporter(case: Case, message: Message) -> bool:
    """Whether the message comes from the reply channel of a confirmed reporter of the case.

    An address that was typed and never confirmed speaks for nobody but the page it was typed on.
    The installation that a case came from passes on what its reporters say.
    """
    if case.came is not None and message.address == back_to(case):
        return not case.came.ended
    return any(
        (_writes_from(reporter, message) or reporter.is_person(message.person_at))
        and reporter.role is ReporterRole.REPORTER
        for reporter in case.reporters
    )


def _writes_from(reporter: Reporter, message: Message) -> bool:
    known = message.until_confirmed in {None, reporter.page}
    return known and reporter.address == message.address


def _by_token(message: Message, workspace: Workspace, signer: Signer) -> Threaded | None:
    for token in tokens_of(message, signer):
        case = workspace.case_of_number(token.number)
        if case is None:
            continue
        if token.kind == PARTNER:
            return Threaded(case, How.PARTNER, "réponse signée d'un service", token.party)
        if token.kind == PAGE and _reports(case, token.party):
            reason = "écrit sur la page de suivi par la personne elle-même"
            return Threaded(case, How.PAGE, reason, token.party)
        if token.kind == REPLY:
            own = token.party == party_of(message.address.key)
            by = "de la personne" if own else "transmise à une autre personne"
            return Threaded(case, How.TOKEN, f"adresse de réponse signée {by}")
    return None


def _reports(case: Case, party: str) -> bool:
    return any(
        party_of(reporter.address.key) == party and reporter.role is ReporterRole.REPORTER
        for reporter in case.reporters
    )


def _by_album(message: Message, workspace: Workspace) -> Threaded | None:
    case = workspace.case_of_ref(message.album_ref) if message.album else None
    return Threaded(case, How.ALBUM, "même envoi de plusieurs photos") if case else None


def _by_reference(message: Message, workspace: Workspace) -> Threaded | None:
    own = (corrected(message.ref),) if message.ref else ()  # its correction came first
    for ref in (*message.thread.refs, *own):
        case = workspace.case_of_ref(ref)
        if case is not None and message.pressed:
            return Threaded(case, How.ANSWER, f"réponse à la question posée ({message.pressed})")
        if case is not None:
            return Threaded(case, How.REFERENCE, "réponse à un message de cette demande")
    return None


def _by_number(message: Message, workspace: Workspace) -> Threaded | None:
    for number in (*find(message.subject), *find(message.text_shown)):
        case = workspace.case_of_number(number)
        if case is not None:
            return Threaded(case, How.NUMBER, "numéro de suivi dans le message")
    for ref in quoted(message):
        case = workspace.case_of_ref(ref)
        if case is not None:
            return Threaded(case, How.NUMBER, "numéro du service dans le message de la personne")
    return None


def _by_conversation(
    message: Message,
    understood: Understanding,
    category: str | None,
    conversation: Conversation,
    workspace: Workspace,
) -> Threaded | None:
    case = workspace.case(conversation.case_id)
    if case is None:
        return None
    if case.status in ENDED or other_subject(category, case):
        return None
    if conversation.asked and answers(message, understood, category, conversation.asked):
        return Threaded(case, How.ANSWER, f"réponse à la question posée ({conversation.asked})")
    if other_place(understood, case):
        return None
    if continues(message, understood, category, case):
        return Threaded(case, How.FOLLOW_UP, "suite de la même conversation")
    return None
