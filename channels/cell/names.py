"""Says which names an installation may have: they stand in addresses, in settings and in services.yaml."""

from __future__ import annotations

import re

from router.errors import ConfigurationError

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_SHOWN = 60  # characters of a name that is none


def cell_name(name: str) -> str:
    """Give a name back.

    Raises:
        ConfigurationError: it could not stand in an address.
    """
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"« {name[:_SHOWN]} » ne convient pas comme nom d'installation : il y faut des lettres"
            " minuscules sans accent, des chiffres et des tirets, 40 au plus."
        )
    return name
