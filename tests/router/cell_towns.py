"""Towns that hand cases to one another, each with a store of its own, and the wire between them."""

from __future__ import annotations

import json
from dataclasses import replace

from town import SERVICES, Town, TownRules, TownSender

from channels.cell.words import events_of, number_in, written
from router.cells import Agreement, Cells
from router.decision import ServiceId
from router.delivery import Sent
from router.directory import Contact, Level, Service
from router.errors import UnreadablePayload
from router.message import Address, Envelope
from router.outbox import Courier
from router.policy import Way


def elsewhere(name: str, **given) -> Service:
    """A service that stands for another town."""
    return replace(
        Service(
            ServiceId(f"chez-{name}"),
            "voirie",
            Level.PARTNER,
            {"fr": f"Guichet de {name}"},
            "cellule",
            name,
            Contact(email=f"accueil@{name}.example"),
            sees=("texte", "lieu", "photos", "contact"),
        ),
        **given,
    )


class CellRules(TownRules):
    """« voie » and what else is in ``words`` go where they say, beside what the town does itself."""

    def __init__(self, words, others) -> None:
        super().__init__()
        self.words = dict(words)
        self.others = {name: elsewhere(name) for name in others}

    def services(self):
        return (*self.others.values(), *SERVICES)

    def service(self, service):
        return next((known for known in self.services() if known.id == service), None)

    def decide(self, facts, reading=None):
        decision = super().decide(facts)
        if decision.danger:
            return decision
        if facts.category in ("eclairage", "proprete"):
            return replace(
                decision, owner=ServiceId(facts.category), category=facts.category, parts=()
            )
        for word, service in self.words.items():
            if word in facts.text.lower() and service not in facts.refused_by:
                return replace(
                    decision,
                    owner=ServiceId(service),
                    category=word,
                    rule=word,
                    no_rule=False,
                    parts=(),
                )
        return decision


class CellReader:
    """Reads what the wire brought, as the channel does."""

    name = "cell"

    def receive(self, envelope):
        return events_of(envelope)


class Wire(TownSender):
    """Brings words of one town to the store of another; ``lost`` ones it keeps for later."""

    def __init__(self, own: str, other: CellTown) -> None:
        super().__init__()
        self.own, self.other = own, other
        self.said: list[bytes] = []
        self.copies = 1
        self.held: list[Envelope] = []
        self.holding = False

    async def send(self, part, idem):
        body = written(part.delivery, idem)
        self.said.append(body)
        try:
            case = number_in(body)
        except UnreadablePayload:
            case = "?"
        key = Address("cell", self.own, case).key
        envelope = Envelope("cell", self.own, idem, key, body, self.other.clock.now())
        if self.holding:
            self.held.append(envelope)
        else:
            for _ in range(self.copies):
                await self.other.store.accept([envelope])
        return Sent((f"{self.own}#{idem}",))


class CellTown(Town):
    """A town with a name among others."""

    def __init__(self, folder, name: str, words=(), others=(), **agreed) -> None:
        super().__init__(folder)
        self.name = name
        self.rules = CellRules(dict(words), others)
        self.agree(others, **agreed)
        self.router.readers.update({("cell", other): CellReader() for other in others})
        self.wires: dict[str, Wire] = {}

    def agree(self, others, incarnation: int = 1, accounts=(), **agreed) -> None:
        """Say what is agreed with each of the others."""
        agreements = {other: Agreement(**agreed) for other in others}
        self.policy = replace(
            self.policy,
            partners={
                ("cellule", other): Way("cell", other, only_forwards=True) for other in others
            },
            cells=Cells(self.name, incarnation, agreements, dict(accounts)),
        )
        self.router = replace(self.router, policy=self.policy)
        self.clockwork = replace(self.clockwork, policy=self.policy)

    def tie(self, other: CellTown) -> None:
        self.wires[other.name] = Wire(self.name, other)

    async def route(self) -> None:
        while await self.router.run_once():
            pass
        assert self.errors == []

    async def post(self) -> int:
        """Send all words that wait, and count them."""
        sent = 0
        for name, wire in self.wires.items():
            courier = Courier(f"send:cell|{name}", wire, self.store, self.clock, self.ids)
            before = len(wire.said)
            while await courier.run_once():
                pass
            sent += len(wire.said) - before
        return sent

    async def case(self, number):
        return await self.store.case(number)

    async def word(self, person_service: str, number, **said):
        """Have a service of ours act on a case."""
        token = self.signer.sign("p", number, person_service)
        return await self.hear(person_service, kind="act", token=token, **said)

    async def told(self, person: str) -> list[str]:
        """List what was written to a person."""
        return [delivery.text for delivery in await self.to(person)]


def said(town: CellTown, account: str, transfer, case=None) -> Envelope:
    """Wrap what the installation ``account`` says to a town."""
    body = {"transfer": {"from": account, "to": town.name, **transfer}, "case": case or {}}
    key = Address("cell", account, transfer["number"]).key
    raw, name = json.dumps(body).encode(), f"said-{town.ids.next()}"
    return Envelope("cell", account, name, key, raw, town.clock.now())


async def settle(*towns: CellTown) -> None:
    """Let all towns talk until nobody has anything to say."""
    for _ in range(50):
        for town in towns:
            await town.route()
        if not sum([await town.post() for town in towns]):
            return
    raise AssertionError("the towns never stop talking")
