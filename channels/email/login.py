"""Logs in to a mailbox, by the password or by a token of OAuth 2."""

from __future__ import annotations

from channels.email.imap import ImapConnection
from channels.email.settings import EmailSettings
from channels.smtp.oauth import TokenSource


async def log_in(
    connection: ImapConnection, settings: EmailSettings, account: str, tokens: TokenSource | None
) -> None:
    """Log in as the user of the settings, else as the account; a token that is refused is dropped.

    Raises:
        PermissionError: the password or the token is refused, or no token is given to us.
        ConnectionError, TimeoutError: the server or the giver of tokens does not answer (``NoToken``).
    """
    user = settings.user or account
    if tokens is None:
        await connection.login(user, settings.password.get_secret_value())
        return
    token = await tokens.token()
    try:
        await connection.login_by_token(user, token)
    except PermissionError:
        tokens.forget()
        raise
