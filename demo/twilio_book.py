"""Keeps what Twilio knows of an account: its numbers, messages, opt-outs and files."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from demo.ledger import Ledger
from demo.sms_lengths import segments
from router.ports import Clock

WHATSAPP = "whatsapp:"
WINDOW = timedelta(hours=24)
"""How long after a person's last message WhatsApp takes free text."""
STOP_WORDS = frozenset(
    {"STOP", "STOPALL", "ARRET", "ARRÊT", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
)
START_WORDS = frozenset({"START", "UNSTOP", "YES"})
EMPTY: Mapping[str, Any] = {"messages": {}, "opted_out": [], "inbound": {}, "statuses": {}}


@dataclass(frozen=True, slots=True)
class Sms:
    """A text message as the citizen's phone shows it."""

    sid: str
    from_: str
    to: str
    body: str
    status: str


class TwilioBook:
    """The records of one account, in a ledger; ``webhooks`` leads from a number to its address."""

    def __init__(
        self, ledger: Ledger, clock: Clock, account_sid: str, numbers: Sequence[str]
    ) -> None:
        self.ledger, self.clock = ledger, clock
        self.account_sid, self.numbers = account_sid, tuple(numbers)
        self.webhooks: dict[str, str] = {}
        self.unreachable: dict[str, int] = {}

    def heard(
        self, from_: str, to: str, body: str, media: Sequence[tuple[str, bytes]]
    ) -> dict[str, Any]:
        """Record what a phone wrote, with media as (type, bytes), and heed STOP and START."""
        word = body.strip().upper()
        if word in STOP_WORDS and not from_.startswith(WHATSAPP):
            self._opt(from_, to, out=True)
        elif word in START_WORDS:
            self._opt(from_, to, out=False)
        sid = ("MM" if media else "SM") + secrets.token_hex(16)
        record = self.record(sid, from_, to, body, "inbound", "received")
        for content_type, content in media:
            media_sid = "ME" + secrets.token_hex(16)
            self.ledger.keep_file(media_sid, content)
            record["media"].append([media_sid, content_type])
        record["num_media"] = str(len(media))
        return record

    def sent_to(self, number: str) -> list[Sms]:
        """List what this phone received, oldest first."""
        return [
            Sms(m["sid"], m["from"], m["to"], m["body"], m["status"])
            for m in self.ledger.data["messages"].values()
            if m["direction"] == "outbound-api" and m["to"] == number
        ]

    def sent_by(self, number: str) -> list[str]:
        """List what this phone wrote, so that a script can resume where it was killed."""
        return [
            m["body"]
            for m in self.ledger.data["messages"].values()
            if m["direction"] == "inbound" and m["from"] == number
        ]

    def messages(self) -> list[Sms]:
        """List all that went between the account and phones, in either direction, oldest first."""
        return [
            Sms(m["sid"], m["from"], m["to"], m["body"], m["status"])
            for m in self.ledger.data["messages"].values()
        ]

    def _opt(self, citizen: str, number: str, *, out: bool) -> None:
        pairs: list[list[str]] = self.ledger.data["opted_out"]
        if out and [citizen, number] not in pairs:
            pairs.append([citizen, number])
        elif not out and [citizen, number] in pairs:
            pairs.remove([citizen, number])

    def wrote_lately(self, person: str, number: str) -> bool:
        now = self.clock.now()
        return any(
            message["direction"] == "inbound"
            and (message["from"], message["to"]) == (person, number)
            and now - parsedate_to_datetime(message["date_created"]) < WINDOW
            for message in self.ledger.data["messages"].values()
        )

    def record(
        self, sid: str, from_: str, to: str, body: str, direction: str, status: str
    ) -> dict[str, Any]:
        now = format_datetime(self.clock.now())
        record: dict[str, Any] = {"sid": sid, "from": from_, "to": to, "body": body, "media": []}
        record |= {"direction": direction, "status": status, "account_sid": self.account_sid}
        record |= {"date_created": now, "date_updated": now, "date_sent": now}
        record |= {"num_media": "0", "num_segments": str(segments(body)), "error_code": None}
        self.ledger.data["messages"][sid] = record
        return record
