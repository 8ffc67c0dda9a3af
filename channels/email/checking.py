"""Tries a mailbox as a poll would, and says in French what is wrong with it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from channels.email.imap import ImapConnection, Refused
from channels.email.login import log_in
from channels.email.settings import EmailSettings
from channels.smtp.oauth import TokenSource

_KNOCK_S = 5.0


async def trouble_of(settings: EmailSettings, account: str, tokens: TokenSource | None) -> str:
    """Log in and open each folder; gives what is wrong, as the rest of a sentence, or nothing."""
    trouble = await _knock(settings)
    if trouble:
        return trouble
    connection = ImapConnection(
        settings.imap_host,
        settings.imap_port,
        tls=settings.imap_tls,
        timeout_s=min(settings.imap_timeout_s, _KNOCK_S),
    )
    try:
        await log_in(connection, settings, account, tokens)
        return await _folders(connection, settings)
    except PermissionError as error:
        if tokens is not None:
            return f"refuse notre jeton OAuth 2 ({error})"
        return f"refuse le mot de passe de {settings.user or account}"
    except (OSError, Refused) as error:
        return f"ne répond pas comme un serveur IMAP ({error})"
    finally:
        await connection.close()


async def _knock(settings: EmailSettings) -> str:
    """Open a connection and close it: the library would wait long for one that is refused."""
    context = ssl.create_default_context() if settings.imap_tls else None
    host, port = settings.imap_host, settings.imap_port
    try:
        async with asyncio.timeout(_KNOCK_S):
            _, writer = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        return f"présente un certificat qui n'est pas reconnu ({error.verify_message})"
    except ssl.SSLError:
        return f"ne parle pas TLS au port {port} (imap_tls)"
    except (OSError, UnicodeError) as error:
        return f"ne répond pas à {host}:{port} ({type(error).__name__})"
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return ""


async def _folders(connection: ImapConnection, settings: EmailSettings) -> str:
    """Open the folders, those of ours made first where they can be, as at a poll."""
    folders = [settings.mailbox]
    if connection.can_move:
        own = (settings.done_folder, settings.failed_folder)
        folders = [*filter(None, own), settings.mailbox]
    for folder in folders:
        try:
            if folder != settings.mailbox:
                await connection.create(folder)
            await connection.select(folder)
        except Refused:
            made = "" if folder == settings.mailbox else " et ne peut pas être créé"
            return f"n'a pas de dossier « {folder} »{made}"
    return ""
