"""Asks every channel and way to a service whether it works: all at once, none for long."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from router.ports import Checks, Health

DEADLINE_S = 10.0
_LONGEST = 300  # characters of a sentence; providers write whole pages into their errors
_SECRET = ("token", "secret", "password", "key", "jeton", "cle")
_SHORTEST_SECRET = 6
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing checked; ``ok`` is None where there is nothing to check."""

    what: str
    ok: bool | None
    sentence: str


async def ask_all(
    channels: Mapping[Key, object], secrets: Iterable[str] = (), deadline_s: float = DEADLINE_S
) -> list[Finding]:
    """Ask all channels at once, in the order given; one that hangs or fails is a finding."""
    hidden = tuple(secrets)
    asked = [asyncio.ensure_future(_ask(key, one, deadline_s)) for key, one in channels.items()]
    if asked:
        # a library may swallow being cut off: whoever is late then is left behind
        await asyncio.wait(asked, timeout=deadline_s + 1)
    found = [
        task.result() if task.done() else _late(key, deadline_s)
        for key, task in zip(channels, asked, strict=True)
    ]
    return [Finding(one.what, one.ok, _shown(one.sentence, hidden)) for one in found]


def secrets_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """List the values of settings that nobody may read, by the names of their fields."""
    found: list[str] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            inside = value.values() if name == "keys" else ()
            found += [*secrets_of(value), *(str(one) for one in inside)]
        elif any(word in name.lower() for word in _SECRET):
            found += map(str, value) if isinstance(value, list | tuple) else [str(value)]
    return tuple(one for one in found if len(one) >= _SHORTEST_SECRET and "://" not in one)


async def _ask(key: Key, channel: object, deadline_s: float) -> Finding:
    what = " ".join(key)
    if not isinstance(channel, Checks):
        return Finding(what, True, "branché.")
    try:
        async with asyncio.timeout(deadline_s):
            health: Health = await channel.health()
    except TimeoutError:
        return _late(key, deadline_s)
    except Exception as error:  # the defect of one channel hides no other's
        return Finding(what, False, f"n'a pas pu être interrogé ({type(error).__name__}).")
    finally:
        await close_channel(channel)
    return Finding(what, health.ok, health.sentence)


async def close_channel(channel: object) -> None:
    close = getattr(channel, "close", None)
    if close is not None:
        with contextlib.suppress(Exception):  # what was found stands
            await close()


def _late(key: Key, deadline_s: float) -> Finding:
    return Finding(" ".join(key), False, f"ne répond pas en {deadline_s:g} secondes.")


def _shown(sentence: str, secrets: tuple[str, ...]) -> str:
    """Fit what a channel tells to one line, without anything secret."""
    for secret in secrets:
        sentence = sentence.replace(secret, "•••")
    line = "".join(one if one.isprintable() else " " for one in sentence)
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 2] + " …"
