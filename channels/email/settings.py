"""What an operator states of a mailbox: where it is read, where it is written from, and limits."""

from __future__ import annotations

from pydantic import ConfigDict, Field, SecretStr

from channels.smtp.settings import SmtpSettings


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
    webhook_secret: SecretStr = SecretStr("")
    """What a provider shows that posts raw mails over HTTP; empty: none may."""
    trusted_authserv_ids: tuple[str, ...] = ()
    """Names by which our own mail servers sign Authentication-Results (RFC 8601)."""
    largest_mail: int = Field(36_000_000, ge=100_000)
    """Bytes: a photo of 25 MiB takes 35.9 million. Of a larger mail header and 64 KiB are kept."""
