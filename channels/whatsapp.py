"""WhatsApp messages of one number, in and out, by Twilio."""

from __future__ import annotations

from channels.graphemes import split
from channels.phone.numbers import WHATSAPP
from channels.phone.settings import NumberSettings
from channels.phone.texting import Texting
from channels.phone.twilio import Twilio
from router.delivery import Delivery
from router.ports import Capabilities

_LONGEST_BODY = 1600  # characters, refused above by Twilio
_WINDOW_S = 24 * 3600


class WhatsAppSettings(NumberSettings):
    """A WhatsApp sender at Twilio: the same account, webhook and fields as a number for SMS."""


class WhatsApp(Texting):
    """One WhatsApp sender; free text reaches a person for 24 hours after his last message."""

    name = "whatsapp"
    prefix = WHATSAPP

    def __init__(self, settings: WhatsAppSettings, account: str) -> None:
        super().__init__(settings, account, Twilio(settings, account, WHATSAPP), self.pieces)

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
