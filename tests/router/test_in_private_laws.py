"""Whatever people and services say in whatever order, each hears his own in private, once."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field, replace

from hypothesis import example, given, settings
from hypothesis import strategies as st
from town import START, Town

from router.delivery import DeliveryState
from storage.engine import open_store

PEOPLE = ("ana", "bob")
SUBJECTS = ("Le lampadaire est éteint", "La poubelle déborde")

posts = st.tuples(st.just("posts"), st.sampled_from(PEOPLE), st.sampled_from(SUBJECTS))
acts = st.tuples(st.just("acts"), st.integers(0, 9), st.just(""))
writes = st.tuples(
    st.just("writes"), st.sampled_from(PEOPLE), st.sampled_from(("bonjour", *SUBJECTS))
)
at_once = st.tuples(st.just("at once"), st.sampled_from(PEOPLE), st.integers(0, 9))
restarts = st.tuples(st.just("restarts"), st.just(""), st.just(""))
steps = st.lists(st.one_of(posts, acts, writes, at_once, restarts), max_size=12)


@dataclass
class Play:
    """A town whose square all can read, and what its services said to whom, in order."""

    town: Town
    folder: str
    cases: list[tuple[str, int]] = field(default_factory=list)
    said: dict[str, list[str]] = field(default_factory=lambda: {who: [] for who in PEOPLE})
    words: int = 0

    async def step(self, what: str, first: object, then: object) -> None:
        match what:
            case "posts":
                square = f"square of {first}" if then == SUBJECTS[0] else "square"
                heard = await self.town.hear(square, str(then), public=True, who=first)
                assert heard.case is not None
                if all(heard.case.id != known for _, known in self.cases):
                    self.cases.append((str(first), heard.case.id))
            case "acts":
                await self._run([env for env in [await self._act(int(str(first)))] if env])
            case "writes":
                await self._run([self._hello(str(first), str(then))])
            case "at once":
                act = await self._act(int(str(then)))
                hello = self._hello(str(first), "bonjour")
                await self._run([hello, *([act] if act else ())], workers=2)
            case _:
                await self._restart()

    def _hello(self, who: str, words: str):
        return self.town.envelope(f"room of {who}", words, who=who)

    async def _act(self, number: int):
        if not self.cases:
            return None
        who, case_id = self.cases[number % len(self.cases)]
        case = await self.town.store.case_by_id(case_id)
        assert case is not None
        self.words += 1
        words = f"nouvelle {self.words:03}."
        self.said[who].append(words)
        token = self.town.signer.sign("p", case.number, case.owner)
        act = {"kind": "act", "token": token, "act": "progress"}
        return replace(
            self.town.envelope(str(case.owner), words, **act),
            conversation=f"memory|town||s{number}",
        )

    async def _run(self, envelopes, workers: int = 1) -> None:
        await self.town.store.accept(envelopes)

        async def work(batch: int) -> None:
            router = replace(self.town.router, batch=batch)
            while await router.run_once():
                pass

        await asyncio.gather(*(work(1 if workers > 1 else 128) for _ in range(workers)))
        self.town.clock.pass_(minutes=90)
        await work(128)

    async def _restart(self) -> None:
        await self.town.store.close()
        self.town.store = open_store(self.folder, ids=self.town.ids)
        await self.town.store.open()
        self.town.router = replace(self.town.router, store=self.town.store)

    async def check(self) -> None:
        """Have everybody write once more, and look at all that was ever written."""
        for who in PEOPLE:
            await self.step("writes", who, "bonjour")
        written = await self.town.store.list_deliveries(list(DeliveryState), 10_000)
        for who in PEOPLE:
            there = [one.text for one in written if one.address.value == f"room of {who}"]
            told = [word for one in there for word in self.said[who] if word in one]
            assert told == self.said[who]
        news = [word for words in self.said.values() for word in words]
        elsewhere = {
            one.address.value
            for one in written
            if one.address.channel == "memory" and any(word in one.text for word in news)
        }
        assert elsewhere <= {f"room of {who}" for who in PEOPLE}
        for who in PEOPLE:
            there = [one.text for one in written if one.address.value == f"room of {who}"]
            others = [word for other in PEOPLE if other != who for word in self.said[other]]
            assert not any(word in one for word in others for one in there)
        assert self.town.errors == []


async def _played(script) -> None:
    with tempfile.TemporaryDirectory() as folder:
        town = Town(folder)
        await town.store.open()
        await town.store.publish({}, town.rules.hash, "test", "test", START)
        play = Play(town, folder)
        try:
            for step in script:
                await play.step(*step)
            await play.check()
        finally:
            await town.store.close()


@given(steps)
@example([("posts", "ana", SUBJECTS[0]), ("at once", "ana", 0), ("acts", 0, "")])
@example([("posts", "ana", SUBJECTS[1]), ("acts", 0, ""), ("restarts", "", "")])
@settings(max_examples=40, deadline=None)
def test_each_hears_his_own_once_in_order_and_nobody_else_does(script) -> None:
    asyncio.run(_played(script))
