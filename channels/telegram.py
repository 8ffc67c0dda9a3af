"""Messages to one Telegram bot, in and out, by the Bot API."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import re
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator
from telegram import Bot, File, LinkPreviewOptions, Message, User, WebhookInfo
from telegram.error import ChatMigrated, Forbidden, InvalidToken, TelegramError

from channels.graphemes import split, utf16_units
from channels.secrets_in_logs import redact
from channels.telegram_http import Request, asked, hook_trouble, outcome_of
from channels.telegram_reading import LARGEST_FILE, Press, key_of, press_of, read_update
from channels.telegram_writing import buttons, reply
from router.delivery import (
    Delivery,
    OnUnknown,
    Permanent,
    Rate,
    SendOutcome,
    Sent,
)
from router.errors import InvalidInput, InvalidSignature, UnreadablePayload
from router.message import (
    Address,
    Attachment,
    Envelope,
    InboundEvent,
    WebhookRequest,
    WebhookResponse,
)
from router.ports import Capabilities, Health, OutboundPart, Pulled
from router.stated import Stated

LONGEST_TEXT = 4096  # UTF-16 units
STALE_AFTER = timedelta(days=6)
"""After a quiet week the next update has a random number: an old offset could hide it."""
_CHAT = re.compile(r"-?[0-9]{1,18}")
_PRESSED = b"callback_query"  # most updates tell of no button, and need not be read twice
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member"]


class TelegramSettings(BaseModel):
    """A bot; with ``webhook_secret`` it may be called by webhook, else it is polled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    token: SecretStr = SecretStr("")
    webhook_secret: SecretStr = SecretStr("")
    base_url: str = "https://api.telegram.org/bot"
    base_file_url: str = "https://api.telegram.org/file/bot"
    poll_s: int = 25
    per_second: float = 25.0
    deadline_s: float = 15.0

    @field_validator("base_url", "base_file_url")
    @classmethod
    def _leads_to_bots(cls, value: str) -> str:
        """The library puts the token right behind, so an address that ends elsewhere is another's."""
        if not re.fullmatch(r"https?://[^/\s]+(/[^\s]*)?/bot", value):
            raise ValueError("the address ends in /bot, as https://api.telegram.org/bot does")
        return value


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
        self._built: Bot | None = None
        self._requests: tuple[Request, ...] = ()
        self._pressed: deque[Press] = deque(maxlen=1000)
        self._press = asyncio.Event()
        # the token is a part of every address, and httpx logs addresses
        token = settings.token.get_secret_value()
        self._redaction = redact(token, "httpx", "httpcore", "telegram.Bot", "telegram.request")

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
        self._pressed.extend(
            press
            for envelope in envelopes
            if not envelope.note
            and _PRESSED in envelope.payload
            and (press := press_of(json.loads(envelope.payload)))
        )
        if self._pressed:
            self._press.set()
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
        chat = _number_of(stated.sender)
        number = _number_of(stated.message_id or stated.seed)
        handle = stated.sender.removeprefix("@") if stated.sender.startswith("@") else ""
        user: dict[str, Any] = {"id": chat, "is_bot": False, "first_name": stated.name}
        user |= {"username": handle} if handle else {}
        message: dict[str, Any] = {
            "message_id": number,
            "date": int(stated.at.timestamp()),
            "chat": {"id": chat, "type": "private"},
            "from": user,
        }
        files = stated.attachments
        if files:
            message["document"] = {"file_id": files[0], "file_name": files[0]}
        if stated.location:
            message["location"] = {
                "latitude": stated.location.lat,
                "longitude": stated.location.lon,
            }
        message["caption" if files else "text"] = stated.text
        return self.open_raw(_dump({"update_id": number, "message": message}), stated.at)[0]

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
            return Pulled((), cursor, await self._pressed_by_webhook())
        offset = _offset(cursor, received_at())
        wanted = {"timeout": self._settings.poll_s, "allowed_updates": UPDATES}
        wanted |= {} if offset is None else {"offset": offset}
        try:
            # Raw JSON, since one malformed update would make the library refuse all of them; and
            # lower case, which Telegram takes and the library does not warn about.
            updates = await asked(
                self._bot.do_api_request(
                    "getupdates", api_kwargs=wanted, read_timeout=self._settings.poll_s + 5
                ),
                list,
            )
        except TelegramError as error:
            told = self._redaction.hide(str(error))
            raise ConnectionError(f"Telegram: {type(error).__name__}: {told}") from None
        at = received_at()
        numbers = [u["update_id"] for u in updates if isinstance(u, dict) and _has_number(u)]
        if not numbers:
            return Pulled(self._envelopes(updates, at), cursor)
        cursor = json.dumps({"offset": max(numbers) + 1, "at": at.isoformat()})
        pressed = [press for update in updates if (press := press_of(update))]
        return Pulled(self._envelopes(updates, at), cursor, pressed)

    async def _pressed_by_webhook(self) -> list[Press]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.poll_s):
                await self._press.wait()
        self._press.clear()
        pressed = list(self._pressed)
        self._pressed.clear()
        return pressed

    async def settle(self, pulled: Pulled) -> None:
        """Let the buttons that were pressed stop waiting, and go; updates need no settling."""
        for press in pulled.receipt if isinstance(pulled.receipt, list) else []:
            # a press is answered for at most some minutes: what comes late is no failure
            with contextlib.suppress(TelegramError):
                await asked(self._bot.answer_callback_query(press.query), bool)
            with contextlib.suppress(TelegramError):
                if press.chat is not None:
                    gone = self._bot.edit_message_reply_markup(press.chat, press.message)
                    await asked(gone, object)

    async def fetch_media(self, envelope: Envelope, attachment: Attachment, limit: int) -> bytes:
        if attachment.size is not None and attachment.size > min(limit, LARGEST_FILE):
            raise InvalidInput(f"the file is larger than {min(limit, LARGEST_FILE)} bytes")
        try:
            file = await asked(self._bot.get_file(attachment.ref), File)
            content = bytes(await asked(file.download_as_bytearray(), bytearray))
        except TelegramError as error:
            told = self._redaction.hide(str(error))
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
            return Permanent("address", "this is not the number of a Telegram chat")
        try:
            return await self._send(part, int(chat))
        except ChatMigrated as moved:
            # a group became a supergroup: nothing was sent, and its new number is told at once
            return await self._send_moved(part, moved.new_chat_id)
        except TelegramError as error:
            return self._outcome_of(error)

    async def _send_moved(self, part: OutboundPart, chat: int) -> SendOutcome:
        try:
            return await self._send(part, chat)
        except TelegramError as error:
            return self._outcome_of(error)

    async def _send(self, part: OutboundPart, chat: int) -> SendOutcome:
        sent = await asked(
            self._bot.send_message(
                chat,
                part.text,
                reply_parameters=reply(part),
                reply_markup=buttons(part),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            ),
            Message,
        )
        return Sent((f"{chat}:{sent.message_id}",))

    def _outcome_of(self, error: TelegramError) -> SendOutcome:
        return outcome_of(error, self._redaction.hide(str(error))[:200])

    @property
    def _bot(self) -> Bot:
        if self._built is None:
            limit = self._settings.deadline_s
            one, many = Request(2, limit), Request(32, limit)
            self._requests = (one, many)
            self._built = Bot(
                self._settings.token.get_secret_value() or "0:none",
                base_url=self._settings.base_url,
                base_file_url=self._settings.base_file_url,
                request=many,
                get_updates_request=one,
            )
        return self._built

    async def health(self) -> Health:
        """Ask whose token it is, and how updates come to us."""
        try:
            me = await asked(self._bot.get_me(), User)
            hook = await asked(self._bot.get_webhook_info(), WebhookInfo)
        except (InvalidToken, Forbidden):
            return Health(False, "Telegram refuse le jeton : vérifiez « token ».")
        except TelegramError as error:
            told = self._redaction.hide(str(error))[:200]
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
        for request in self._requests:
            await request.shutdown()
        self._built, self._requests = None, ()


def _offset(cursor: str, now: datetime) -> int | None:
    """Read the offset of a cursor; None at first, and when the cursor is stale."""
    if not cursor:
        return None
    known = json.loads(cursor)
    stale = now - datetime.fromisoformat(known["at"]) > STALE_AFTER
    return None if stale else int(known["offset"])


def _has_number(update: Mapping[str, Any]) -> bool:
    number = update.get("update_id")
    return isinstance(number, int) and not isinstance(number, bool)


def _dump(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


def _number_of(name: str) -> int:
    """Give a chat number for a made-up sender; a number stays what it is."""
    if name.removeprefix("-").isascii() and name.removeprefix("-").isdigit():
        return int(name)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:5], "big")
