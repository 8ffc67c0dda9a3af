"""The made-up metropole of the tests of rules, at work: its rules, a store, and people who write."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "router"))

from rules_town import Town
from town import SetClock, TownChannel

from app.rulebook import LoadedRulebook, load_folder
from router.delivery import Delivery, DeliveryState
from router.geography import TerritoryDescription
from router.message import Address, Envelope
from router.policy import Policy
from router.route import Router
from router.timers import Clockwork
from router.tokens import PARTNER, Signer
from router.worked import Worked
from understanding.reader import Reader

_READERS: list[tuple[TerritoryDescription, Reader]] = []


def _reader(rulebook: LoadedRulebook) -> Reader:
    """Give the reader of a territory: nearly every test has the same one."""
    territory = rulebook.ruleset.configuration.territory
    for known, reader in _READERS:
        if known == territory:
            return reader
    made = Reader(rulebook.geography, default_language="fr")
    _READERS.append((territory, made))
    return made


class Ruled:
    """A store on which messages are routed by rules that a test writes."""

    def __init__(self, folder, store, ids) -> None:
        self.town, self.store, self.ids, self.clock = Town(folder), store, ids, SetClock()
        self.signer = Signer({"k": b"town"}, "k")
        self.seen: list[Worked] = []
        self.errors: list[Exception] = []
        self.counted = 0

    async def rule(self, rules: str, **head: str) -> None:
        """Write the rules of the metropole and make them the live ones."""
        self.town.rules(rules, **head)
        self.rulebook = load_folder(self.town.folder)
        await self.store.publish({}, self.rulebook.hash, "test", "test", self.clock.now())
        policy = Policy(ways={"email": ("partner", "town")})
        channel = TownChannel()
        self.router = Router(
            store=self.store,
            readers={("memory", "town"): channel},
            rulebooks=self,
            understands=_reader(self.rulebook),
            clock=self.clock,
            ids=self.ids,
            signer=self.signer,
            policy=policy,
            report=lambda where, error: self.errors.append(error),
            observe=lambda inbound, worked: self.seen.append(worked),
        )
        self.clockwork = Clockwork(
            self.store, self.store, self, self.clock, self.ids, self.signer, policy
        )

    def current(self):
        return self.rulebook

    def envelope(self, person: str, text: str, **said) -> Envelope:
        import json

        name = said.pop("id", "") or f"m{self.ids.next()}"
        return Envelope(
            "memory",
            "town",
            name,
            Address("memory", "town", person).key,
            json.dumps({"text": text, **said}).encode(),
            self.clock.now(),
            ref=name,
        )

    async def hear(self, person: str, text: str, **said) -> Worked:
        """Have one message received and routed."""
        return (await self.hear_all([(person, text, said)]))[-1]

    async def hear_all(self, messages) -> list[Worked]:
        """Have messages received at once and routed in one batch."""
        self.seen.clear()
        await self.store.accept([self.envelope(who, text, **said) for who, text, said in messages])
        while await self.router.run_once():
            pass
        assert not self.errors, self.errors
        return list(self.seen)

    async def act(self, case, act: str, service: str = "", **said) -> None:
        """Have the service in charge, or another, use its link."""
        token = self.signer.sign(PARTNER, case.number, service or case.owner)
        text = said.pop("text", "")
        await self.hear("agent", text, kind="act", token=token, act=act, **said)

    async def pass_(self, **lapse: float) -> None:
        """Let time pass and the clock do what falls due meanwhile."""
        self.clock.pass_(**lapse)
        while await self.clockwork.run_once():
            pass

    async def case(self, case):
        return await self.store.case_by_id(case.id)

    async def sent(self, address: str, kind: str = "") -> list[Delivery]:
        """List what waits to be sent to an address."""
        waiting = await self.store.list_deliveries([DeliveryState.QUEUED], 10_000)
        return [d for d in waiting if d.address.value == address and kind in ("", d.kind)]

    async def sent_to_services(self) -> list[Delivery]:
        """List what waits to be sent to services."""
        waiting = await self.store.list_deliveries([DeliveryState.QUEUED], 10_000)
        return [delivery for delivery in waiting if delivery.service]

    async def told(self, case) -> list[str]:
        return [event.text for event in await self.store.events(case.id)]
