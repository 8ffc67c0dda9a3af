"""Gives a danger that is told on a known case to who acts on dangers, where that case cannot."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.case import Case, EventKind, Visibility
from router.decision import Decision, Facts
from router.delivery import DeliveryKind
from router.handling.adding import Adding
from router.handling.opening import Opening
from router.message import Message
from router.reading.conversation import Threaded
from router.reading.joining import better_place, joined
from router.reading.looking import Look, Looks, counted_again
from router.tracking import printed
from router.work import Inbound
from router.worked import Worked
from router.workspace import Draft, Workspace


@dataclass(frozen=True, slots=True)
class Dangers:
    """Opens cases for such dangers in a workspace; one for each batch."""

    workspace: Workspace
    opening: Opening
    adding: Adding
    looks: Looks

    def apart(
        self, draft: Draft, inbound: Inbound, message: Message, look: Look, threaded: Threaded
    ) -> Worked | None:
        """Open a case for a danger that the known one cannot carry; None where that one can.

        Another's words are no part of a case, a case in parts is no service's own, of one full of
        words no more are read, and beside others a word may mean no danger. Whoever acts reads the
        known case as well.
        """
        known = threaded.case
        own = known is not None and self.adding.is_own(threaded, message)
        if known is None or (own and self._carries(inbound, message, look, known)):
            return None
        facts, decision = self._there(message, look, known, own=own)
        if not decision.danger or _known_to(decision, known):
            return None
        worked = self.opening.create(draft, inbound, message, look.understood, facts, decision)
        assert worked.case is not None  # noqa: S101 -- it was opened just now
        known = self.workspace.case(known.id) or known
        self._tie(draft, inbound, message, known, worked.case, own=own)
        return worked

    def _carries(self, inbound: Inbound, message: Message, look: Look, known: Case) -> bool:
        """Whether the known case is a danger too, once its reporter has added this to it."""
        if known.parts_open:
            return False
        now, language = self.workspace.now, look.understood.language
        case = joined(known, inbound, message, language, now, own=True)
        case = replace(case, place=better_place(case.place, look.understood.place))
        facts = self.adding.dispatcher.facts_of_case(case)
        return counted_again(self.looks.rulebook, self.looks.cells, self.workspace, facts, case)[
            1
        ].danger

    def _there(
        self, message: Message, look: Look, known: Case, *, own: bool
    ) -> tuple[Facts, Decision]:
        """Decide on the message where the known case is; another person is not told its words."""
        place = known.place if own else replace(known.place, text="")
        place = better_place(place, look.understood.place)
        return self.looks.decide_at(message, look, place, self.workspace)

    def _tie(
        self,
        draft: Draft,
        inbound: Inbound,
        message: Message,
        known: Case,
        danger: Case,
        *,
        own: bool,
    ) -> None:
        """Let those who work on either case know of the other."""
        forwarder, service = self.adding.dispatcher.forwarder, danger.owner
        note = f"Écrit à propos de la demande {printed(known.number)}."
        self.workspace.tell(draft, danger, EventKind.NOTE, "router", note, Visibility.SERVICE)
        watchers = tuple(dict.fromkeys((*known.watchers, service)))
        known = self.workspace.save(draft, replace(known, watchers=watchers))
        note = f"Un danger est signalé à propos de cette demande : {printed(danger.number)}."
        self.workspace.tell(draft, known, EventKind.NOTE, "router", note, Visibility.SERVICE)
        known = self.adding.tell_owner(draft, inbound, known, message, own=own)
        if service != known.owner:
            cause = f"danger:{inbound.id}"
            forwarder.forward(draft, known, forwarder.service(service), DeliveryKind.NOTICE, cause)


def _known_to(decision: Decision, known: Case) -> bool:
    """Whether who would act has the known case for as urgent already, and reads what is added."""
    urgent = known.urgency.rank >= decision.urgency.rank
    return known.owner == decision.owner and urgent and known.status.open
