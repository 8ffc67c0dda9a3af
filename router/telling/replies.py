"""Writes to who wrote just now, on his own channel: receipts, questions, how this works."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from router.case import Case, Reporter
from router.cells import CHANNEL as CELL
from router.decision import Decision
from router.delivery import Delivery, DeliveryKind
from router.events import CallMissed
from router.message import Address, Message
from router.policy import Policy
from router.telling.everyone import Everyone
from router.telling.in_public import InPublic
from router.telling.origin import Origin
from router.telling.writing import PARAGRAPH, Writing
from router.tokens import CONFIRM, Signer
from router.tracking import printed
from router.words.texts import Style, TextId
from router.words.wording import Wording
from router.workspace import Draft, Workspace


@dataclass(frozen=True, slots=True)
class Replies:
    """Writes deliveries to citizens into a workspace; one for each batch."""

    workspace: Workspace
    signer: Signer
    policy: Policy
    wording: Wording

    @property
    def _writing(self) -> Writing:
        return Writing(self.workspace, self.signer, self.policy, self.wording)

    @property
    def everyone(self) -> Everyone:
        return Everyone(self._writing)

    @property
    def _in_public(self) -> InPublic:
        return InPublic(self.workspace, self._writing)

    @property
    def origin(self) -> Origin:
        return Origin(self._writing)

    # --- to one conversation, automatic --------------------------------------------------------

    def acknowledge(
        self,
        draft: Draft,
        message: Message,
        case: Case,
        decision: Decision,
        *,
        asked: str,
        redirected: bool,
        passed_on: bool,
        mistyped: bool = False,
    ) -> Delivery | None:
        """Write the one receipt of a new case: danger numbers first, then what the rules say."""
        language, style = case.language, self.wording.style(message.answered_at)
        paragraphs = self.wording.of_rules(decision, case, language, style)
        if not redirected:
            text = TextId.PASSED_ON if passed_on else TextId.ACKNOWLEDGEMENT
            rights = self.wording.rights(case, message.answered_at, language)
            # whom to reach stands once in a receipt, with the rights where there are some
            hidden = {"contact": ""} if rights else {}
            paragraphs += [self.wording.text(text, language, style, case, instead=hidden), *rights]
        elif not decision.replies:
            paragraphs.append(self.wording.text(TextId.REDIRECT, language, style, case))
        if message.too_large:
            paragraphs.append(self.wording.text(TextId.TOO_LARGE, language, style, case))
        if mistyped and not decision.danger:
            paragraphs.append(self.wording.plain(TextId.MISTYPED, language, style))
        if asked and not message.public:
            paragraphs.append(self.wording.question(asked, language, style, case.place))
        in_private, known = paragraphs, self._in_public.reporter(case, message)
        if message.public:
            paragraphs = self.wording.in_public(decision, case, language)
        if known is not None or not message.public:
            case = _replied(case, decision.replies)
        danger = self._danger(message, case, decision)
        if message.until_confirmed is not None:
            return self._ask_to_confirm(draft, message, case, decision, paragraphs, danger)
        kind = (
            DeliveryKind.QUESTION
            if asked and decision.questions
            else (DeliveryKind.ACKNOWLEDGEMENT)
        )
        written = self._writing.automatic(
            draft, message, case, kind, paragraphs, asked=asked, danger=danger
        )
        if message.public and written is not None:
            kind = DeliveryKind.ACKNOWLEDGEMENT
            self._in_public.answer(draft, message, case, kind, in_private)
        return written

    def _danger(self, message: Message, case: Case, decision: Decision | None) -> list[str]:
        """Word whom to call, and nothing else, where there is danger."""
        if decision is None or not decision.danger:
            return []
        language, style = self._language(message, case), self.wording.style(message.answered_at)
        style = Style.SHORT if message.public else style
        return self.wording.of_danger(decision, case, language, style, public=message.public)

    def _ask_to_confirm(
        self,
        draft: Draft,
        message: Message,
        case: Case,
        decision: Decision,
        paragraphs: Sequence[str],
        danger: Sequence[str],
    ) -> Delivery | None:
        """Write the receipt to the page, and to the address no more than how to confirm it.

        Whom to call in danger is told there too.
        """
        assert message.until_confirmed is not None  # noqa: S101 -- the caller has looked
        kind, language = DeliveryKind.ACKNOWLEDGEMENT, case.language
        at_page = replace(message, address=message.answered_at)
        receipt = self._writing.automatic(draft, at_page, case, kind, paragraphs, danger=danger)
        style = self.wording.style(message.address)
        there = self.wording.of_rules(decision, case, language, style) if decision.danger else []
        fields = {"numero": printed(case.public_number or case.number)}
        fields["lien"] = self._confirmation(case, message.address)
        words = self.wording.plain(TextId.CONFIRM, language, style, **fields)
        known = self.workspace.case(case.id) or case
        if self._writing.may_write(message) and self._writing.budget.take_confirmation(
            draft, message.address, known
        ):
            self._writing.write(draft, message, known, kind, PARAGRAPH.join([*there, words]))
        return receipt

    def _confirmation(self, case: Case, address: Address) -> str:
        number = case.public_number or case.number
        return f"{self.policy.base_url}/confirmer/{self.signer.sign(CONFIRM, number, address.key)}"

    def confirmed(self, draft: Draft, case: Case, reporter: Reporter, cause: str) -> Delivery:
        """Write the receipt of a case to an address that was just confirmed."""
        style = self.wording.style(reporter.address)
        words = self.wording.text(TextId.ACKNOWLEDGEMENT, reporter.language, style, case)
        return self._writing.deliver(
            draft, case, DeliveryKind.ACKNOWLEDGEMENT, reporter, cause, words
        )

    def acknowledge_more(
        self,
        draft: Draft,
        message: Message,
        case: Case,
        *,
        decision: Decision | None,
        asked: str,
        third_party: bool,
        moved: TextId | None = None,
        owes_rights: bool = False,
        mistyped: bool = False,
    ) -> Delivery | None:
        """Write the receipt of a message that joined a known case.

        A third party is told nothing of the case but the number that he gave himself; whom to call
        in danger is told to everybody, in public too. ``moved``: how he is told that what he said
        gives the case to another service. ``owes_rights``: only now it is known that silence
        decides something for the person. ``mistyped``: he gave a number that is none as well.
        """
        if message.address.channel == CELL:
            return self.origin.ask(draft, case, message.provider_id, decision, asked)
        language, style = self._language(message, case), self.wording.style(message.answered_at)
        danger = decision is not None and decision.danger
        paragraphs = (
            self.wording.of_rules(
                decision, case, language, Style.SHORT if message.public else style
            )
            if danger
            else []
        )
        known = None if third_party else self._in_public.reporter(case, message)
        if known is not None and message.public and not known.public:
            moved = None  # he hears it where all hear it who are reached in private
        in_private: list[str] = []
        if not third_party and (known is not None or not message.public):
            # a text message that names the case and its service says enough
            appended = not (message.public or (moved and style.short))
            unsaid = _unsaid(case, decision)
            said = (self.wording.of_rule(text, case, language, style) for text in unsaid)
            in_private += [words for words in said if words is not None]
            case = _replied(case, unsaid)
            texts = (TextId.APPENDED if appended else None, moved)
            in_private += [self.wording.text(text, language, style, case) for text in texts if text]
            if owes_rights:
                in_private += self.wording.rights(case, message.answered_at, language)
            if message.too_large:
                in_private.append(self.wording.text(TextId.TOO_LARGE, language, style, case))
        if message.public:
            paragraphs = self.wording.invited(paragraphs, language)
        elif third_party:
            paragraphs.append(self.wording.text(TextId.THIRD_PARTY, language, style, case))
        else:
            paragraphs += in_private
            if mistyped and not danger:
                paragraphs.append(self.wording.plain(TextId.MISTYPED, language, style))
            if asked:
                paragraphs.append(self.wording.question(asked, language, style, case.place))
        kind, there = DeliveryKind.ACKNOWLEDGEMENT, replace(message, address=message.answered_at)
        warning = self._danger(message, case, decision)
        written = self._writing.automatic(
            draft, there, case, kind, paragraphs, asked=asked, danger=warning
        )
        if message.public:
            self._in_public.answer(draft, message, case, kind, in_private, asked)
        return written

    def help(self, draft: Draft, message: Message, text: TextId, language: str) -> Delivery | None:
        """Write a text that belongs to no case: how this works, what could not be read."""
        there = replace(message, address=message.answered_at)
        words = self.wording.plain(text, language, self.wording.style(there.address))
        return self._writing.automatic(draft, there, None, DeliveryKind.HELP, [words], language)

    def invite(self, draft: Draft, case: Case, awaits: Delivery) -> Delivery:
        """Invite a person to write, so that what awaits may leave; once a day on a case."""
        person = Reporter(awaits.address, language=awaits.language)
        style = self.wording.style(awaits.address)
        words = self.wording.text(TextId.INVITE, awaits.language, style, case)
        filled = self.wording.text_fields(case, awaits.language)
        data = json.dumps({"1": filled["numero"], "2": filled["lien"]})
        cause = f"invite:{case.id}:{self.workspace.now:%Y-%m-%d}"
        return self._writing.deliver(
            draft, case, DeliveryKind.INVITE, person, cause, words, data=data
        )

    def ring_back(self, draft: Draft, call: CallMissed, cause: str, language: str) -> Delivery:
        """Write what the agent asks who rings back a missed call; a person has entered it."""
        data = json.dumps({"missed_at": call.at.isoformat()})
        text = self.wording.question("categorie", language, Style.ALOUD)
        person = Reporter(call.address, language=language)
        kind = DeliveryKind.QUESTION
        return self._writing.deliver(
            draft, None, kind, person, cause, text, automatic=False, data=data
        )

    @staticmethod
    def _language(message: Message, case: Case) -> str:
        return next(
            (
                reporter.language
                for reporter in case.reporters
                if reporter.address == message.address
            ),
            case.language,
        )


def _unsaid(case: Case, decision: Decision | None) -> tuple[str, ...]:
    """List the texts of the rule that decides now which the person has not read yet.

    A rule that would give the case to another than has it promises nothing for who has it. What a
    threshold says goes to all reporters, and the words of a danger are said each time.
    """
    if decision is None or decision.danger or decision.owner != case.owner:
        return ()
    known = {*case.replied, *decision.reached.replies}
    return tuple(text for text in decision.replies if text not in known)


def _replied(case: Case, texts: Sequence[str]) -> Case:
    new = tuple(text for text in texts if text not in case.replied)
    return replace(case, replied=(*case.replied, *new)) if new else case
