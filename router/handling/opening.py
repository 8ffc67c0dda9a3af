"""Opens the case of a message that belongs to none, and answers it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.archive import Action
from router.case import Case, EventKind
from router.decision import Decision, Facts, Nature, Urgency
from router.handling.desk import Desk
from router.handling.dispatch import Dispatcher, passes_on, redirects
from router.handling.for_an_agent import ForAnAgent
from router.message import Message
from router.reading.joining import STATED, files_of
from router.rule_ports import Understanding
from router.telling.replies import Replies
from router.words.questions import next_of
from router.work import Inbound
from router.worked import Worked
from router.workspace import Draft, Workspace

_NO_ADDRESS = "Ce message ne porte aucune adresse à laquelle répondre."
_BY_A_MACHINE = (
    "Envoyé par une machine (liste, formulaire d'un site) : aucune réponse n'est partie, et aucune ne"
    " partira à son adresse. Lisez qui a écrit, et répondez-lui vous-même."
)
_PLAIN = {None, Nature.REPORT, Nature.QUESTION}
_GIVE_A_NUMBER = {"web", "desk", "open311"}
"""Where whoever sends something waits for the number that it gets."""
_BRIEF = 12  # words; a longer message says something, even if nobody knows yet of what
_VAGUE = 5  # words; a longer message without a known subject is read by an agent


@dataclass(frozen=True, slots=True)
class Opening:
    """Opens cases in a workspace; one for each batch."""

    workspace: Workspace
    dispatcher: Dispatcher
    replies: Replies
    desk: Desk

    def create(
        self,
        draft: Draft,
        inbound: Inbound,
        message: Message,
        understood: Understanding,
        facts: Facts,
        decision: Decision,
        *,
        mistyped: bool = False,
    ) -> Worked:
        """Open the case of a message, hand it over, and write the one receipt.

        ``mistyped``: it also names a case by a number that is none, which the receipt says.
        """
        redirected = redirects(decision, self.dispatcher.rulebook, facts.nature)
        silent = redirected or bool(message.automatic) or message.forged
        asked = "" if silent else self._question(message, facts, decision)
        files = files_of(inbound, message)
        split = decision.parts or (message.offer is not None and message.offer.part)
        beside = () if split else understood.beside
        case = self.dispatcher.open(draft, message, facts, decision, asked, files, beside)
        case = self._several(draft, case)
        case = self.for_an_agent.doubted(draft, case, message)
        case = self.for_an_agent.to_hear(draft, case, message)
        if asked and message.reachable:
            self.workspace.tell(draft, case, EventKind.ASKED, "rules", asked)
        if not message.reachable:
            self.workspace.tell(draft, case, EventKind.NOTE, "router", _NO_ADDRESS)
        self.desk.entered(draft, case, message)
        if message.automatic:
            self.workspace.tell(draft, case, EventKind.NOTE, "router", _BY_A_MACHINE)
        if message.origin:
            note = f"Message transféré ; expéditeur d'origine : {message.origin}"
            self.workspace.tell(draft, case, EventKind.NOTE, "router", note)
        if not message.automatic:  # one address of a form writes for many people
            remember(self.workspace, draft, message, case, asked)
        if case.came is not None:
            return self._accepted(draft, inbound, message, understood, decision, case, asked)
        owner = self.dispatcher.rulebook.directory.service(case.owner)
        reply = self.replies.acknowledge(
            draft,
            message,
            case,
            decision,
            asked=asked,
            redirected=redirected,
            passed_on=owner is not None and passes_on(owner),
            mistyped=mistyped,
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

    def _accepted(
        self,
        draft: Draft,
        inbound: Inbound,
        message: Message,
        understood: Understanding,
        decision: Decision,
        case: Case,
        asked: str,
    ) -> Worked:
        """Say to the installation that offered the case that it is ours, and what is missing."""
        cause = inbound.envelope.provider_id
        case = self.workspace.case(case.id) or case
        reply = self.dispatcher.forwarder.cells.accept(draft, case, cause)
        # who offers what is urgent already has told the person whom to call
        warned = message.offer is not None and message.offer.urgency is Urgency.IMMEDIATE
        self.replies.origin.ask(draft, case, cause, None if warned else decision, asked)
        case = self.workspace.case(case.id) or case
        action = _action(decision, False, asked)
        return Worked(action, decision.sentence, case, message, understood, decision, reply)

    @property
    def for_an_agent(self) -> ForAnAgent:
        return ForAnAgent(self.workspace, self.replies.policy)

    def _several(self, draft: Draft, case: Case) -> Case:
        if not case.beside:
            return case
        names = (self.dispatcher.rulebook.category_name(one, "fr") for one in case.beside)
        return self.for_an_agent.several(draft, case, ", ".join(names))

    def says_no_more(
        self, inbound: Inbound, message: Message, facts: Facts, decision: Decision
    ) -> bool:
        """Whether a message without the number in it tells of nothing that could be worked."""
        if inbound.envelope.channel in _GIVE_A_NUMBER or facts.nature not in _PLAIN:
            return False
        more = message.attachments or message.location or facts.place.source in STATED
        if more or message.public or decision.danger or decision.category is not None:
            return False
        return decision.no_rule and len(message.text_shown.split()) <= _BRIEF

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
        plain = facts.nature in _PLAIN
        return "categorie" if decision.no_rule and vague and plain else ""


def remember(workspace: Workspace, draft: Draft, message: Message, case: Case, asked: str) -> None:
    """Keep with the conversation which case it is about, and what was asked there."""
    if message.album:
        workspace.refer(draft, message.album_ref, case)
    conversation = workspace.conversation(message.answered_at.key)
    workspace.converse(
        draft,
        replace(conversation, case_id=case.id, asked=asked, language=case.language),
    )


def _action(decision: Decision, redirected: bool, asked: str) -> Action:
    if decision.danger:
        return Action.EMERGENCY
    if redirected:
        return Action.REDIRECT
    return Action.ASK if decision.questions or asked == "categorie" else Action.CREATE
