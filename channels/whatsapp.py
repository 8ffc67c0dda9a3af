"""WhatsApp messages of one number, in and out, by Twilio."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import Field, field_validator

from channels.graphemes import split
from channels.phone.alarms import Alarms
from channels.phone.carrier import Text
from channels.phone.numbers import WHATSAPP
from channels.phone.settings import NumberSettings
from channels.phone.texting import Texting
from channels.phone.twilio import Twilio
from channels.phone.whatsapp_templates import misspelt, trouble
from channels.steering_words import wants_to_read
from router.delivery import Delivery, DeliveryKind, Permanent, SendOutcome
from router.events import AskedToRead, InboundEvent
from router.message import Envelope
from router.ports import Capabilities, Clock, Health, OutboundPart

_LONGEST_BODY = 1600  # characters, refused above by Twilio
_WINDOW_S = 24 * 3600
_NO_TEMPLATE = (
    "plus de 24 heures, et aucun modèle de message n'est donné (templates) :"
    " joignez la personne autrement, ou attendez qu'elle écrive"
)
_NOTE = " Aucun modèle n'est donné (templates) : après 24 heures personne n'est prévenu."


class WhatsAppSettings(NumberSettings):
    """A WhatsApp sender at Twilio: the same account, webhook and fields as a number for SMS."""

    templates: dict[str, str] = Field(default_factory=dict)
    """Language → ContentSid of the approved invitation to write; the first one serves for others."""

    @field_validator("templates")
    @classmethod
    def _content_sids(cls, templates: dict[str, str]) -> dict[str, str]:
        wrong = misspelt(templates)
        if wrong:
            raise ValueError(
                f"« {wrong} » n'est pas un ContentSid : HX, puis 32 lettres ou chiffres."
            )
        return templates


class WhatsApp(Texting):
    """One WhatsApp sender; free text reaches a person for 24 hours after his last message.

    What is refused as later than that awaits his next message (``DeliveryState.AWAITS``), for which
    he is asked by a template.
    """

    name = "whatsapp"
    prefix = WHATSAPP

    def __init__(
        self, settings: WhatsAppSettings, account: str, clock: Clock | None = None
    ) -> None:
        alarms = Alarms(clock)
        self._twilio = Twilio(settings, account, WHATSAPP, alarms)
        self._templates = settings.templates
        super().__init__(settings, account, self._twilio, self.pieces, alarms)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            threads=True,
            media_in=True,
            location=True,
            receipts=True,
            longest_text=_LONGEST_BODY,
            largest_media=16_000_000,
            reply_window_s=_WINDOW_S,
        )

    def pieces(self, delivery: Delivery) -> tuple[str, ...]:
        return split(delivery.text, _LONGEST_BODY)

    def _heard(self, told: Text, envelope: Envelope) -> InboundEvent:
        alone = not told.attachments and told.location is None
        if alone and told.sender.startswith(WHATSAPP) and wants_to_read(told.text):
            return AskedToRead(self._address(told.sender, told.to))
        return super()._heard(told, envelope)

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        """Send free text, or an invitation as the template of the person's language."""
        if part.delivery.kind is not DeliveryKind.INVITE:
            return await super().send(part, idem)
        templates = self._templates
        sid = templates.get(part.delivery.language) or next(iter(templates.values()), "")
        if not sid:
            return Permanent("template", _NO_TEMPLATE)
        return await self._twilio.send_template(part, sid, _variables(part.delivery))

    async def find(self, delivery: Delivery, idem: str) -> SendOutcome | None:
        if delivery.kind is not DeliveryKind.INVITE:
            return await super().find(delivery, idem)
        return await self._twilio.find_naming(delivery, _variables(delivery).get("1", ""))

    async def health(self) -> Health:
        """Ask Twilio, also whether WhatsApp has approved the templates."""
        found = await super().health()
        if not found.ok:
            return found
        if not self._templates:
            return Health(True, found.sentence + _NOTE)
        wrong = await trouble(self._twilio.template_status, self._templates)
        return Health(False, wrong) if wrong else found


def _variables(delivery: Delivery) -> Mapping[str, str]:
    """Give what fills the template: 1 is the number of the case, 2 the link to its page."""
    said = json.loads(delivery.data or "{}")
    return {name: str(value) for name, value in said.items() if value}
