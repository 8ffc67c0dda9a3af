"""Tries a mailbox as a poll would, and says in French what is wrong with it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl

from channels.email.imap import ImapConnection, Refused
from channels.email.login import log_in
from channels.email.settings import EmailSettings
from channels.smtp.oauth import NoToken, TokenSource
from channels.unreachable import Server, speaks_tls, why_unreachable

_KNOCK_S, _GREETING_S = 3.0, 2.0
"""Together less than `guichet doctor` waits."""


async def trouble_of(settings: EmailSettings, account: str, tokens: TokenSource | None) -> str:
    """Log in and open each folder; gives what is wrong, as the rest of a sentence, or nothing."""
    server = server_of_mail(settings)
    trouble = await _knock(server, tls=settings.imap_tls)
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
        who = settings.user or account
        if tokens is not None:
            return f"refuse notre jeton OAuth 2 de {who} à {server} ({error})"
        return f"refuse le mot de passe de {who} à {server} (vérifiez user et password)"
    except NoToken as error:
        return f"ne peut pas être approché : {error}"
    except TimeoutError as error:
        return why_unreachable(error, server)
    except (OSError, Refused):
        return f"ne répond pas comme un serveur IMAP à {server} (vérifiez {server.settings})"
    finally:
        await connection.close()


def server_of_mail(settings: EmailSettings) -> Server:
    """Give where the mailbox is, and the settings that say so."""
    return Server(settings.imap_host, settings.imap_port, "imap_host", "imap_port", "imap_tls")


async def _knock(server: Server, *, tls: bool) -> str:
    """Open a connection and close it: the library would wait long for one that is refused."""
    context = ssl.create_default_context() if tls else None
    try:
        async with asyncio.timeout(_KNOCK_S):
            reader, writer = await asyncio.open_connection(server.host, server.port, ssl=context)
    except (OSError, UnicodeError) as error:
        return why_unreachable(error, server)
    try:
        async with asyncio.timeout(_GREETING_S):
            greeted = await reader.readline()
    except (OSError, ValueError):
        greeted = b""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    if greeted or tls:
        return ""
    if await speaks_tls(server, _GREETING_S):
        return f"parle TLS dès la connexion à {server} (mettez imap_tls = true)"
    return why_unreachable(TimeoutError(), server)


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
