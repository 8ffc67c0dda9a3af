"""Writes one delivery to one person, where anything may be written to him."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TypedDict, Unpack

from router.case import Case, CaseFile, Reporter
from router.cells import CHANNEL as CELL
from router.delivery import Delivery, DeliveryKind, idempotency_key
from router.message import Message
from router.policy import Policy
from router.telling.budget import Budget, Share
from router.tokens import REPLY, Signer
from router.words.echoes import is_echo
from router.words.wording import Wording
from router.workspace import Draft, Workspace

PARAGRAPH = "\n\n"


class Parts(TypedDict, total=False):
    """What else may stand on what is written; router.delivery.Delivery says what each is."""

    automatic: bool
    subject: str
    data: str
    asked: str
    danger: bool
    files: tuple[CaseFile, ...]


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes into a workspace; one for each batch."""

    workspace: Workspace
    signer: Signer
    policy: Policy
    wording: Wording

    def automatic(
        self,
        draft: Draft,
        message: Message,
        case: Case | None,
        kind: DeliveryKind,
        paragraphs: Sequence[str],
        language: str = "",
        asked: str = "",
        danger: Sequence[str] = (),
    ) -> Delivery | None:
        """Write an automatic answer: of it ``danger`` alone where the day's budget is spent.

        So too, once on a case, to who wants no messages: whom to call is never kept from who tells a
        danger.
        """
        warning, wanted = PARAGRAPH.join(danger), self._is_wanted(message)
        if not self._may_reach(message) or not (wanted or warning):
            return None
        if not wanted and self.budget.has_warned(message.address, case, warning):
            return None
        share = self.budget.take(draft, message.address, case, warning)
        if share is Share.NOTHING:
            return None
        share = share if wanted else Share.DANGER
        text = warning if share is Share.DANGER else PARAGRAPH.join(paragraphs)
        asked = "" if message.public or share is Share.DANGER else asked
        return self.write(draft, message, case, kind, text, language, asked, danger=bool(danger))

    @property
    def budget(self) -> Budget:
        return Budget(self.workspace, self.policy)

    def may_write(self, message: Message) -> bool:
        """Whether anything automatic may be written to who sent a message."""
        return self._may_reach(message) and self._is_wanted(message)

    def _is_wanted(self, message: Message) -> bool:
        return not self.workspace.conversation(message.address.key).opted_out

    def _may_reach(self, message: Message) -> bool:
        """Whether a message is of a person whom we can write to.

        Another installation is told of its case in words of another kind (router.cell_writing).
        """
        if message.address.channel == CELL or message.forged:
            return False
        if self.workspace.conversation(message.address.key).blocked:
            return False
        return message.reachable and not message.automatic and not self._came_back(message)

    def write(
        self,
        draft: Draft,
        message: Message,
        case: Case | None,
        kind: DeliveryKind,
        text: str,
        language: str = "",
        asked: str = "",
        *,
        danger: bool = False,
    ) -> Delivery:
        """Write an answer to a message, whatever was written before."""
        language = language or (case.language if case else "fr")
        reporter = Reporter(message.address, language=language, refs=_chain(message))
        cause, subject = message.provider_id, message.subject
        return self.deliver(
            draft, case, kind, reporter, cause, text, subject=subject, asked=asked, danger=danger
        )

    def _came_back(self, message: Message) -> bool:
        """Whether a message is our own automatic words; with those we send no file and no place."""
        person = message.attachments or message.location
        return not person and is_echo(message.text_shown, self.wording.rulebook.texts)

    def deliver(
        self,
        draft: Draft,
        case: Case | None,
        kind: DeliveryKind,
        reporter: Reporter,
        cause: str,
        text: str,
        **parts: Unpack[Parts],
    ) -> Delivery:
        """Write to one person, once for one cause (router.delivery.Delivery says what each part is)."""
        delivery = self.made(case, kind, reporter, cause, text, **parts)
        draft.deliveries.append(delivery)
        return delivery

    def made(
        self,
        case: Case | None,
        kind: DeliveryKind,
        reporter: Reporter,
        cause: str,
        text: str,
        *,
        automatic: bool = True,
        subject: str = "",
        data: str = "",
        asked: str = "",
        danger: bool = False,
        files: tuple[CaseFile, ...] = (),
    ) -> Delivery:
        """Make what is written to one person, and write nothing yet."""
        address = reporter.answered_at
        return Delivery(
            id=self.workspace.ids.next(),
            idem=idempotency_key(cause, kind, address),
            lane=address.key,
            kind=kind,
            address=address,
            text=text,
            created_at=self.workspace.now,
            case_id=case.id if case else None,
            language=reporter.language,
            subject=subject or (case.subject if case else ""),
            refs=reporter.refs,
            reply_token=self.signer.sign(REPLY, case.number, address.key) if case else "",
            automatic=automatic,
            danger=danger,
            asked=asked,
            choices=self.wording.choices(asked, reporter.language),
            data=json.dumps({"files": [asdict(file) for file in files]}) if files else data,
        )


def _chain(message: Message) -> tuple[str, ...]:
    return (*reversed(message.thread.refs), *((message.ref,) if message.ref else ()))
