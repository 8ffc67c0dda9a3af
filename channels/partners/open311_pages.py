"""Reads the lists of a partner's Open311 server to their end, whether or not it tells them in pages."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

from channels.partners.http import Answer, refusal_of
from channels.partners.open311_answers import listed, told
from router.delivery import SendOutcome
from router.errors import InvalidInput

_FEWEST = 10
"""No server's page is so short: a list of fewer is whole."""
_MOST_PAGES = 100


class Asks(Protocol):
    async def ask(
        self, method: str, path: str, *, query: Mapping[str, str] | None = None
    ) -> Answer: ...


class Refused(InvalidInput):
    """The partner's server refuses to tell; ``outcome`` says for how long."""

    def __init__(self, outcome: SendOutcome) -> None:
        super().__init__(str(getattr(outcome, "reason", "")))
        self.outcome = outcome


async def pages(server: Asks, path: str, query: Mapping[str, str]) -> AsyncIterator[list[Any]]:
    """Ask for a list page after page (``page`` of the extension), each record once.

    A server that knows no pages gives the same again: then all has been told.

    Raises:
        Refused, UnreadablePayload: it does not tell.
        httpx.HTTPError, Forbidden: it came to no answer.
    """
    seen: set[str] = set()
    longest = 0
    for number in range(1, _MOST_PAGES + 1):
        asked = {**query, "page": str(number)} if number > 1 else query
        answer = await server.ask("GET", path, query=asked)
        refused = refusal_of(answer, told(answer.body))
        if refused is not None:
            raise Refused(refused)
        records = listed(answer.body)
        marks = [json.dumps(one, sort_keys=True, default=str) for one in records]
        new = [one for one, mark in zip(records, marks, strict=True) if mark not in seen]
        seen.update(marks)
        if new:
            yield new
        longest = max(longest, len(records))
        if not new or len(records) < max(_FEWEST, longest):
            return
