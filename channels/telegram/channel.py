"""Messages to one Telegram bot, in and out, by the Bot API."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import httpx
from telegram import File, User, WebhookInfo
from telegram.error import Forbidden, InvalidToken, TelegramError

from channels.graphemes import split, utf16_units
from channels.telegram.bot import BotLine
from channels.telegram.feed import Feed, after
from channels.telegram.http import asked, hook_trouble
from channels.telegram.reading import LARGEST_FILE, key_of, press_of, read_update
from channels.telegram.settings import TelegramSettings
from channels.telegram.updates import update_of
from channels.unreachable import server_of, why_unreachable
from router.delivery import (
    Delivery,
    OnUnknown,
    Permanent,
    Rate,
    SendOutcome,
)
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.events import InboundEvent
from router.message import Address, Attachment, Envelope, WebhookRequest, WebhookResponse
from router.ports import Capabilities, Health, OutboundPart, Pulled
from router.stated import Stated

LONGEST_TEXT = 4096  # UTF-16 units
_CHAT = re.compile(r"-?[0-9]{1,18}")
_PRESSED = b"callback_query"  # most updates tell of no button, and need not be read twice


class Telegram:
    """One bot, named by its user name.

    The Bot API knows no idempotency key and cannot be asked what it has sent. A send of unknown
    outcome is repeated: the same receipt twice harms nobody, a report without a receipt does.
    """

    name = "telegram"
    on_unknown = OnUnknown.RESEND
    capabilities = Capabilities(
        threads=True,
        media_in=True,
        location=True,
        edits=True,
        buttons=True,
        longest_text=LONGEST_TEXT,
        text_unit="utf16",
        largest_media=LARGEST_FILE,
    )

    def __init__(self, settings: TelegramSettings, account: str, webhook_url: str = "") -> None:
        """Be the bot of this user name; ``webhook_url`` is where Telegram should call us."""
        self.account = account
        self._webhook_url = webhook_url
        self._settings = settings
        self._line = BotLine(settings)
        self._feed = Feed(self._line, settings.poll_s)

    # --- in --------------------------------------------------------------------------------------

    def verify(self, request: WebhookRequest) -> None:
        """Compare the secret that we gave Telegram when the webhook was set."""
        given = request.headers.get("x-telegram-bot-api-secret-token", "")
        expected = self._settings.webhook_secret.get_secret_value()
        same = hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
        if not expected or not same:
            raise InvalidSignature("the secret is not the one given to Telegram")

    def open(self, request: WebhookRequest, received_at: datetime) -> tuple[Envelope, ...]:
        envelopes = self.open_raw(request.body, received_at)
        self._feed.press(
            press
            for envelope in envelopes
            if not envelope.note
            and _PRESSED in envelope.payload
            and (press := press_of(json.loads(envelope.payload)))
        )
        return envelopes

    def open_raw(self, raw: bytes, at: datetime) -> tuple[Envelope, ...]:
        """Wrap one update, or the whole answer of ``getUpdates``."""
        try:
            data = json.loads(raw)
        except (ValueError, RecursionError):
            return (self._unreadable(raw, at, "no JSON"),)
        if isinstance(data, Mapping) and isinstance(data.get("result"), list):
            return self._envelopes(data["result"], at)
        return (self._envelope(data, raw, at),)

    def _envelopes(self, updates: Sequence[object], at: datetime) -> tuple[Envelope, ...]:
        return tuple(self._envelope(update, _dump(update), at) for update in updates)

    def _envelope(self, update: object, raw: bytes, at: datetime) -> Envelope:
        if not isinstance(update, Mapping):
            return self._unreadable(raw, at, "an update is no object")
        try:
            provider_id, chat, ref = key_of(update)
        except (UnreadablePayload, KeyError) as error:
            return self._unreadable(raw, at, str(error))
        key = self._address(chat).key
        return Envelope(self.name, self.account, provider_id, key, raw, at, ref)

    def _unreadable(self, raw: bytes, at: datetime, note: str) -> Envelope:
        name = f"unreadable:{hashlib.sha256(raw).hexdigest()}"
        return Envelope(
            self.name, self.account, name, self._address(name).key, raw, at, note=note[:200]
        )

    def receive(self, envelope: Envelope) -> tuple[InboundEvent, ...]:
        if envelope.note:
            raise UnreadablePayload(envelope.note)
        try:
            update = json.loads(envelope.payload)
            if not isinstance(update, Mapping):
                raise UnreadablePayload("an update is no object")
            return (read_update(update, envelope, self.account),)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UnreadablePayload(f"a malformed update ({type(error).__name__})") from error

    def answer(self, accepted: bool) -> WebhookResponse:
        return WebhookResponse(200 if accepted else 503)

    def recipients(self, raw: bytes) -> tuple[str, ...]:
        """Say nothing: one account has one address."""
        return ()

    def challenge(self, request: WebhookRequest) -> WebhookResponse | None:
        return None

    def compose(self, stated: Stated) -> Envelope:
        """Make the update that Telegram would send for such a private message."""
        return self.open_raw(_dump(update_of(stated)), stated.at)[0]

    def _address(self, chat: str) -> Address:
        return Address(self.name, self.account, chat)

    # --- polling ---------------------------------------------------------------------------------

    @property
    def poller(self) -> str:
        return f"telegram|{self.account}"

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        """Ask for updates; the offset that confirms them is sent only after they are durable.

        Of a bot that is called by webhook Telegram gives no updates: only presses are waited for.

        Raises:
            ConnectionError: Telegram cannot be reached, or somebody else polls this bot.
        """
        if self._settings.webhook_secret:
            return Pulled((), cursor, await self._feed.pressed())
        updates = await self._feed.new(cursor, received_at())
        at = received_at()
        later = after(updates, cursor, at)
        if later == cursor:
            return Pulled(self._envelopes(updates, at), cursor)
        pressed = [press for update in updates if (press := press_of(update))]
        return Pulled(self._envelopes(updates, at), later, pressed)

    async def settle(self, pulled: Pulled) -> None:
        """Let the buttons that were pressed stop waiting, and go; updates need no settling."""
        await self._feed.settle(pulled.receipt if isinstance(pulled.receipt, list) else [])

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        if attachment.size is not None and attachment.size > min(limit, LARGEST_FILE):
            raise InvalidInput(f"the file is larger than {min(limit, LARGEST_FILE)} bytes")
        try:
            file = await asked(self._line.bot.get_file(attachment.ref), File)
            content = bytes(await asked(file.download_as_bytearray(), bytearray))
        except TelegramError as error:
            told = self._line.told(error)
            raise InvalidInput(f"Telegram does not give the file: {told}") from None
        if len(content) > limit:
            raise InvalidInput(f"the file is larger than {limit} bytes")
        return content

    # --- out -------------------------------------------------------------------------------------

    @property
    def rate(self) -> Rate:
        return Rate(self._settings.per_second, max(1, int(self._settings.per_second)))

    @property
    def deadline_s(self) -> float:
        return self._settings.deadline_s

    def render(self, delivery: Delivery) -> tuple[OutboundPart, ...]:
        texts = split(delivery.text, LONGEST_TEXT, utf16_units)
        return tuple(OutboundPart(delivery, text, i, len(texts)) for i, text in enumerate(texts))

    async def send(self, part: OutboundPart, idem: str) -> SendOutcome:
        chat = part.delivery.address.value
        if not _CHAT.fullmatch(chat):
            return Permanent("address", "ce n'est pas le numéro d'une conversation de Telegram")
        return await self._line.send(part, int(chat))

    async def health(self) -> Health:
        """Ask whose token it is, and how updates come to us."""
        try:
            me = await asked(self._line.bot.get_me(), User)
            hook = await asked(self._line.bot.get_webhook_info(), WebhookInfo)
        except (InvalidToken, Forbidden):
            return Health(False, "Telegram refuse le jeton : vérifiez « token ».")
        except TelegramError as error:
            if isinstance(error.__cause__, httpx.HTTPError):
                why = why_unreachable(error.__cause__, server_of(self._settings.base_url))
                return Health(False, f"Telegram {why}.")
            told = self._line.told(error)
            return Health(False, f"Telegram ne répond pas ({type(error).__name__} : {told}).")
        if str(me.username or "").lower() != self.account.lower():
            return Health(False, f"Le jeton est celui de @{me.username}, pas de @{self.account}.")
        called = bool(self._settings.webhook_secret)
        wrong = hook_trouble(hook, called=called, wanted=self._webhook_url)
        if wrong:
            return Health(False, f"Telegram répond pour @{self.account}, mais {wrong}.")
        return Health(True, f"Telegram répond pour @{self.account}.")

    async def close(self) -> None:
        """Close the connections that are kept warm."""
        await self._line.close()


def _dump(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()
