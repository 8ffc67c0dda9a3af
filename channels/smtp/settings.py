"""What an operator states of a relay: where mail leaves, and how fast."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from channels.smtp.dkim_seal import read_key


class Tls(StrEnum):
    """How a connection to a relay is protected."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class EnvelopeSender(StrEnum):
    """Whom a relay tells of a mail that could not be delivered."""

    VERP = "verp"  # an address that names the delivery, so that a bounce finds it
    ACCOUNT = "account"
    NULL = "null"  # nobody


class SmtpSettings(BaseModel):
    """Where mail leaves."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    smtp_host: str = "localhost"
    smtp_port: int = Field(25, ge=1, le=65535)
    smtp_tls: Tls = Tls.NONE
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    oauth_token_url: str = ""
    """Where access tokens come from; empty: passwords are used."""
    oauth_client_id: str = ""
    oauth_client_secret: SecretStr = SecretStr("")
    oauth_refresh_token: SecretStr = SecretStr("")
    """A person's consent (Google); empty: the program's own right (Microsoft)."""
    oauth_scope: str = ""
    smtp_timeout_s: float = Field(20.0, gt=0)
    smtp_connections: int = Field(2, ge=1, le=20)
    smtp_per_s: float = Field(50.0, gt=0)
    """Mails a second that the relay takes from this account."""
    envelope_sender: EnvelopeSender = EnvelopeSender.VERP
    display_name: str = ""
    """The name beside our address; empty for the address alone."""
    dkim_key_file: Path | None = None
    """A private RSA key in PEM, with which mails are signed; none: the relay signs, or nobody."""
    dkim_selector: str = ""
    """Under which name the domain's DNS shows the other half of the key."""
    dkim_domain: str = ""
    """The domain that signs; empty: that of our address."""

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if (self.dkim_key_file is None) != (not self.dkim_selector):
            raise ValueError(
                "dkim_key_file et dkim_selector vont ensemble : donnez les deux, ou aucun."
            )
        if self.dkim_key_file is not None:
            read_key(self.dkim_key_file)
        return self

    @field_validator("smtp_tls", mode="before")
    @classmethod
    def _yes_or_no(cls, value: object) -> object:
        if isinstance(value, bool):
            return Tls.STARTTLS if value else Tls.NONE
        return value
