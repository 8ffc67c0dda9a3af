"""Loads, beside the event loop, what the first message of a process would else wait for."""

from __future__ import annotations

import contextlib
import threading

from router.rule_ports import Prepares


def prepare(part: object) -> threading.Thread | None:
    """Begin to prepare a part that needs it; the thread holds up neither the start nor the end."""
    if not isinstance(part, Prepares):
        return None
    thread = threading.Thread(target=_quietly, args=(part,), name="prepare", daemon=True)
    thread.start()
    return thread


def _quietly(part: Prepares) -> None:
    with contextlib.suppress(Exception):  # told when a message needs it
        part.prepare()
