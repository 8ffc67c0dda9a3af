"""Cases to another installation of this router, and from it: offered, accepted, told of, given back."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from datetime import date, datetime

import httpx

from channels import clock_skew
from channels.breaker import Breaker
from channels.cell.words import events_of, number_in, word_in, written
from channels.partners.http import MARGIN_S, PartnerHttp, outcome_of, refusal_of
from channels.signed_settings import SignedSettings
from channels.unreachable import CHECK_S
from channels.webhook_signature import ID
from router.cells import CHANNEL, Agreement, AtEnd, Share, Speaks, Word
from router.delivery import Delivery, OnUnknown, Permanent, Rate, SendOutcome, Sent
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.events import InboundEvent
from router.message import Address, Attachment, Envelope, WebhookRequest, WebhookResponse
from router.ports import Capabilities, Clock, Health, OutboundPart

NAME = CHANNEL
PATH = f"/webhooks/{NAME}/"
_PING = "ping"
_FILE = re.compile(r"/(?:p/\w[\w.-]{0,99}/fichier|suivi/[\w-]{1,20}/photo)/[\w-]{1,60}", re.ASCII)
"""Where the other installation shows the files of a case; nothing else of it is fetched."""


class CellSettings(SignedSettings):
    """What is shared and agreed with one installation; the table's name is the name of that one.

    ``base_url`` is the address of the other installation, as its own ``base_url`` is.
    """

    speaks: Speaks = Speaks.ORIGIN
    """Who writes to the citizen: the one that he wrote to, or the owner of the case."""
    shares: frozenset[Share] = frozenset(Share)
    """What is told beside offers and ends."""
    until: date | None = None
    """The last day on which cases are offered."""
    at_end: AtEnd = AtEnd.RETURN
    """What `guichet cells end` does with open cases."""


class Cell:
    """One other installation: a partner that we hand cases to, and one that hands cases to us."""

    name = NAME
    capabilities = Capabilities(threads=True, media_in=True, location=True, notices=False)
    on_unknown = OnUnknown.RESEND  # the same id makes a second copy harmless

    def __init__(self, settings: CellSettings, account: str, own: str, clock: Clock) -> None:
        """Speak with the installation ``account`` under our name ``own``."""
        self.account = account
        self.agreement = Agreement(
            settings.speaks, settings.shares, settings.until, settings.at_end
        )
        self.rate = Rate(settings.per_second, burst=max(1, round(settings.per_second)))
        self.deadline_s = settings.deadline_s + MARGIN_S
        self.breaker = Breaker(clock, settings.failures, settings.rest_s)
        self._settings = settings
        self._own = own
        self._clock = clock
        self._ring = settings.ring()
        self._http = PartnerHttp(
            settings.base_url, settings.deadline_s, allow_private=settings.allow_private
        )

    # --- out ------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        """Take a word as it is: JSON has no bound that a person's words would reach."""
        return (OutboundPart(delivery, delivery.text),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Post a word, signed anew at each try and with the same id."""
        if not self._ring:
            return Permanent("keys", "aucune clé n'est partagée avec cette installation (keys)")
        resting = self.breaker.refused()
        if resting is not None:
            return resting
        return await self.breaker.through(self._post(written(part.delivery, idem), idem))

    async def _post(self, body: bytes, idem: str) -> SendOutcome:
        headers = self._ring.headers(idem, self._clock.now(), body)
        headers |= {"content-type": "application/json", "idempotency-key": idem}
        try:
            answer = await self._http.call("POST", PATH + self._own, body=body, headers=headers)
        except (httpx.HTTPError, InvalidInput) as error:
            return outcome_of(error, self._http)
        refused = refusal_of(answer, answer.body[:300].decode("utf-8", "replace"))
        return refused or Sent((f"{self.account}#{idem}",))

    # --- in -------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Check the signature and the time; a ping must also be meant for us."""
        now, tolerance_s = self._clock.now(), self._settings.tolerance_s
        self._ring.check(request.headers, request.body, now, tolerance_s)
        said = word_in(request.body)
        if said.get("word") == _PING and said.get("to") != self._own:
            raise InvalidSignature(f"this is not {str(said.get('to'))[:40]!r}")

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        """Wrap a word; its id makes a repetition harmless, its case keeps the order."""
        word, id = word_in(request.body).get("word"), request.headers.get(ID, "")
        if word == _PING:
            return ()
        note = "only our own operator ends an agreement here" if word == Word.END else ""
        return self.open_raw(request.body, received_at, id, note)

    def open_raw(
        self, raw: bytes, at: datetime, id: str = "", note: str = ""
    ) -> tuple[Envelope, ...]:
        digest = hashlib.sha256(raw).hexdigest()[:40]
        case = digest
        try:
            case = number_in(raw)
        except UnreadablePayload as error:
            note = str(error)
        key = Address(NAME, self.account, case).key
        return (Envelope(NAME, self.account, id or digest, key, raw, at, note=note),)

    def answer(self, accepted: bool) -> WebhookResponse:
        return WebhookResponse(200) if accepted else WebhookResponse(503)

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read a word: an offer or more of it as a message, any other as what was said."""
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        return events_of(envelope)

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Get a file of a case from the installation that told of it.

        Raises:
            InvalidInput: it stands at no such place, is gone, or is larger than the limit.
        """
        if not _FILE.fullmatch(attachment.ref):
            raise InvalidInput("this file is not where the other installation shows files")
        try:
            answer = await self._http.call("GET", attachment.ref, limit=limit)
        except httpx.HTTPError as error:
            raise InvalidInput(f"« {self.account} » {self._http.why_unreachable(error)}") from None
        if answer.status != 200:
            raise InvalidInput(f"« {self.account} » a répondu {answer.status}")
        return answer.body

    # --- health ---------------------------------------------------------------------------------

    @property
    def trouble(self) -> str:
        """Say that the other installation is left alone for a while."""
        return self.breaker.told

    async def health(self) -> Health:
        """Post a signed ping, under our name and to the one that we know the other by."""
        if not self._ring or not self._settings.base_url:
            missing = "base_url" if self._ring else "keys"
            return Health(False, f"{self.account} : il manque un réglage ({missing}).")
        now = self._clock.now()
        said = {"transfer": {"word": _PING, "from": self._own, "to": self.account}}
        body, idem = json.dumps(said).encode(), f"ping-{int(now.timestamp())}"
        headers = self._ring.headers(idem, now, body) | {"content-type": "application/json"}
        try:
            async with asyncio.timeout(CHECK_S):
                answer = await self._http.call("POST", PATH + self._own, body=body, headers=headers)
        except (httpx.HTTPError, InvalidInput, TimeoutError) as error:
            return Health(False, f"{self.account} {self._http.why_unreachable(error)}.")
        if 200 <= answer.status < 300:
            return self._agreed(now)
        why = {
            404: f"ne connaît aucune installation du nom de « {self._own} »",
            403: f"refuse notre clé, ou ne s'appelle pas « {self.account} »",
        }.get(answer.status, f"a répondu {answer.status}")
        skew = clock_skew.told(answer.status, answer.headers, now)
        return Health(False, f"{self.account} {why}.{skew}")

    def _agreed(self, now: datetime) -> Health:
        until = self._settings.until
        if until is not None and until < now.date():
            return Health(
                False,
                f"{self.account} répond, mais l'accord s'est terminé le {until:%d/%m/%Y} : "
                f"guichet cells end {self.account} règle les demandes ouvertes.",
            )
        told = f" L'accord court jusqu'au {until:%d/%m/%Y}." if until else ""
        return Health(True, f"{self.account} répond à un message signé.{told}")

    async def close(self) -> None:
        await self._http.close()
