"""Names a request that has no number yet, so that nobody else can name it."""

from __future__ import annotations

from typing import NamedTuple

from web.open311.records import CHANNEL
from web.parts import WebParts
from web.seals import Seals

_PURPOSE = "open311 token"


class Posted(NamedTuple):
    """A request as the journal knows it."""

    account: str
    id: str


class Tokens:
    """Signs what the journal calls a request: that name is a hash of what an application may count up."""

    def __init__(self, parts: WebParts) -> None:
        self._seals = Seals(parts.settings.form_secret, parts.clock)
        self._accounts = [account for name, account in parts.channels if name == CHANNEL]

    def token(self, account: str, id: str) -> str:
        """Give the token by which anybody may ask for the number."""
        return self._seals.signed(_purpose(account), id)

    def posted(self, token: str, account: str | None) -> list[Posted]:
        """List what a token may name; ``account`` asks with its key, and may leave out the signature.

        Tokens had none in earlier versions.
        """
        id, _, signature = token.rpartition("-")
        if account is not None and not id:
            return [Posted(account, signature)]
        return [
            Posted(one, id) for one in self._accounts if self._seals.is_ours(_purpose(one), token)
        ]


def _purpose(account: str) -> str:
    return f"{_PURPOSE}\n{account}"
