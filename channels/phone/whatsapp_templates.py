"""Look whether WhatsApp has approved the templates that an operator names."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

import httpx
from twilio.base.exceptions import TwilioException  # type: ignore[import-untyped]

_CONTENT_SID = re.compile(r"HX[0-9a-fA-F]{32}")
_APPROVED = "approved"
_TOLD = {
    "": "n'existe pas dans ce compte Twilio",
    "unsubmitted": "n'a pas été soumis à WhatsApp",
    "received": "attend l'accord de WhatsApp",
    "pending": "attend l'accord de WhatsApp",
    "rejected": "a été refusé par WhatsApp",
    "paused": "a été suspendu par WhatsApp",
    "disabled": "a été désactivé par WhatsApp",
}


def misspelt(templates: Mapping[str, str]) -> str:
    """Give the first id that cannot be one of a template; empty where all can."""
    return next((sid for sid in templates.values() if not _CONTENT_SID.fullmatch(sid)), "")


async def trouble(status_of: Callable[[str], Awaitable[str]], templates: Mapping[str, str]) -> str:
    """Say in French what is wrong with a template; empty where nothing is."""
    for language, sid in templates.items():
        try:
            status = await status_of(sid)
        except (TwilioException, httpx.HTTPError) as error:
            why = type(error).__name__
            return f"Twilio ne dit pas si le modèle {sid} ({language}) est approuvé ({why})."
        if status != _APPROVED:
            told = _TOLD.get(status, f"n'est pas approuvé par WhatsApp ({status})")
            return f"Le modèle {sid} ({language}) {told}."
    return ""
