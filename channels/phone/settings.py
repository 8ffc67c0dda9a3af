"""What an operator sets for a number that is texted."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class NumberSettings(BaseModel):
    """A number at Twilio, or at another provider that has a definition.

    ``public_url`` is the webhook exactly as the provider calls it; without it the address of each
    request is taken as it came, and no status is asked for.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_sid: str = ""
    auth_token: SecretStr = SecretStr("")
    other_tokens: tuple[SecretStr, ...] = ()
    """Also valid on webhooks: the next token during a rotation, or shared keys."""
    public_url: str = ""
    base_url: str = ""
    """Where the API is; empty: where the provider has it."""
    media_hosts: tuple[str, ...] = (
        "api.twilio.com", "mcs.us1.twilio.com", "mms.twiliocdn.com", "media.twiliocdn.com",
    )  # fmt: skip
    """Where files may lie: Twilio answers for each with a redirect to ``mms.twiliocdn.com``."""
    region: str = "FR"
    """Where numbers without a country code are."""
    answers_stop: bool = False
    """Nobody but us confirms an opt-out: set where Twilio's own answers are switched off."""
    per_second: float = 10.0
    deadline_s: float = 15.0


class SmsSettings(NumberSettings):
    """A number for text messages.

    ``provider`` is ``twilio``, the name of a definition that came with Guichet (``ovh``), or the
    path of a definition of your own; ``keys`` are the secrets that the definition names.
    """

    provider: str = "twilio"
    keys: dict[str, SecretStr] = Field(default_factory=dict)
    poll_s: float = 20.0
    """Seconds between two questions for what is new, at a provider that does not call us."""
    transliterate: bool = True
    segments_each: int = Field(default=6, ge=1)
    """Segments that one message may cost; a longer text becomes several messages."""
    segments_most: int = Field(default=0, ge=0)
    """Segments that one text may cost in all; its middle is left out above. 0: no limit."""
    price_per_segment: float = Field(default=0.0, ge=0)
    """What one segment costs you, shown before sending; 0: no price is shown."""
