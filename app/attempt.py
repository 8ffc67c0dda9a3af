"""`guichet try`: runs messages through normalise, thread, understand and decide; sends nothing."""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from app.offline import Offline, offline_channels
from app.rulebook import LoadedRulebook
from app.system import SystemClock, SystemIds
from router.decision import Decision
from router.delivery import Delivery
from router.directory import Counter
from router.errors import InvalidInput
from router.inbound import Worked
from router.message import (
    Attachment,
    Envelope,
    Given,
    InboundEvent,
    Location,
    Message,
    MessageReceived,
)
from router.policy import Policy
from router.ports import (
    Action,
    Claim,
    Gathered,
    Inbound,
    Reads,
    RouteClaim,
    Store,
    Unit,
    Verdict,
    Wanted,
)
from router.route import Router
from router.tokens import Signer
from router.tracking import printed
from storage.engine import open_store
from understanding.reader import Reader

FIELDS = (
    "id", "channel", "kind", "from", "to", "text", "subject", "at", "location", "commune",
    "category", "raw", "attachments",
)  # fmt: skip
_NUMBER_OF = re.compile(r"\{(num|num_lower_nodash):([^{}]+)\}")


@dataclass(slots=True)
class _SetClock:
    """A clock that stands at the time of the message being tried."""

    time: datetime

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


@dataclass(slots=True)
class _Stated:
    """Adds to what a channel reads the facts that were given beside the message."""

    reader: Reads
    given: Given = field(default_factory=Given)
    location: Location | None = None
    attachments: tuple[Attachment, ...] = ()

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        return tuple(self._with(event) for event in self.reader.receive(envelope))

    def _with(self, event: InboundEvent) -> InboundEvent:
        if not isinstance(event, MessageReceived):
            return event
        message = event.message
        return MessageReceived(
            replace(
                message,
                given=self.given if self.given != Given() else message.given,
                location=self.location or message.location,
                attachments=message.attachments + self.attachments,
            )
        )


@dataclass(slots=True)
class _Recorded:
    """Passes everything to a store, and remembers what the last batch wrote."""

    store: Store
    written: tuple[Unit, ...] = ()

    async def claim_routes(self, limit: int, lease_s: float, now: datetime) -> Sequence[RouteClaim]:
        return await self.store.claim_routes(limit, lease_s, now)

    async def gather(self, wanted: Wanted) -> Gathered:
        return await self.store.gather(wanted)

    async def commit(self, units: Sequence[Unit], now: datetime) -> Sequence[Verdict]:
        self.written = tuple(units)
        return await self.store.commit(units, now)

    async def release(
        self, claims: Sequence[Claim], due: datetime, *, failed: bool = False
    ) -> None:
        await self.store.release(claims, due, failed=failed)

    async def next_due(self, role: str) -> datetime | None:
        return await self.store.next_due(role)


@asynccontextmanager
async def attempts(rulebook: LoadedRulebook) -> AsyncIterator[Attempt]:
    """Open a store that is thrown away at the end, for messages to be tried on."""
    with tempfile.TemporaryDirectory(prefix="guichet-try-") as folder:
        store = open_store(Path(folder), ids=SystemIds())
        await store.open()
        try:
            now = SystemClock().now()
            await store.publish({}, rulebook.hash, "guichet try", "essai", now)
            yield Attempt(rulebook, store)
        finally:
            await store.close()


class Attempt:
    """Tries messages one after another on one store, so that follow-ups find their case."""

    def __init__(self, rulebook: LoadedRulebook, store: Store) -> None:
        self._rulebook = rulebook
        self._clock = _SetClock(datetime(2026, 1, 1, tzinfo=UTC))
        self._ids = SystemIds()
        self._store = store
        self._recorded = _Recorded(store)
        self._signer = Signer({"t": b"guichet try signs for itself alone"}, "t")
        self._channels = offline_channels(rulebook.directory.counters(), self._signer)
        self._readers: dict[tuple[str, str], Reads] = {
            key: _Stated(channel.reader) for key, channel in self._channels.items()
        }
        self._seen: list[tuple[Inbound, Worked]] = []
        self._failure: Exception | None = None
        self._numbers: dict[str, str] = {}
        self._router = Router(
            store=self._recorded,
            readers=self._readers,
            rulebooks=self,
            understands=Reader(rulebook.geography, default_language="fr"),
            clock=self._clock,
            ids=self._ids,
            signer=self._signer,
            policy=Policy(ways={"email": ("partner_email", "guichet")}),
            report=self._failed,
            observe=lambda inbound, worked: self._seen.append((inbound, worked)),
        )

    def current(self) -> LoadedRulebook:
        return self._rulebook

    @property
    def decided(self) -> Decision | None:
        """The decision on the message tried last."""
        return self._seen[-1][1].decision if self._seen else None

    def _failed(self, where: str, error: Exception) -> None:
        self._failure = error
        print(f"guichet try: {where}: {type(error).__name__}: {error}", file=sys.stderr)

    async def run(self, line: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        """Try one message given as fields (:data:`FIELDS`); returns what the command prints."""
        name = str(line.get("id") or "")
        try:
            return await self._run(name, line, now)
        except InvalidInput as error:
            return _unread(name, str(error))

    async def _run(self, name: str, line: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        self._clock.time = _time(line.get("at"), now, self._rulebook.services.zone)
        counter, channel = self._channel(line)
        envelopes = self._envelopes(line, channel, counter, name)
        self._state(line, channel)
        await self._store.accept(envelopes)
        self._seen.clear()
        self._failure = None
        self._recorded.written = ()
        while await self._router.run_once():
            pass
        if self._failure is not None and not self._seen:
            return _unread(name, f"le traitement a échoué : {self._failure}")
        if not self._seen:
            return _unread(name, "ce message avait déjà été reçu", Action.IGNORE)
        result = self._result(name, self._seen[-1][1])
        if result["case"]:
            self._numbers[name] = result["case"]
        return result

    # --- building the envelope -------------------------------------------------------------------

    def _channel(self, line: Mapping[str, Any]) -> tuple[Counter, Offline]:
        wanted = str(line.get("channel") or "web")
        to = str(line.get("to") or "")
        counters = [c for c in self._rulebook.directory.counters() if c.channel == wanted]
        offline = {key: value for key, value in self._channels.items() if key[0] == wanted}
        if not offline:
            raise InvalidInput(f"Le canal « {wanted} » n'existe pas.")
        default = counters[0] if counters else Counter(wanted, wanted, next(iter(offline))[1])
        chosen = next((c for c in counters if _same(c.address, to)), default)
        return chosen, self._channels[(wanted, chosen.address)]

    def _envelopes(
        self, line: Mapping[str, Any], channel: Offline, counter: Counter, name: str
    ) -> tuple[Envelope, ...]:
        at = self._clock.time
        if line.get("raw"):
            raw = self._numbered_bytes(Path(str(line["raw"])))
            return channel.open_raw(raw, at, str(line.get("to") or ""))
        sender = str(line.get("from") or "") or channel.nobody(name or str(self._ids.next()))
        return (
            channel.compose(
                sender=sender,
                text=self._numbered(str(line.get("text") or "")),
                subject=self._numbered(str(line.get("subject") or "")),
                kind=str(line.get("kind") or ""),
                at=at,
                unique=f"{name or 'essai'}-{self._ids.next()}",
            ),
        )

    def _state(self, line: Mapping[str, Any], channel: Offline) -> None:
        stated = self._readers[channel.key]
        assert isinstance(stated, _Stated)  # noqa: S101 -- built in __init__
        stated.given = Given(
            category=str(line["category"]) if line.get("category") else None,
            commune=str(line["commune"]) if line.get("commune") else None,
        )
        stated.location = _location(line.get("location"))
        names = line.get("attachments") or ()
        stated.attachments = tuple(
            Attachment(str(file), "application/octet-stream", None, f"essai:{file}")
            for file in names
        )

    def _numbered(self, text: str) -> str:
        return _NUMBER_OF.sub(self._number, text)

    def _number(self, found: re.Match[str]) -> str:
        number = self._numbers.get(found[2], "")
        return number if found[1] == "num" else number.replace("-", "").lower()

    def _numbered_bytes(self, path: Path) -> bytes:
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise InvalidInput(f"« {path} » ne peut pas être lu : {error.strerror}.") from error
        return _NUMBER_OF.sub(self._number, raw.decode("latin-1")).encode("latin-1")

    # --- telling the result ----------------------------------------------------------------------

    def _result(self, name: str, worked: Worked) -> dict[str, Any]:
        case, decision, message = worked.case, worked.decision, worked.message
        deliveries = [d for unit in self._recorded.written for d in unit.deliveries]
        place = case.place if case else worked.understood.place if worked.understood else None
        point = place.point if place else None
        action = Action.IGNORE if worked.action is Action.RECEIPT else worked.action
        return {
            "id": name,
            "action": action,
            "case": printed(case.public_number or case.number) if case else None,
            "message": _message(message, worked) if message else None,
            "place": {
                "text": place.text if place else "",
                "insee": place.communes[0] if place and len(place.communes) == 1 else None,
                "lat": point.lat if point else None,
                "lon": point.lon if point else None,
                "precision_m": point.precision_m if point else None,
                "candidates": list(decision.candidates) if decision else [],
            },
            "category": case.category if case else decision.category if decision else None,
            "urgency": case.urgency if case else decision.urgency if decision else "normal",
            "decision": {
                "owner": case.owner if case else decision.owner,
                "rule": decision.rule,
                "notify": list(decision.notify),
                "questions": list(decision.questions)
                or ([case.asked] if case and case.asked else []),
                "ruleset": decision.ruleset,
                "sentence": decision.sentence,
                "trace": decision.trace,
            }
            if decision
            else None,
            "parts": [
                {"owner": part.owner, "category": part.category}
                for part in (decision.parts if decision else ())
            ],
            "replies": [
                {
                    "channel": delivery.address.channel,
                    "to": delivery.address.value,
                    "language": delivery.language,
                    "text": delivery.text,
                }
                for delivery in deliveries
                if delivery.service is None
            ],
            "deliveries": [_delivery(delivery) for delivery in deliveries],
            "reason": worked.reason,
        }


def _message(message: Message, worked: Worked) -> dict[str, Any]:
    language = worked.understood.language if worked.understood else message.language
    return {
        "from": message.sender or message.address.value,
        "from_name": message.sender_name,
        "text": message.text,
        "text_shown": message.text_shown,
        "subject": message.subject,
        "language": language,
        "attachments": [attachment.name for attachment in message.attachments],
        "automatic": bool(message.automatic),
    }


def _delivery(delivery: Delivery) -> dict[str, str]:
    channel = delivery.address.channel.removeprefix("partner_")
    return {"kind": delivery.kind, "channel": channel, "to": delivery.address.value}


def _unread(name: str, why: str, action: Action = Action.QUARANTINE) -> dict[str, Any]:
    return {
        "id": name, "action": action, "case": None, "message": None,
        "place": {"text": "", "insee": None, "lat": None, "lon": None, "precision_m": None,
                  "candidates": []},
        "category": None, "urgency": "normal", "decision": None, "parts": [], "replies": [],
        "deliveries": [], "reason": why,
    }  # fmt: skip


def _same(address: str, wanted: str) -> bool:
    def bare(text: str) -> str:
        local, at, domain = text.strip().lower().lstrip("@").partition("@")
        return local.split("+")[0] + at + domain if at else local

    return bool(wanted) and bare(address) == bare(wanted)


def _time(text: Any, now: datetime, zone: ZoneInfo) -> datetime:
    if not text:
        return now
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise InvalidInput(f"« {text} » n'est pas une date (2026-11-24T10:15:00).") from error
    return (time if time.tzinfo else time.replace(tzinfo=zone)).astimezone(UTC)


def _location(text: Any) -> Location | None:
    if not text:
        return None
    try:
        numbers = text if isinstance(text, list | tuple) else str(text).split(",")
        lat, lon = (float(number) for number in numbers)
    except ValueError as error:
        raise InvalidInput(f"« {text} » n'est pas une position (47.218,-1.553).") from error
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise InvalidInput(f"« {text} » n'est pas une position : latitude puis longitude.")
    return Location(lat, lon)


def lines_of(text: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Read a batch file: one JSON object a line; a bad line is an object with ``bad``."""
    for number, line in enumerate(text, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError:
            value = None
        if isinstance(value, dict):
            yield {key: item for key, item in value.items() if item not in ("", None, [])}
        else:
            yield {"id": "", "bad": f"ligne {number} : ce n'est pas un objet JSON"}
