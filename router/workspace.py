"""What a batch of claimed conversations knows and changes, before it is written at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from router.archive import Action
from router.case import Case, Event, EventKind, Status, Visibility, check_transition
from router.counting import Sought, Tallies, marks_of
from router.delivery import Delivery
from router.message import Address, ConversationKey
from router.ports import Ids
from router.record import DecisionRecord
from router.tracking import TrackingNumber
from router.work import (
    Again,
    CaseWrite,
    Claim,
    Conversation,
    DeliveryWrite,
    Done,
    Gathered,
    Timer,
    Unit,
)

_LONGEST_CHAIN = 8  # merges followed from one case to the next


@dataclass(slots=True)
class Draft:
    """The changes of one claim, being collected."""

    claim: Claim
    done: list[Done] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    deliveries: list[Delivery] = field(default_factory=list)
    receipts: list[DeliveryWrite] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    timers_done: list[int] = field(default_factory=list)
    refs: list[tuple[str, int]] = field(default_factory=list)
    decisions: list[DecisionRecord] = field(default_factory=list)
    conversations: dict[ConversationKey, Conversation] = field(default_factory=dict)
    cases: set[int] = field(default_factory=set)
    opened: set[Address] = field(default_factory=set)
    """Where a person wrote, so that what awaits there may leave."""
    told: list[Delivery] = field(default_factory=list)
    """What was withheld and leaves now, with where it goes."""
    again: list[Again] = field(default_factory=list)
    ruleset: str = ""


class Workspace:
    """The cases and conversations of a batch; each claim sees what those before it changed."""

    def __init__(
        self, gathered: Gathered, ids: Ids, now: datetime, tallies: Tallies | None = None
    ) -> None:
        self.now = now
        self.ids = ids
        self.tallies = tallies or Tallies()
        self._found = gathered
        self._cases: dict[int, Case] = dict(gathered.cases)
        self._numbers: dict[TrackingNumber, int] = dict(gathered.numbers)
        self._conversations: dict[ConversationKey, Conversation] = dict(gathered.conversations)
        self._refs: dict[str, int] = dict(gathered.refs)
        self._withheld = {person: list(kept) for person, kept in gathered.withheld.items()}
        self._drafts: list[Draft] = []
        self._opened: dict[str, list[int]] = {}
        """Cases opened in this batch, by what they are counted by."""

    def begin(self, claim: Claim) -> Draft:
        """Start collecting the changes of a claim."""
        draft = Draft(claim)
        self._drafts.append(draft)
        return draft

    # --- reading -----------------------------------------------------------------------------

    def case(self, case_id: int | None) -> Case | None:
        """Find a case, following merges to the one that goes on."""
        for _ in range(_LONGEST_CHAIN):
            found = self._cases.get(case_id) if case_id is not None else None
            if found is None or found.merged_into is None:
                return found
            case_id = found.merged_into
        return None

    def whole(self, case: Case) -> Case:
        """Give the case that holds the people of a part: its whole; any other case holds its own."""
        return self.case(case.parent) or case

    def case_of_number(self, number: TrackingNumber) -> Case | None:
        return self.case(self._numbers.get(number))

    def case_of_ref(self, ref: str) -> Case | None:
        return self.case(self._refs.get(ref))

    def conversation(self, key: ConversationKey) -> Conversation:
        return self._conversations.get(key) or Conversation(key)

    def delivery(self, delivery_id: int | None, provider_id: str) -> Delivery | None:
        if delivery_id is None:
            delivery_id = self._found.provider_ids.get(provider_id)
        return self._found.deliveries.get(delivery_id) if delivery_id is not None else None

    def withheld(self, person: ConversationKey) -> tuple[Delivery, ...]:
        """Give what was withheld from a person and he has not been told yet, oldest first."""
        return tuple(self._withheld.get(person, ()))

    def count(self, sought: Sought, enough: int, but: int = 0) -> int:
        """Count the cases of the store, and those that this batch opened until it is enough.

        The case ``but`` does not count, as it is in either.
        """
        found = self.tallies.of(sought)
        stored = self._found.cases.get(but)
        if found and stored is not None and sought.finds(stored):
            found -= 1
        for case_id in self._near(sought):
            if found >= enough:
                break
            found += case_id != but and sought.finds(self._cases[case_id])
        return found

    def _near(self, sought: Sought) -> Iterable[int]:
        return (case_id for mark in sought.leading for case_id in self._opened.get(mark, ()))

    # --- changing ----------------------------------------------------------------------------

    def save(self, draft: Draft, case: Case, status: Status | None = None) -> Case:
        """Keep a case as changed, with its new status if one is given.

        Raises:
            ForbiddenTransition: the status table does not allow it.
        """
        if status is None:
            status = case.status
        elif status != case.status:
            check_transition(case.status, status)
        before = self._found.cases.get(case.id)
        version = before.version + 1 if before else 1
        # a case is saved several times on its way, and copying its many fields is not free
        if (case.status, case.version, case.updated_at) != (status, version, self.now):
            case = replace(case, status=status, version=version, updated_at=self.now)
        self._cases[case.id] = case
        self._numbers[case.number] = case.id
        draft.cases.add(case.id)
        return case

    def opened(self, case: Case) -> None:
        """Have a new case count for the rest of the batch."""
        for mark in marks_of(case).leading:
            self._opened.setdefault(mark, []).append(case.id)

    def refer(self, draft: Draft, ref: str, case: Case) -> None:
        """Let what quotes this message find the case, in this batch and ever after."""
        if ref:
            self._refs.setdefault(ref, case.id)
            draft.refs.append((ref, case.id))

    def converse(self, draft: Draft, conversation: Conversation) -> None:
        self._conversations[conversation.key] = conversation
        draft.conversations[conversation.key] = conversation

    def withhold(self, draft: Draft, delivery: Delivery) -> None:
        """Keep a delivery until the person whose lane it is in writes in private."""
        draft.deliveries.append(delivery)
        self._withheld.setdefault(ConversationKey(delivery.lane), []).append(delivery)

    def tell_withheld(self, draft: Draft, withheld: Delivery, told: Delivery) -> None:
        """Let what was withheld leave as it is told now; whoever reads on does not find it again."""
        self._withheld[ConversationKey(withheld.lane)].remove(withheld)
        draft.told.append(told)

    def tell(
        self,
        draft: Draft,
        case: Case,
        kind: EventKind,
        who: str,
        text: str = "",
        visibility: Visibility = Visibility.INTERNAL,
        data: str = "",
    ) -> Event:
        """Append a line to a case's history."""
        event = Event(self.ids.next(), case.id, kind, self.now, who, text, visibility, data)
        draft.events.append(event)
        draft.cases.add(case.id)
        if case.id not in self._cases:  # an event needs its case written in the same unit
            self.save(draft, case)
        return event

    def note(self, draft: Draft, case: Case, who: str, text: str) -> Case:
        """Append a note for those who work on a case, which is kept with it."""
        case = self.save(draft, self.case(case.id) or case)
        self.tell(draft, case, EventKind.NOTE, who, text, Visibility.SERVICE)
        return case

    def finish(
        self, draft: Draft, inbound_ids: Iterable[int], action: Action, case: Case | None, why: str
    ) -> None:
        case_id = case.id if case else None
        draft.done.extend(Done(inbound_id, action, case_id, why) for inbound_id in inbound_ids)

    # --- writing -----------------------------------------------------------------------------

    def units(self) -> tuple[Unit, ...]:
        """Join the claims that meet on a case, so that each unit stands or falls whole."""
        return tuple(self._unit(group) for group in _joined(self._drafts))

    def _unit(self, drafts: list[Draft]) -> Unit:
        touched = sorted({case_id for draft in drafts for case_id in draft.cases})
        known: Mapping[int, Case] = self._found.cases
        conversations: dict[ConversationKey, Conversation] = {}
        for draft in drafts:
            conversations.update(draft.conversations)
        return Unit(
            claims=tuple(draft.claim for draft in drafts),
            done=tuple(done for draft in drafts for done in draft.done),
            cases=tuple(
                CaseWrite(
                    self._written(case_id), known[case_id].version if case_id in known else None
                )
                for case_id in touched
            ),
            events=tuple(event for draft in drafts for event in draft.events),
            deliveries=tuple(delivery for draft in drafts for delivery in draft.deliveries),
            receipts=tuple(receipt for draft in drafts for receipt in draft.receipts),
            conversations=tuple(conversations.values()),
            timers=tuple(timer for draft in drafts for timer in draft.timers),
            timers_done=tuple(timer for draft in drafts for timer in draft.timers_done),
            refs=tuple(ref for draft in drafts for ref in draft.refs),
            decisions=tuple(each for draft in drafts for each in draft.decisions),
            opened=tuple(sorted({each for draft in drafts for each in draft.opened}, key=_key_of)),
            told=tuple(each for draft in drafts for each in draft.told),
            again=tuple(each for draft in drafts for each in draft.again),
            ruleset=next((draft.ruleset for draft in drafts if draft.ruleset), ""),
        )

    def _written(self, case_id: int) -> Case:
        case = self._cases[case_id]
        before = self._found.cases.get(case_id)
        if before is not None and case.version == before.version:  # only its history grew
            case = replace(case, version=before.version + 1)
        return case


def _key_of(address: Address) -> ConversationKey:
    return address.key


def _joined(drafts: list[Draft]) -> list[list[Draft]]:
    groups: dict[int, list[Draft]] = {}
    group_of: dict[int, int] = {}
    for number, draft in enumerate(drafts):
        meeting = sorted({group_of[case_id] for case_id in draft.cases if case_id in group_of})
        members = [member for group in meeting for member in groups.pop(group)]
        groups[number] = [*members, draft]
        for member in groups[number] if meeting else (draft,):
            group_of.update(dict.fromkeys(member.cases, number))
    return list(groups.values())
