"""Carry the calls of the Telegram library, and say what a failed one means for a delivery."""

from __future__ import annotations

import json
import math
from collections.abc import Awaitable
from typing import Any, TypeVar

import httpx
from telegram import WebhookInfo
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    TelegramError,
)
from telegram.request import HTTPXRequest

from channels.provider_trouble import NOT_SENT
from channels.trusted import trusted
from router.delivery import Permanent, Retry, SendOutcome, Unknown

T = TypeVar("T")


_LONGEST_WAIT_S = 3600.0


class Throttled(TelegramError):
    """Telegram answered 429; the library's own RetryAfter is changing its type, with warnings."""

    def __init__(self, after_s: float) -> None:
        super().__init__("too many requests")
        self.after_s = after_s


class OddAnswer(TelegramError):
    """Telegram, or whoever answered for it, said something of an unknown shape."""


async def asked(call: Awaitable[object], kind: type[T]) -> T:
    """Await a call of the library, which reads answers without looking at their shape.

    Raises:
        TelegramError: it was refused, came to no answer, or to an odd one.
    """
    try:
        told = await call
    except TelegramError:
        raise
    except Exception as error:
        raise OddAnswer(f"an odd answer ({type(error).__name__})") from error
    if not isinstance(told, kind):
        raise OddAnswer(f"an odd answer, no {kind.__name__}")
    return told


class Request(HTTPXRequest):
    """The library's HTTP client, with one time limit for everything."""

    def __init__(self, connections: int, limit_s: float) -> None:
        super().__init__(
            connections,
            read_timeout=limit_s,
            write_timeout=limit_s,
            connect_timeout=limit_s,
            pool_timeout=limit_s,
            httpx_kwargs={"verify": trusted()},
        )

    async def do_request(self, *args: Any, **named: Any) -> tuple[int, bytes]:
        code, payload = await super().do_request(*args, **named)
        if code == 429:
            raise Throttled(_retry_after(payload))
        return code, payload


def _retry_after(payload: bytes) -> float:
    try:
        seconds = float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return 1.0
    return min(max(seconds, 0.0), _LONGEST_WAIT_S) if math.isfinite(seconds) else 1.0


def hook_trouble(hook: WebhookInfo, *, called: bool, wanted: str = "") -> str:
    """Say in French what is wrong with the webhook of a bot, as the rest of a sentence.

    ``called``: we expect to be called by one, at ``wanted`` where that is known.
    """
    url = str(hook.url or "")
    if not called:
        told = f"un webhook y est inscrit ({url}) : appelez deleteWebhook, ou donnez webhook_secret"
        return told if url else ""
    if not url:
        return "aucun webhook n'y est inscrit : appelez setWebhook, ou retirez webhook_secret"
    if wanted and url != wanted:
        return f"le webhook inscrit est {url}, et non {wanted}"
    if hook.last_error_message and hook.pending_update_count:
        waiting = hook.pending_update_count
        return f"{waiting} messages n'ont pas pu nous être remis ({hook.last_error_message})"
    return ""


def outcome_of(error: TelegramError, reason: str) -> SendOutcome:
    """Say what a failed send means; ``reason`` is what may be shown of the error."""
    match error:
        case Throttled():
            return Retry(reason, error.after_s, throttled=True)
        case Forbidden():
            return Permanent("blocked", reason)
        case BadRequest():  # before NetworkError, whose kind it is in this library
            return Permanent("400", reason)
        case InvalidToken() | Conflict():
            return Retry(reason, 300.0)
        case NetworkError():  # and TimedOut, whose kind is NetworkError
            return _broken(error, reason)
    return Unknown(reason)


def _broken(error: NetworkError, reason: str) -> SendOutcome:
    """Tell what surely did not leave from what may have."""
    if isinstance(error.__cause__, NOT_SENT):
        return Retry(reason)
    if isinstance(error.__cause__, httpx.HTTPError):
        return Unknown(reason)
    return Retry(reason)  # an answer of 5xx
