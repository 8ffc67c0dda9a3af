"""Send cases to services by e-mail with their files, and read what they do on the action page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from email.utils import format_datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import field_validator

from channels.enclosures import enclose, files_of, told
from channels.kept_photos import ReadPhoto, kept_photo
from channels.partners.acts import act_of, photos_of, words_of
from channels.partners.letter import as_json, body, subject
from channels.partners.sheet import sheet_of
from channels.smtp.addresses import ascii_domain, envelope_sender
from channels.smtp.letter import Letter, written
from channels.smtp.relay import Relay, is_too_large
from channels.smtp.settings import SmtpSettings
from router.delivery import Delivery, OnUnknown, Permanent, Rate, SendOutcome
from router.errors import InvalidInput, UnreadablePayload
from router.events import InboundEvent, PartnerActed
from router.message import Attachment, Envelope
from router.ports import Capabilities, Health, OpensFiles, OutboundPart
from router.tokens import Signer

NAME = "partner_email"
_ACTS = {"accept", "refuse", "close", "progress"}


class PartnerEmailSettings(SmtpSettings):
    """Where mail to services leaves; the settings of the sending mailbox serve as they are."""

    timezone: str = "Europe/Paris"
    """Of the moments in mails to services, by its name in the IANA's list."""
    largest_files: int = 8_000_000
    """Bytes that the files of one mail may have together; many relays refuse more than 10 MB."""

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, KeyError):
            raise ValueError(
                f"« {value} » n'est pas un fuseau horaire, comme Europe/Paris ou Indian/Reunion."
            ) from None
        return value


class PartnerEmail:
    """Writes to services from one of our mailboxes, and reads what they do on the action page.

    ``base_url`` is where the action pages are served. A service's plain answer comes back to the
    mailbox itself, by the token in its Reply-To.
    """

    name = NAME
    capabilities = Capabilities(threads=True, media_in=True)
    on_unknown = OnUnknown.RESEND
    deadline_s = 60.0

    def __init__(
        self,
        settings: PartnerEmailSettings,
        account: str,
        base_url: str,
        signer: Signer,
        files: OpensFiles | None = None,
        photos: ReadPhoto | None = None,
    ) -> None:
        self.settings = settings
        self.account = account
        self.rate = Rate(settings.smtp_per_s, burst=max(1, round(settings.smtp_per_s)))
        self._base_url = base_url.rstrip("/")
        self._signer = signer
        self._zone = ZoneInfo(settings.timezone)
        self._relay = Relay(settings, account)
        self._files = files
        self._photos = photos

    # --- out ------------------------------------------------------------------------------------

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        """Write the sheet of a case."""
        text = body(delivery, sheet_of(delivery), self._base_url, self._zone)
        return (OutboundPart(delivery, text),)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Hand the sheet to the relay, with the files that people sent."""
        recipient = part.delivery.address.value
        if "@" not in recipient:
            return Permanent("address", "ce service n'a pas d'adresse de courriel")
        plain, sheet = self.letter(part, idem), sheet_of(part.delivery)
        letter = await self._with_files(plain, sheet, self.settings.largest_files)
        outcome = await self._deliver(letter, part.delivery)
        if is_too_large(outcome) and len(letter.files) > len(plain.files):
            letter = await self._with_files(plain, sheet, 0)  # links do
            outcome = await self._deliver(letter, part.delivery)
        return outcome

    async def _deliver(self, letter: Letter, delivery: Delivery) -> SendOutcome:
        sender = envelope_sender(self.settings.envelope_sender, self.account, letter.idem)
        content = written(letter, format_datetime(delivery.created_at))
        recipient = ascii_domain(letter.recipient)
        return await self._relay.deliver(sender, recipient, content, letter.message_id)

    def letter(self, part: OutboundPart, idem: str) -> Letter:
        """Give the mail that a part becomes."""
        delivery, sheet = part.delivery, sheet_of(part.delivery)
        return Letter(
            sender=self.account,
            sender_name=self.settings.display_name,
            recipient=delivery.address.value,
            subject=subject(delivery, sheet),
            text=part.text,
            language="fr",
            idem=idem,
            reply_token=delivery.reply_token,
            refs=delivery.refs,
            automatic=delivery.automatic,
            files=(("case.json", "application/json", as_json(sheet)),) if sheet else (),
        )

    async def _with_files(self, letter: Letter, sheet: Mapping[str, Any], limit: int) -> Letter:
        """Enclose files; one that cannot be had is named, and never holds up the case."""
        files = files_of(sheet)
        if self._files is None or not files:
            return letter
        enclosed = await enclose(files, self._files, limit)
        place = f"{self._base_url}/p/{letter.reply_token}/fichier" if letter.reply_token else ""
        text = f"{letter.text}\n\n{told(enclosed, place)}"
        return replace(letter, text=text, files=(*letter.files, *enclosed.files))

    # --- in -------------------------------------------------------------------------------------

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        """Read an act of the action page: JSON ``{"token", "act", "reason", "text", "reference"}``.

        The token is checked here, where it came in, and again by the core.

        Raises:
            UnreadablePayload: it is none.
        """
        try:
            given = json.loads(envelope.payload)
            token = given["token"]
            self._signer.read(token)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UnreadablePayload("this is no act of an action page") from error
        except InvalidInput as error:
            raise UnreadablePayload(str(error)) from error
        return (
            PartnerActed(
                token=token,
                act=act_of(given, _ACTS),
                reason=words_of(given, "reason"),
                text=words_of(given, "text"),
                attachments=photos_of(given),
                instead=words_of(given, "instead"),
                reference=words_of(given, "reference"),
            ),
        )

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        """Give a picture by which a service showed on its page what it did.

        Raises:
            InvalidInput: it is none of ours, gone, or larger than the limit.
        """
        return await kept_photo(self._photos, attachment, limit)

    async def health(self) -> Health:
        """Greet the relay."""
        trouble = await self._relay.check()
        if trouble:
            return Health(False, f"le relais SMTP {trouble}.")
        return Health(True, "le relais répond.")

    async def close(self) -> None:
        self._relay.close()
