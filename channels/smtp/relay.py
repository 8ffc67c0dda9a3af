"""Hands mails to the outgoing relay over warm connections, and says what became of each."""

from __future__ import annotations

import asyncio
import math
import re
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
from channels.smtp.oauth import NoToken, TokenSource
from channels.smtp.settings import SmtpSettings, Tls
from channels.unreachable import Server, speaks_tls, why_unreachable
from router.delivery import Permanent, Retry, SendOutcome, Sent, Unknown

_SEVERAL = re.compile(r"[,;<>]")
"""In an address: a server would take the first of several, and nobody would hear of the others."""
_IDLE_S = 45.0  # relays hang up on idle clients after a minute or more
_GREYLIST_S = 300.0
_GREETING_S, _TLS_S = 4.0, 3.0
"""Of a check: together less than `guichet doctor` waits."""


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
        odd = any(not 32 < ord(c) < 127 for c in sender + recipient)
        if odd or "@" not in recipient or _SEVERAL.search(recipient):
            return Permanent("address", "cette adresse n'est pas une adresse de courriel")
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
                return Retry(f"le relais SMTP {self._told(error)}")
            except (SMTPException, OSError, TimeoutError, ValueError) as error:
                client.close()
                return Retry(f"le relais SMTP {self._told(error)}")
            except BaseException:
                client.close()
                raise
            return await self._send(client, sender, recipient, message, ref, warm=False)

    async def check(self) -> str:
        """Greet the relay; gives what is wrong, as the rest of a French sentence, or nothing."""
        client, server, tls = self._client(_GREETING_S), self._server, self._settings.smtp_tls
        try:
            await client.connect()
            with suppress(SMTPException, OSError):  # it has answered; how it parts is its affair
                await client.quit()
        except (SMTPException, OSError, TimeoutError, ValueError) as error:
            if tls is not Tls.IMPLICIT and _silent(error) and await speaks_tls(server, _TLS_S):
                return f'parle TLS dès la connexion à {server} (mettez smtp_tls = "implicit")'
            return self._told(error)
        finally:
            client.close()
        return ""

    def _told(self, error: Exception) -> str:
        """Say why no mail can be handed over, as the rest of a French sentence."""
        given, server = self._settings, self._server
        if isinstance(error, SMTPAuthenticationError):
            secret = "notre jeton OAuth 2" if self._tokens else "le mot de passe"
            check = "smtp_user" if self._tokens else "smtp_user et smtp_password"
            return (
                f"refuse {secret} de {given.smtp_user} à {server} ({error.code} ; vérifiez {check})"
            )
        if isinstance(error, PermissionError | NoToken):  # of the tokens' provider
            return f"ne peut pas être approché : {error}"
        return _unreachable(error, server, given.smtp_tls)

    def close(self) -> None:
        while self._idle:
            self._idle.pop()[0].close()

    @property
    def _server(self) -> Server:
        given = self._settings
        return Server(given.smtp_host, given.smtp_port, "smtp_host", "smtp_port", "smtp_tls")

    def _client(self, most_s: float = math.inf) -> SMTP:
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
            timeout=min(given.smtp_timeout_s, most_s),
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
                return Unknown(f"le relais SMTP a répondu {error.code} après le message")
            await self._reset(client, error.code)
            return refusal(error.code, error.message)
        except (SMTPException, OSError, TimeoutError) as error:
            client.close()
            if started:
                return Unknown(f"la connexion à {self._server} a été coupée après le message")
            if warm and not isinstance(error, TimeoutError):
                raise _Stale from error
            return Retry(f"le relais SMTP {why_unreachable(error, self._server)}")
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


def _silent(error: Exception) -> bool:
    """Whether nothing that SMTP knows was said: so a server that waits for TLS seems to us."""
    said = isinstance(error, SMTPResponseException) and 400 <= error.code < 600
    return isinstance(error, TimeoutError | SMTPException) and not said


def _unreachable(error: Exception, server: Server, tls: Tls) -> str:
    if isinstance(error, SMTPResponseException) and "STARTTLS" not in str(error):
        if 400 <= error.code < 600:
            return f"refuse de parler à {server} ({error.code})"
        return f"ne parle pas SMTP à {server} (vérifiez {server.settings})"
    if tls is Tls.STARTTLS and "STARTTLS" in str(error):
        return f"ne propose pas STARTTLS à {server} (vérifiez smtp_tls et smtp_port)"
    if "AUTH" in str(error):
        return (
            f"ne propose pas de mot de passe à {server} (vérifiez smtp_tls : la plupart n'en"
            " veulent que sous TLS)"
        )
    return why_unreachable(error, server)


def refusal(code: int, message: str) -> SendOutcome:
    """Turn a relay's reply into an outcome: 5xx is final, everything else is worth a retry."""
    reason = f"{code} {' '.join(message.split())}"[:300]
    if 500 <= code < 600 and code != 530:
        return Permanent(str(code), reason)
    greylisted = "greylist" in message.lower() or "4.7.1" in message
    return Retry(reason, after_s=_GREYLIST_S if greylisted else None, alone=True)


def is_too_large(outcome: SendOutcome) -> bool:
    """Whether a relay refuses a mail for its size (RFC 1870, RFC 3463)."""
    if not isinstance(outcome, Permanent):
        return False
    return outcome.code == "552" or " 5.3.4 " in outcome.reason or " 5.2.3 " in outcome.reason
