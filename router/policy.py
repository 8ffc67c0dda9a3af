"""What an installation decides about itself: who sends to services, and how much is automatic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.cells import Cells
from router.delivery import DeliveryKind

LOCAL_URL = "http://127.0.0.1:8000"
"""Where people reach the pages of an installation that nobody has given an address."""


@dataclass(frozen=True, slots=True)
class Way:
    """A channel account that reaches one partner.

    ``only_forwards``: it carries cases to be worked, and neither notices nor questions;
    ``additions``: also what people add to them.
    """

    channel: str
    account: str
    only_forwards: bool = False
    additions: bool = True

    def carries(self, kind: DeliveryKind, *, added: bool) -> bool:
        """Whether it carries a delivery: a case, an addition to it, or what is only told of it."""
        if kind is DeliveryKind.FORWARD:
            return self.additions or not added
        return not self.only_forwards


@dataclass(frozen=True, slots=True)
class Policy:
    """Settings of the way of a case.

    ``ways`` leads from a service's way of transmission (``email``) to the (channel, account) that
    sends there; ``partners`` leads from (way, address) to what reaches that partner alone, so that
    one who does not answer holds up no other. ``automatic_per_day`` bounds the automatic answers to
    one address and on one case, each, in a day of UTC; beyond it an address is told of whom to call
    in danger ``dangers_per_day`` times. An address that was only typed is asked to confirm itself
    ``confirmations_per_day`` times. ``lease_s`` is how long a claim lasts, in seconds.
    ``short_channels`` are written the short texts; so are ``page_channels``, where the tracking page
    shows the rest of the case itself, but for what there is to do in a danger. ``spoken_channels``
    are written what an agent reads aloud. ``desk`` is the account of the desk at which agents find what
    they shall look at; empty where none is open.
    """

    ways: Mapping[str, tuple[str, str]]
    partners: Mapping[tuple[str, str], Way] = field(default_factory=dict)
    base_url: str = LOCAL_URL
    automatic_per_day: int = 20
    dangers_per_day: int = 5
    confirmations_per_day: int = 3
    desk: str = ""
    lease_s: float = 60.0
    most_tries: int = 5
    reading_s: float = 30.0
    """Seconds after which a message whose reading does not end is left to an agent."""
    short_channels: frozenset[str] = field(default_factory=lambda: frozenset({"sms"}))
    page_channels: frozenset[str] = field(default_factory=lambda: frozenset({"web"}))
    windowed_channels: frozenset[str] = field(default_factory=lambda: frozenset({"whatsapp"}))
    """Where free text reaches a person only for a while after he has written."""
    spoken_channels: frozenset[str] = field(default_factory=lambda: frozenset({"desk"}))
    cells: Cells = field(default_factory=Cells)
