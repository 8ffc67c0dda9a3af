"""What each kind of inbound event does, and to which case a message belongs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from router.archive import Action
from router.case import Case, EventKind
from router.decision import Decision
from router.events import (
    AddressConfirmed,
    AskedToRead,
    Blocked,
    CallMissed,
    CellSaid,
    Encrypted,
    HelpAsked,
    Ignored,
    InboundEvent,
    MessageEdited,
    MessageReceived,
    MessageTakenBack,
    OptedOutOf,
    PartnerActed,
    ReceiptReceived,
    TaskDone,
)
from router.handling.adding import Adding
from router.handling.arriving import Arriving
from router.handling.dangers import Dangers
from router.handling.desk import Desk
from router.handling.in_private import InPrivate
from router.handling.opening import Opening
from router.handling.partners import Partners
from router.handling.taking import Taking
from router.handling.transfer import Transfers
from router.handling.windows import Windows
from router.handling.wishes import Wishes
from router.message import HandsOn, Message, corrected, person_at
from router.reading.conversation import How, Threaded, thread
from router.reading.invitation import Invited, by_invitation, unheard
from router.reading.looking import Look, Looks
from router.rule_ports import Understanding
from router.telling.replies import Replies
from router.tokens import Signer
from router.words.echoes import is_echo
from router.words.texts import TextId
from router.work import Conversation, Inbound
from router.worked import Worked
from router.workspace import Draft, Workspace

_NAMED = {How.TOKEN, How.REFERENCE, How.NUMBER}
"""How even a machine tells which case it means."""


@dataclass(frozen=True, slots=True)
class Handler:
    """Works events into a workspace; one for each batch, bound to its rule book."""

    workspace: Workspace
    replies: Replies
    opening: Opening
    adding: Adding
    dangers: Dangers
    arriving: Arriving
    windows: Windows
    in_private: InPrivate
    partners: Partners
    wishes: Wishes
    desk: Desk
    taking: Taking
    transfers: Transfers
    looks: Looks
    signer: Signer

    def work(self, draft: Draft, inbound: Inbound, event: InboundEvent) -> Worked:
        """Work one event of a journal row."""
        if isinstance(event, HelpAsked | OptedOutOf):
            self._heard_from(draft, event)
        match event:
            case MessageReceived(message):
                if message.until_confirmed is None:
                    self.windows.opened(draft, message.address)
                return self._said(draft, inbound, message)
            case MessageEdited(message, edited_ref):
                return self._edited(draft, inbound, message, edited_ref)
            case MessageTakenBack():
                return self.wishes.taken_back(draft, event)
            case ReceiptReceived():
                return self.arriving.receipt(draft, event)
            case OptedOutOf():
                return self.wishes.opted(draft, inbound, event)
            case HelpAsked():
                return self.wishes.help(draft, inbound, event)
            case AskedToRead():
                return self.windows.asked(draft, event)
            case Blocked():
                return self.wishes.blocked(draft, event)
            case Encrypted():
                return self.wishes.encrypted(draft, inbound, event)
            case CallMissed():
                return self.desk.missed(draft, inbound, event)
            case TaskDone():
                return self.desk.done(draft, inbound, event)
            case AddressConfirmed(token):
                return self.arriving.confirmed(draft, inbound, token)
            case PartnerActed():
                heard = self.partners.act(draft, event, inbound)
                return Worked(heard.action, heard.reason, heard.case)
            case CellSaid():
                return self.transfers.said(draft, inbound, event)
            case Ignored(reason):
                return Worked(Action.IGNORE, reason)
            case _:
                assert_never(event)

    def _heard_from(self, draft: Draft, event: HelpAsked | OptedOutOf) -> None:
        """Let what awaits leave, but for who wants nothing more."""
        if isinstance(event, HelpAsked) or event.back_in:
            self.windows.opened(draft, event.address, back_in=event.back_in)
            who = person_at(event.address, event.person)
            invited = self.in_private.heard(draft, event.address, who, back_in=event.back_in)
            self.in_private.ask(draft, event.address, invited)
            self.in_private.expect(draft, event.address, invited)

    # --- a message -----------------------------------------------------------------------------

    def _said(self, draft: Draft, inbound: Inbound, message: Message) -> Worked:
        """Work a message; who was known in public hears in private first what waits for him."""
        invited = self._invited(draft, inbound, message)
        worked = self._message(draft, inbound, message, invited)
        self.in_private.ask(draft, message.address, invited)
        return worked

    def _invited(self, draft: Draft, inbound: Inbound, message: Message) -> tuple[Invited, ...]:
        """Tell a person what waits for him; in danger only with his next words, whom to call first."""
        who = message.person_at
        if message.public or who is None or not self.workspace.withheld(who.key):
            return ()
        look = self.looks.of(inbound, message)
        danger = self.looks.decide(message, look, self.workspace)[1].danger
        if danger or self._by_ourselves(inbound, message).automatic:
            return ()
        return self.in_private.heard(draft, message.address, who)

    def _message(
        self, draft: Draft, inbound: Inbound, message: Message, invited: Sequence[Invited] = ()
    ) -> Worked:
        look = self.looks.of(inbound, message)
        understood = look.understood
        if message.offer is not None:
            facts, decision = self.looks.decide(message, look, self.workspace)
            return self.taking.offered(draft, inbound, message, understood, facts, decision)
        if message.empty:
            to = self._by_ourselves(inbound, message)
            reply = self.replies.help(draft, to, TextId.EMPTY, understood.language)
            return Worked(Action.IGNORE, "message vide", None, message, understood, None, reply)
        facts, decision = self.looks.decide(message, look, self.workspace)
        conversation = self._awake(draft, message)
        threaded = self._thread(message, understood, decision, conversation, invited)
        if not self.taking.passes_on(message, threaded.case):
            reason = f"« {message.sender} » ajoute à une demande qui n'est pas à nous"
            return Worked(Action.IGNORE, reason, None, message, understood)
        if threaded.how is How.PARTNER and threaded.case is not None:
            return self._partner(draft, inbound, message, threaded, understood)
        message = self._by_ourselves(inbound, message)  # a service may reply from a counter
        if message.automatic:
            if threaded.how in _NAMED or not self._handed_on(message, decision):
                return self._machine(draft, message, threaded, understood)
            return self.opening.create(draft, inbound, message, understood, facts, decision)
        if message.pressed and (threaded.case is None or threaded.case.asked != message.pressed):
            return self._stale(draft, message, threaded.case)
        if threaded.case is not None:
            return self._append(draft, inbound, message, look, decision, threaded)
        if threaded.mistyped and self.opening.says_no_more(inbound, message, facts, decision):
            reply = self.replies.help(draft, message, TextId.MISTYPED, understood.language)
            why = "numéro de suivi mal recopié, et rien d'autre"
            return Worked(Action.IGNORE, why, None, message, understood, None, reply)
        return self.opening.create(
            draft, inbound, message, understood, facts, decision, mistyped=threaded.mistyped
        )

    def _by_ourselves(self, inbound: Inbound, message: Message) -> Message:
        """Mark what another of our own counters wrote, so that two never write to each other.

        What a form or an agent gives as a person's address may be a slip.
        """
        there = message.address
        typed = (
            message.until_confirmed or message.entry or inbound.envelope.channel != there.channel
        )
        counters = self.opening.dispatcher.rulebook.directory.counters()
        ours = any(
            (one.channel, one.address.lower()) == (there.channel, there.value.lower())
            for one in counters
        )
        if typed or not ours or message.automatic:
            return message
        return replace(message, automatic="own counter", hands_on=HandsOn.DANGER)

    def _append(
        self,
        draft: Draft,
        inbound: Inbound,
        message: Message,
        look: Look,
        alone: Decision,
        threaded: Threaded,
    ) -> Worked:
        """Add a message to its case, but for a danger that this one cannot carry."""
        apart = (
            self.dangers.apart(draft, inbound, message, look, threaded) if alone.danger else None
        )
        return apart or self.adding.append(
            draft, inbound, message, look.understood, alone, threaded
        )

    def _awake(self, draft: Draft, message: Message) -> Conversation:
        """Whoever writes to us has not blocked us any more."""
        conversation = self.workspace.conversation(message.answered_at.key)
        if conversation.blocked:
            conversation = replace(conversation, blocked=False)
            self.workspace.converse(draft, conversation)
        return conversation

    def _thread(
        self,
        message: Message,
        understood: Understanding,
        decision: Decision,
        conversation: Conversation,
        invited: Sequence[Invited],
    ) -> Threaded:
        """Find the case; a danger is never taken for the sequel of something else."""
        if decision.danger:
            conversation = replace(conversation, case_id=None)
        category, workspace = decision.category, self.workspace
        found = thread(message, understood, category, conversation, workspace, self.signer)
        if found.case is None and not decision.danger:
            there = by_invitation(message, understood, category, invited, workspace)
            return replace(there, mistyped=found.mistyped) if there is not None else found
        return unheard(found, invited)

    def _partner(
        self,
        draft: Draft,
        inbound: Inbound,
        message: Message,
        threaded: Threaded,
        understood: Understanding,
    ) -> Worked:
        assert threaded.case is not None  # noqa: S101 -- the caller has looked
        service = self.partners.service_of(threaded.case, threaded.party)
        if service is None:
            return Worked(Action.IGNORE, "réponse d'un service retiré", threaded.case, message)
        heard = self.partners.reply(draft, message, threaded.case, service, inbound)
        return Worked(heard.action, heard.reason, heard.case, message, understood)

    def _handed_on(self, message: Message, decision: Decision) -> bool:
        """Whether somebody must read what a machine sent: it may hand on a person's words."""
        if is_echo(message.text_shown, self.opening.dispatcher.rulebook.texts):
            return False
        match message.hands_on:
            case HandsOn.NOTHING:
                return False
            case HandsOn.DANGER:
                return decision.danger
            case HandsOn.PERHAPS:
                return decision.danger or decision.category is not None
            case HandsOn.A_PERSON:
                return True
            case _:
                assert_never(message.hands_on)

    def _machine(
        self, draft: Draft, message: Message, threaded: Threaded, understood: Understanding
    ) -> Worked:
        """Keep what a machine wrote on the case it belongs to, and never answer it."""
        reason = f"message automatique ({message.automatic})"
        case = threaded.case
        if case is not None and threaded.how in _NAMED:
            case = self.workspace.save(draft, case)
            self.workspace.tell(draft, case, EventKind.NOTE, "machine", message.text_shown[:500])
            return Worked(Action.IGNORE, reason, case, message, understood)
        return Worked(Action.IGNORE, reason, None, message, understood)

    def _stale(self, draft: Draft, message: Message, case: Case | None) -> Worked:
        """Keep a button pressed under a question that is no longer open; it changes nothing."""
        if case is not None:
            case = self.workspace.save(draft, case)
            pressed = f"Bouton d'une question close ({message.pressed}) : {message.text_shown}"
            self.workspace.tell(draft, case, EventKind.NOTE, "citizen", pressed)
        return Worked(Action.IGNORE, "bouton d'une question qui n'est plus posée", case, message)

    def _edited(self, draft: Draft, inbound: Inbound, message: Message, edited_ref: str) -> Worked:
        """Append a correction to its case; one of a message never seen is a message.

        A danger is one however it is told.
        """
        first = corrected(edited_ref)
        case = self.workspace.case_of_ref(first) or self.workspace.case_of_ref(edited_ref)
        if case is not None:
            look = self.looks.of(inbound, message)
            _, alone = self.looks.decide(message, look, self.workspace)
            if not alone.danger:
                return self.adding.edited(draft, inbound, message, case, edited_ref)
            found = Threaded(case, How.REFERENCE, "danger dans un message corrigé")
            worked = self._append(draft, inbound, message, look, alone, found)
            if worked.case is not None and worked.case.id != case.id:  # more corrections may come
                self.workspace.refer(draft, first, worked.case)
            return worked
        worked = self._message(draft, inbound, message)
        if worked.case is not None:  # its first wording may still come
            self.workspace.refer(draft, first, worked.case)
        return worked
