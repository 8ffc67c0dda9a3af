"""Writes to every reporter of a case, each on his own channel, what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from router.case import Case, CaseFile, EventKind, Reporter, ReporterRole
from router.cells import CHANNEL as CELL
from router.decision import Decision, ServiceId
from router.delivery import Delivery, DeliveryKind
from router.telling.budget import Share
from router.telling.in_public import InPublic
from router.telling.origin import Origin
from router.telling.writing import PARAGRAPH, Parts, Writing
from router.tokens import party_of
from router.words.called import SENDINGS, channel_called
from router.words.texts import Style, TextId
from router.workspace import Draft

_FORGED = "rien n'est parti, le message ne venait pas de l'adresse qu'il affiche"


@dataclass(frozen=True, slots=True)
class Everyone:
    """Writes to all who reported a case; one for each batch."""

    writing: Writing

    @property
    def _origin(self) -> Origin:
        return Origin(self.writing)

    @property
    def _in_public(self) -> InPublic:
        return InPublic(self.writing.workspace, self.writing)

    def ended(self, draft: Draft, case: Case, cause: str) -> None:
        """Tell the end of a case of which each person has heard already, part by part."""
        self._origin.inform(draft, case, cause, "")

    def fan_out(
        self,
        draft: Draft,
        case: Case,
        kind: DeliveryKind,
        cause: str,
        text: TextId,
        *,
        automatic: bool,
        answer: str = "",
        service: ServiceId | None = None,
        also: TextId | None = None,
        files: tuple[CaseFile, ...] = (),
        but: str = "",
        budgeted: bool = False,
        danger: bool = False,
    ) -> tuple[Delivery, ...]:
        """Write to every reporter of a case, each on his own channel and in his language.

        ``also`` follows the text in a paragraph of its own; ``files`` go along on channels that can
        carry them; ``but`` is the hashed address of one who hears it otherwise. In public nobody is
        told more than how to hear it in private, and whom to call; the rest waits for him there.
        ``budgeted``: within what is written automatically in a day to each; ``danger``: the answer
        says whom to call.
        """
        written = self._origin.inform(draft, case, cause, answer, files, automatic=automatic)
        for reporter in self._people(draft, case, kind):
            if but and party_of(reporter.address.key) == but:
                continue
            if reporter.public and not danger:
                written.append(self._in_public.invite(draft, case, reporter))
            elif automatic and self._is_forged(draft, case, kind, reporter):
                continue
            if budgeted and not self._within_budget(
                draft, case, reporter, answer if danger else ""
            ):
                continue
            if reporter.public and danger:
                written.append(self._in_public.warn(draft, case, reporter, kind, cause))
            self._on_the_page(draft, case, kind, reporter)
            words = self._words(reporter, case, text, answer, service, also)
            parts = Parts(automatic=automatic, danger=danger, files=files)
            if not reporter.public:
                written.append(
                    self.writing.deliver(draft, case, kind, reporter, cause, words, **parts)
                )
                continue
            self._in_public.withhold(
                draft, case, reporter, kind, cause, words, automatic=automatic, files=files
            )
        return tuple(written)

    def _words(
        self,
        reporter: Reporter,
        case: Case,
        text: TextId,
        answer: str,
        service: ServiceId | None,
        also: TextId | None,
    ) -> str:
        """Word a text for one reporter, and ``also`` behind it unless he reads the page itself."""
        wording, style = self.writing.wording, self.writing.wording.style(reporter.answered_at)
        words = wording.text(text, reporter.language, style, case, answer, service)
        if also is None or reporter.answered_at.channel == "web":
            return words
        return words + PARAGRAPH + wording.text(also, reporter.language, style, case)

    def _within_budget(self, draft: Draft, case: Case, reporter: Reporter, danger: str) -> bool:
        known = self.writing.workspace.case(case.id) or case
        share = self.writing.budget.take(draft, reporter.answered_at, known, danger)
        return share is not Share.NOTHING

    def steps(self, draft: Draft, case: Case, decision: Decision, cause: str) -> None:
        """Send every reporter the texts of the thresholds that are reached just now."""
        said = (
            self.writing.wording.of_rule(text, case, case.language, Style.LONG)
            for text in decision.reached.replies
        )
        words_of_steps = PARAGRAPH.join(words for words in said if words)
        self._origin.inform(draft, case, cause, words_of_steps, automatic=True)
        for reporter in self._people(draft, case, DeliveryKind.PROGRESS):
            if reporter.public:
                if decision.reached.replies:
                    self._in_public.invite(draft, case, reporter)
            elif self._is_forged(draft, case, DeliveryKind.PROGRESS, reporter):
                continue
            style = self.writing.wording.style(reporter.answered_at)
            for text in decision.reached.replies:
                words = self.writing.wording.of_rule(text, case, reporter.language, style)
                if words is not None:
                    kind, why = DeliveryKind.PROGRESS, f"{cause}:{text}"
                    if reporter.public:
                        self._in_public.withhold(draft, case, reporter, kind, why, words)
                    else:
                        self.writing.deliver(draft, case, kind, reporter, why, words)

    def _people(self, draft: Draft, case: Case, kind: DeliveryKind) -> Iterator[Reporter]:
        """Give the reporters who want messages; the case says of the others that nothing left.

        Those to whom another installation writes are not ours to write to.
        """
        whole = self.writing.workspace.whole(case)
        if case.gone is not None and case.gone.speaks:
            return
        for reporter in whole.reporters:
            if reporter.role is not ReporterRole.REPORTER or reporter.address.channel == CELL:
                continue
            if not self.writing.workspace.conversation(reporter.answered_at.key).opted_out:
                yield reporter
                continue
            what = f"{SENDINGS[kind]} ({channel_called(reporter.answered_at.channel)})"
            why = f"{what} : la personne ne veut plus de messages"
            self.writing.workspace.tell(draft, case, EventKind.DELIVERY_FAILED, "router", why)

    def _is_forged(self, draft: Draft, case: Case, kind: DeliveryKind, reporter: Reporter) -> bool:
        """Whether no machine may write to a reporter, whose name another used; the case says so."""
        if reporter.forged:
            why = f"{SENDINGS[kind]} : {_FORGED}"
            self.writing.workspace.tell(draft, case, EventKind.NOTE, "router", why)
        return reporter.forged

    def _on_the_page(
        self, draft: Draft, case: Case, kind: DeliveryKind, reporter: Reporter
    ) -> None:
        """Let those who work on the case know that the address was never confirmed."""
        if reporter.page is not None:
            why = f"{SENDINGS[kind]} : sur la page de suivi, l'adresse donnée n'est pas confirmée"
            self.writing.workspace.tell(draft, case, EventKind.NOTE, "router", why)
