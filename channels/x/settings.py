"""The settings of an account of X and of the app that acts for it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from channels.x.oauth1 import Keys


class XSettings(BaseModel):
    """An account and its app, by OAuth 2 tokens that rotate or by OAuth 1.0a keys that last.

    ``user_id`` is asked for when it is not given. Money is in dollars, as X bills.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    access_token: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    consumer_key: str = ""
    consumer_secret: SecretStr = SecretStr("")
    """Signs webhooks and the answer to X's check of the address, and OAuth 1.0a calls."""
    user_token: SecretStr = SecretStr("")
    user_secret: SecretStr = SecretStr("")
    user_id: str = ""
    base_url: str = "https://api.x.com"
    media_hosts: tuple[str, ...] = ("pbs.twimg.com", "video.twimg.com", "ton.twitter.com")
    bots: tuple[str, ...] = ()
    """Accounts of machines, whose words are kept and never answered."""
    refused_text: str = ""
    """Told once in public to who lets us write to him no more: how else to reach us."""
    daily_cap: float = Field(default=5.0, ge=0)
    poll_s: float = Field(default=60.0, ge=0)
    per_second: float = 1.0
    deadline_s: float = 15.0

    @property
    def keys(self) -> Keys | None:
        """The keys of OAuth 1.0a; None where tokens of OAuth 2 are used."""
        token = self.user_token.get_secret_value()
        if not token:
            return None
        return Keys(
            self.consumer_key,
            self.consumer_secret.get_secret_value(),
            token,
            self.user_secret.get_secret_value(),
        )
