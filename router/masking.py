"""Hide in people's words the addresses and numbers by which they could be reached."""

from __future__ import annotations

import re

_MAIL = re.compile(r"[^\s@<>()\[\]\"',;:]{1,64}@[^\s@<>()\[\]\"',;:]{1,200}\.[a-zA-Z]{2,24}")
_PHONE = re.compile(r"(?<![\w+])(?:\+|00?)[ .]?[1-9](?:[ .\-()]{0,3}\d){7,13}(?!\w)")
_HIDDEN_MAIL, _HIDDEN_PHONE = "[adresse masquée]", "[numéro masqué]"


def masked(text: str) -> str:
    """Mask e-mail addresses and telephone numbers in free text."""
    return _PHONE.sub(_HIDDEN_PHONE, _MAIL.sub(_HIDDEN_MAIL, text))
