"""Text messages of one telephone number, in and out."""

from __future__ import annotations

import re

from channels.phone.alarms import Alarms
from channels.phone.alphabet import segments
from channels.phone.carriers import carrier_of
from channels.phone.one_way import one_way
from channels.phone.settings import SmsSettings
from channels.phone.texting import Texting
from channels.phone.writing import Writing, cost
from router.delivery import Delivery
from router.ports import Capabilities, Clock, Health

__all__ = ["Sms", "SmsSettings", "segments"]

_NAME = " On ne peut pas répondre à un nom : aucune question n'est posée."
_MOBILE = (
    " C'est un mobile français (+33 6 ou 7), qui ne peut pas envoyer de SMS d'application :"
    " demandez un numéro fait pour cela."
)
_FRENCH_MOBILE = re.compile(r"\+33(?:6|7(?!56))\d+")
"""Barred from application SMS by Arcep's numbering plan; +33 7 56 is the range that the docs name."""


class Sms(Texting):
    """One number, or one name: those are one-way."""

    name = "sms"

    def __init__(self, settings: SmsSettings, account: str, clock: Clock | None = None) -> None:
        alarms = Alarms(clock)
        carrier = carrier_of(settings, account, clock, alarms)
        super().__init__(settings, account, carrier, self.pieces, alarms)
        self.takes_gets = carrier.by_get
        self._price = settings.price_per_segment
        self._writing = Writing(
            settings.transliterate, settings.segments_each, settings.segments_most
        )

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            reply=self._two_way,
            media_in=True,
            location=True,
            receipts=True,
            longest_text=self._writing.each,
            text_unit="segments",
            largest_media=5_000_000,
        )

    async def health(self) -> Health:
        """Ask the carrier; what kind of sender this is an operator should know."""
        found = await super().health()
        note = "" if self._two_way else _NAME
        note += _MOBILE if _FRENCH_MOBILE.fullmatch(self.account) else ""
        return Health(found.ok, found.sentence + note)

    @property
    def _two_way(self) -> bool:
        return self.account.startswith("+")

    def pieces(self, delivery: Delivery) -> tuple[str, ...]:
        """Write in the cheaper alphabet where that is possible, and cap what one message costs."""
        # what a person wrote is sent as it is; he may mean another way of answering
        text = delivery.text if self._two_way or not delivery.automatic else one_way(delivery.text)
        return self._writing.pieces(text)

    def cost(self, delivery: Delivery) -> tuple[int, float]:
        """Count the segments of a delivery and what they cost; 0.0 where no price is set."""
        count = cost(self.pieces(delivery))
        return count, round(count * self._price, 4)
