"""Hand a provider's webhook over to the product, again and again while it is down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import httpx

LONGEST_WAIT = 0.05
"""Seconds between two tries; real providers wait minutes, a demo has none to lose."""


async def hand_over(
    client: httpx.AsyncClient,
    url: Callable[[], str | None],
    content: bytes,
    headers: Callable[[str], Mapping[str, str]],
    *,
    tries: int | None = None,
) -> httpx.Response | None:
    """Post until the product answers 2xx or 4xx.

    The address is asked for before each try, since the product may come back on another port;
    while it is None nothing is posted. Gives None when the tries are used up.
    """
    wait, tried = 0.005, 0
    while tries is None or tried < tries:
        target = url()
        if target is not None:
            tried += 1
            answer = await _post(client, target, content, headers(target))
            if answer is not None and answer.status_code < 500:
                return answer
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
    return None


async def _post(
    client: httpx.AsyncClient, url: str, content: bytes, headers: Mapping[str, str]
) -> httpx.Response | None:
    try:
        return await client.post(url, content=content, headers=dict(headers))
    except httpx.HTTPError:
        return None
