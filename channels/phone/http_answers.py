"""Say what a provider's answer over HTTP means for a message."""

from __future__ import annotations

from typing import Any

import httpx

from channels.phone.definition import Definition
from channels.provider_trouble import NOT_SENT, seconds_of
from router.delivery import OptedOut, Permanent, Retry, SendOutcome, Sent, Unknown

_CUT_ON_THE_WAY = frozenset({502, 504})
_CREDENTIALS_WAIT_S = 300.0


def at(value: Any, path: str) -> Any:
    """Give what stands at a dotted path of a JSON value; None where there is nothing."""
    for name in path.split(".") if path else ():
        if isinstance(value, list) and name.isascii() and name.isdigit():
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value


def told(answer: httpx.Response) -> Any:
    """Read the JSON of an answer; None where it is none."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def ids_of(value: Any) -> tuple[str, ...]:
    """Read one id, or a list of them."""
    values = value if isinstance(value, list) else [value]
    return tuple(str(one) for one in values if isinstance(one, (str, int)) and str(one))


def outcome_of(answer: httpx.Response, definition: Definition) -> SendOutcome:
    """Read the answer to a message that was handed over."""
    said, status = told(answer), answer.status_code
    code = at(said, definition.send.code) if definition.send.code else None
    for one in (code, status):
        known = _known(str(one), answer, definition) if one is not None else None
        if known is not None:
            return known
    if status in _CUT_ON_THE_WAY:
        return Unknown(f"{definition.name} : réponse coupée en chemin ({status})")
    if status >= 500:
        return Retry(f"{definition.name} est en panne ({status})")
    if status >= 300:
        return Permanent(str(status), f"refusé par {definition.name}")
    if definition.send.refused and at(said, definition.send.refused):
        return Permanent("refused", f"{definition.name} n'accepte pas ce numéro")
    ids = ids_of(at(said, definition.send.id))
    return Sent(ids) if ids else Unknown(f"{definition.name} a répondu sans numéro d'envoi")


def _known(code: str, answer: httpx.Response, definition: Definition) -> SendOutcome | None:
    """Look a code up among those that the definition explains."""
    codes, name = definition.codes, definition.name
    if code in codes.opted_out:
        return OptedOut(f"la personne ne veut plus de messages ({code})")
    if code in codes.throttled:
        wait = seconds_of(answer.headers.get("retry-after", ""))
        return Retry(f"la limite de {name} est atteinte ({code})", wait, throttled=True)
    if code in codes.later:
        return Retry(f"{name} ne peut pas maintenant ({code})")
    if code in codes.credentials:
        return Retry(f"{name} refuse nos identifiants ({code})", _CREDENTIALS_WAIT_S)
    if code in codes.permanent:
        return Permanent(code, f"refusé par {name}")
    return None


def failure_of(error: httpx.HTTPError, name: str) -> SendOutcome:
    """Say what a call that brought no answer means."""
    why = type(error).__name__
    if isinstance(error, NOT_SENT):
        return Retry(f"{name} ne répond pas ({why})")
    return Unknown(f"la connexion à {name} a été coupée ({why})")
