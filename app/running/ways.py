"""Names the systems of partners that cases go to: each address is an account of its own."""

from __future__ import annotations

from collections.abc import Mapping

from router.cells import CHANNEL as CELL
from router.cells import Agreement
from router.directory import Directory
from router.policy import Way
from router.ports import Channel

Key = tuple[str, str]
CHANNELS = {"open311": "partner_open311", "webhook": "partner_webhook", "cellule": "cell"}
"""One line a way of ``transmission``: the channel that goes it."""


def accounts(directory: Directory) -> list[Key]:
    """List (channel, account) of every partner's system, each once."""
    return list(dict.fromkeys(_accounts(directory).values()))


def ways(directory: Directory, channels: Mapping[Key, object]) -> dict[Key, Way]:
    """Lead from (way, address) to the account that reaches it, where it is connected."""
    return {
        way: Way(
            *key,
            only_forwards=not channel.capabilities.notices,
            additions=channel.capabilities.additions,
        )
        for way, key in _accounts(directory).items()
        if isinstance(channel := channels.get(key), Channel)
    }


def agreements(channels: Mapping[Key, object]) -> dict[str, Agreement]:
    """Give what is agreed with each other installation, by its name."""
    return {
        account: agreement
        for (name, account), channel in channels.items()
        if name == CELL and isinstance(agreement := getattr(channel, "agreement", None), Agreement)
    }


def _accounts(directory: Directory) -> dict[Key, Key]:
    return {
        (one.transmit_by, one.transmit_to): (CHANNELS[one.transmit_by], one.transmit_to)
        for one in directory.services()
        if one.transmit_by in CHANNELS
    }
