"""Bounds what is written automatically in a day of UTC, so that two machines fall silent."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum

from router.case import Case, EventKind
from router.message import Address
from router.policy import Policy
from router.work import Conversation
from router.workspace import Draft, Workspace

_NOT_TOLD = (
    "La personne n'a pas été avertie de qui appeler : déjà {} messages automatiques aujourd'hui."
)
_NOT_ASKED = "Aucun lien de confirmation envoyé : l'adresse donnée en a déjà reçu {} aujourd'hui."
_MOST_WARNED = 200
"""Dangers that a case remembers having told; a person's own are among the latest."""


class Share(StrEnum):
    """How much of an automatic answer may be written."""

    WHOLE = "whole"
    DANGER = "danger"  # whom to call, and nothing else
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Budget:
    """The automatic answers to addresses and on cases; one for each batch.

    An address and a case have ``automatic_per_day`` each. Whom to call in danger is told beyond
    that: the same words once on a case to one address, and ``dangers_per_day`` times to an address.
    """

    workspace: Workspace
    policy: Policy

    def take(self, draft: Draft, address: Address, case: Case | None, danger: str = "") -> Share:
        """Take one answer; ``danger`` is what it says of whom to call, if it does.

        An agent reads on the case what a person in danger was not told.
        """
        day = f"{self.workspace.now:%Y-%m-%d}"
        conversation = self.workspace.conversation(address.key)
        spent = conversation.automatic_count if conversation.automatic_day == day else 0
        of_case = case.automatic_count if case and case.automatic_day == day else 0
        told = _mark(address, danger) if danger else ""
        most = self.policy.automatic_per_day
        if max(spent, of_case) < most:
            share = Share.WHOLE
        elif told and not (case and told in case.warned):
            share = Share.DANGER if spent < most + self.policy.dangers_per_day else Share.NOTHING
            if share is Share.NOTHING and case:
                self.workspace.tell(draft, case, EventKind.NOTE, "router", _NOT_TOLD.format(spent))
        else:
            share = Share.NOTHING
        if share is not Share.NOTHING:
            self._count(draft, conversation, day, spent + 1)
            if case is not None:
                warned = (*case.warned, told)[-_MOST_WARNED:] if told else case.warned
                counted = replace(
                    case, automatic_day=day, automatic_count=of_case + 1, warned=warned
                )
                self.workspace.save(draft, counted)
        return share

    def has_warned(self, address: Address, case: Case | None, danger: str) -> bool:
        """Whether the same words of whom to call were told to an address on a case before."""
        known = self.workspace.case(case.id) or case if case else None
        return known is not None and _mark(address, danger) in known.warned

    def take_confirmation(self, draft: Draft, address: Address, case: Case) -> bool:
        """Take one letter to an address that anybody may have typed; its owner's answers stay whole.

        An agent reads on the case that none was written.
        """
        day = f"{self.workspace.now:%Y-%m-%d}"
        typed = self.workspace.conversation(unconfirmed(address).key)
        sent = typed.automatic_count if typed.automatic_day == day else 0
        if sent >= self.policy.confirmations_per_day:
            note = _NOT_ASKED.format(sent)
            self.workspace.tell(draft, case, EventKind.NOTE, "router", note)
            return False
        self._count(draft, typed, day, sent + 1)
        return True

    def _count(self, draft: Draft, conversation: Conversation, day: str, count: int) -> None:
        counted = replace(conversation, automatic_day=day, automatic_count=count, greeted=True)
        self.workspace.converse(draft, counted)


def unconfirmed(address: Address) -> Address:
    """Name what is counted of an address that somebody typed, apart from its owner's own."""
    return replace(address, kind="unconfirmed")


def _mark(address: Address, danger: str) -> str:
    """Name what was told to whom, without saying either."""
    return hashlib.sha256(f"{address.key}\n{danger}".encode("utf-8", "replace")).hexdigest()[:16]
