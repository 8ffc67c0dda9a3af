"""Stand in for Twilio: its Messages API, its signed webhooks and the phones of citizens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from starlette.responses import Response

from demo.clock import WallClock
from demo.faults import Faults
from demo.ledger import Ledger
from demo.server import LoopbackServer
from demo.twilio_book import EMPTY, Sms, TwilioBook
from demo.twilio_callbacks import TwilioCallbacks
from demo.twilio_methods import TwilioMethods
from demo.twilio_templates import Templates
from router.ports import Clock

AUTH_TOKEN = "jeton-de-demonstration"
MACHINE = 30039


class TwilioSimulator:
    """One Twilio account with its numbers, as a server on loopback.

    Faults: ``send`` (429, 403, 4xx with a code, 5xx, hang, cut-after-accept), ``lookup`` (429, 5xx,
    hang), ``media`` (5xx, hang), ``deliver`` (redeliver, reorder: inbound webhooks), ``status``
    (redeliver, reorder: status callbacks).
    """

    def __init__(
        self,
        account_sid: str = "AC" + "0123456789abcdef" * 2,
        auth_token: str = AUTH_TOKEN,
        numbers: Sequence[str] = ("+33756000044", "+33756000047"),
        *,
        state_dir: Path | None = None,
        port: int = 0,
        clock: Clock | None = None,
    ) -> None:
        self.account_sid, self.auth_token, self.numbers = account_sid, auth_token, tuple(numbers)
        self.faults = Faults()
        self.templates = Templates(account_sid)
        self._ledger = Ledger("twilio", state_dir, EMPTY)
        self._book = TwilioBook(self._ledger, clock or WallClock(), account_sid, numbers)
        self._callbacks = TwilioCallbacks(
            self._book, self.faults, auth_token, lambda work: self._http.spawn(work), self._url
        )
        self._methods = TwilioMethods(
            self._book,
            self._callbacks,
            self.templates,
            self.faults,
            auth_token,
            self._hang,
            self._url,
        )
        self._http = LoopbackServer(self._methods.routes(), port)

    def _url(self) -> str:
        return self.base_url

    async def _hang(self) -> Response:
        return await self._http.hang()

    @property
    def unreachable(self) -> dict[str, int]:
        """Numbers whose messages end as ``undelivered``, with Twilio's error code (30003 …)."""
        return self._book.unreachable

    @property
    def shared_key(self) -> tuple[str, str] | None:
        """Id and secret of a key that signs the webhooks instead of the account's token."""
        return self._callbacks.shared_key

    @shared_key.setter
    def shared_key(self, key: tuple[str, str] | None) -> None:
        self._callbacks.shared_key = key

    # --- life ------------------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """What stands for https://api.twilio.com."""
        return self._http.url

    @property
    def port(self) -> int:
        return self._http.port

    async def start(self) -> None:
        self._ledger.load()
        await self._http.start()
        self._callbacks.start()

    async def stop(self) -> None:
        await self._http.stop()
        await self._callbacks.stop()

    async def __aenter__(self) -> TwilioSimulator:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def connect(self, number: str, webhook_url: str) -> None:
        """Say where messages to this number are posted, as in Twilio's console."""
        self._book.webhooks[number] = webhook_url

    # --- citizens --------------------------------------------------------------------------------

    async def citizen_sends(
        self,
        from_: str,
        to: str,
        body: str,
        media: Sequence[tuple[str, bytes]] = (),
        *,
        machine: bool = False,
        **extra: str,
    ) -> str:
        """Text a number of the account, with media as (type, bytes); give the message's id.

        On WhatsApp both numbers begin with ``whatsapp:``. ``extra`` are further fields of the form
        (ProfileName, Latitude, ButtonText …). The webhook is posted in the background, in order for
        each phone, until it is answered; for what looks like a machine it never is (30039).
        """
        record = self._book.heard(from_, to, body, media)
        sid = str(record["sid"])
        record["extra"] = extra
        if machine:
            record |= {"status": "failed", "error_code": MACHINE}
            self._ledger.changed()
            return sid
        self._ledger.data["inbound"][sid] = True
        self._ledger.changed()
        self._callbacks.deliver(sid)
        return sid

    def sent_to(self, number: str) -> list[Sms]:
        """List what this phone received, oldest first."""
        return self._book.sent_to(number)

    def sent_by(self, number: str) -> list[str]:
        """List what this phone wrote, so that a script can resume where it was killed."""
        return self._book.sent_by(number)

    def messages(self) -> list[Sms]:
        """List all that went between the account and phones, in either direction, oldest first."""
        return self._book.messages()

    async def until(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until a condition holds, looking again after each change; raises TimeoutError."""
        await self._ledger.until(condition, seconds)

    async def until_received(self, number: str, count: int = 1, seconds: float = 10.0) -> list[Sms]:
        """Wait until this phone has received so many messages."""
        await self._ledger.until(lambda: len(self.sent_to(number)) >= count, seconds)
        return self.sent_to(number)

    async def until_quiet(self, seconds: float = 10.0) -> None:
        """Wait until every webhook has been answered."""
        data = self._ledger.data
        await self._ledger.until(lambda: not data["inbound"] and not data["statuses"], seconds)
