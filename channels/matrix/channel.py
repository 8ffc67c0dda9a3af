"""Messages to one user of a Matrix homeserver, in and out, by the client-server API."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict, SecretStr

from channels.graphemes import split
from channels.matrix.answers import Json, events_in, object_in, objects_in
from channels.matrix.api import Broken, MatrixApi, Refused, outcome_of, part, told_of
from channels.matrix.content import object_of, text_of
from channels.matrix.reading import Room, read_event
from channels.matrix.sync import Heard, Sync
from channels.matrix.writing import content_of, message_of
from channels.unreachable import CHECK_S, server_of, why_unreachable
from router.delivery import Delivery, OnUnknown, Permanent, Rate, SendOutcome, Sent, Unknown
from router.errors import InvalidInput, UnreadablePayload
from router.events import InboundEvent
from router.message import Address, Attachment, Envelope
from router.ports import Capabilities, Health, OutboundPart, Pulled
from router.stated import Stated

LONGEST_TEXT = 30_000
"""Bytes: an event has at most 65,536, and JSON may write one byte as two."""
LARGEST_FILE = 25_000_000
_MEDIA = re.compile(r"mxc://([A-Za-z0-9.:\[\]-]{1,255})/([A-Za-z0-9_-]{1,255})")


class MatrixSettings(BaseModel):
    """A user of a homeserver, whose id is the counter's address, and its access token."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str
    access_token: SecretStr = SecretStr("")
    groups: bool = True
    """Whether invitations to rooms of several people are accepted."""
    poll_s: float = 25.0
    per_second: float = 5.0
    deadline_s: float = 15.0


class Matrix:
    """One user, named by its id (``@guichet:ville.example``); a conversation is a room.

    A send names its transaction, by which the homeserver knows a second copy for a day, as long as
    the access token is the same: a send of unknown outcome is repeated and arrives once.
    """

    name = "matrix"
    on_unknown = OnUnknown.RESEND
    capabilities = Capabilities(
        threads=True,
        media_in=True,
        location=True,
        edits=True,
        longest_text=LONGEST_TEXT,
        text_unit="bytes",
        largest_media=LARGEST_FILE,
    )

    def __init__(self, settings: MatrixSettings, account: str) -> None:
        self.account = account
        self._settings = settings
        token = settings.access_token.get_secret_value()
        self._api = MatrixApi(settings.base_url, token, settings.deadline_s)
        self._sync = Sync(self._api, account, groups=settings.groups, wait_s=settings.poll_s)

    # --- in --------------------------------------------------------------------------------------

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap one event, alone or with its room, or all those of an answer to ``/sync``."""
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError):
            return (self._unreadable(raw, at, "no JSON"),)
        if isinstance(data, Mapping) and isinstance(data.get("rooms"), Mapping):
            return tuple(self._envelope(each, _dump(each), at) for each in _listed(data))
        return (self._envelope(data, raw, at),)

    def _envelope(self, data: object, raw: bytes, at: datetime) -> Envelope:
        try:
            event, _ = _opened(data)
            id, room = text_of(event, "event_id"), text_of(event, "room_id")
        except UnreadablePayload as error:
            return self._unreadable(raw, at, str(error))
        if not id or not room:
            return self._unreadable(raw, at, "an event without id or room")
        return Envelope(self.name, self.account, id, self._address(room).key, raw, at, id)

    def _unreadable(self, raw: bytes, at: datetime, note: str) -> Envelope:
        name = f"unreadable:{hashlib.sha256(raw).hexdigest()}"
        key = self._address(name).key
        return Envelope(self.name, self.account, name, key, raw, at, note=note[:200])

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        try:
            event, room = _opened(json.loads(envelope.payload))
            return (read_event(event, Room.of(room), envelope, self.account),)
        except (ValueError, TypeError, RecursionError) as error:
            raise UnreadablePayload(f"a malformed event ({type(error).__name__})") from error

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Say nothing: one account has one address."""
        return ()

    def compose(self, stated: Stated) -> Envelope:
        """Make the event that a homeserver would tell of for such a message of one person."""
        event = message_of(stated)
        return self.open_raw(_dump({"event": event, "room": {"name": stated.name}}), stated.at)[0]

    def _address(self, room: str) -> Address:
        return Address(self.name, self.account, room)

    # --- polling ---------------------------------------------------------------------------------

    @property
    def poller(self) -> str:
        return f"matrix|{self.account}"

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        """Ask for news since the cursor, which also holds the invitations to accept.

        Raises:
            ConnectionError: the homeserver does not answer, or refuses us.
        """
        try:
            heard, cursor = await self._sync.next(cursor)
        except (Refused, Broken) as error:
            raise ConnectionError(f"Matrix: {error}") from None
        at = received_at()
        return Pulled(tuple(self._wrapped(each, at) for each in heard), cursor)

    def _wrapped(self, heard: Heard, at: datetime) -> Envelope:
        data = {"event": heard.event, "room": heard.room}
        return self._envelope(data, _dump(data), at)

    async def settle(self, pulled: Pulled) -> None:
        """The homeserver does not want to know."""

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Fetch a file from our own homeserver, which has it or gets it: no other is called."""
        found, limit = _MEDIA.fullmatch(attachment.ref), min(limit, LARGEST_FILE)
        if not found:
            raise InvalidInput("this is no address of a file on Matrix")
        if attachment.size is not None and attachment.size > limit:
            raise InvalidInput(f"the file is larger than {limit} bytes")
        try:
            content = await self._api.download(found[1], found[2], limit)
        except (Refused, Broken) as error:
            raise InvalidInput(f"the homeserver does not give the file: {error}") from None
        if content is None:
            raise InvalidInput(f"the file is larger than {limit} bytes")
        return content

    # --- out -------------------------------------------------------------------------------------

    @property
    def rate(self) -> Rate:
        return Rate(self._settings.per_second, max(1, int(self._settings.per_second)))

    @property
    def deadline_s(self) -> float:
        return self._settings.deadline_s

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        texts = split(delivery.text, LONGEST_TEXT, _bytes)
        return tuple(OutboundPart(delivery, text, i, len(texts)) for i, text in enumerate(texts))

    async def send(self, part_: OutboundPart, idem: str) -> SendOutcome:
        room = part_.delivery.address.value
        if not room.startswith("!"):
            return Permanent("address", "ce n'est pas l'adresse d'un salon de Matrix")
        path = f"/rooms/{part(room)}/send/m.room.message/{part(idem)}"
        try:
            # a room that everybody has left takes messages all the same: nobody would read them
            if not part_.index and not await self._somebody(room):
                return Permanent("blocked", "il n'y a plus que le guichet dans le salon")
            answer = await self._api.call("PUT", path, body=content_of(part_))
        except (Refused, Broken) as error:
            return outcome_of(error)
        event = answer.get("event_id")
        return (
            Sent((str(event),))
            if event
            else Unknown("le serveur Matrix n'a pas donné de numéro d'envoi")
        )

    async def _somebody(self, room: str) -> bool:
        answer = await self._api.call("GET", f"/rooms/{part(room)}/joined_members")
        return bool(object_in(answer, "joined").keys() - {self.account})

    async def health(self) -> Health:
        """Ask whose access token it is."""
        if not self._settings.access_token.get_secret_value():
            return Health(False, "access_token n'est pas donné.")
        try:
            async with asyncio.timeout(CHECK_S):
                answer = await self._api.call("GET", "/account/whoami")
        except TimeoutError as error:
            why = why_unreachable(error, server_of(self._settings.base_url))
            return Health(False, f"Le serveur Matrix {why}.")
        except (Refused, Broken) as error:
            return Health(False, told_of(error))
        user = str(answer.get("user_id", ""))
        if user != self.account:
            return Health(False, f"Le jeton est celui de {user}, pas de {self.account}.")
        return Health(True, f"Matrix répond pour {self.account}.")

    async def close(self) -> None:
        """Close the connections that are kept warm."""
        await self._api.close()


def _opened(data: object) -> tuple[Json, Json]:
    """Give an event, and what was known of its room when it came.

    Raises:
        UnreadablePayload: it is neither an event nor an event with its room.
    """
    if not isinstance(data, Mapping):
        raise UnreadablePayload("an event is no object")
    if "event" in data:
        return object_of(data, "event"), object_of(data, "room")
    return data, {}


def _listed(answer: Json) -> Sequence[Json]:
    """List the messages of an answer to ``/sync``, each with the id of its room.

    What is of another shape than the specification gives is passed over, as at a poll.
    """
    return [
        {"event": {**event, "room_id": room}, "room": {}}
        for room, block in objects_in(object_in(answer, "rooms"), "join")
        for event in events_in(object_in(block, "timeline"))
        if event.get("type") == "m.room.message"
    ]


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _dump(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()
