"""Tells the installation that a case came from what becomes of it, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass

from router.case import Case, CaseFile
from router.decision import Decision
from router.delivery import Delivery
from router.telling.budget import Share
from router.telling.cell_writing import CellWriting, back_to
from router.telling.writing import PARAGRAPH, Writing
from router.words.texts import Style
from router.workspace import Draft


@dataclass(frozen=True, slots=True)
class Origin:
    """Writes to where a case came from, if that is another installation; one for each batch."""

    writing: Writing

    @property
    def _cells(self) -> CellWriting:
        writing = self.writing
        return CellWriting(writing.workspace, writing.signer, writing.policy.cells)

    def inform(
        self,
        draft: Draft,
        case: Case,
        cause: str,
        answer: str,
        files: tuple[CaseFile, ...] = (),
        *,
        automatic: bool = False,
    ) -> list[Delivery]:
        """Tell the installation that the case came from, which words it for its own people."""
        whole = self.writing.workspace.whole(case)
        if whole.came is None or whole.came.ended:
            return []
        told = self._cells.status(draft, case, whole, cause, answer, files, automatic=automatic)
        return [told] if told else []

    def ask(
        self, draft: Draft, case: Case, cause: str, decision: Decision | None, asked: str
    ) -> Delivery | None:
        """Have the installation that the case came from ask what is missing, and warn of a danger.

        What it is written of one case in a day is bounded as what a person is.
        """
        whole, danger = self.writing.workspace.whole(case), decision is not None and decision.danger
        if whole.came is None or whole.came.ended or not (danger or asked):
            return None
        written, warning = None, ""
        if decision is not None and danger:
            language = case.language
            warning = PARAGRAPH.join(
                self.writing.wording.of_danger(decision, case, language, Style.LONG, public=False)
            )
        share = self.writing.budget.take(draft, back_to(whole), case, warning)
        case = self.writing.workspace.case(case.id) or case
        whole = self.writing.workspace.whole(case)
        if share is Share.NOTHING:
            return None
        if warning:
            written = self._cells.status(
                draft, case, whole, cause, warning, automatic=True, danger=True
            )
        if asked and share is Share.WHOLE:
            words = self.writing.wording.question(asked, case.language, Style.LONG, case.place)
            written = self._cells.question(draft, whole, cause, words) or written
        return written
