"""What the web is built from: the ports that start-up hands over, and its settings."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from router.archive import CaseReader, JournalReader, OutboxAdmin
from router.case import CaseFile
from router.message import Envelope
from router.ports import Clock
from router.rule_ports import Rulebooks
from router.store import Intake
from router.tokens import Signer
from router.tracking import TrackingNumber

SavePhoto = Callable[[str, bytes], Awaitable[str]]
"""Keep a picture (file name, JPEG bytes); gives the reference by which a channel fetches it."""


OpenFile = Callable[[CaseFile, int], Awaitable[bytes]]
"""Get a file that a person sent, at most so many bytes; else InvalidInput."""


class DeskRecords(CaseReader, JournalReader, OutboxAdmin, Protocol):
    """What the desk looks at: entries and what became of them, and what waits to be told."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A channel that is degraded or silent: since when, when that was last seen, and a sentence."""

    channel: str
    account: str
    since: datetime
    seen: datetime
    sentence: str


async def _ready() -> bool:
    return True


async def _no_troubles() -> Sequence[Trouble]:
    return ()


@dataclass(frozen=True, slots=True)
class Offered:
    """A category as applications of others may choose it."""

    code: str
    family: str


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Settings of the pages; ``base_url`` is the address that people and providers use.

    ``patience`` are the pauses, in seconds, in which a page waits for the router before it answers.
    ``form_secret`` signs what forms carry and must survive a restart.
    """

    base_url: str
    title: str
    form_secret: bytes = field(repr=False)
    default_language: str = "fr"
    languages: tuple[str, ...] = ("fr", "en")
    timezone: str = "Europe/Paris"
    region: str = "FR"
    patience: tuple[float, ...] = (0.02, 0.03, 0.05, 0.1, 0.2, 0.2, 0.2, 0.2, 0.3, 0.3, 0.4)
    accept_deadline_s: float = 10.0
    jurisdiction: str = ""
    """Our own ``jurisdiction_id`` (GeoReport v2); empty: any is taken."""
    replies: tuple[str, ...] = ("email", "sms")
    """By what a person can be answered who fills in the form, beside its page."""
    quick_s: float = 3.0
    """Seconds under which nobody fills in a form by hand."""
    reports_at_once: int = 5
    """Reports of one client after which the next are looked at; one more every minute."""
    reports_most: int = 60
    """Reports of one client after which the next must wait; ten more every minute."""
    letters_at_once: int = 20
    """Reports of one client with an address to confirm, after which the next are answered on the
    page; one more every ten minutes."""
    proof_of_work: int = 0
    """Hashes that a browser has to try before it sends a report (ALTCHA); 0: none."""
    guesses: int = 20
    """Wrong tracking numbers that one client may try at once; one more every ten seconds."""


def _nowhere(name: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class WebParts:
    """The ports of the web.

    ``channels`` leads from (channel name, account) to the channel, for those that take webhooks;
    ``("web", "web")`` is the form of the start page. ``submission_number`` finds the case that a
    submitted form became, None while it waits to be routed; ``posted_number`` that of a request
    which an application posted (account, id). ``troubles`` tells which channels do not work as they should,
    ``ready`` whether the journal takes something now. ``kept`` gives what the journal keeps of what a
    channel's account named so (channel, account, id), None where it has nothing. ``communes`` lists INSEE codes, and ``commune`` finds one by
    code or name. Without
    ``records`` there is no desk.
    """

    intake: Intake
    cases: CaseReader
    channels: Mapping[tuple[str, str], object]
    rulebooks: Rulebooks
    signer: Signer
    clock: Clock
    wake: Callable[[], None]
    settings: WebSettings
    submission_number: Callable[[str], Awaitable[TrackingNumber | None]]
    partner_account: str = "partner_email"
    save_photo: SavePhoto | None = None
    open_file: OpenFile | None = None
    communes: Callable[[], Sequence[str]] = tuple
    commune: Callable[[str], str | None] = _nowhere
    offered: Callable[[], Sequence[Offered]] = tuple
    kept: Callable[[str, str, str], Awaitable[Envelope | None]] | None = None
    posted_number: Callable[[str, str], Awaitable[TrackingNumber | None]] | None = None
    records: DeskRecords | None = None
    troubles: Callable[[], Awaitable[Sequence[Trouble]]] = _no_troubles
    ready: Callable[[], Awaitable[bool]] = _ready
