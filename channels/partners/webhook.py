"""Cases to a partner's own system by signed webhook, and the acts that it posts back."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx

from channels import clock_skew
from channels.breaker import Breaker
from channels.enclosures import files_of
from channels.kept_photos import ReadPhoto, kept_photo
from channels.partners.acts import act_of, photos_of, words_of
from channels.partners.http import MARGIN_S, Answer, PartnerHttp, outcome_of, refusal_of
from channels.partners.sheet import mapping, sheet_of, written_of
from channels.signed_settings import SignedSettings
from channels.unreachable import CHECK_S
from channels.webhook_signature import ID
from router.delivery import Delivery, OnUnknown, Permanent, Rate, SendOutcome, Sent
from router.errors import InvalidInput, UnreadablePayload
from router.events import InboundEvent, PartnerActed
from router.message import Address, Attachment, Envelope, WebhookRequest, WebhookResponse
from router.ports import Capabilities, Clock, Health, OutboundPart

NAME = "partner_webhook"
ACTS_PATH = "/partners/v1/acts"
_ACTS = {"accept", "refuse", "progress", "close", "note", "reference"}
_SHORTEST_CASE = 20  # characters; a signed token is longer


class PartnerWebhookSettings(SignedSettings):
    """What is shared with one partner; the table's name is the address in ``services.yaml``.

    ``base_url`` is where the partner listens, if it is not the address itself.
    """


class PartnerWebhook:
    """One partner: posts each case to it, and takes its acts where ours are served."""

    name = NAME
    capabilities = Capabilities(threads=True, media_in=True, location=True)
    on_unknown = OnUnknown.RESEND  # the same Idempotency-Key makes a second copy harmless

    def __init__(
        self,
        settings: PartnerWebhookSettings,
        account: str,
        base_url: str,
        clock: Clock,
        photos: ReadPhoto | None = None,
    ) -> None:
        """Call ``account``; ``base_url`` is where our own pages and acts are served."""
        self._photos = photos
        self.account = account
        self.rate = Rate(settings.per_second, burst=max(1, round(settings.per_second)))
        self.deadline_s = settings.deadline_s + MARGIN_S
        self.breaker = Breaker(clock, settings.failures, settings.rest_s)
        self._settings = settings
        self._clock = clock
        self._base_url = base_url.rstrip("/")
        self._ring = settings.ring()
        self._http = PartnerHttp(
            settings.base_url or account, settings.deadline_s, allow_private=settings.allow_private
        )

    # --- out ------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        """Take a case as it is: JSON has no bound that a person's words would reach."""
        return (OutboundPart(delivery, written_of(delivery, sheet_of(delivery))),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Post the case, signed anew at each try and with the same Idempotency-Key."""
        if not self._ring:
            return Permanent("keys", "aucune clé n'est partagée avec ce service (keys)")
        resting = self.breaker.refused()
        if resting is not None:
            return resting
        return await self.breaker.through(self._post(self._body(part, idem), idem))

    async def _post(self, body: bytes, idem: str) -> SendOutcome:
        try:
            answer = await self._call(body, idem)
        except (httpx.HTTPError, InvalidInput) as error:
            return outcome_of(error, self._http)
        return refusal_of(answer, _told(answer.body)) or Sent((f"{self.account}#{idem}",))

    async def _call(self, body: bytes, idem: str) -> Answer:
        headers = self._ring.headers(idem, self._clock.now(), body)
        headers |= {"content-type": "application/json", "idempotency-key": idem}
        return await self._http.call("POST", body=body, headers=headers)

    def _body(self, part: OutboundPart, idem: str) -> bytes:
        delivery = part.delivery
        sheet = dict(sheet_of(delivery))
        kind = str(sheet.pop("kind", delivery.kind))
        added = bool(sheet.get("added"))
        files = [
            {
                "name": file.name,
                "media_type": file.media_type,
                "size": file.size,
                "url": f"{self._base_url}/p/{delivery.reply_token}/fichier/{file.key}",
            }
            for file in files_of(sheet)
        ]
        said = {
            "id": idem,
            "type": f"case.{'addition' if added and kind == 'forward' else kind}",
            "created_at": delivery.created_at.isoformat(),
            "case": {**sheet, "text": sheet.get("text") or delivery.text, "files": files},
            "reply": {"url": f"{self._base_url}{ACTS_PATH}", "case": delivery.reply_token},
        }
        return json.dumps(said, ensure_ascii=False).encode("utf-8", "replace")

    # --- in -------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Check the partner's signature and the time of the message."""
        now, tolerance_s = self._clock.now(), self._settings.tolerance_s
        self._ring.check(request.headers, request.body, now, tolerance_s)

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        """Wrap an act; its id makes a repetition harmless, its case keeps the order."""
        return self.open_raw(request.body, received_at, request.headers.get(ID, ""))

    def open_raw(self, raw: bytes, at: datetime, id: str = "") -> tuple[Envelope, ...]:
        digest = hashlib.sha256(raw).hexdigest()[:40]
        case, note = digest, ""
        try:
            case = str(_read(raw)["case"])
        except UnreadablePayload as error:
            note = str(error)
        key = Address(NAME, self.account, case[:200].replace("|", "_")).key
        return (Envelope(NAME, self.account, id or digest, key, raw, at, note=note),)

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read an act: JSON ``{"case", "act", "reason", "text", "reference"}``."""
        said = _read(envelope.payload)
        return (
            PartnerActed(
                token=str(said["case"]),
                act=act_of(said, _ACTS),
                reason=words_of(said, "reason"),
                text=words_of(said, "text"),
                attachments=photos_of(said),
                instead=words_of(said, "instead"),
                reference=words_of(said, "reference"),
            ),
        )

    def answer(self, accepted: bool) -> WebhookResponse:
        if not accepted:
            return WebhookResponse(503, b'{"error": "send it again"}', "application/json")
        return WebhookResponse(200, b'{"status": "taken"}', "application/json")

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Give a picture by which a service showed what it did.

        Raises:
            InvalidInput: it is none of ours, gone, or larger than the limit.
        """
        return await kept_photo(self._photos, attachment, limit)

    @property
    def trouble(self) -> str:
        """Say that the partner is left alone for a while."""
        return self.breaker.told

    async def health(self) -> Health:
        """Post a signed ping, which a partner answers like any message and does nothing with."""
        if not self._ring:
            return Health(False, f"{self.account} : aucune clé partagée (keys).")
        now = self._clock.now()
        idem = f"ping-{int(now.timestamp())}"
        said = {"id": idem, "type": "ping", "created_at": now.isoformat()}
        try:
            async with asyncio.timeout(CHECK_S):
                answer = await self._call(json.dumps(said).encode(), idem)
        except (httpx.HTTPError, InvalidInput, TimeoutError) as error:
            return Health(False, f"{self.account} {self._http.why_unreachable(error)}.")
        refused = refusal_of(answer, _told(answer.body))
        if refused is None:
            return Health(True, f"{self.account} répond à un message signé.")
        why = getattr(refused, "reason", "")
        skew = clock_skew.told(answer.status, answer.headers, now)
        return Health(False, f"{self.account} refuse notre message signé ({why}).{skew}")

    async def close(self) -> None:
        await self._http.close()


def _read(raw: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise UnreadablePayload("this act is no JSON") from error
    if not isinstance(said, dict) or not isinstance(said.get("case"), str):
        raise UnreadablePayload("this act names no case")
    if len(said["case"]) < _SHORTEST_CASE:
        raise UnreadablePayload("this act names no case of ours")
    act_of(said, _ACTS)
    return said


def _told(body: bytes) -> str:
    """Give the sentence of a refusal, if the partner wrote one as JSON."""
    try:
        said = mapping(json.loads(body[:10_000]))
    except (ValueError, RecursionError):
        return ""
    words = [said.get(name) for name in ("error", "detail", "message", "title")]
    return next((" ".join(word.split()) for word in words if isinstance(word, str)), "")
