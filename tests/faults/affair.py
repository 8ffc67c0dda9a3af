"""An affair of several citizens and services that may be cut anywhere, and the world it runs in.

The world (what providers were answered, what people received) lies in files, so that it outlives
the process. A life is one process: it takes what was not answered yet and works until all is quiet.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from town import START, SetClock, TownChannel, TownReader, TownRules

from router.archive import CaseFilter
from router.delivery import DeliveryState, OnUnknown, Rate, Sent
from router.errors import StoreUnavailable
from router.message import Address, Envelope
from router.outbox import Courier
from router.policy import Policy
from router.ports import OutboundPart
from router.route import Router
from router.timers import Clockwork
from router.tokens import Signer
from router.tracking import from_bits, printed
from router.work import ROUTE, TIMER

ROLES = ("send:memory|town", "send:partner|town")
LARGE = "x" * 70_000  # more than a payload that lies in its journal row


class World:
    """What is outside of the process: providers, citizens and services, and their memory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def note(self, where: str, line: str) -> None:
        with (self._folder / where).open("a") as file:  # one write: there whole or not at all
            file.write(line + "\n")

    def lines(self, where: str) -> list[str]:
        path = self._folder / where
        return path.read_text().splitlines() if path.exists() else []

    def sent(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.lines("sent")]


def envelope(person: str, id: str, text: str = "", **said: str) -> Envelope:
    return Envelope(
        "memory",
        "town",
        id,
        Address("memory", "town", person).key,
        json.dumps({"text": text, **said} if text else said).encode(),
        START,
        ref=id,
    )


def _first_words(world: World) -> list[Envelope]:
    return [
        envelope("ana", "1", "Le lampadaire est éteint"),
        envelope("ana", "2", "Et toujours rien ?"),
        envelope("ana", "1", "Le lampadaire est éteint"),  # its provider delivers it once more
        envelope("bob", "3", "La poubelle déborde", pad=LARGE),
        envelope("cleo", "4", "La poubelle est cassée"),
        envelope("dan", "5", kind="bad"),
    ]


def _answers(world: World) -> list[Envelope]:
    """Services act on what they received, each once; a citizen says thanks."""
    acts = {}
    for letter in world.sent():
        if letter["to"].startswith("eclairage") and "éteint" in letter["text"]:
            acts[letter["token"]] = {"act": "close", "text": "Réparé"}
        if letter["to"].startswith("proprete") and "déborde" in letter["text"]:
            acts[letter["token"]] = {"act": "refuse", "reason": "Pas chez nous"}
    return [
        *(
            envelope(f"service{n}", f"act-{n}", kind="act", token=token, **act)
            for n, (token, act) in enumerate(sorted(acts.items(), key=lambda each: each[1]["act"]))
        ),
        envelope("ana", "6", "Merci"),
    ]


def _nothing(world: World) -> list[Envelope]:
    return []


def _two_words(world: World) -> list[Envelope]:
    return [
        envelope("ana", "1", "Le lampadaire est éteint", pad=LARGE),
        envelope("bob", "2", "La poubelle est cassée"),
    ]


def _one_answer(world: World) -> list[Envelope]:
    return [each for each in _answers(world) if each.provider_id == "act-0"]


@dataclass(frozen=True)
class Wave:
    """What comes in at about one time; ``days`` after the start."""

    arrivals: Callable[[World], list[Envelope]]
    days: int = 0


WHOLE = (Wave(_first_words), Wave(_answers, 1), Wave(_nothing, 6))
SHORT = (Wave(_two_words), Wave(_one_answer, 1), Wave(_nothing, 6))
"""Fewer people, the same way: for enumerations that start a process at every place."""


class LifeIds:
    """Ids that go on after those of the lives before."""

    def __init__(self, life: int) -> None:
        self._last = life * 100_000

    def next(self) -> int:
        self._last += 1
        return self._last

    def number(self):
        return from_bits(self.next() * 7_654_321_987 % 2**50)

    def token(self) -> str:
        return f"token-{self.next()}"


def nothing_happens(where: str) -> None:
    """What passing a boundary does in a life that nobody cuts."""


class WorldSender:
    """Delivers to the world; whoever is cut inside ``send`` cannot know whether it arrived."""

    on_unknown = OnUnknown.RESEND
    rate = Rate(1000, 1000)
    deadline_s = 5.0

    def __init__(self, world: World, pass_: Callable[[str], None]) -> None:
        self._world, self._pass = world, pass_

    def render(self, delivery):
        if delivery.state is DeliveryState.SENDING:  # somebody was cut while he sent it
            self._world.note("found sending", delivery.idem)
        return (OutboundPart(delivery, delivery.text),)

    async def send(self, part, idem):
        delivery = part.delivery
        self._pass("send begins")
        letter = {
            "idem": idem,
            "kind": delivery.kind,
            "to": delivery.address.value,
            "text": delivery.text,
            "token": delivery.reply_token,
        }
        self._world.note("sent", json.dumps(letter))
        self._pass("sent")
        return Sent((f"provider-{idem}",))


class Life:
    """One process: all loops, one after the other, until all is quiet."""

    def __init__(self, store, world: World, life: int, pass_=nothing_happens, waves=WHOLE) -> None:
        self.store, self.world, self.life, self.waves = store, world, life, waves
        self._pass = pass_
        self.ids, self.clock, self.rules = LifeIds(life), SetClock(), TownRules()
        self.errors: list[Exception] = []
        signer = Signer({"k": b"town"}, "k")
        policy = Policy(ways={"email": ("partner", "town")})
        self.router = Router(
            store=store,
            readers={("memory", "town"): TownChannel()},
            rulebooks=self,
            understands=TownReader(),
            clock=self.clock,
            ids=self.ids,
            signer=signer,
            policy=policy,
            report=lambda where, error: self.errors.append(error),
        )
        self.clockwork = Clockwork(store, store, self, self.clock, self.ids, signer, policy)
        self.sender = WorldSender(world, pass_)
        self.couriers = [Courier(role, self.sender, store, self.clock, self.ids) for role in ROLES]

    def current(self):
        return self.rules

    async def run(self) -> None:
        """Live until all is quiet after the last wave; a store that is down is waited for."""
        for number, wave in enumerate(self.waves):
            # whoever starts again does so when the leases of the life before have run out
            self.clock.time = START + timedelta(days=wave.days, minutes=10 * self.life)
            if number < len(self.world.lines("waves")):
                continue
            answered = len(self.world.lines(f"answered {number}"))
            for each in wave.arrivals(self.world)[answered:]:
                await self._insist(lambda each=each: self.store.accept([each]))
                self.world.note(f"answered {number}", each.provider_id)
                self._pass("answered")
            await self._work()
            self.world.note("waves", str(number))
        await self._work()

    async def _work(self) -> None:
        works = [self.router, *self.couriers, self.clockwork]
        for _ in range(10):
            while sum([await self._insist(work.run_once) for work in works]):
                pass
            if await self._insist(self._is_quiet):
                return
            self.clock.pass_(minutes=2)  # somebody was cut and left a lease
        raise AssertionError("it never gets quiet")

    async def _is_quiet(self) -> bool:
        """Tell whether nothing waits and nothing is leased; a timer may wait for its day."""
        due = [await self.store.next_due(role) for role in (ROUTE, TIMER, *ROLES)]
        soon = self.clock.now() + timedelta(minutes=5)
        return await self.store.pending() == 0 and not any(at and at < soon for at in due)

    async def _insist(self, call):
        for _ in range(5):
            try:
                return await call()
            except StoreUnavailable:
                self.clock.pass_(minutes=2)  # until the leases have run out
        raise AssertionError("the store stays away")


async def begin(store) -> None:
    """Publish the rules, as the first start does."""
    await store.publish({}, TownRules.hash, "test", "test", START)


# --- what is true at the end ----------------------------------------------------------------------


async def picture(store) -> dict:
    """Tell the final cases without what differs from run to run: ids and tracking numbers."""
    cases = sorted(await store.cases(CaseFilter(limit=1000)), key=lambda case: case.text)
    names = {}
    for case in cases:
        names[case.number] = names[printed(case.number)] = f"<{case.text[:25]}>"
    by_id = {case.id: case.text[:25] for case in cases}

    def told(text: str) -> str:
        for number, name in names.items():
            text = text.replace(number, name).replace(number.lower(), name)
        return text

    return {
        "cases": [
            (case.text, case.status, case.owner, case.category, case.labels, len(case.reporters))
            for case in cases
        ],
        "events": [
            [
                (event.kind, event.who, told(event.text), event.visibility)
                for event in await store.events(case.id)
            ]
            for case in cases
        ],
        "deliveries": sorted(
            (each.kind, each.address.key, told(each.text), each.state, by_id.get(each.case_id, ""))
            for each in await store.list_deliveries(list(DeliveryState), 1000)
        ),
        "journal": sorted(
            (line.provider_id, str(line.action), by_id.get(line.case_id, ""))
            for line in await store.journal()
        ),
    }


async def broken(store, world: World, waves: Sequence[Wave] = WHOLE) -> list[str]:
    """List the invariants that do not hold once all is quiet; none is how it must be."""
    found = []
    journal = await store.journal()
    answered = {id for n in range(len(waves)) for id in world.lines(f"answered {n}")}
    if lost := answered - {line.provider_id for line in journal}:
        found.append(f"1: answered but not in the journal: {lost}")
    if len(journal) != len({line.provider_id for line in journal}):
        found.append("2: a message lies twice in the journal")
    deliveries = await store.list_deliveries(list(DeliveryState), 1000)
    sends = [letter["idem"] for letter in world.sent()]
    may_double = world.lines("found sending")
    for each in deliveries:
        if each.state is not DeliveryState.SENT:
            found.append(f"4: {each.kind} to {each.address.value} ends {each.state}")
        elif not 1 <= sends.count(each.idem) <= 1 + may_double.count(each.idem):
            found.append(f"4: {each.kind} to {each.address.value} sent {sends.count(each.idem)}×")
    if stray := set(sends) - {each.idem for each in deliveries}:
        found.append(f"6: sent without a delivery that was committed: {stray}")
    if await store.pending() or list(await store.roles_waiting()):
        found.append("5: work is left that nobody reaches")
    if [role for role in (ROUTE, TIMER, *ROLES) if await store.next_due(role)]:
        found.append("5: a lane is left without work")
    reporters = {reporter.address.value for case in await store.cases(CaseFilter(limit=1000))
                 for reporter in case.reporters}  # fmt: skip
    citizens = {each.address.value for each in deliveries if each.address.channel == "memory"}
    if citizens - reporters:
        found.append(f"9: a reply to {citizens - reporters}")
    return found
