"""What each kind of inbound event does: the way from a message read to a case dispatched."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import assert_never

from router.answers import answered
from router.archive import Action
from router.case import Case, EventKind, Status, Visibility
from router.conversation import How, Threaded, is_reporter, thread
from router.decision import Decision, Facts, Nature
from router.delivery import DeliveryKind, DeliveryState
from router.desk import Desk
from router.dispatch import Dispatcher, passes_on, redirects
from router.errors import InvalidInput
from router.joining import LONGEST_TEXT, better_place, files_of, joined
from router.looking import Looks
from router.message import (
    AddressConfirmed,
    Blocked,
    CallMissed,
    Encrypted,
    HelpAsked,
    Ignored,
    InboundEvent,
    Message,
    MessageEdited,
    MessageReceived,
    MessageTakenBack,
    OptedOutOf,
    PartnerActed,
    ReceiptReceived,
    TaskDone,
    Trust,
    corrected,
)
from router.moving import tell_changes
from router.partners import Partners
from router.ports import Understanding
from router.questions import next_of
from router.receipts import rights_of
from router.record import Cause
from router.replies import Replies
from router.store import Conversation, DeliveryWrite, Inbound
from router.texts import TextId
from router.tokens import CONFIRM, Signer, party_of
from router.wishes import Wishes
from router.worked import Worked
from router.workspace import Draft, Workspace

_NO_ADDRESS = "Ce message ne porte aucune adresse à laquelle répondre."
_DEAD_ADDRESS = re.compile(r"5\.1\.\d+|5\.2\.1")
"""What RFC 3463 says of an address that is wrong or closed, and not of one message or one day."""
TO_HEAR = "a-ecouter"
"""The label of a case on which an agent has a spoken message to listen to."""
_VAGUE = 5  # words; a longer message without a known subject is read by an agent
_REOPENS = {Status.ANSWERED, Status.RESOLVED, Status.CLOSED, Status.REFUSED}


@dataclass(frozen=True, slots=True)
class Handler:
    """Works events into a workspace; one for each batch, bound to its rule book."""

    workspace: Workspace
    dispatcher: Dispatcher
    replies: Replies
    partners: Partners
    wishes: Wishes
    desk: Desk
    looks: Looks
    signer: Signer

    def work(self, draft: Draft, inbound: Inbound, event: InboundEvent) -> Worked:
        """Work one event of a journal row."""
        match event:
            case MessageReceived(message):
                return self._message(draft, inbound, message)
            case MessageEdited(message, edited_ref):
                return self._edited(draft, inbound, message, edited_ref)
            case MessageTakenBack():
                return self.wishes.taken_back(draft, event)
            case ReceiptReceived():
                return self._receipt(draft, event)
            case OptedOutOf():
                return self.wishes.opted(draft, inbound, event)
            case HelpAsked():
                return self.wishes.help(draft, inbound, event)
            case Blocked():
                return self.wishes.blocked(draft, event)
            case Encrypted():
                return self.wishes.encrypted(draft, inbound, event)
            case CallMissed():
                return self.desk.missed(draft, inbound, event)
            case TaskDone():
                return self.desk.done(draft, inbound, event)
            case AddressConfirmed(token):
                return self._confirmed(draft, inbound, token)
            case PartnerActed():
                heard = self.partners.act(draft, event, inbound)
                return Worked(heard.action, heard.reason, heard.case)
            case Ignored(reason):
                return Worked(Action.IGNORE, reason)
            case _:
                assert_never(event)

    # --- a message -----------------------------------------------------------------------------

    def _message(self, draft: Draft, inbound: Inbound, message: Message) -> Worked:
        look = self.looks.of(inbound, message)
        understood = look.understood
        if message.empty:
            reply = self.replies.help(draft, message, TextId.EMPTY, understood.language)
            return Worked(Action.IGNORE, "message vide", None, message, understood, None, reply)
        facts, decision = self.looks.decide(message, look, self.workspace)
        conversation = self._awake(draft, message)
        threaded = self._thread(message, understood, decision, conversation)
        if threaded.how is How.PARTNER and threaded.case is not None:
            return self._partner(draft, inbound, message, threaded, understood)
        if message.automatic:
            return self._machine(draft, message, threaded, understood)
        if message.pressed and (threaded.case is None or threaded.case.asked != message.pressed):
            return self._stale(draft, message, threaded.case)
        if threaded.case is not None:
            return self._append(draft, inbound, message, understood, decision, threaded)
        return self._create(draft, inbound, message, understood, facts, decision)

    def _awake(self, draft: Draft, message: Message) -> Conversation:
        """Whoever writes to us has not blocked us any more."""
        conversation = self.workspace.conversation(message.address.key)
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
    ) -> Threaded:
        """Find the case; a danger is never taken for the sequel of something else."""
        if decision.danger:
            conversation = replace(conversation, case_id=None)
        return thread(
            message, understood, decision.category, conversation, self.workspace, self.signer
        )

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

    def _machine(
        self, draft: Draft, message: Message, threaded: Threaded, understood: Understanding
    ) -> Worked:
        """Keep what a machine wrote on the case it belongs to, and never answer it."""
        reason = f"message automatique ({message.automatic})"
        case = threaded.case
        if case is not None and threaded.how in {How.TOKEN, How.REFERENCE, How.NUMBER}:
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

    # --- a new case ----------------------------------------------------------------------------

    def _create(
        self,
        draft: Draft,
        inbound: Inbound,
        message: Message,
        understood: Understanding,
        facts: Facts,
        decision: Decision,
    ) -> Worked:
        redirected = redirects(decision, self.dispatcher.rulebook, facts.nature)
        asked = "" if redirected else self._question(message, facts, decision)
        files = files_of(inbound, message)
        case = self.dispatcher.open(draft, message, facts, decision, asked, files)
        if message.trust is Trust.FAILED:
            labels = (*case.labels, "a-verifier")
            case = self.workspace.save(draft, replace(case, labels=labels))
        if message.doubts:
            doubts = f"À vérifier : {' ; '.join(message.doubts)}"
            self.workspace.tell(draft, case, EventKind.NOTE, "router", doubts)
        case = self._to_hear(draft, case, message)
        if asked and message.reachable:
            self.workspace.tell(draft, case, EventKind.ASKED, "rules", asked)
        if not message.reachable:
            self.workspace.tell(draft, case, EventKind.NOTE, "router", _NO_ADDRESS)
        self.desk.entered(draft, case, message)
        if message.origin:
            note = f"Message transféré ; expéditeur d'origine : {message.origin}"
            self.workspace.tell(draft, case, EventKind.NOTE, "router", note)
        self._remember(draft, message, case, asked)
        owner = self.dispatcher.rulebook.directory.service(case.owner)
        reply = self.replies.acknowledge(
            draft,
            message,
            case,
            decision,
            asked=asked,
            redirected=redirected,
            passed_on=owner is not None and passes_on(owner),
        )
        action = _action(decision, redirected, asked)
        return Worked(
            action,
            decision.sentence,
            self.workspace.case(case.id),
            message,
            understood,
            decision,
            reply,
        )

    def _to_hear(self, draft: Draft, case: Case, message: Message) -> Case:
        """Set an agent to listen to what was spoken: nobody else here can."""
        spoken = [file for file in message.attachments if file.media_type.startswith("audio/")]
        if not spoken:
            return case
        labels = tuple(dict.fromkeys((*case.labels, TO_HEAR)))
        case = self.workspace.save(draft, replace(case, labels=labels))
        text = f"À écouter : {', '.join(file.name for file in spoken)}"
        self.workspace.tell(draft, case, EventKind.NOTE, "router", text)
        return case

    def _question(self, message: Message, facts: Facts, decision: Decision) -> str:
        """Choose the one fact to ask: for the rules, for a vague message, else for the service."""
        if decision.questions:
            return decision.questions[0]
        if decision.danger:
            return ""
        if decision.category is not None:
            needed = self.dispatcher.rulebook.questions_of(decision.category)
            return "" if message.public else next_of(needed, facts, decision.category)
        vague = len(message.text_shown.split()) <= _VAGUE and not message.attachments
        plain = facts.nature in {None, Nature.REPORT, Nature.QUESTION}
        return "categorie" if decision.no_rule and vague and plain else ""

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

    def _remember(self, draft: Draft, message: Message, case: Case, asked: str) -> None:
        if message.album:
            self.workspace.refer(draft, message.album_ref, case)
        conversation = self.workspace.conversation(message.address.key)
        self.workspace.converse(
            draft,
            replace(
                conversation,
                case_id=case.id,
                asked=asked,
                language=case.language,
                album=message.album,
            ),
        )

    # --- more on a known case --------------------------------------------------------------------

    def _append(
        self,
        draft: Draft,
        inbound: Inbound,
        message: Message,
        understood: Understanding,
        alone: Decision,
        threaded: Threaded,
    ) -> Worked:
        assert threaded.case is not None  # noqa: S101 -- the caller has looked
        case = threaded.case
        own = threaded.how is How.PAGE or is_reporter(case, message)
        case = self._join(draft, inbound, case, message, understood.language, own=own)
        case = self._to_hear(draft, case, message)
        self.workspace.tell(
            draft,
            case,
            EventKind.MESSAGE,
            "citizen",
            message.text_shown[:LONGEST_TEXT],
            Visibility.SERVICE,
            threaded.reason,
        )
        self.desk.entered(draft, case, message)
        self.workspace.refer(draft, message.ref, case)
        decision: Decision | None = None
        if own or alone.danger:
            case, decision = self._reconsider(draft, inbound, case, message, understood)
        elif case.confirmations > threaded.case.confirmations and case.status not in _REOPENS:
            case, decision = self.dispatcher.decide_again(
                draft, case, f"in:{inbound.id}", Cause.CONFIRMED
            )
        if decision is not None:
            cause = f"in:{inbound.id}"
            tell_changes(draft, threaded.case, case, decision, cause, self.dispatcher, self.replies)
        if decision is None or decision.owner == case.owner:
            self._tell_owner(draft, inbound, case, message)
        asked = self._next_question(message, case, decision, threaded) if own else ""
        if asked:
            case = self.workspace.save(
                draft, replace(case, asked=asked, questions=(*case.questions, asked))
            )
            self.workspace.tell(draft, case, EventKind.ASKED, "rules", asked)
        self._remember(draft, message, case, asked)
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
                owes_rights=self._just_asks(threaded.case, case),
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
        """Whether what was added shows for the first time that silence decides for the person."""
        known = (before.category, before.nature) == (after.category, after.nature)
        return not known and rights_of(self.dispatcher.rulebook, before) is None

    def _join(
        self,
        draft: Draft,
        inbound: Inbound,
        case: Case,
        message: Message,
        language: str,
        *,
        own: bool,
    ) -> Case:
        case = joined(case, inbound, message, language, self.workspace.now, own=own)
        return self.workspace.save(draft, case)

    def _reconsider(
        self,
        draft: Draft,
        inbound: Inbound,
        case: Case,
        message: Message,
        understood: Understanding,
    ) -> tuple[Case, Decision | None]:
        """Look at the case again with what was added; « merci » reopens nothing."""
        place = better_place(case.place, understood.place)
        case = answered(case, case.asked, message, understood)
        case = replace(case, place=place, asked="")
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

    def _tell_owner(self, draft: Draft, inbound: Inbound, case: Case, message: Message) -> None:
        owner = self.dispatcher.rulebook.directory.service(case.owner)
        if owner is not None:
            self.dispatcher.forwarder.forward(
                draft,
                case,
                owner,
                DeliveryKind.FORWARD,
                message.provider_id,
                added=message.text_shown or f"{len(message.attachments)} pièce(s) jointe(s)",
                files=files_of(inbound, message),
            )

    # --- the rest --------------------------------------------------------------------------------

    def _edited(self, draft: Draft, inbound: Inbound, message: Message, edited_ref: str) -> Worked:
        """Append a correction to its case; one of a message never seen is a message."""
        case = self.workspace.case_of_ref(edited_ref)
        if case is None:
            worked = self._message(draft, inbound, message)
            if worked.case is not None:  # its first wording may still come
                self.workspace.refer(draft, corrected(edited_ref), worked.case)
            return worked
        case = self._join(draft, inbound, case, message, case.language, own=True)
        self.workspace.tell(
            draft, case, EventKind.EDITED, "citizen", message.text_shown, Visibility.SERVICE
        )
        self._tell_owner(draft, inbound, case, message)
        return Worked(Action.APPEND, "message corrigé par la personne", case, message)

    def _confirmed(self, draft: Draft, inbound: Inbound, text: str) -> Worked:
        """Answer a person where he asked, now that the address is known to be his."""
        try:
            token = self.signer.read(text)
        except InvalidInput:
            return Worked(Action.IGNORE, "lien de confirmation qui n'est pas de nous")
        case = self.workspace.case_of_number(token.number) if token.kind == CONFIRM else None
        waiting = [
            reporter
            for reporter in (case.reporters if case else ())
            if reporter.page is not None and party_of(reporter.address.key) == token.party
        ]
        if case is None or not waiting:
            return Worked(Action.IGNORE, "lien de confirmation qui a déjà servi", case)
        sure = replace(waiting[0], page=None, verified=True)
        people = tuple(sure if one == waiting[0] else one for one in case.reporters)
        case = self.workspace.save(draft, replace(case, reporters=people))
        self.workspace.tell(draft, case, EventKind.NOTE, "citizen", "Adresse confirmée.")
        reply = self.replies.confirmed(draft, case, sure, inbound.envelope.provider_id)
        return Worked(Action.APPEND, "la personne a confirmé son adresse", case, reply=reply)

    def _receipt(self, draft: Draft, event: ReceiptReceived) -> Worked:
        delivery = self.workspace.delivery(event.delivery_id, event.provider_id)
        if delivery is None:
            return Worked(Action.RECEIPT, "accusé d'un envoi inconnu")
        state = DeliveryState(event.state)
        error = " ".join(part for part in (event.code, event.reason) if part)
        draft.receipts.append(DeliveryWrite(delivery.id, state, error=error))
        case = self.workspace.case(delivery.case_id)
        gone = _DEAD_ADDRESS.fullmatch(event.code) is not None
        lost = state in {DeliveryState.BOUNCED, DeliveryState.REJECTED, DeliveryState.DEAD}
        if lost and case is not None:
            case = self.workspace.save(draft, case)
            text = f"{delivery.kind} ({delivery.address.channel}) : {error}"
            text += " – cette adresse n'existe plus" if gone else ""
            self.workspace.tell(draft, case, EventKind.DELIVERY_FAILED, "provider", text)
        if lost and gone:
            conversation = self.workspace.conversation(delivery.address.key)
            self.workspace.converse(draft, replace(conversation, blocked=True))
        return Worked(Action.RECEIPT, f"{delivery.kind} : {state}", case)


def _action(decision: Decision, redirected: bool, asked: str) -> Action:
    if decision.danger:
        return Action.EMERGENCY
    if redirected:
        return Action.REDIRECT
    return Action.ASK if decision.questions or asked == "categorie" else Action.CREATE
