"""What an agent at the desk states when he writes for somebody: from where, who, for whom."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

DESK = "desk"
"""The channel of the desk, at which agents enter and work."""


class Source(StrEnum):
    """How a person reached the desk."""

    CALL = "call"
    VISIT = "visit"
    LETTER = "letter"
    MISSED_CALL = "missed_call"
    RELAY = "relay"  # a deaf or aphasic person, through an operator of the telephone relay

    @property
    def present(self) -> bool:
        """Whether the person hears at once what the agent reads."""
        return self in {Source.CALL, Source.VISIT, Source.RELAY}


class Way(StrEnum):
    """How the desk itself reaches a person; the ``kind`` of an address of the desk."""

    CALLBACK = "callback"
    RELAY = "relay"  # a callback through the telephone relay
    LETTER = "letter"
    LOOK = "look"  # nothing leaves: an agent listens, verifies, or reads again
    PAGE = "page"  # nothing leaves: the person asks by his number, at the desk or on the page

    @property
    def waits(self) -> bool:
        """Whether an agent has to do something for a delivery to arrive."""
        return self is not Way.PAGE


class Outcome(StrEnum):
    """What became of a task of the desk."""

    READ = "read"  # lu au citoyen
    POSTED = "posted"
    UNREACHABLE = "unreachable"
    INSTEAD = "instead"  # the same words leave by another way
    SEEN = "seen"  # an agent has looked

    def fits(self, way: str) -> bool:
        """Whether a task that goes this way can end so: only a letter is posted."""
        if way == Way.LOOK or self is Outcome.SEEN:
            return way == Way.LOOK and self is Outcome.SEEN
        return self is not Outcome.POSTED or way == Way.LETTER


@dataclass(frozen=True, slots=True)
class Entry:
    """That an agent entered a message.

    ``behalf_of`` is the person whom it concerns where somebody else reports for her: the answers
    go to him who reports. Neither is ever shown to citizens, nor is the agent.
    """

    source: Source
    agent: str
    behalf_of: str = ""

    def told(self, *, agent: bool, contact: bool) -> dict[str, str]:
        """Write for a service how a case came in, with no more of people than it may see."""
        told = {"source": str(self.source)}
        if agent:
            told["agent"] = self.agent
        if contact and self.behalf_of:
            told["behalf_of"] = self.behalf_of
        return told


SOURCES_FR = {
    Source.CALL: "appel",
    Source.VISIT: "visite",
    Source.LETTER: "courrier",
    Source.MISSED_CALL: "appel manqué",
    Source.RELAY: "appel par le relais",
}
WAYS_FR: dict[str, str] = {
    Way.CALLBACK: "rappel",
    Way.RELAY: "rappel par le relais",
    Way.LETTER: "courrier",
    Way.LOOK: "à regarder",
    Way.PAGE: "numéro de suivi",
    "email": "courriel",
    "sms": "SMS",
}
"""Words for those who work here; ``email`` and ``sms`` are channels and no ways of the desk."""
