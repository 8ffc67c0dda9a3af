"""Adds to a known case what somebody wrote about it, and answers him."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.archive import Action
from router.case import Case, EventKind, Status, Visibility
from router.decision import Decision, Nature
from router.delivery import DeliveryKind
from router.handling.desk import Desk
from router.handling.dispatch import Dispatcher
from router.handling.for_an_agent import ForAnAgent
from router.handling.handing_on import hand_on
from router.handling.moving import tell_changes, text_of_move
from router.handling.opening import remember
from router.message import Message
from router.reading.conversation import How, Threaded, is_reporter
from router.reading.joining import (
    LONGEST_TEXT,
    better_place,
    files_of,
    joined,
    seen,
    without_words,
)
from router.record import Cause
from router.rule_ports import Understanding
from router.telling.privacy import may_read
from router.telling.replies import Replies
from router.tokens import party_of
from router.words.answers import PERSONAL, answered, reworded
from router.words.questions import next_of
from router.words.receipts import rights_of
from router.work import Inbound
from router.worked import Worked
from router.workspace import Draft, Workspace

_REOPENS = {Status.ANSWERED, Status.RESOLVED, Status.CLOSED, Status.REFUSED}
OTHER = "other"
"""Who wrote on a case without being known as one who reported it."""
_NOT_FOR_HIM = "La personne a ajouté quelque chose qui n'est pas pour ce service."


@dataclass(frozen=True, slots=True)
class Adding:
    """Adds to cases in a workspace; one for each batch."""

    workspace: Workspace
    dispatcher: Dispatcher
    replies: Replies
    desk: Desk

    def is_own(self, threaded: Threaded, message: Message) -> bool:
        """Whether a message about a known case is of one who reported it."""
        assert threaded.case is not None  # noqa: S101 -- the caller has looked
        whole = self.workspace.whole(threaded.case)
        return threaded.how is How.PAGE or is_reporter(whole, message)

    def append(
        self,
        draft: Draft,
        inbound: Inbound,
        message: Message,
        understood: Understanding,
        alone: Decision,
        threaded: Threaded,
    ) -> Worked:
        """Add a message to the case that it was found to belong to; ``alone`` is what it would be."""
        assert threaded.case is not None  # noqa: S101 -- the caller has looked
        case = threaded.case
        own = self.is_own(threaded, message)
        # who acts on a danger reads of it, whatever was asked for
        answers = own and not threaded.unheard and not alone.danger
        personal = case.asked if answers and case.asked in PERSONAL else ""
        case = self._join(
            draft, inbound, case, message, understood.language, own=own, personal=bool(personal)
        )
        for_an_agent = ForAnAgent(self.workspace, self.replies.policy)
        case = for_an_agent.doubted(draft, case, message)
        case = for_an_agent.to_hear(draft, case, message)
        self.workspace.tell(
            draft,
            case,
            EventKind.MESSAGE,
            "citizen" if own else OTHER,
            message.text_shown[:LONGEST_TEXT],
            Visibility.SERVICE,
            threaded.reason,
        )
        self.desk.entered(draft, case, message)
        self.workspace.refer(draft, message.ref, case)
        decision: Decision | None = None
        moved = False
        if threaded.how is How.INVITED:  # he has not heard yet what he could object to
            case = self.workspace.save(draft, case)
        elif own or alone.danger:
            case, decision = self._reconsider(
                draft, inbound, case, message, understood, threaded.unheard
            )
        elif case.confirmations > threaded.case.confirmations and case.status not in _REOPENS:
            case, decision = self.dispatcher.decide_again(
                draft, case, f"in:{inbound.id}", Cause.CONFIRMED
            )
        if decision is not None:
            cause = f"in:{inbound.id}"
            moved = tell_changes(
                draft,
                threaded.case,
                case,
                decision,
                cause,
                self.dispatcher,
                self.replies.everyone,
                threaded.party or party_of(message.address.key),
            )
        if decision is None or decision.owner == case.owner:
            case = self.tell_owner(draft, inbound, case, message, personal, own=own)
        asked = self._next_question(message, case, decision, threaded) if own else ""
        if asked:
            case = self.workspace.save(
                draft, replace(case, asked=asked, questions=(*case.questions, asked))
            )
            self.workspace.tell(draft, case, EventKind.ASKED, "rules", asked)
        remember(self.workspace, draft, message, case, asked or threaded.unheard)
        quiet = threaded.how is How.ALBUM and not (alone.danger or message.too_large)
        reply = (
            None
            if quiet
            else self.replies.acknowledge_more(
                draft,
                message,
                case,
                decision=alone if alone.danger else decision,
                asked=asked,
                third_party=not own,
                moved=text_of_move(case, self.dispatcher) if moved else None,
                owes_rights=self._just_asks(threaded.case, case),
                mistyped=threaded.mistyped,
            )
        )
        return Worked(
            Action.APPEND,
            threaded.reason,
            self.workspace.case(case.id),
            message,
            understood,
            decision or alone,
            reply,
        )

    def _just_asks(self, before: Case, after: Case) -> bool:
        """Whether what was added shows that silence decides for the person, or decides otherwise."""
        known = (before.category, before.nature) == (after.category, after.nature)
        rights, rulebook = after.promised and after.promised.rights, self.dispatcher.rulebook
        told = before.promised.rights if before.promised else rights_of(rulebook, before)
        return not known and rights is not None and rights != told

    def _join(
        self,
        draft: Draft,
        inbound: Inbound,
        case: Case,
        message: Message,
        language: str,
        *,
        own: bool,
        personal: bool = False,
    ) -> Case:
        whole = self.workspace.whole(case)
        if own and whole.id != case.id:
            people = seen(whole.reporters, message)
            self.workspace.save(draft, replace(whole, reporters=people))
        now = self.workspace.now
        case = joined(case, inbound, message, language, now, own=own, personal=personal)
        return self.workspace.save(draft, case)

    def _reconsider(
        self,
        draft: Draft,
        inbound: Inbound,
        case: Case,
        message: Message,
        understood: Understanding,
        unheard: str,
    ) -> tuple[Case, Decision | None]:
        """Look at the case again with what was added; « merci » reopens nothing.

        A question that is still ``unheard`` stays open.
        """
        place = better_place(case.place, understood.place)
        if not unheard:
            case = answered(case, case.asked, message, understood)
        case = replace(case, place=place, asked=case.asked if unheard else "")
        if case.status in _REOPENS:
            if understood.nature is Nature.THANKS:
                return self.workspace.save(draft, case), None
            case = self.workspace.save(draft, case, Status.REOPENED)
            self.workspace.tell(
                draft,
                case,
                EventKind.STATUS,
                "citizen",
                "",
                Visibility.CITIZEN,
                str(Status.REOPENED),
            )
        case, decision = self.dispatcher.decide_again(draft, case, f"in:{inbound.id}")
        if case.status is Status.REOPENED:
            case = self.workspace.save(draft, case, Status.ASSIGNED)
        return case, decision

    def tell_owner(
        self,
        draft: Draft,
        inbound: Inbound,
        case: Case,
        message: Message,
        fact: str = "",
        *,
        own: bool,
    ) -> Case:
        """Write to the owner what was added, at once, and whether another person says it.

        The answer about a ``fact`` goes only where he may read it. Where no way of ours carries it,
        the desk hands it on.
        """
        forwarder = self.dispatcher.forwarder
        owner = self.dispatcher.rulebook.directory.service(case.owner)
        if owner is None or not forwarder.policy.cells.tells_additions(owner):
            return case
        if not forwarder.tells_additions(owner):
            return hand_on(self.workspace, forwarder, draft, case, owner, message.provider_id)
        added = message.text_shown or without_words(message, owner)
        forwarder.forward(
            draft,
            case,
            owner,
            DeliveryKind.FORWARD,
            message.provider_id,
            added=added if may_read(owner, case, fact) else _NOT_FOR_HIM,
            files=files_of(inbound, message),
            by_another=not own,
        )
        return case

    def edited(
        self, draft: Draft, inbound: Inbound, message: Message, case: Case, ref: str
    ) -> Worked:
        """Append the correction of a message ``ref`` to its case."""
        own, fact = is_reporter(self.workspace.whole(case), message), ""
        if own:
            case, fact = reworded(case, message, ref)
        language, personal, who = case.language, fact in PERSONAL, "citizen" if own else OTHER
        case = self._join(draft, inbound, case, message, language, own=own, personal=personal)
        self.workspace.tell(
            draft, case, EventKind.EDITED, who, message.text_shown, Visibility.SERVICE
        )
        case = self.tell_owner(draft, inbound, case, message, fact, own=own)
        return Worked(Action.APPEND, "message corrigé par la personne", case, message)

    def _next_question(
        self, message: Message, case: Case, decision: Decision | None, threaded: Threaded
    ) -> str:
        """Choose what to ask after an answer: for the rules, else for the service; nothing twice."""
        if decision is None:
            return ""
        if decision.questions:
            return "" if decision.questions[0] in case.questions else decision.questions[0]
        if threaded.how is not How.ANSWER or decision.category is None or message.public:
            return ""
        facts = self.dispatcher.facts_of_case(case)
        needed = self.dispatcher.rulebook.questions_of(decision.category)
        return next_of(needed, facts, decision.category)
