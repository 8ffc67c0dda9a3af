"""Hands mails to the outgoing relay over warm connections, and says what became of each."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from channels.smtp.dkim_seal import read_key, sealed
from channels.smtp.oauth import TokenSource
from channels.smtp.settings import SmtpSettings, Tls
from router.delivery import Permanent, Retry, SendOutcome, Sent, Unknown

_IDLE_S = 45.0  # relays hang up on idle clients after a minute or more
_GREYLIST_S = 300.0


class _Stale(Exception):
    """A warm connection had gone before anything was sent on it."""


class Relay:
    """An SMTP client of one account."""

    def __init__(self, settings: SmtpSettings, account: str) -> None:
        self._name = account.rpartition("@")[2]
        self._settings = settings
        file = settings.dkim_key_file
        self._key = read_key(file) if file is not None else None
        self._tokens = TokenSource(settings) if settings.oauth_token_url else None
        self._slots = asyncio.Semaphore(settings.smtp_connections)
        self._idle: list[tuple[SMTP, float]] = []

    async def deliver(self, sender: str, recipient: str, message: bytes, ref: str) -> SendOutcome:
        """Send one mail to one address; ``ref`` is its Message-ID. Never raises."""
        if any(not 32 < ord(c) < 127 for c in sender + recipient) or "@" not in recipient:
            return Permanent("address", "this address cannot be written to")
        if self._key is not None:
            signed_by = self._settings.dkim_domain or self._name
            message = await sealed(message, self._key, self._settings.dkim_selector, signed_by)
        async with self._slots:
            client = self._warm()
            if client is not None:
                with suppress(_Stale):
                    return await self._send(client, sender, recipient, message, ref, warm=True)
            client = self._client()
            try:
                await client.connect()
            except SMTPAuthenticationError as error:
                client.close()
                if self._tokens:
                    self._tokens.forget()
                return Retry(f"the relay refused our login ({error.code})")
            except (SMTPException, OSError, TimeoutError, ValueError) as error:
                client.close()
                return Retry(f"the relay cannot be reached ({type(error).__name__})")
            except BaseException:
                client.close()
                raise
            return await self._send(client, sender, recipient, message, ref, warm=False)

    async def check(self) -> str:
        """Greet the relay; gives what is wrong, as the rest of a French sentence, or nothing."""
        client = self._client()
        try:
            await client.connect()
            with suppress(SMTPException, OSError):  # it has answered; how it parts is its affair
                await client.quit()
        except SMTPAuthenticationError as error:
            return f"refuse notre identifiant ou son mot de passe ({error.code})"
        except PermissionError as error:  # of the tokens' provider
            return f"ne peut pas être approché : {error}"
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            where = f"{self._settings.smtp_host}:{self._settings.smtp_port}"
            return _unreachable(error, where, self._settings.smtp_tls)
        finally:
            client.close()
        return ""

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[0].close()

    def _client(self) -> SMTP:
        given = self._settings
        tokens = self._tokens if given.smtp_user else None
        password = None if tokens else given.smtp_password.get_secret_value()
        return SMTP(
            hostname=given.smtp_host,
            port=given.smtp_port,
            use_tls=given.smtp_tls is Tls.IMPLICIT,
            start_tls=given.smtp_tls is Tls.STARTTLS,
            username=given.smtp_user or None,
            password=password or None if given.smtp_user else None,
            oauth_token_generator=tokens.token if tokens else None,
            timeout=given.smtp_timeout_s,
            local_hostname=self._name,
        )

    def _warm(self) -> SMTP | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            client, since = self._idle.pop()
            if client.is_connected and now - since < _IDLE_S:
                return client
            client.close()
        return None

    async def _send(
        self, client: SMTP, sender: str, recipient: str, message: bytes, ref: str, *, warm: bool
    ) -> SendOutcome:
        started = False
        try:
            await client.mail(sender)
            await client.rcpt(recipient)
            started = True
            await client.data(message)
        except (SMTPRecipientRefused, SMTPSenderRefused) as error:
            await self._reset(client, error.code)
            return refusal(error.code, error.message)
        except SMTPResponseException as error:
            if started and not 400 <= error.code < 600:  # no answer that SMTP knows
                client.close()
                return Unknown(f"the relay said {error.code} after DATA")
            await self._reset(client, error.code)
            return refusal(error.code, error.message)
        except (SMTPException, OSError, TimeoutError) as error:
            client.close()
            if started:
                return Unknown(f"the relay was cut off after DATA ({type(error).__name__})")
            if warm and not isinstance(error, TimeoutError):
                raise _Stale from error
            return Retry(f"the relay was cut off ({type(error).__name__})")
        except BaseException:
            client.close()  # cancelled in mid-send: the connection's state is unknown
            raise
        self._idle.append((client, asyncio.get_running_loop().time()))
        return Sent((ref,))

    async def _reset(self, client: SMTP, code: int) -> None:
        """Make a refused connection ready for the next mail, or close it."""
        if code != 421:
            with suppress(SMTPException, OSError, TimeoutError):
                await client.rset()
                self._idle.append((client, asyncio.get_running_loop().time()))
                return
        client.close()


def _unreachable(error: Exception, where: str, tls: Tls) -> str:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"présente un certificat qui n'est pas reconnu ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return f"ne parle pas TLS à {where} (smtp_tls = « {tls} »)"
        cause = cause.__cause__
    if isinstance(error, SMTPResponseException) and "STARTTLS" not in str(error):
        refused = 400 <= error.code < 600
        return f"refuse de parler à {where} ({error.code})" if refused else f"n'est pas à {where}"
    if tls is Tls.STARTTLS and "STARTTLS" in str(error):
        return f"ne propose pas STARTTLS à {where} (smtp_tls = « {tls} »)"
    return f"ne répond pas à {where} ({type(error).__name__})"


def refusal(code: int, message: str) -> SendOutcome:
    """Turn a relay's reply into an outcome: 5xx is final, everything else is worth a retry."""
    reason = f"{code} {' '.join(message.split())}"[:300]
    if 500 <= code < 600 and code != 530:
        return Permanent(str(code), reason)
    greylisted = "greylist" in message.lower() or "4.7.1" in message
    return Retry(reason, after_s=_GREYLIST_S if greylisted else None)


def is_too_large(outcome: SendOutcome) -> bool:
    """Whether a relay refuses a mail for its size (RFC 1870, RFC 3463)."""
    if not isinstance(outcome, Permanent):
        return False
    return outcome.code == "552" or " 5.3.4 " in outcome.reason or " 5.2.3 " in outcome.reason
