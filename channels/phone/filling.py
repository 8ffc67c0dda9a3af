"""Fills in what a definition leaves open: ``{to}``, ``{from}``, ``{text}``, ``{tag}`` and keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from channels.phone.definition import Call, Definition
from router.errors import ConfigurationError

_OPEN = re.compile(r"\{(\w+)\}")
OF_A_MESSAGE = frozenset({"to", "from", "text", "tag", "coding", "delivery", "callback", "id"})
"""``tag`` is the same whenever a piece is tried again, at most 20 characters; ``coding`` is 7bit or
8bit; ``delivery`` is our number of the delivery and ``callback`` an address that carries it."""
OF_THE_ACCOUNT = frozenset({"base_url", "account_sid", "from"})


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """Fill in every text of a value, however deep it stands."""
    if isinstance(value, str):
        return _OPEN.sub(lambda found: known.get(found[1], found[0]), value)
    if isinstance(value, list):
        return [filled(one, known) for one in value]
    if isinstance(value, dict):
        return {name: filled(one, known) for name, one in value.items()}
    return value


def filled_url(url: str, known: Mapping[str, str]) -> str:
    """Fill in an address; what is put in cannot change its path or its host."""
    quoted = {
        name: value if name == "base_url" else quote(value, "") for name, value in known.items()
    }
    return str(filled(url, quoted))


def check(definition: Definition, keys: Mapping[str, str]) -> None:
    """See that every name left open will be known.

    Raises:
        ConfigurationError: a key that the definition needs was not given, or a name is unknown.
    """
    missing = [name for name in definition.keys if not keys.get(name)]
    if missing:
        raise ConfigurationError(f"{definition.name} : il manque keys.{missing[0]}.")
    known = OF_A_MESSAGE | OF_THE_ACCOUNT | keys.keys()
    for name in sorted(_open_names(definition)):
        if name not in known:
            raise ConfigurationError(f"{definition.name} : « {{{name}}} » n'est connu de personne.")


def _open_names(definition: Definition) -> set[str]:
    calls: list[Call | None] = [definition.send, definition.find, definition.health]
    if definition.poll:
        calls += [definition.poll.list, definition.poll.one]
    told = [[call.url, call.headers, call.fields] for call in calls if call]
    return set(_OPEN.findall(str(told)))
