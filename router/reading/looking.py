"""Looks at each message of a batch once: what it says, what rules read in it and want counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from router.case import Case
from router.cells import Cells
from router.counting import CountQuestion, Marks, Sought, Tallies, person_of, sought, spot_of
from router.decision import Count, Decision, Facts, Place
from router.directory import Counter, Directory, Level
from router.message import Message, Trust
from router.reading.joining import LONGEST_TEXT, better_place
from router.reading.subjects import Subjects
from router.rule_ports import Reading, Rulebook, Understanding, Understands
from router.tokens import party_of
from router.work import Inbound
from router.workspace import Workspace

LONGEST_SUBJECT = 300

Asked = tuple[tuple[CountQuestion, Sought], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What a message says by itself, before anything was counted."""

    understood: Understanding
    facts: Facts
    reading: Reading
    asked: Asked


@dataclass(slots=True)
class Looks:
    """The looks of one batch under one rule book; a batch that is planned again looks no more."""

    rulebook: Rulebook
    understands: Understands
    cells: Cells = field(default_factory=Cells)
    tallies: Tallies = field(default_factory=Tallies)
    _seen: dict[int, Look] = field(default_factory=dict)
    _decided: dict[int, tuple[Facts, Decision]] = field(default_factory=dict)

    def of(self, inbound: Inbound, message: Message) -> Look:
        """Look at a message; the object itself is known again."""
        known = self._seen.get(id(message))
        if known is None:
            known = self._seen[id(message)] = self._look(inbound, message)
        return known

    def _look(self, inbound: Inbound, message: Message) -> Look:
        channel, account = inbound.envelope.channel, inbound.envelope.account
        counter = self.rulebook.directory.counter(channel, account)
        understood = self.understands.understand(message, counter)
        facts = facts_of(message, understood, channel, counter, self.rulebook.directory)
        reading = self.rulebook.read(facts)
        if message.automatic:
            return Look(understood, facts, reading, ())
        subjects = Subjects(self.rulebook, self.understands)
        apart = subjects.told_apart(message, counter, understood, facts, reading)
        if apart.place != understood.place:
            facts = replace(facts, place=apart.place)
            reading = self.rulebook.read(facts)
        understood = apart
        asked = ask(self.rulebook, facts, reading, party_of(message.address.key))
        for _, wanted in asked:
            self.tallies.of(wanted)
        return Look(understood, facts, reading, asked)

    def decide(self, message: Message, look: Look, workspace: Workspace) -> tuple[Facts, Decision]:
        """Decide on a message by itself, with what was counted for it."""
        facts = counted(workspace, look.facts, look.reading, look.asked)
        facts = replace(facts, first_contact=is_first(workspace, message))
        known = self._decided.get(id(message))
        if known is None or known[0].counts != facts.counts:
            known = self._decide(message, facts, look.reading, workspace)
            self._decided[id(message)] = known
        return known

    def _decide(
        self, message: Message, facts: Facts, reading: Reading, workspace: Workspace
    ) -> tuple[Facts, Decision]:
        hops = message.offer.hops if message.offer else ()
        today = workspace.now.date()
        return decided(self.rulebook, self.cells, facts, reading, hops, today)

    def decide_at(
        self, message: Message, look: Look, place: Place, workspace: Workspace
    ) -> tuple[Facts, Decision]:
        """Decide on a message by itself, as if it had told this place."""
        facts = replace(look.facts, place=place, first_contact=is_first(workspace, message))
        reading = self.rulebook.read(facts)
        asked = ask(self.rulebook, facts, reading, party_of(message.address.key))
        facts = counted(workspace, facts, reading, asked)
        return self._decide(message, facts, reading, workspace)

    def foresee(self, sequels: Iterable[tuple[Message, Case]]) -> None:
        """Ask for what would have to be counted if messages gave known cases another place.

        Foreseeing spares a second plan; what is not foreseen is only dearer.
        """
        for message, case in sequels:
            look = self._seen.get(id(message))
            if look is not None:
                place = better_place(case.place, look.understood.place)
                foreseen(self.rulebook, look, case, place, self.tallies)


def is_first(workspace: Workspace, message: Message) -> bool:
    """Whether nobody wrote from this address before, on this account; an agent's entry may be any."""
    conversation = workspace.conversation(message.address.key)
    return message.entry is None and conversation.version == 0 and conversation.case_id is None


def service_kinds(directory: Directory, message: Message) -> tuple[str, ...]:
    """Tell that a service writes, by an address of its own that its mail server vouches for."""
    if message.trust is not Trust.VERIFIED or "@" not in message.sender:
        return ()
    wanted = message.sender.casefold()
    for service in directory.services():
        if wanted in (service.contact.email.casefold(), service.transmit_to.casefold()):
            return ("partenaire" if service.level is Level.PARTNER else "agent",)
    return ()


def facts_of(
    message: Message,
    understood: Understanding,
    channel: str,
    counter: Counter | None,
    directory: Directory,
) -> Facts:
    """State what is known of a message that is a request of its own.

    No more of its words than a case keeps, so that the decision can be taken again.
    """
    return Facts(
        received_at=message.received_at,
        text=message.text_shown[:LONGEST_TEXT],
        subject=message.subject[:LONGEST_SUBJECT],
        language=understood.language,
        category=message.given.category,
        place=understood.place,
        channel=channel,
        counter=counter.id if counter else None,
        annoyance=message.given.annoyance,
        confirmations=1,
        attachment=bool(message.attachments),
        sender_kinds=message.given.sender_kinds
        or service_kinds(directory, message)
        or understood.sender_kinds,
        nature=understood.nature,
    )


def ask(rulebook: Rulebook, facts: Facts, reading: Reading, person: str) -> Asked:
    """List what the rules want counted for a case, as far as it can be."""
    found = []
    for question in rulebook.counts_asked(facts, reading):
        wanted = sought(question, facts.place, person, reading.category)
        if wanted is not None:
            found.append((question, wanted))
    return tuple(found)


def counted(
    workspace: Workspace, facts: Facts, reading: Reading, asked: Asked, case: Case | None = None
) -> Facts:
    """Add the counts to the facts; what ``case`` was told before is not counted again."""
    if not asked:
        return facts
    known = {count.name: count.number for count in case.counts} if case else {}
    own = Marks(category=reading.category or "", area=area_of(reading, facts.place))
    counts = []
    for question, wanted in asked:
        number = known.get(question.name)
        if number is None:
            number = workspace.count(wanted, question.least, case.id if case else 0)
            if question.itself and _is_one(own, wanted):
                number += 1
        counts.append(Count(question.name, number))
    return replace(facts, counts=tuple(counts))


def decided(
    rulebook: Rulebook,
    cells: Cells,
    facts: Facts,
    reading: Reading,
    hops: tuple[str, ...],
    today: date,
) -> tuple[Facts, Decision]:
    """Decide, and again without each service that stands for an installation it may not go to.

    Such a service counts among those that have refused. A case that has been at ``hops`` thus comes
    to rest at the desk, and never goes round.
    """
    decision = rulebook.decide(facts, reading)
    while (
        (cell := cells.cell_of(rulebook.directory.service(decision.owner), decision.transmit_by))
        and cells.closed(cell, hops, today)
        and decision.owner not in facts.refused_by
    ):
        facts = replace(facts, refused_by=(*facts.refused_by, decision.owner))
        decision = rulebook.decide(facts, reading)
    return facts, decision


def counted_again(
    rulebook: Rulebook, cells: Cells, workspace: Workspace, facts: Facts, case: Case
) -> tuple[Facts, Decision]:
    """Decide on a known case, with what the rules want counted for it."""
    reading = rulebook.read(facts)
    asked = ask(rulebook, facts, reading, person_of(case))
    if (reading.category, area_of(reading, facts.place)) != (case.category, case.area):
        case = replace(case, counts=())
    facts = counted(workspace, facts, reading, asked, case)
    hops = case.came.hops if case.came else ()
    return decided(rulebook, cells, facts, reading, hops, workspace.now.date())


def foreseen(rulebook: Rulebook, look: Look, case: Case, place: Place, tallies: Tallies) -> None:
    """Ask for what would have to be counted if a message gave a case another place."""
    if spot_of(place) == spot_of(case.place):
        return
    category = case.category or look.reading.category
    facts = replace(look.facts, received_at=case.received_at, place=place, category=category)
    for _, wanted in ask(rulebook, facts, rulebook.read(facts), person_of(case)):
        tallies.of(wanted)


def area_of(read: Reading | Decision, place: Place) -> str:
    """Name the smallest territory that surely holds a place; empty where it is not known."""
    if len(read.candidates) == 1:
        return read.candidates[0]
    return place.communes[0] if len(place.communes) == 1 else ""


def _is_one(own: Marks, wanted: Sought) -> bool:
    return (not wanted.categories or own.category in wanted.categories) and (
        not wanted.areas or own.area in wanted.areas
    )
