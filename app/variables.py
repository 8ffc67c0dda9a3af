"""Finds variables of the environment that look like settings and are none: nobody would obey them."""

from __future__ import annotations

import os
import re
from difflib import get_close_matches

from app.settings_file import NAMED
from router.errors import ConfigurationError

PREFIX, NESTING = "GUICHET_", "__"
SETTINGS = (
    "DATA", "DATABASE_URL", "CONFIG", "BASE_URL", "SECRET", "CELL", "AUTOMATIC_PER_DAY",
    "DANGERS_PER_DAY", "CONFIRMATIONS_PER_DAY", "CHANNELS",
)  # fmt: skip
"""The fields of the settings, which take a fifth of a second to import."""
_OTHERS = (NAMED.removeprefix(PREFIX), "AGENT", "PAR")
_OF_THE_TESTS = {"TEST_DATABASE_URL", "FORBID_SKIPS"}
_OF_KUBERNETES = re.compile(r"(SERVICE|PORT)(_|$)")
"""Where a service is called guichet, every container beside it is given such variables."""


def unknown_variables() -> list[str]:
    """Say in a sentence of each variable that nobody reads which one may be meant."""
    return [_sentence(name) for name in sorted(os.environ) if _is_unknown(name)]


def check_variables() -> None:
    """Refuse variables that nobody would obey.

    Raises:
        ConfigurationError: names each, and the one that may be meant.
    """
    found = unknown_variables()
    if found:
        raise ConfigurationError("\n".join(found))


def _is_unknown(name: str) -> bool:
    if not name.upper().startswith(PREFIX):
        return False
    own = name.upper().removeprefix(PREFIX)
    known = own.split(NESTING)[0] in {*SETTINGS, *_OTHERS} or own in _OF_THE_TESTS
    return not known and not _OF_KUBERNETES.match(own)


def _sentence(name: str) -> str:
    own, *nested = name.upper().removeprefix(PREFIX).split(NESTING)
    near = get_close_matches(own, (*SETTINGS, *_OTHERS), 1)
    meant = NESTING.join((f"{PREFIX}{near[0]}", *nested)) if near else ""
    return f"{name} : ce réglage n'existe pas." + (
        f" Voulez-vous dire « {meant} » ?" if meant else ""
    )
