"""One bot of Telegram: its connections, and what it sends."""

from __future__ import annotations

from telegram import Bot, LinkPreviewOptions, Message
from telegram.error import ChatMigrated, TelegramError

from channels.secrets_in_logs import redact
from channels.telegram.http import Request, asked, outcome_of
from channels.telegram.settings import TelegramSettings
from channels.telegram.writing import buttons, reply
from router.delivery import SendOutcome, Sent
from router.ports import OutboundPart


class BotLine:
    """The line to one bot; the connections are made when they are first wanted, and kept warm."""

    def __init__(self, settings: TelegramSettings) -> None:
        self._settings = settings
        self._built: Bot | None = None
        self._requests: tuple[Request, ...] = ()
        # the token is a part of every address, and httpx logs addresses
        token = settings.token.get_secret_value()
        self._redaction = redact(token, "httpx", "httpcore", "telegram.Bot", "telegram.request")

    @property
    def bot(self) -> Bot:
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

    def told(self, error: TelegramError) -> str:
        """Say what an error says, without our token."""
        return self._redaction.hide(str(error))[:200]

    async def send(self, part: OutboundPart, chat: int) -> SendOutcome:
        """Send one message to a chat, or to what the chat has become."""
        try:
            return await self._send(part, chat)
        except ChatMigrated as moved:
            # a group became a supergroup: nothing was sent, and its new number is told at once
            return await self._send_moved(part, moved.new_chat_id)
        except TelegramError as error:
            return outcome_of(error, self.told(error))

    async def _send_moved(self, part: OutboundPart, chat: int) -> SendOutcome:
        try:
            return await self._send(part, chat)
        except TelegramError as error:
            return outcome_of(error, self.told(error))

    async def _send(self, part: OutboundPart, chat: int) -> SendOutcome:
        sent = await asked(
            self.bot.send_message(
                chat,
                part.text,
                reply_parameters=reply(part),
                reply_markup=buttons(part),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            ),
            Message,
        )
        return Sent((f"{chat}:{sent.message_id}",))

    async def close(self) -> None:
        for request in self._requests:
            await request.shutdown()
        self._built, self._requests = None, ()
