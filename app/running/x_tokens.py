"""Keeps the rotating tokens of an X account in the store, for every process and every restart.

A refresh token is good for one use: whoever loses the answer needs a new login. So one process at
a time renews, under a lease, and writes what it was given before anybody uses it. The window that
is left lies between X's answer and the commit; after a crash in it the old tokens are tried once
more, and the health of the channel then says that a new login is needed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from app.running.held_row import Holds, held_row
from channels.x.api import Renew, Tokens
from router.ports import Clock
from router.work import CursorWrite, Lease


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """The tokens of one account; ``given`` are those of the settings, which begin the chain.

    An operator who logs in again writes other tokens into the settings: what was kept of the
    earlier chain counts no more. Inside one process the account's own lock keeps turns apart:
    a lease that a process has is not refused to it.
    """

    store: Holds
    clock: Clock
    account: str
    given: Tokens

    async def latest(self) -> Tokens | None:
        """Give what was kept last, if it began with the settings' tokens.

        Raises:
            StoreUnavailable: another process renews them and does not come to an end.
        """
        async with held_row(self.store, self.clock, self._name) as lease:
            return self._read(lease)

    async def rotate(self, used: Tokens, renew: Renew) -> Tokens:
        """Renew the tokens, unless another process has done so."""
        async with held_row(self.store, self.clock, self._name) as lease:
            kept = self._read(lease)
            if kept is not None and kept != used:
                return kept
            fresh = await renew(used)
            cursor = json.dumps({"seed": self._seed, **asdict(fresh)})
            await self.store.accept((), CursorWrite(lease.poller, cursor, lease.token))
            return fresh

    @property
    def _name(self) -> str:
        return f"tokens|x|{self.account}"

    @property
    def _seed(self) -> str:
        text = f"{self.given.access}\n{self.given.refresh}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _read(self, lease: Lease) -> Tokens | None:
        try:
            kept = json.loads(lease.cursor or "{}")
            same = kept["seed"] == self._seed
            return Tokens(str(kept["access"]), str(kept["refresh"])) if same else None
        except (ValueError, KeyError, TypeError):
            return None
