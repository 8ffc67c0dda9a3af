"""Invites who wrote in public to hear in private what there is for him."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from router.case import Case, CaseFile, Reporter, ReporterRole
from router.delivery import Delivery, DeliveryKind, DeliveryState
from router.message import Message, Thread
from router.telling.writing import PARAGRAPH, Writing
from router.words.texts import Style, TextId
from router.workspace import Draft, Workspace

_NOTE = (
    "La personne a écrit en public : vos réponses n'y sont pas publiées. "
    "Elle y est invitée à nous écrire en message privé."
)


@dataclass(frozen=True, slots=True)
class InPublic:
    """Writes where anybody can read; one for each batch."""

    workspace: Workspace
    writing: Writing

    def invite(self, draft: Draft, case: Case, reporter: Reporter) -> Delivery:
        """Say in public that there is news, and nothing of it; once a day on a case.

        Those who work on the case read once that their words did not leave there.
        """
        whole = self.workspace.whole(case)
        whole = self.workspace.case(whole.id) or whole
        if not whole.public_noted:
            self.workspace.save(draft, replace(whole, public_noted=True))
            self.workspace.note(draft, case, "router", _NOTE)
        cause = f"public:{whole.id}:{self.workspace.now:%Y-%m-%d}"
        words = self.writing.wording.plain(TextId.PUBLIC_NEWS, reporter.language)
        return self.writing.deliver(draft, case, DeliveryKind.INVITE, reporter, cause, words)

    def warn(
        self, draft: Draft, case: Case, reporter: Reporter, kind: DeliveryKind, cause: str
    ) -> Delivery:
        """Say in public whom to call, at once, and that there is more to hear in private."""
        wording, language = self.writing.wording, reporter.language
        whom = wording.plain(TextId.EMERGENCY, language, Style.SHORT)
        words = PARAGRAPH.join((whom, wording.plain(TextId.PUBLIC_NEWS, language)))
        return self.writing.deliver(draft, case, kind, reporter, cause, words, danger=True)

    def withhold(
        self,
        draft: Draft,
        case: Case,
        reporter: Reporter,
        kind: DeliveryKind,
        cause: str,
        text: str,
        *,
        automatic: bool = True,
        files: tuple[CaseFile, ...] = (),
    ) -> None:
        """Keep for a reporter what he is only told in private; nothing of one who cannot be known.

        The case is written too: if he writes in private at the same moment, one of the two is
        worked again and sees the other.
        """
        who = reporter.person_at
        if who is None or not text:
            return
        person = replace(reporter, address=who, page=None, refs=())
        kept = self.writing.made(case, kind, person, cause, text, automatic=automatic, files=files)
        whole = self.workspace.whole(case)
        self.workspace.save(draft, self.workspace.case(whole.id) or whole)
        self.workspace.withhold(draft, replace(kept, state=DeliveryState.WITHHELD))

    def answer(
        self,
        draft: Draft,
        message: Message,
        case: Case,
        kind: DeliveryKind,
        paragraphs: Sequence[str],
        asked: str = "",
    ) -> None:
        """Keep what a message in public would be answered in private.

        Whose private address is known by now reads it there at once, with the question ``asked``.
        """
        reporter = self.reporter(case, message)
        if reporter is None or not (paragraphs or asked):
            return
        case = self.workspace.case(case.id) or case
        if reporter.public:
            cause, text = message.provider_id, PARAGRAPH.join(paragraphs)
            self.withhold(draft, case, reporter, kind, cause, text)
            return
        words = [*paragraphs, *([self._question(case, reporter, asked)] if asked else ())]
        there = replace(message, address=reporter.answered_at, public=False, thread=Thread())
        there = replace(there, ref=reporter.refs[-1] if reporter.refs else "")
        self.writing.automatic(draft, there, case, kind, words, reporter.language, asked)
        conversation = self.workspace.conversation(reporter.answered_at.key)
        if asked and conversation.case_id in {None, case.id}:
            self.workspace.converse(draft, replace(conversation, case_id=case.id, asked=asked))

    def _question(self, case: Case, reporter: Reporter, asked: str) -> str:
        style = self.writing.wording.style(reporter.answered_at)
        return self.writing.wording.question(asked, reporter.language, style, case.place)

    def reporter(self, case: Case, message: Message) -> Reporter | None:
        """Find the reporter who is told in private what a public message would be answered."""
        return next(
            (
                one
                for one in self.workspace.whole(case).reporters
                if one.role is ReporterRole.REPORTER
                and one.person
                and (one.is_person(message.person_at) or one.address == message.address)
            ),
            None,
        )
