"""Reports that others' Open311 applications post here (GeoReport v2), one counter for each of them."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr

from channels import media_hosts
from channels.file_names import file_name, shown
from channels.partners.http import PartnerHttp
from router.delivery import Delivery, OnUnknown, Rate, SendOutcome, Sent
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.events import InboundEvent, MessageReceived
from router.message import (
    Address,
    Attachment,
    Envelope,
    Given,
    Location,
    Message,
    Thread,
    WebhookRequest,
    WebhookResponse,
)
from router.ports import Capabilities, Health, OutboundPart
from router.stated import Stated

NAME = "open311"
_TYPE = "application/x-www-form-urlencoded"
_ATTRIBUTE = re.compile(r"attribute\[([^\]]{1,60})\](?:\[\])?")
CONVERSATION, TOKEN = "guichet_conversation", "guichet_token"
"""Fields that our own pages add to an update: whose it is, and the proof. No client may send them."""


class Open311Settings(BaseModel):
    """The keys of one application; its name is the ``adresse`` of its counter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    api_key: SecretStr = SecretStr("")
    other_keys: tuple[SecretStr, ...] = ()
    """Also valid: the next key during a rotation."""
    media_hosts: tuple[str, ...] = ()
    """Where the pictures lie that the application names; others are only linked."""
    deadline_s: float = 15.0
    jurisdiction_id: str = ""
    """Our own; a client that names another is told so."""


class Open311:
    """One application that posts: what people are answered it reads from our server, by its key."""

    name = NAME
    on_unknown = OnUnknown.RESEND
    deadline_s = 5.0
    rate = Rate(1000.0, 1000)
    capabilities = Capabilities(threads=True, media_in=True, location=True)

    def __init__(self, settings: Open311Settings, account: str) -> None:
        self.account = account
        self._settings = settings

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Check the API key, in the form of a POST or in the address of a GET."""
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method == "POST" and media_type != _TYPE:
            raise InvalidSignature("this is not a form")
        given = _field(request, "api_key").encode("utf-8", "replace")
        keys = (self._settings.api_key, *self._settings.other_keys)
        right = [
            hmac.compare_digest(given, key.get_secret_value().encode())
            for key in keys
            if key.get_secret_value()  # an empty key would be anybody's
        ]
        if not any(right):
            raise InvalidSignature("the api_key is missing or not valid")

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        """Keep a form without its key.

        GeoReport v2 has no idempotency key: with the header ``Idempotency-Key`` the application
        says what is the same; without it the same form on one day of UTC is one request.
        """
        own = request.headers.get("idempotency-key", "")
        return self.open_raw(request.body, received_at, own)

    def open_raw(self, raw: bytes, at: datetime, own: str = "") -> tuple[Envelope, ...]:
        pairs, note = [], ""
        try:
            pairs = [pair for pair in read_form(raw) if pair[0] != "api_key"]
        except UnreadablePayload as error:
            note = str(error)
        fields = dict(pairs)
        kept = urlencode(pairs).encode() if pairs else raw
        update = fields.get("update_id", "")
        of_case = fields.get("service_request_id", "")
        same = f"update\n{of_case}\n{update}" if update else f"{at:%Y-%m-%d}\n{kept!r}"
        same = f"own\n{own}" if own else same
        provider_id = hashlib.sha256(same.encode("utf-8", "replace")).hexdigest()[:32]
        whose = fields.get(CONVERSATION) or provider_id
        address = Address(NAME, self.account, whose.replace("|", "_"))
        return (Envelope(NAME, self.account, provider_id, address.key, kept, at, note=note),)

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read a request, or what was added to one."""
        pairs = read_form(envelope.payload)
        fields = dict(pairs)
        picture = self._picture(fields.get("media_url", ""))
        text = _text(fields, pairs, linked=picture is None)
        name = " ".join(filter(None, (fields.get("first_name"), fields.get("last_name"))))
        return (
            MessageReceived(
                Message(
                    address=Address.from_key(envelope.conversation),
                    provider_id=envelope.provider_id,
                    received_at=envelope.received_at,
                    sender=fields.get("email") or fields.get("phone") or "",
                    sender_name=shown(name),
                    text=text,
                    text_shown=text,
                    attachments=(picture,) if picture else (),
                    location=location_of(fields),
                    ref=f"open311:{envelope.provider_id}",
                    given=Given(category=fields.get("service_code") or None),
                    thread=Thread(tokens=tuple(filter(None, [fields.get(TOKEN, "")]))),
                )
            ),
        )

    def _picture(self, url: str) -> Attachment | None:
        """Take the named picture as a file, if it lies where it may be fetched from."""
        try:
            media_hosts.check(url, self._settings.media_hosts, "")
        except InvalidInput:
            return None
        name = file_name(urlsplit(url).path.rpartition("/")[2], "photo")
        return Attachment(name, "", None, url)

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Fetch a picture from a host of the settings, without following it elsewhere.

        Raises:
            InvalidInput: gone, too large, or at an address that may not be fetched.
        """
        media_hosts.check(attachment.ref, self._settings.media_hosts, "")
        http = PartnerHttp(attachment.ref, self._settings.deadline_s)
        try:
            answer = await http.call("GET", limit=limit)
        except httpx.HTTPError as error:
            raise InvalidInput(f"the picture cannot be had ({type(error).__name__})") from error
        finally:
            await http.close()
        if answer.status != 200:
            raise InvalidInput(f"the picture cannot be had ({answer.status})")
        return answer.body

    def answer(self, accepted: bool) -> WebhookResponse:
        """Say whether it is kept; what else GeoReport wants to hear, the web writes."""
        return WebhookResponse(200 if accepted else 503)

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Say nothing: one account has one address."""
        return ()

    def compose(self, stated: Stated) -> Envelope:
        """Make the form that an application would post."""
        form = {
            "description": stated.text,
            "last_name": stated.name,
            "email": stated.sender if "@" in stated.sender else "",
        }
        form |= (
            {"lat": str(stated.location.lat), "long": str(stated.location.lon)}
            if stated.location
            else {}
        )
        hosts = (*self._settings.media_hosts, "photos.example")
        picture = next(iter(stated.attachments), "")
        form["media_url"] = f"https://{hosts[0]}/{picture}" if picture else ""
        body = urlencode({key: value for key, value in form.items() if value}).encode()
        own = (
            stated.message_id
            or hashlib.sha256(f"{stated.sender}\n{stated.at.isoformat()}".encode()).hexdigest()
        )
        return self.open_raw(body, stated.at, own)[0]

    # --- out -------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        return (OutboundPart(delivery, delivery.text),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Say that it has left: the application asks our server for what is new."""
        return Sent((f"open311:{part.delivery.id}",))

    async def health(self) -> Health:
        if not self._settings.api_key.get_secret_value():
            return Health(False, f"{self.account} : aucune clé (api_key), personne ne peut écrire.")
        return Health(True, f"{self.account} : prêt à recevoir.")

    async def close(self) -> None:
        """Nothing is open."""


def read_form(raw: bytes) -> list[tuple[str, str]]:
    """Read a form body, names and values in their order.

    Raises:
        UnreadablePayload: it is none.
    """
    try:
        pairs = parse_qsl(raw.decode("utf-8"), keep_blank_values=True, max_num_fields=200)
    except (UnicodeDecodeError, ValueError) as error:
        raise UnreadablePayload("this is no form") from error
    if not pairs or not any(name in _KNOWN for name, _ in pairs):
        raise UnreadablePayload("a form without a request")
    return [(name, value.replace("\x00", "").strip()) for name, value in pairs]


_KNOWN = {"service_code", "description", "service_request_id", "address_string", "lat", "media_url"}


def location_of(fields: Mapping[str, str]) -> Location | None:
    """Read lat and long in degrees WGS84; None where they are no place on earth."""
    try:
        lat, lon = float(fields["lat"]), float(fields["long"])
    except (KeyError, ValueError):
        return None
    return Location(lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def _text(fields: Mapping[str, str], pairs: Iterable[tuple[str, str]], *, linked: bool) -> str:
    """Put together what was written, answered and pointed to; a file elsewhere is not fetched."""
    answers: dict[str, list[str]] = {}
    for name, value in pairs:
        asked = _ATTRIBUTE.fullmatch(name)
        if asked and value:
            answers.setdefault(asked[1], []).append(value)
    lines = [f"{code} : {', '.join(values)}" for code, values in answers.items()]
    if fields.get("address_string"):  # read as a person's own words of place are
        lines.append(f"Lieu : {fields['address_string']}")
    if linked and fields.get("media_url"):
        lines.append(f"Photo : {fields['media_url']}")
    parts = (fields.get("description", ""), "\n".join(lines))
    return "\n\n".join(part for part in parts if part)


def _field(request: WebhookRequest, name: str) -> str:
    raw = request.body if request.method == "POST" else urlsplit(request.url).query.encode()
    try:
        return dict(parse_qsl(raw.decode("utf-8"), max_num_fields=200)).get(name, "")
    except (UnicodeDecodeError, ValueError):
        return ""
