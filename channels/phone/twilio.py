"""Carry text and WhatsApp messages by Twilio."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from channels.phone import forms, twilio_files, twilio_signature
from channels.phone.alarms import Alarms
from channels.phone.carrier import Progress, Text
from channels.phone.settings import NumberSettings
from channels.phone.twilio_api import VENDOR, HttpClient, outcome_of, status_of
from channels.phone.twilio_codes import MACHINE
from channels.unreachable import server_of, why_unreachable
from router.delivery import Delivery, OnUnknown, SendOutcome, Sent, Unknown
from router.ledger import Listed, ProviderSilent
from router.message import WebhookRequest, WebhookResponse
from router.ports import Health, OutboundPart

_NOT_THERE = 404
_MOST_LISTED = 20_000
_LOOKED_AT = 50
"""Messages that a check of health reads."""


class Twilio:
    """One number of an account; ``prefix`` is ``whatsapp:`` where it writes there."""

    on_unknown = OnUnknown.FIND
    by_get = False

    def __init__(
        self,
        settings: NumberSettings,
        account: str,
        prefix: str = "",
        alarms: Alarms | None = None,
    ) -> None:
        self._settings, self._prefix = settings, prefix
        self._alarms = alarms or Alarms(None)
        self._account = prefix + account
        self._base_url = settings.base_url or VENDOR
        self._vendor: Client | None = None
        self._http: HttpClient | None = None

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        tokens = (self._settings.auth_token, *self._settings.other_tokens)
        given = (token.get_secret_value() for token in tokens)
        twilio_signature.verify(request, given, self._settings.public_url)

    def payload(self, request: WebhookRequest) -> bytes:
        """Keep the form; a status callback carries the id of its delivery in the query."""
        query = urlsplit(request.url).query
        delivery = parse_qs(query).get("d", [""])[0] if query else ""
        added = f"&{urlencode({forms.DELIVERY_FIELD: delivery})}" if delivery else ""
        return request.body + added.encode()

    def thanks(self) -> WebhookResponse:
        """Answer with empty TwiML: replies go out by the API, when they have been decided."""
        body = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
        return WebhookResponse(200, body, "text/xml")

    def read(self, payload: bytes) -> Text | Progress:
        return forms.read(payload)

    def write(self, text: Text) -> bytes:
        return forms.write(text)

    async def fetch(self, url: str, limit: int) -> bytes:
        return await twilio_files.fetch(url, limit, self._settings, self._base_url)

    # --- out -------------------------------------------------------------------------------------

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Create one message; ``idem`` is of no use to Twilio, which knows no such key."""
        return await self._create(part, body=part.text)

    async def send_template(
        self, part: OutboundPart, content_sid: str, variables: Mapping[str, str]
    ) -> SendOutcome:
        """Create a message of an approved template, which may leave at any time."""
        filled = json.dumps(dict(variables), ensure_ascii=False)
        return await self._create(part, content_sid=content_sid, content_variables=filled)

    async def _create(self, part: OutboundPart, **said: str) -> SendOutcome:
        # The callback of the last piece alone names the delivery: it is sent when all of it is.
        last = part.index == part.count - 1 and self._settings.public_url != ""
        separator = "&" if "?" in self._settings.public_url else "?"
        callback = f"{self._settings.public_url}{separator}d={part.delivery.id}"
        try:
            created = await self._client.messages.create_async(
                to=self._prefix + part.delivery.address.value,
                from_=self._account,
                **said,
                **({"status_callback": callback} if last else {}),
            )
        except Exception as error:  # whatever the vendor's library raises is an outcome
            self._alarms.hear(getattr(error, "code", ""))
            return outcome_of(error)
        # an odd answer passes through the vendor's library without an error
        if not isinstance(created.sid, str) or not created.sid:
            return Unknown("Twilio a répondu sans numéro d'envoi")
        return Sent((created.sid,))

    async def find(self, delivery: Delivery, parts: tuple[OutboundPart, ...]) -> SendOutcome | None:
        """Look for the pieces of a delivery in Twilio's list; send those that are missing."""
        known = await self._sent_since(delivery)
        sids: list[str] = []
        for part in parts[delivery.parts_sent :]:
            sid = known.get(part.text)
            if sid is None and not sids:
                return None
            if sid is None:
                outcome = await self.send(part, "")
                if not isinstance(outcome, Sent):
                    # never a plain retry, which would begin with the piece that has left
                    return Unknown("une partie d'un long texte est partie, et la suite n'a pas pu")
                sid = outcome.provider_ids[0]
            sids.append(sid)
        return Sent(tuple(sids))

    async def find_naming(self, delivery: Delivery, word: str) -> SendOutcome | None:
        """Look for a message that names a word, whatever else it says: a template is the vendor's."""
        known = await self._sent_since(delivery)
        sid = next((sid for body, sid in known.items() if word in body), None)
        return Sent((sid,)) if sid else None

    async def template_status(self, content_sid: str) -> str:
        """Say how far WhatsApp's approval of a template is; empty where there is no such template.

        Raises:
            TwilioException, httpx.HTTPError: Twilio cannot be asked.
        """
        try:
            asked = self._client.content.v1.contents(content_sid).approval_fetch()
            found = await asked.fetch_async()
        except TwilioException as error:
            if status_of(error) == _NOT_THERE:
                return ""
            raise
        told = found.whatsapp if isinstance(found.whatsapp, Mapping) else {}
        return str(told.get("status") or "unsubmitted")

    async def _sent_since(self, delivery: Delivery) -> dict[str, str]:
        messages = await self._client.messages.list_async(
            to=self._prefix + delivery.address.value, from_=self._account, limit=50
        )
        earliest = delivery.created_at.replace(microsecond=0) - timedelta(seconds=5)
        return {
            str(message.body): str(message.sid)
            for message in messages
            if message.sid and _created(message.date_created) >= earliest
            if message.status != "failed"
        }

    @property
    def _client(self) -> Client:
        if self._vendor is None:
            self._http = HttpClient(self._base_url, self._settings.deadline_s)
            token = self._settings.auth_token.get_secret_value()
            self._vendor = Client(self._settings.account_sid, token, http_client=self._http)
        return self._vendor

    # --- life ------------------------------------------------------------------------------------

    async def health(self) -> Health:
        """Ask for what came in: it proves account and token, and shows what never reached us."""
        sid = self._settings.account_sid
        if not sid or not self._settings.auth_token.get_secret_value():
            return Health(False, "account_sid et auth_token ne sont pas tous deux donnés.")
        try:
            came = await self._client.messages.list_async(to=self._account, limit=_LOOKED_AT)
        except Exception as error:  # the reason is what the operator wants to read
            return Health(False, self._trouble(error))
        hook = await self._hook_trouble()
        if hook:
            return Health(False, f"Twilio répond pour {self._account}, mais {hook}.")
        machines = sum(message.error_code == MACHINE for message in came)
        sentence = f"Twilio répond pour {self._account}."
        if machines:
            sentence += (
                f" Sur les {len(came)} derniers messages reçus, {machines} de machines ont été"
                f" refusés par Twilio sans nous être remis ({MACHINE})."
            )
        return Health(True, sentence)

    def _trouble(self, error: Exception) -> str:
        if isinstance(error, TwilioException):
            return _refused(status_of(error), self._settings.account_sid)
        return f"Twilio {why_unreachable(error, server_of(self._base_url))}."

    async def received(self, since: datetime) -> tuple[Listed, ...]:
        """List what people have sent to this number, also what Twilio took for a machine's (30039).

        Raises:
            ProviderSilent: Twilio cannot be asked.
        """
        try:
            came = await self._client.messages.list_async(
                to=self._account, date_sent_after=since, limit=_MOST_LISTED, page_size=1000
            )
        except Exception as error:  # the reason is what the operator wants to read
            raise ProviderSilent(self._trouble(error)) from error
        dated = ((one, _created(one.date_created)) for one in came)
        return tuple(
            Listed(str(one.sid), at, one.error_code == MACHINE) for one, at in dated if at >= since
        )

    async def _hook_trouble(self) -> str:
        """Compare where Twilio calls for this number with ``public_url``, where both are known."""
        wanted = self._settings.public_url
        if not wanted or self._prefix or not self._account.startswith("+"):
            return ""
        try:
            numbers = await self._client.incoming_phone_numbers.list_async(
                phone_number=self._account, limit=1
            )
            called = str(numbers[0].sms_url or "") if numbers else ""
        except Exception:  # a key of limited rights may not list numbers; messages do come
            return ""
        if not numbers:
            return "ce numéro n'est pas de ce compte"
        # empty: a messaging service calls for it, which has an address of its own
        return f"il appelle {called}, et non {wanted}" if called and called != wanted else ""

    async def close(self) -> None:
        """Close the connections that are kept warm."""
        if self._http is not None:
            await self._http.close()
        self._http = self._vendor = None


def _refused(status: int, sid: str) -> str:
    if status == 401:
        # Twilio says the same of an account that does not exist
        return f"Twilio refuse le jeton du compte {sid} : vérifiez account_sid et auth_token."
    if status == 404:
        return f"Twilio ne connaît pas le compte {sid} : vérifiez account_sid."
    if status == 403:
        return f"Twilio refuse l'accès au compte {sid} (403) : compte fermé ou suspendu."
    return f"Twilio répond par une erreur ({status})."


def _created(at: object) -> datetime:
    """Give the time of a listed message; one without a time counts as old."""
    if not isinstance(at, datetime):
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
