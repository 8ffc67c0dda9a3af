"""Tells what the text messages of an answer cost, before any is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from app.settings import Settings
from router.delivery import Delivery, DeliveryKind
from router.errors import ConfigurationError
from router.message import Address

_BLANK = Delivery(
    0, "", "", DeliveryKind.ACKNOWLEDGEMENT, Address("sms", "", ""), "", datetime.min.replace(tzinfo=UTC)
)  # fmt: skip


def sms_cost(
    replies: Iterable[Mapping[str, str]], settings: Settings, account: str
) -> dict[str, Any] | None:
    """Count the segments of all replies by text message and what they cost; None without any.

    Raises:
        ConfigurationError: the channel's settings are wrong.
    """
    from channels.sms import Sms, SmsSettings

    texts = [reply["text"] for reply in replies if reply["channel"] == "sms"]
    if not texts:
        return None
    raw = settings.of_account("sms", account) or {}
    try:
        # priced as any number, whoever carries it: that takes no keys
        channel = Sms(SmsSettings.model_validate({**raw, "provider": "twilio"}), account)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(("channels", "sms", *map(str, problem["loc"])))
        raise ConfigurationError(f"{where} : {problem['msg']}") from None
    costs = [channel.cost(replace(_BLANK, text=text)) for text in texts]
    price = sum(price for _, price in costs)
    return {"segments": sum(count for count, _ in costs), "price": price or None}
