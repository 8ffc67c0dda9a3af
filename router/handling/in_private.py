"""Tells who writes in private what was withheld from him in public."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from router.case import Case, Reporter, ReporterRole
from router.delivery import Delivery, DeliveryKind, DeliveryState
from router.message import Address
from router.reading.invitation import Invited, goes_on
from router.telling.writing import Writing
from router.tokens import REPLY
from router.words.their_numbers import known_as
from router.workspace import Draft, Workspace

_NOTE = (
    "La personne nous écrit maintenant en privé. Ce qui l'attendait lui est envoyé, "
    "et vos réponses lui parviendront en entier."
)


@dataclass(frozen=True, slots=True)
class InPrivate:
    """Works private words of people who wrote in public into a workspace; one for each batch."""

    workspace: Workspace
    writing: Writing

    def heard(
        self, draft: Draft, there: Address, who: Address | None, *, back_in: bool = False
    ) -> tuple[Invited, ...]:
        """Send a person what waits for him to where he is heard in private, and answer him there.

        Each only of a case of which he still is a reporter, and nothing to who wants no messages,
        but for who wants them again just now (``back_in``).
        """
        if who is None or (not back_in and self.workspace.conversation(there.key).opted_out):
            return ()
        waiting: dict[int, list[Delivery]] = {}
        for withheld in self.workspace.withheld(who.key):
            case = self.workspace.case(withheld.case_id)
            if case is not None and _reports(self.workspace.whole(case), who):
                waiting.setdefault(self.workspace.whole(case).id, []).append(withheld)
        return tuple(
            self._told(draft, whole, kept, there, who)
            for whole_id, kept in waiting.items()
            if (whole := self.workspace.case(whole_id)) is not None
        )

    def _told(
        self, draft: Draft, whole: Case, waiting: Sequence[Delivery], there: Address, who: Address
    ) -> Invited:
        invited = self._invited(whole, waiting, who)
        for withheld in waiting:
            case = self.workspace.case(withheld.case_id) or whole
            token = self.writing.signer.sign(REPLY, case.number, there.key)
            told = replace(withheld, address=there, lane=there.key, reply_token=token)
            told = replace(told, state=DeliveryState.QUEUED, created_at=self.workspace.now)
            self.workspace.tell_withheld(draft, withheld, told)
            self.workspace.save(draft, _moved(case, who, there))
            if case.partner_ref:  # he may name it by the number that its service gave it
                self.workspace.refer(draft, known_as(there, case.partner_ref), case)
        whole = self.workspace.case(whole.id) or whole
        self.workspace.save(draft, _moved(whole, who, there))
        self.workspace.note(draft, whole, "router", _NOTE)
        return invited

    def _invited(self, whole: Case, waiting: Sequence[Delivery], who: Address) -> Invited:
        at = max(each.created_at for each in waiting)
        in_public = next(
            self.workspace.conversation(each.address.key)
            for each in whole.reporters
            if each.is_person(who)
        )
        about = {whole.id, *(each.case_id for each in waiting)}
        asked = in_public.asked if in_public.case_id in about else ""
        return Invited(whole.id, at, whole.asked or asked, goes_on(whole, at, self.workspace.now))

    def ask(self, draft: Draft, there: Address, invited: Sequence[Invited]) -> None:
        """Put the questions that were not put in public and are still open, each once."""
        for each in invited:
            case = self.workspace.case(each.case_id)
            person = (
                next((one for one in case.reporters if one.address == there), None)
                if case
                else None
            )
            if case is None or person is None or not each.asked or case.asked != each.asked:
                continue
            style = self.writing.wording.style(there)
            words = self.writing.wording.question(each.asked, person.language, style, case.place)
            kind, cause = DeliveryKind.QUESTION, f"private:{case.id}:{each.asked}"
            self.writing.deliver(draft, case, kind, person, cause, words, asked=each.asked)

    def expect(self, draft: Draft, there: Address, invited: Sequence[Invited]) -> None:
        """Have what a person says next, who has no case there yet, be about what he heard last."""
        conversation = self.workspace.conversation(there.key)
        last = max(invited, key=lambda one: one.at, default=None)
        case = self.workspace.case(last.case_id) if last else None
        if last is None or case is None or conversation.case_id is not None:
            return
        known = replace(conversation, case_id=case.id, asked=last.asked, language=case.language)
        self.workspace.converse(draft, known)


def _reports(whole: Case, who: Address) -> bool:
    return any(
        each.is_person(who) and each.role is ReporterRole.REPORTER for each in whole.reporters
    )


def _moved(case: Case, who: Address, there: Address) -> Case:
    """Have a person answered where he writes in private; his posts are none to answer under there."""
    people = tuple(
        _answered_at(one, there) if one.is_person(who) else one for one in case.reporters
    )
    return replace(case, reporters=people)


def _answered_at(reporter: Reporter, there: Address) -> Reporter:
    refs = reporter.refs if reporter.address == there else ()
    return replace(reporter, address=there, refs=refs, public=False)
