"""Fetches waiting mails one by one, and sets aside the one that the server cannot give."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Protocol

from channels.email.imap import MOST_AT_ONCE, ImapConnection, Refused
from channels.email.settings import EmailSettings
from router.message import Envelope

_BEGINNING = 65_536 + 256 * 1024
"""Bytes fetched of a mail that is too large: any header, and 64 KiB."""
_BATCH_BYTES = 32_000_000
_BATCH_S = 10.0
"""Seconds after which a batch is handed on as it is."""
_BODY_S = 40.0
_WRAPPED_AT_ONCE = 65_536
"""Bytes: a thread costs more than most mails, and the worst of these take some ten milliseconds."""
_WHOLE_TRIES, _ALL_TRIES = 2, 4
"""Fetches that may fail: of the whole mail, then also of its beginning; then an agent is told."""


class Wraps(Protocol):
    """Makes an envelope of a mail, or of the place where one lies that cannot be had."""

    def envelope(
        self,
        raw: bytes,
        received_at: datetime,
        recipient: str | None = None,
        *,
        size: int | None = None,
    ) -> Envelope: ...

    def unfetched(self, place: str, received_at: datetime) -> Envelope: ...


@dataclass(slots=True)
class Batch:
    """What was fetched: the envelopes, and the UIDs of letters and of what is none."""

    envelopes: list[Envelope] = field(default_factory=list)
    good: list[int] = field(default_factory=list)
    bad: list[int] = field(default_factory=list)
    size: int = 0

    def add(self, uid: int, envelope: Envelope, size: int) -> None:
        self.envelopes.append(envelope)
        (self.bad if envelope.note else self.good).append(uid)
        self.size += size


class Fetcher:
    """Remembers which mails could not be fetched, so that none holds up those behind it."""

    def __init__(self, settings: EmailSettings, wrap: Wraps) -> None:
        self._settings = settings
        self._wrap = wrap
        self._failed: Counter[tuple[int, int]] = Counter()
        self._careful = False

    async def fetch(
        self,
        connection: ImapConnection,
        uids: list[int],
        received_at: Callable[[], datetime],
        *,
        in_order: bool,
    ) -> tuple[Batch, Exception | None]:
        """Fetch up to a batch; gives what came, and the error that ended it early.

        What failed before comes last, unless the cursor wants it ``in_order``.
        """
        batch = Batch()
        if not in_order:
            uids = sorted(uids, key=lambda uid: (self._failed[connection.uidvalidity, uid], uid))
        wanted = uids[: min(self._settings.batch, MOST_AT_ONCE)]
        try:
            sizes = await self._sizes(connection, wanted)
            for uid in _in_time(wanted):
                await self._one(connection, batch, uid, sizes, received_at)
                if batch.size > _BATCH_BYTES:
                    break
        except (OSError, TimeoutError, Refused) as error:
            return batch, error
        self._careful = False
        return batch, None

    async def _sizes(self, connection: ImapConnection, uids: list[int]) -> dict[int, int] | None:
        """Ask the sizes of all; None when that failed before: then each is asked by itself.

        Dovecot hangs up on whoever asks for the size of a mail that it cannot open.
        """
        if self._careful:
            return None
        self._careful = True
        sizes = await connection.sizes(uids) if uids else {}
        if unsaid := [uid for uid in uids if uid not in sizes]:  # gone, or the answer was spoilt
            sizes |= await connection.sizes(unsaid)
        self._careful = False
        return sizes

    async def _one(
        self,
        connection: ImapConnection,
        batch: Batch,
        uid: int,
        sizes: dict[int, int] | None,
        received_at: Callable[[], datetime],
    ) -> None:
        key = (connection.uidvalidity, uid)
        if self._failed[key] >= _ALL_TRIES:
            place = f"{self._settings.mailbox} {key[0]}/{uid}"
            batch.add(uid, self._wrap.unfetched(place, received_at()), 0)
            return
        self._failed[key] += 1
        size = (sizes if sizes is not None else await connection.sizes([uid])).get(uid)
        if size is not None:
            whole = size <= self._settings.largest_mail and self._failed[key] <= _WHOLE_TRIES
            raw = await connection.body(uid, None if whole else _BEGINNING, within_s=_BODY_S)
            if raw is not None:
                # the size that servers tell is often only about right
                cut = not whole and len(raw) >= _BEGINNING
                wrap = partial(self._wrap.envelope, raw, received_at(), size=size if cut else None)
                # 25 MB take a third of a second, in which nobody else may wait
                small = len(raw) <= _WRAPPED_AT_ONCE
                batch.add(uid, wrap() if small else await asyncio.to_thread(wrap), len(raw))
            elif uid in await connection.sizes([uid]):
                raise ConnectionError("the mail server gives nothing of a mail that is there")
        del self._failed[key]  # it came, or somebody took it away meanwhile


def _in_time(uids: list[int]) -> Iterator[int]:
    """Give UIDs until the batch has taken long enough."""
    loop = asyncio.get_running_loop()
    stop = loop.time() + _BATCH_S
    for uid in uids:
        if loop.time() > stop:
            return
        yield uid
