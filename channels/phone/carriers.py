"""Chooses who carries the text messages of a number, as its settings say."""

from __future__ import annotations

from channels.phone.alarms import Alarms
from channels.phone.carrier import Carrier
from channels.phone.settings import SmsSettings
from router.ports import Clock


def carrier_of(settings: SmsSettings, account: str, clock: Clock | None, alarms: Alarms) -> Carrier:
    """Build the carrier of a number.

    Each is imported here alone: the vendor's library is not worth a second where it is not used.

    Raises:
        ConfigurationError: the definition cannot be read, or a key that it names is missing.
    """
    if settings.provider == "twilio":
        from channels.phone.twilio import Twilio

        return Twilio(settings, account, alarms=alarms)
    from channels.phone.definition import load
    from channels.phone.http import HttpCarrier

    return HttpCarrier(load(settings.provider), settings, account, clock)


def is_polled(settings: SmsSettings) -> bool:
    """Whether the provider of a number is asked for what is new, instead of calling us.

    Raises:
        ConfigurationError: the definition cannot be read.
    """
    if settings.provider == "twilio":
        return False
    from channels.phone.definition import load

    return load(settings.provider).poll is not None
