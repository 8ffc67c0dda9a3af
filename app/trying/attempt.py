"""`guichet try`: runs messages through normalise, thread, understand and decide; sends nothing."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.rulebook import LoadedRulebook
from app.system import SystemClock, SystemIds
from app.trying.lines import Line, Numbers, line_of, name_of
from app.trying.offline import Offline, no_channel, offline_channels, same_account
from app.trying.result import nothing, result_of
from channels.email import EmailChannel
from channels.system_words import refusal
from router.archive import Action
from router.counting import Sought
from router.decision import Decision, Facts
from router.delivery import Delivery
from router.errors import InvalidInput
from router.message import Address, Envelope, Message
from router.policy import LOCAL_URL, Policy
from router.route import Router
from router.store import Store
from router.tokens import Signer
from router.words.texts import Style
from router.words.wording import Wording
from router.work import Claim, Gathered, Inbound, RouteClaim, Unit, Verdict, Wanted
from router.worked import Worked
from storage.memory import MemoryStore
from understanding.reader import Reader

_LARGEST_RAW = 100_000_000  # bytes


@dataclass(slots=True)
class _SetClock:
    """A clock that stands at the time of the message being tried."""

    time: datetime

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@dataclass(slots=True)
class _Recorded:
    """Passes everything to a store, and remembers the deliveries that were written."""

    store: Store
    deliveries: list[Delivery] = field(default_factory=list)

    async def claim_routes(self, limit: int, lease_s: float, now: datetime) -> Sequence[RouteClaim]:
        return await self.store.claim_routes(limit, lease_s, now)

    async def gather(self, wanted: Wanted) -> Gathered:
        return await self.store.gather(wanted)

    async def count_cases(self, sought: Collection[Sought]) -> Mapping[Sought, int]:
        return await self.store.count_cases(sought)

    async def commit(self, units: Sequence[Unit], now: datetime) -> Sequence[Verdict]:
        verdicts = await self.store.commit(units, now)
        for unit, verdict in zip(units, verdicts, strict=True):
            if verdict is Verdict.COMMITTED:
                self.deliveries.extend(unit.deliveries)
        return verdicts

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None:
        await self.store.release(claims, due, failed=failed)

    async def next_due(self, role: str) -> datetime | None:
        return await self.store.next_due(role)


@asynccontextmanager
async def attempts(rulebook: LoadedRulebook, base_url: str = LOCAL_URL) -> AsyncIterator[Attempt]:
    """Open a store that is forgotten at the end, for messages to be tried on.

    ``base_url`` is where links in answers lead.
    """
    store = MemoryStore(SystemIds())
    await store.publish({}, rulebook.hash, "guichet try", "essai", SystemClock().now())
    yield Attempt(rulebook, store, base_url)


class Attempt:
    """Tries messages one after another on one store, so that follow-ups find their case."""

    def __init__(self, rulebook: LoadedRulebook, store: Store, base_url: str) -> None:
        self._rulebook = rulebook
        self._clock = _SetClock(datetime(2026, 1, 1, tzinfo=UTC))
        self._store = store
        self._recorded = _Recorded(store)
        self._count = 0
        signer = Signer({"t": b"guichet try signs for itself alone"}, "t")
        self._channels = offline_channels(rulebook.directory.counters(), signer, self._clock)
        self._seen: list[tuple[Inbound, Worked]] = []
        self._failure: Exception | None = None
        self.refused = ""
        """Why the fields tried last are no message, in French; empty where they were one."""
        self._numbers = Numbers()
        self._router = Router(
            store=self._recorded,
            readers=self._channels,
            rulebooks=self,
            understands=Reader(rulebook.geography, default_language="fr"),
            clock=self._clock,
            ids=SystemIds(),
            signer=signer,
            policy=Policy(ways={"email": ("partner_email", "guichet")}, base_url=base_url),
            report=self._failed,
            observe=lambda inbound, worked: self._seen.append((inbound, worked)),
        )

    def current(self) -> LoadedRulebook:
        return self._rulebook

    @property
    def decided(self) -> Decision | None:
        """The decision on the message tried last."""
        return self._seen[-1][1].decision if self._seen else None

    def danger(self) -> list[str]:
        """Word whom to call, to be read aloud, where the message tried last tells of a danger."""
        worked = self._seen[-1][1] if self._seen else None
        if (
            worked is None
            or worked.case is None
            or not (worked.decision and worked.decision.danger)
        ):
            return []
        words = Wording(self._rulebook, self._router.policy)
        case = worked.case
        return words.of_danger(worked.decision, case, case.language, Style.ALOUD, public=False)

    async def facts(self) -> Facts | None:
        """Give the facts on which the message tried last was decided."""
        records = await self._store.decisions(datetime.min.replace(tzinfo=UTC), limit=1)
        return records[0].facts if records else None

    def _failed(self, where: str, error: Exception) -> None:
        self._failure = error
        print(f"guichet try: {where}: {type(error).__name__}: {error}", file=sys.stderr)

    async def run(self, fields: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Try one message given as fields; returns what the command prints, whatever they are."""
        name = name_of(fields)
        self._count += 1
        self.refused = ""
        try:
            result = await self._run(name, line_of(fields), now)
        except InvalidInput as error:
            self.refused = str(error)
            return nothing(name, Action.QUARANTINE, self.refused)
        if result["case"] and name:
            self._numbers.known[name] = result["case"]
        return result

    async def _run(self, name: str, line: Line, now: datetime) -> dict[str, Any]:
        self._clock.time = line.time(now, self._rulebook.services.zone)
        envelopes = self._envelopes(line)
        self._seen.clear()
        self._failure = None
        self._recorded.deliveries.clear()
        accepted = await self._store.accept(envelopes)
        while await self._router.run_once():
            pass
        if not envelopes:
            return nothing(name, Action.IGNORE, "rien qui s'adresse au guichet")
        if not any(each.new for each in accepted):
            return nothing(name, Action.IGNORE, "ce message avait déjà été reçu")
        return self._told(name, {each.inbound_id for each in accepted})

    def _told(self, name: str, ids: set[int]) -> dict[str, Any]:
        """Tell of the envelopes that were accepted; of several, the last that has a case."""
        seen = [(inbound, worked) for inbound, worked in self._seen if inbound.id in ids]
        if not seen:
            why = type(self._failure).__name__ if self._failure else "sans raison connue"
            return nothing(name, Action.QUARANTINE, f"le traitement a échoué ({why})")
        inbound, worked = next(
            (each for each in reversed(seen) if each[1].case is not None), seen[-1]
        )
        if worked.message is None and worked.action is not Action.QUARANTINE:
            worked = replace(worked, message=self._bare(inbound.envelope, worked.action))
        return result_of(name, worked, self._recorded.deliveries)

    def _bare(self, envelope: Envelope, action: Action) -> Message:
        """Give the message behind an event that is none for the router: a bounce, a sticker."""
        channel = self._channels[(envelope.channel, envelope.account)].channel
        if isinstance(channel, EmailChannel):
            message = channel.message(envelope)
        else:
            address = Address.from_key(envelope.conversation)
            message = Message(address, envelope.provider_id, envelope.received_at)
        if action is Action.RECEIPT and not message.automatic:
            message = replace(message, automatic="a report on a delivery")
        return message

    # --- building the envelopes ------------------------------------------------------------------

    def _envelopes(self, line: Line) -> tuple[Envelope, ...]:
        line = line.model_copy(
            update={
                "text": self._numbers.put_into_text(line.text),
                "subject": self._numbers.put_into_text(line.subject),
            }
        )
        raw = self._raw(line.raw) if line.raw else b""
        channel = self._channel(line, raw)
        channel.line = line
        if not line.raw:
            unique = f"essai-{self._count}"
            return (channel.compose(line, self._clock.time, unique, self._count),)
        return channel.open_raw(raw, self._clock.time, line.to)

    def _raw(self, path: str) -> bytes:
        try:
            with Path(path).open("rb") as file:
                raw = file.read(_LARGEST_RAW + 1)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            why = refusal(error) if isinstance(error, OSError) else "ce n'est pas un nom de fichier"
            raise InvalidInput(f"« {path[:200]} » ne peut pas être lu : {why}") from error
        if len(raw) > _LARGEST_RAW:
            raise InvalidInput(f"« {path[:200]} » dépasse {_LARGEST_RAW // 1_000_000} Mo")
        return self._numbers.put_into(raw)

    def _channel(self, line: Line, raw: bytes) -> Offline:
        """Find the counter: the one named, else the one that the raw form is for, else the first.

        Raises:
            InvalidInput: there is no such channel.
        """
        channels = [each for key, each in self._channels.items() if key[0] == line.channel]
        if not channels:
            raise InvalidInput(no_channel(line.channel, {name for name, _ in self._channels}))
        for wanted in (line.to, *(channels[0].channel.recipients(raw) if raw else ())):
            for channel in channels:
                if same_account(channel.key[1], wanted):
                    return channel
        return channels[0]
