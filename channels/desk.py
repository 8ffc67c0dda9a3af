"""Calls, visits and letters that an agent enters, and answers that an agent reads or posts."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

from channels.desk_entry import (
    check_moment,
    entry_of,
    named,
    read_entry,
    received_at,
    reply_address,
)
from channels.kept_photos import ReadPhoto, kept_photo
from channels.web_fields import attachments_of, name_of, text_of
from router.delivery import Delivery, OnUnknown, Rate, Retry, SendOutcome, Sent
from router.entry import Outcome, Source, Way
from router.errors import InvalidSignature, UnreadablePayload
from router.events import CallMissed, InboundEvent, MessageReceived, TaskDone
from router.handling.desk import CHANNEL, WAITING
from router.message import (
    Address,
    Attachment,
    Envelope,
    Given,
    Message,
    WebhookRequest,
    WebhookResponse,
)
from router.ports import Capabilities, Health, OutboundPart
from router.stated import Stated

_SHORTEST_KEY = 16
_AGAIN_S = 3600.0
"""How often a task is looked at again: nothing changes until an agent has done it."""
_LONGEST_TEXT = 20_000


class DeskSettings(BaseModel):
    """The keys of those who enter by HTTP, and the accounts that write to whom they speak with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: dict[str, SecretStr] = Field(default_factory=dict)
    """By the name of the agent, who stands on what is entered with it."""
    email_account: str = ""
    sms_account: str = ""
    region: str = "FR"
    """Where telephone numbers without a country code are."""

    @field_validator("keys")
    @classmethod
    def _long(cls, keys: dict[str, SecretStr]) -> dict[str, SecretStr]:
        for agent, key in keys.items():
            if len(key.get_secret_value()) < _SHORTEST_KEY:
                raise ValueError(
                    f"la clé de {agent} a moins de {_SHORTEST_KEY} caractères : choisissez-en une autre."
                )
        return keys


class Desk:
    """One desk; its agents are the way in, and the way out of what no machine delivers."""

    name = CHANNEL
    on_unknown = OnUnknown.RESEND
    deadline_s = 5.0
    rate = Rate(1000.0, 1000)
    capabilities = Capabilities(media_in=True)

    def __init__(
        self, settings: DeskSettings, account: str, photos: ReadPhoto | None = None
    ) -> None:
        """Answer by the accounts of ``settings``; ``photos`` gives back what agents joined."""
        self.account = account
        self._settings = settings
        self._photos = photos

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Check the key of an agent: ``Authorization: Bearer KEY``."""
        if not self._agent(request):
            raise InvalidSignature("the key is missing or not valid")

    def _agent(self, request: WebhookRequest) -> str:
        """Name the agent whose key a request shows; empty where it is nobody's."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        shown = given.strip().encode("utf-8", "replace") if scheme.lower() == "bearer" else b""
        right = [
            agent
            for agent, key in self._settings.keys.items()
            if hmac.compare_digest(shown, key.get_secret_value().encode())
        ]
        return right[0] if right else ""

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        """Wrap what an agent sends; who he is says his key, whatever the body says."""
        return self.open_raw(request.body, received_at, self._agent(request))

    def open_raw(self, raw: bytes, at: datetime, agent: str = "") -> tuple[Envelope, ...]:
        """Wrap an entry or a task done; the same id of the same agent is the same one."""
        digest = hashlib.sha256(raw).hexdigest()[:40]
        provider_id, note = digest, ""
        key = Address(CHANNEL, self.account, provider_id, "unread").key
        try:
            said = read_entry(raw)
            check_moment(said, at)
            if agent:
                said, raw = {**said, "agent": agent}, _json({**said, "agent": agent})
            provider_id = named(said, text_of(said, "id") or digest)
            key = self._conversation(said, provider_id).key
        except UnreadablePayload as error:
            note = str(error)
        return (Envelope(CHANNEL, self.account, provider_id, key, raw, at, note=note),)

    def _conversation(self, said: Mapping[str, Any], id: str) -> Address:
        """Give the address of an entry: where the person is answered. A task has one of its own."""
        if said["kind"] == "case":
            return self._reply(said, id)
        if said["outcome"] == Outcome.INSTEAD:
            self._reply(said, id)  # one that cannot be used is told at the door
        return Address(CHANNEL, self.account, str(said["task"]), "task")

    def _reply(self, said: Mapping[str, Any], id: str) -> Address:
        accounts = {"email": self._settings.email_account, "sms": self._settings.sms_account}
        return reply_address(said, self.account, accounts, self._settings.region, id)

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        said = read_entry(envelope.payload)
        if said["kind"] == "done":
            return (self._done(said, envelope),)
        address, entry = Address.from_key(envelope.conversation), entry_of(said)
        text, at = text_of(said, "text")[:_LONGEST_TEXT], received_at(said, envelope.received_at)
        files = attachments_of(said)
        if entry.source is Source.MISSED_CALL and not (text or files):
            return (CallMissed(address, at, entry.agent),)
        return (
            MessageReceived(
                Message(
                    address=address,
                    provider_id=envelope.provider_id,
                    received_at=at,
                    sender="" if address.kind == Way.PAGE else address.value,
                    sender_name=name_of(said),
                    text=text,
                    text_shown=text,
                    subject=text_of(said, "case")[:40],  # a known number leads to its case
                    language=text_of(said, "language").lower()[:3] or None,
                    attachments=files,
                    given=Given(
                        category=text_of(said, "category") or None,
                        commune=text_of(said, "commune") or None,
                        street=text_of(said, "street") or None,
                    ),
                    entry=entry,
                )
            ),
        )

    def _done(self, said: Mapping[str, Any], envelope: Envelope) -> TaskDone:
        outcome, instead = Outcome(said["outcome"]), None
        if outcome is Outcome.INSTEAD:
            instead = self._reply(said, envelope.provider_id)
        return TaskDone(said["task"], outcome, text_of(said, "agent")[:80], instead)

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Give a picture that was kept before the entry was.

        Raises:
            InvalidInput: it is none of ours, gone, or larger than the limit.
        """
        return await kept_photo(self._photos, attachment, limit)

    def answer(self, accepted: bool) -> WebhookResponse:
        if not accepted:
            return WebhookResponse(503, b'{"error": "send it again"}', "application/json")
        return WebhookResponse(200, b'{"status": "kept"}', "application/json")

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Say nothing: one account has one address."""
        return ()

    def compose(self, stated: Stated) -> Envelope:
        """Make what is entered of a call; the caller's number or mail is also where to answer."""
        by = (
            "email"
            if "@" in stated.sender
            else "callback"
            if stated.sender.startswith("+")
            else "page"
        )
        said = {
            "kind": "case",
            "id": stated.message_id or stated.digest[:24],
            "source": stated.kind or Source.CALL,
            "agent": "agent",
            "text": stated.text,
            "name": stated.name,
            "reply": {"by": by, "to": stated.sender if by != "page" else ""},
            "attachments": [{"name": file, "ref": file} for file in stated.attachments],
        }
        return self.open_raw(_json(said), stated.at)[0]

    # --- out -------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        return (OutboundPart(delivery, delivery.text),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Leave it to an agent: it is sent when he says so, and given up by nobody else."""
        delivery = part.delivery
        if delivery.address.kind == Way.PAGE:
            return Sent((f"desk:{delivery.id}",))
        return Retry(delivery.error or WAITING, _AGAIN_S, held=True)

    async def health(self) -> Health:
        count = len(self._settings.keys)
        keys = f"{count} clé{'s' if count > 1 else ''} d'agent"
        who = keys if count else "par la ligne de commande seulement"
        return Health(True, f"saisie ouverte, {who}.")

    async def close(self) -> None:
        """Nothing is open."""


def _json(said: Mapping[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")
