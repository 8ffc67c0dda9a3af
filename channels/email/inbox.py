"""Fetches a counter's mail by IMAP, and tidies the mailbox once it is committed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels.email.batch import Fetcher, Wraps
from channels.email.checking import server_of_mail, trouble_of
from channels.email.imap import ImapConnection, Refused
from channels.email.login import log_in
from channels.email.settings import EmailSettings
from channels.smtp.oauth import TokenSource
from channels.unreachable import why_unreachable
from router.ports import Pulled

_RESCAN = timedelta(days=30)
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 60.0, 900.0


@dataclass(frozen=True, slots=True)
class Fetched:
    """What to settle: UIDs under the UIDVALIDITY that they were fetched under."""

    uidvalidity: int
    good: tuple[int, ...]
    bad: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a mailbox was read."""

    uidvalidity: int = 0
    last_uid: int = 0

    @classmethod
    def of(cls, text: str) -> Cursor:
        try:
            known = json.loads(text or "{}")
            return cls(int(known.get("uidvalidity", 0)), int(known.get("last_uid", 0)))
        except (ValueError, AttributeError, TypeError):
            return cls()

    def __str__(self) -> str:
        return json.dumps({"uidvalidity": self.uidvalidity, "last_uid": self.last_uid})


class Inbox:
    """The mailbox of one counter; ``wrap`` makes an envelope of a mail.

    Mails are moved out when they are committed, so that what lies in the mailbox is what is still
    to do; where the server can move nothing, the last UID is remembered instead.
    """

    def __init__(self, settings: EmailSettings, account: str, wrap: Wraps) -> None:
        self._settings = settings
        self._account = account
        self._tokens = TokenSource(settings) if settings.oauth_token_url else None
        self._fetcher = Fetcher(settings, wrap)
        self._connection: ImapConnection | None = None
        self._stuck: set[tuple[int, int]] = set()
        """UIDVALIDITY and UID of what is committed and could not be moved."""
        self._refused_until = 0.0
        self._pause = 0.0
        self.trouble = ""
        """Why the last poll failed, in French, or nothing."""
        self.failed = 0
        """Polls that failed since the last one that did not."""

    async def pull(self, cursor: str, received_at: Callable[[], datetime]) -> Pulled:
        """Fetch a batch; where there is nothing, wait a while until something comes, and give nothing.

        Raises:
            OSError, TimeoutError: the mailbox cannot be read now (``PermissionError``: the
                password is refused, and is not tried again for a minute or more).
        """
        if not self._settings.imap_host:
            await asyncio.sleep(self._settings.imap_wait_s)
            return Pulled((), cursor)
        await self._wait_if_refused()
        try:
            pulled = await self._pull(Cursor.of(cursor), received_at)
        except BaseException as error:
            await self._give_up(error)
            raise
        self.trouble, self.failed, self._pause = "", 0, 0.0
        return pulled

    async def settle(self, pulled: Pulled) -> None:
        """Move what was committed: letters to the done folder, the rest to the failed one.

        Raises:
            OSError, TimeoutError: not now; what was not moved is fetched again and deduplicated.
        """
        fetched = pulled.receipt
        if not isinstance(fetched, Fetched) or not (fetched.good or fetched.bad):
            return
        try:
            connection = await self._connected()
            if connection.uidvalidity == fetched.uidvalidity:
                await self._tidy(connection, fetched.good, self._settings.done_folder)
                await self._tidy(connection, fetched.bad, self._settings.failed_folder)
        except BaseException as error:
            await self._give_up(error)
            raise

    async def check(self) -> str:
        """Try the mailbox; gives what is wrong, as the rest of a French sentence, or nothing."""
        given = self._settings
        if given.imap_host:
            return await trouble_of(given, self._account, self._tokens)
        if given.lmtp_port is None and not given.webhook_secret.get_secret_value():
            return "n'est pas donné, et rien d'autre n'apporte de courrier (imap_host, lmtp_port)"
        return ""

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    # --- connection ------------------------------------------------------------------------------

    async def _connected(self) -> ImapConnection:
        if self._connection is None:
            given = self._settings
            self._connection = connection = ImapConnection(
                given.imap_host, given.imap_port, tls=given.imap_tls, timeout_s=given.imap_timeout_s
            )
            await log_in(connection, given, self._account, self._tokens)
            await self._open(connection)
        return self._connection

    async def _open(self, connection: ImapConnection) -> None:
        try:
            await connection.select(self._settings.mailbox)
            for folder in (self._settings.done_folder, self._settings.failed_folder):
                if folder and connection.can_move:
                    await connection.create(folder)
        except Refused as error:
            raise ConnectionError(f"the mailbox cannot be opened: {error}") from error

    async def _give_up(self, error: BaseException) -> None:
        """Throw the connection away: after an error it can no more be trusted."""
        await self.close()
        self.failed += isinstance(error, Exception)
        if isinstance(error, PermissionError):
            self._pause = min(max(self._pause * 2, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
            self._refused_until = asyncio.get_running_loop().time() + self._pause
            what = "le mot de passe" if self._tokens is None else "notre jeton OAuth 2"
            self.trouble = f"le serveur de courrier refuse {what}"
        elif isinstance(error, Exception):
            why = why_unreachable(error, server_of_mail(self._settings))
            self.trouble = f"le serveur de courrier {why}"

    async def _wait_if_refused(self) -> None:
        left = self._refused_until - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(min(left, self._settings.imap_wait_s))
            if left > self._settings.imap_wait_s:
                raise PermissionError("the mail server refused the login; waiting before a retry")

    # --- fetching --------------------------------------------------------------------------------

    async def _pull(self, cursor: Cursor, received_at: Callable[[], datetime]) -> Pulled:
        connection = await self._connected()
        try:
            uids = await self._waiting(connection, cursor, received_at())
            if not uids:
                # what comes meanwhile has the whole time of the next poll
                await connection.wait(self._settings.imap_wait_s)
            return await self._fetch(connection, cursor, uids, received_at)
        except Refused as error:
            raise ConnectionError(f"the mail server refused a command: {error}") from error

    async def _waiting(
        self, connection: ImapConnection, cursor: Cursor, now: datetime
    ) -> list[int]:
        """List the UIDs that are still to do."""
        validity = connection.uidvalidity
        known = cursor.uidvalidity == validity
        if self._moves(connection):
            uids = await connection.search("ALL")
        elif known:
            # `n:*` gives the last message even when its UID is below n
            uids = await connection.search("UID", f"{cursor.last_uid + 1}:*")
            uids = [uid for uid in uids if uid > cursor.last_uid]
        elif cursor.uidvalidity:
            day = (now - _RESCAN).strftime("%d-%b-%Y")
            uids = await connection.search("SINCE", day)
        else:
            uids = await connection.search("ALL")
        return [uid for uid in uids if (validity, uid) not in self._stuck]

    def _moves(self, connection: ImapConnection) -> bool:
        return connection.can_move and bool(self._settings.done_folder)

    async def _fetch(
        self,
        connection: ImapConnection,
        cursor: Cursor,
        uids: list[int],
        received_at: Callable[[], datetime],
    ) -> Pulled:
        in_order = not self._moves(connection)
        batch, error = await self._fetcher.fetch(connection, uids, received_at, in_order=in_order)
        if error is not None:
            if not batch.envelopes:
                raise error
            await self._give_up(error)  # what came before the cut is handed on
        known = cursor.last_uid if cursor.uidvalidity == connection.uidvalidity else 0
        after = Cursor(connection.uidvalidity, max((known, *batch.good, *batch.bad)))
        receipt = Fetched(connection.uidvalidity, tuple(batch.good), tuple(batch.bad))
        return Pulled(tuple(batch.envelopes), str(after), receipt)

    # --- tidying ---------------------------------------------------------------------------------

    async def _tidy(self, connection: ImapConnection, uids: tuple[int, ...], folder: str) -> None:
        if not uids:
            return
        try:
            if folder and self._moves(connection):
                await connection.move(uids, folder)
            else:
                await connection.flag_seen(uids)
        except Refused:
            # it stays where it is: remembered here, and deduplicated after a restart
            self._stuck.update((connection.uidvalidity, uid) for uid in uids)
            self.trouble = f"les messages lus ne peuvent pas être rangés dans « {folder} »"
