"""Which file holds the settings: `guichet.toml` of this folder, or the one that is named."""

from __future__ import annotations

import os
from pathlib import Path

from router.errors import ConfigurationError

FILE = "guichet.toml"
NAMED = "GUICHET_SETTINGS"
"""The variable that names another file, which must be there then."""


def settings_file() -> Path | None:
    """Give the file of settings; None where there is none, and none was named.

    Raises:
        ConfigurationError: the file that was named is not there.
    """
    named = os.environ.get(NAMED)
    if named and not Path(named).is_file():
        raise ConfigurationError(
            f"{named} : ce fichier de réglages n'existe pas. {NAMED} le nomme : corrigez son chemin."
        )
    path = Path(named or FILE)
    return path if path.is_file() else None
