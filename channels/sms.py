"""Text messages of one telephone number, in and out, by Twilio."""

from __future__ import annotations

import hashlib
import hmac
import mimetypes
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr
from twilio.rest import Client  # type: ignore[import-untyped]

from channels.graphemes import split, utf16_units
from channels.media_hosts import check, joined
from channels.sms_alphabet import is_gsm7, segments, septets, to_gsm7
from channels.sms_forms import (
    DELIVERY_FIELD,
    algorithm,
    international,
    is_answered,
    keyword,
    message_of,
    read_form,
    receipt,
    sign,
    signed_fields,
    status_of,
)
from channels.sms_twilio import VENDOR, HttpClient, outcome_of
from router.delivery import Delivery, OnUnknown, Rate, SendOutcome, Sent, Unknown
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.message import (
    Address,
    Attachment,
    Envelope,
    HelpAsked,
    Ignored,
    InboundEvent,
    Location,
    MessageReceived,
    OptedOutOf,
    WebhookRequest,
    WebhookResponse,
)
from router.ports import Capabilities, Health, OutboundPart

__all__ = ["Sms", "SmsSettings", "segments"]

_ANY_FILE = "application/octet-stream"
_LONGEST_BODY = 1600  # characters, refused above by Twilio


class SmsSettings(BaseModel):
    """A number at Twilio.

    ``public_url`` is the webhook exactly as Twilio calls it; without it the address of each request
    is taken as it came, and no status is asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_sid: str = ""
    auth_token: SecretStr = SecretStr("")
    other_tokens: tuple[SecretStr, ...] = ()
    """Also valid on webhooks: the next token during a rotation, or shared keys."""
    public_url: str = ""
    base_url: str = VENDOR
    media_hosts: tuple[str, ...] = (
        "api.twilio.com", "mcs.us1.twilio.com", "mms.twiliocdn.com", "media.twiliocdn.com",
    )  # fmt: skip
    """Where files may lie: Twilio answers for each with a redirect to ``mms.twiliocdn.com``."""
    region: str = "FR"
    """Where numbers without a country code are."""
    answers_stop: bool = False
    """Nobody but us confirms an opt-out: set where Twilio's own answers are switched off."""
    transliterate: bool = True
    segments_each: int = 6
    """Segments that one message may cost; a longer text becomes several messages."""
    per_second: float = 10.0
    deadline_s: float = 15.0


class Sms:
    """One number: a webhook for what comes in, the Messages API for what goes out."""

    name = "sms"
    on_unknown = OnUnknown.FIND

    def __init__(self, settings: SmsSettings, account: str) -> None:
        self.account = account
        self._settings = settings
        self._vendor: Client | None = None
        self._http: HttpClient | None = None

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            reply=self.account.startswith("+"),  # names instead of numbers are one-way
            media_in=True,
            location=True,
            receipts=True,
            longest_text=self._settings.segments_each,
            text_unit="segments",
            largest_media=5_000_000,
        )

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Check Twilio's HMAC over the configured URL and every field, blank ones included.

        Source: https://www.twilio.com/docs/usage/security
        """
        given = request.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
        digest = algorithm(request.headers.get("x-twilio-webhooks-signature-settings", ""))
        fields = signed_fields(request.body)
        tokens = (self._settings.auth_token, *self._settings.other_tokens)
        signatures = [
            sign(token.get_secret_value(), url + fields, digest)
            for token in tokens
            if token.get_secret_value()  # an empty key would be anybody's
            for url in self._urls(request.url)
        ]
        # every comparison is made, whichever succeeds
        if not given or sum(hmac.compare_digest(given, signature) for signature in signatures) == 0:
            raise InvalidSignature("the signature is not Twilio's")

    def _urls(self, called: str) -> tuple[str, ...]:
        """List how Twilio may have written our URL: it is not consistent about default ports."""
        parts = urlsplit(self._settings.public_url or called)
        if self._settings.public_url:  # behind a proxy the address seen is not the one signed
            query = "&".join(part for part in (parts.query, urlsplit(called).query) if part)
            parts = parts._replace(query=query)
        bare = parts._replace(netloc=parts.hostname or "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        full = parts._replace(netloc=f"{parts.hostname}:{port}")
        return tuple(dict.fromkeys(urlunsplit(url) for url in (parts, bare, full)))

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        """Wrap the form; a status callback carries the id of its delivery in the query."""
        delivery = parse_qs(urlsplit(request.url).query).get("d", [""])[0]
        extra = f"&{urlencode({DELIVERY_FIELD: delivery})}".encode() if delivery else b""
        return self.open_raw(request.body + extra, received_at)

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap a form body as Twilio posts it; what cannot be read is kept with a note."""
        form, note = read_form(raw), ""
        sid, status = form.get("MessageSid", ""), status_of(form)
        number = form.get("To", "") if status else form.get("From", "")
        if not sid or not number:
            sid, note = f"unreadable:{hashlib.sha256(raw).hexdigest()}", "no MessageSid or number"
            status, number = "", number or sid
        return (
            Envelope(
                channel=self.name,
                account=self.account,
                provider_id=f"{sid}:{status}" if status else sid,
                conversation=self._address(number).key,
                payload=raw,
                received_at=at,
                note=note,
            ),
        )

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        form = read_form(envelope.payload)
        if envelope.note or not form.get("MessageSid"):
            raise UnreadablePayload(envelope.note or "a form without MessageSid")
        status = status_of(form)
        if status:
            return (receipt(form, status),)
        text = form.get("Body", "")
        address = self._address(form.get("From", ""))
        told = is_answered(form) and not self._settings.answers_stop
        match keyword(form):
            case "stop" | "start" as word:
                return (OptedOutOf(address, text, back_in=word == "start", confirmed=told),)
            case "help" if form.get("OptOutType") and told:
                return (Ignored("a word of help that Twilio has answered"),)
            case "help":
                return (HelpAsked(address, text),)
        return (MessageReceived(message_of(form, address, envelope)),)

    def answer(self, accepted: bool) -> WebhookResponse:
        """Answer with empty TwiML: replies go out by the API, when they have been decided."""
        body = b'<?xml version="1.0" encoding="UTF-8"?><Response/>' if accepted else b""
        return WebhookResponse(200 if accepted else 503, body, "text/xml")

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Name the number that a message was sent to."""
        number = read_form(raw).get("To", "")
        return (number,) if number else ()

    def compose(
        self,
        account: str,
        sender: str,
        text: str,
        *,
        kind: str = "",
        subject: str = "",
        at: datetime,
        location: Location | None = None,
        name: str = "",
        attachments: Iterable[str] = (),
        message_id: str = "",
    ) -> Envelope:
        """Make the form that Twilio would post for such a message."""
        seed = f"{sender}\n{text}\n{at.isoformat()}".encode("utf-8", "replace")
        sid = message_id or f"SM{hashlib.sha256(seed).hexdigest()[:32]}"
        files = tuple(attachments)
        number = international(sender, self._settings.region)
        form = {"MessageSid": sid, "From": number or "unknown", "To": account or self.account}
        form |= {"Body": text, "NumMedia": str(len(files)), "SmsStatus": "received"}
        for place, file in enumerate(files):
            form[f"MediaUrl{place}"] = f"{self._settings.base_url}/media/{file}"
            form[f"MediaContentType{place}"] = (
                mimetypes.guess_type(file)[0] or "application/octet-stream"
            )
        if location:
            form |= {"Latitude": str(location.lat), "Longitude": str(location.lon)}
        return self.open_raw(urlencode(form, errors="replace").encode(), at)[0]

    def _address(self, number: str) -> Address:
        return Address(self.name, self.account, number.strip())

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Fetch with our password, then follow the redirect, to hosts we know, without it."""
        auth = (self._settings.account_sid, self._settings.auth_token.get_secret_value())
        async with httpx.AsyncClient(timeout=self._settings.deadline_s) as http:
            self._check_host(attachment.ref)
            ours = self._knows_password(attachment.ref)
            first = await _download(http, attachment.ref, limit, auth if ours else None)
            if isinstance(first, bytes):
                return first
            target = joined(attachment.ref, first)
            self._check_host(target)
            second = await _download(http, target, limit, None)
            if isinstance(second, bytes):
                return second
        raise InvalidInput("the file is behind too many redirects")

    def _knows_password(self, url: str) -> bool:
        """Whether a host is the API itself; the places where files lie are told no password."""
        host = httpx.URL(url).host
        return host == httpx.URL(self._settings.base_url).host or host.endswith(".twilio.com")

    def _check_host(self, url: str) -> None:
        check(url, self._settings.media_hosts, self._settings.base_url)

    # --- out -------------------------------------------------------------------------------------

    @property
    def rate(self) -> Rate:
        return Rate(self._settings.per_second, max(1, int(self._settings.per_second)))

    @property
    def deadline_s(self) -> float:
        return self._settings.deadline_s

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        """Write in the cheaper alphabet where that is possible, and cap what one message costs."""
        text = to_gsm7(delivery.text) if self._settings.transliterate else delivery.text
        count = self._settings.segments_each
        if is_gsm7(text):
            limit, width = (153 * count if count > 1 else 160), septets
        else:
            limit, width = (67 * count if count > 1 else 70), utf16_units
        texts = split(text, min(limit, _LONGEST_BODY), width)
        return tuple(OutboundPart(delivery, part, i, len(texts)) for i, part in enumerate(texts))

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Create one message; ``idem`` is of no use to Twilio, which knows no such key."""
        # The callback of the last piece alone names the delivery: it is sent when all of it is.
        last = part.index == part.count - 1 and self._settings.public_url != ""
        separator = "&" if "?" in self._settings.public_url else "?"
        callback = f"{self._settings.public_url}{separator}d={part.delivery.id}"
        try:
            created = await self._client.messages.create_async(
                to=part.delivery.address.value,
                from_=self.account,
                body=part.text,
                **({"status_callback": callback} if last else {}),
            )
        except Exception as error:  # whatever the vendor's library raises is an outcome
            return outcome_of(error)
        if not created.sid:  # an odd answer passes through the vendor's library without an error
            return Unknown("Twilio answered without a message id")
        return Sent((created.sid,))

    async def find(self, delivery: Delivery, idem: str) -> SendOutcome | None:
        """Look for the pieces of a delivery in Twilio's list; send those that are missing."""
        parts = self.render(delivery)[delivery.parts_sent :]
        known = await self._sent_since(delivery)
        sids: list[str] = []
        for part in parts:
            sid = known.get(part.text)
            if sid is None and not sids:
                return None
            if sid is None:
                outcome = await self.send(part, idem)
                if not isinstance(outcome, Sent):
                    # never a plain retry, which would begin with the piece that has left
                    return Unknown("a piece of a long text has left and the next could not")
                sid = outcome.provider_ids[0]
            sids.append(sid)
        return Sent(tuple(sids))

    async def _sent_since(self, delivery: Delivery) -> dict[str, str]:
        messages = await self._client.messages.list_async(
            to=delivery.address.value, from_=self.account, limit=50
        )
        earliest = delivery.created_at.replace(microsecond=0) - timedelta(seconds=5)
        return {
            str(message.body): str(message.sid)
            for message in messages
            if message.sid and _created(message.date_created) >= earliest
        }

    @property
    def _client(self) -> Client:
        if self._vendor is None:
            self._http = HttpClient(self._settings.base_url, self._settings.deadline_s)
            token = self._settings.auth_token.get_secret_value()
            self._vendor = Client(self._settings.account_sid, token, http_client=self._http)
        return self._vendor

    async def health(self) -> Health:
        try:
            await self._client.messages.list_async(from_=self.account, limit=1)
        except Exception as error:  # the reason is what the operator wants to read
            outcome = outcome_of(error)
            return Health(False, getattr(outcome, "reason", "Twilio cannot be asked"))
        return Health(True, f"Twilio answers for {self.account}")

    async def close(self) -> None:
        """Close the connections that are kept warm."""
        if self._http is not None:
            await self._http.close()
        self._http = self._vendor = None


async def _download(
    http: httpx.AsyncClient, url: str, limit: int, auth: tuple[str, str] | None
) -> bytes | str:
    """Give the bytes of a file, or the address that a redirect names."""
    try:
        async with http.stream("GET", url, auth=auth) as answer:
            if answer.is_redirect:
                return str(answer.headers.get("location", ""))
            if answer.status_code != 200:
                raise InvalidInput(f"the file cannot be fetched ({answer.status_code})")
            content = b""
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > limit:
                    raise InvalidInput(f"the file is larger than {limit} bytes")
            return content
    except httpx.HTTPError as error:
        raise InvalidInput(f"the file cannot be fetched ({type(error).__name__})") from None


def _created(at: object) -> datetime:
    """Give the time of a listed message; one without a time counts as old."""
    if not isinstance(at, datetime):
        return datetime.min.replace(tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
