"""The settings of a Telegram bot."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, SecretStr, field_validator


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
            raise ValueError(
                f"« {value} » ne finit pas par /bot, comme https://api.telegram.org/bot."
            )
        return value
