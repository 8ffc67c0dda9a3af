"""Name what a form says: sent twice it is one thing, with anything else in it another."""

from __future__ import annotations

import hashlib
import json

_DIGITS = 16


def said_id(form_id: str, said: object) -> str:
    """Give the id under which a form is sent.

    Somebody who goes back in the browser and writes the next thing must not be taken for somebody
    who pressed the button twice. ``said`` is all that counts of the form, as JSON writes it.
    """
    written = json.dumps(said, ensure_ascii=True, sort_keys=True)
    return f"{form_id}.{hashlib.sha256(written.encode()).hexdigest()[:_DIGITS]}"
