"""Says where a delivery goes, in words where its address is only a key of ours."""

from __future__ import annotations

from router.entry import WAYS_FR, Way
from router.handling.desk import CHANNEL
from router.message import PERSON, Address
from router.words.called import channel_called


def where_to(address: Address) -> str:
    """Name the channel with the address, or where the person finds it by himself."""
    value = " ".join(address.value.split())
    if address.channel == "web":
        return "page de suivi"
    if address.kind == PERSON:
        return f"{channel_called(address.channel)}, en privé"
    if address.channel != CHANNEL:
        return f"{channel_called(address.channel)} {value}"
    if address.kind == Way.PAGE:
        return "à lire au guichet"
    way = f", {WAYS_FR[address.kind]}" if address.kind in WAYS_FR else ""
    return f"{channel_called(CHANNEL)}{way} {value}"
