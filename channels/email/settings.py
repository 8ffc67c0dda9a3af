"""What an operator states of a mailbox: where it is read, where it is written from, and limits."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator


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
    smtp_timeout_s: float = Field(20.0, gt=0)
    smtp_connections: int = Field(2, ge=1, le=20)
    smtp_per_s: float = Field(50.0, gt=0)
    """Mails a second that the relay takes from this account."""
    envelope_sender: EnvelopeSender = EnvelopeSender.VERP
    display_name: str = ""
    """The name beside our address; empty for the address alone."""

    @field_validator("smtp_tls", mode="before")
    @classmethod
    def _yes_or_no(cls, value: object) -> object:
        if isinstance(value, bool):
            return Tls.STARTTLS if value else Tls.NONE
        return value


class EmailSettings(SmtpSettings):
    """A mailbox; without ``imap_host`` it is not polled, without ``lmtp_port`` it takes no LMTP."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    imap_host: str = ""
    imap_port: int = Field(993, ge=1, le=65535)
    imap_tls: bool = True
    user: str = ""
    """The login; empty for the address itself."""
    password: SecretStr = SecretStr("")
    mailbox: str = "INBOX"
    done_folder: str = "Guichet-traites"
    failed_folder: str = "Guichet-illisibles"
    imap_timeout_s: float = Field(20.0, gt=0)
    imap_wait_s: float = Field(25.0, gt=0, le=40)
    """How long a poll waits for new mail."""
    batch: int = Field(50, ge=1, le=50)
    lmtp_host: str = "127.0.0.1"
    lmtp_port: int | None = Field(None, ge=0, le=65535)
    """0 means a free port (tests)."""
    trusted_authserv_ids: tuple[str, ...] = ()
    """Names by which our own mail servers sign Authentication-Results (RFC 8601)."""
    largest_mail: int = Field(35_000_000, ge=100_000)
    """Bytes; of a larger mail the header and the first 64 KiB are kept."""
