"""Carry text messages by any provider that a definition describes."""

from __future__ import annotations

import hashlib
import hmac
import re
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from channels import clock_skew
from channels.phone import http_answers, http_reading
from channels.phone.alphabet import is_gsm7
from channels.phone.carrier import Progress, Text
from channels.phone.definition import SIGNED, Call, Definition
from channels.phone.filling import check
from channels.phone.http_client import Calls
from channels.phone.settings import SmsSettings
from channels.unreachable import server_of, why_unreachable
from router.delivery import Delivery, OnUnknown, SendOutcome, Sent, Unknown
from router.errors import InvalidInput, InvalidSignature
from router.message import WebhookRequest, WebhookResponse
from router.ports import Clock, Health, OutboundPart

_AT_ONCE = 20
"""Messages that one question for what is new fetches."""


class HttpCarrier:
    """One number at a provider; where it cannot be asked, an agent settles what is unknown."""

    def __init__(
        self, definition: Definition, settings: SmsSettings, account: str, clock: Clock | None
    ) -> None:
        keys = {name: key.get_secret_value() for name, key in settings.keys.items()}
        check(definition, keys)
        self.definition, self._settings, self._account = definition, settings, account
        self._secret = keys.get("webhook", "")
        self._base_url = settings.base_url or definition.base_url
        self._clock = clock
        self._calls = Calls(settings, self._base_url, account, clock)

    @property
    def on_unknown(self) -> OnUnknown:
        return OnUnknown.FIND if self.definition.find else OnUnknown.HOLD

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        webhook = self.definition.webhook
        if webhook is None or not self._secret:  # an empty secret would be anybody's
            raise InvalidSignature("this provider does not call us")
        if webhook.secret:
            given = dict(parse_qsl(urlsplit(request.url).query)).get(webhook.secret, "")
            _same(given, self._secret)
        if webhook.signature is not None:
            rule = webhook.signature
            mac = hmac.new(self._secret.encode(), request.body, rule.algorithm).hexdigest()
            _same(request.headers.get(rule.header.lower(), ""), rule.prefix + mac)

    def payload(self, request: WebhookRequest) -> bytes:
        """Keep the body; of a call without one, or of a form, the query without our secret."""
        webhook = self.definition.webhook
        secret = webhook.secret if webhook else ""
        pairs = parse_qsl(urlsplit(request.url).query, keep_blank_values=True, errors="replace")
        query = urlencode([pair for pair in pairs if pair[0] != secret]).encode()
        if request.body.lstrip().startswith((b"{", b"[")):
            return request.body
        return b"&".join(part for part in (query, request.body) if part)

    @property
    def by_get(self) -> bool:
        return self.definition.webhook is not None and self.definition.webhook.get

    def thanks(self) -> WebhookResponse:
        return WebhookResponse(200)

    def read(self, payload: bytes) -> Text | Progress:
        region = self._settings.region
        return http_reading.read(payload, self.definition, region, self._account)

    def write(self, text: Text) -> bytes:
        return http_reading.write(text, self.definition)

    async def fetch(self, url: str, limit: int) -> bytes:
        raise InvalidInput(f"{self.definition.name} hands over no files")

    async def new(self, after: int) -> list[tuple[int, bytes]]:
        """Fetch what came in after this id, oldest first: ids and raw messages.

        One that is gone is passed over; one that cannot be had now waits, with those behind it.

        Raises:
            OSError: the provider cannot be asked.
        """
        poll = self.definition.poll
        if poll is None:
            return []
        listed = http_answers.ids_of(http_answers.told(await self._asked(poll.list, "")))
        ids = sorted(int(id) for id in listed if _ID.fullmatch(id))
        new = [id for id in ids if id > after]
        found: list[tuple[int, bytes]] = []
        for id in new[:_AT_ONCE]:
            try:
                answer = await self._asked(poll.one, str(id))
            except OSError:
                if not found:
                    raise
                break
            found.append((id, answer.content if answer.status_code == 200 else b""))
        while found and found[-1][0] == new[-1] and not found[-1][1]:
            # an id that was never there must not lead past those to come
            found.pop()
            new.pop()
        return found

    async def _asked(self, call: Call, id: str) -> httpx.Response:
        name = self.definition.name
        try:
            answer = await self._calls.make(call, {"id": id})
        except httpx.HTTPError as error:
            raise ConnectionError(f"{name} : {type(error).__name__}") from None
        if answer.status_code != 200 and not (id and answer.status_code == 404):
            raise ConnectionError(f"{name} : {answer.status_code}")
        return answer

    # --- out -------------------------------------------------------------------------------------

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        url = self._settings.public_url
        callback = f"{url}{'&' if '?' in url else '?'}d={part.delivery.id}" if url else ""
        known = {
            "to": part.delivery.address.value,
            "text": part.text,
            "tag": tag_of(part),
            "coding": "7bit" if is_gsm7(part.text) else "8bit",
            "delivery": str(part.delivery.id),
            "callback": callback,
        }
        try:
            answer = await self._calls.make(self.definition.send, known)
        except httpx.HTTPError as error:
            return http_answers.failure_of(error, self.definition.name)
        return http_answers.outcome_of(answer, self.definition)

    async def find(self, delivery: Delivery, parts: tuple[OutboundPart, ...]) -> SendOutcome | None:
        """Ask for each piece by its tag; send those that are missing after one that has left."""
        found: list[str] = []
        for part in parts[delivery.parts_sent :]:
            ids = await self._known(part)
            if not ids and not found:
                return None
            if not ids:
                outcome = await self.send(part, "")
                if not isinstance(outcome, Sent):
                    return Unknown("une partie d'un long texte est partie, et la suite n'a pas pu")
                ids = outcome.provider_ids
            found.extend(ids)
        return Sent(tuple(found))

    async def _known(self, part: OutboundPart) -> tuple[str, ...]:
        find = self.definition.find
        if find is None:
            return ()
        known = {"tag": tag_of(part), "to": part.delivery.address.value}
        answer = await self._calls.make(find, known)
        answer.raise_for_status()
        return http_answers.ids_of(http_answers.at(http_answers.told(answer), find.id))

    # --- life ------------------------------------------------------------------------------------

    async def health(self) -> Health:
        name, call = self.definition.name, self.definition.health
        if call is None:
            return Health(True, f"{name} : rien à demander sans envoyer.")
        try:
            answer = await self._calls.make(call, {})
        except httpx.HTTPError as error:
            return Health(False, f"{name} {why_unreachable(error, server_of(self._base_url))}.")
        judged = _judged(answer.status_code, name, self._settings.account_sid, self._account)
        if judged.ok or self._clock is None or call.sign not in SIGNED:
            return judged
        skew = clock_skew.told(answer.status_code, answer.headers, self._clock.now())
        return Health(False, judged.sentence + skew)

    async def close(self) -> None:
        await self._calls.close()


_ID = re.compile(r"[0-9]{1,18}")
"""An id that the cursor can hold."""


def tag_of(part: OutboundPart) -> str:
    """Name a piece of a delivery, always the same, in the 20 characters that providers keep."""
    return hashlib.sha256(f"{part.delivery.idem}-{part.index}".encode()).hexdigest()[:20]


def _judged(status: int, name: str, sid: str, account: str) -> Health:
    if status < 300:
        return Health(True, f"{name} répond pour {account}.")
    if status in {400, 401, 403}:
        return Health(False, f"{name} refuse nos clés ({status}) : vérifiez-les, et l'heure d'ici.")
    if status == 404:
        return Health(False, f"{name} ne connaît pas le compte {sid} ou son numéro {account}.")
    return Health(False, f"{name} répond par une erreur ({status}).")


def _same(given: str, wanted: str) -> None:
    if not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
        raise InvalidSignature("the call is not the provider's")
