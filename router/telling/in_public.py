"""Invites who wrote in public to hear in private what there is for him."""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.case import Case, Reporter
from router.delivery import Delivery, DeliveryKind
from router.telling.writing import Writing
from router.words.texts import TextId
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
