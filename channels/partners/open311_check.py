"""Checks a partner's Open311 server: whether it answers, has our types of request, and what they ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Set
from typing import Any, Protocol

import httpx

from channels.partners.http import refusal_of
from channels.partners.open311_answers import demanded, is_true, listed, told, word
from channels.partners.open311_pages import Asks
from channels.unreachable import CHECK_S
from router.delivery import Permanent, Retry, Unknown
from router.errors import InvalidInput, UnreadablePayload
from router.ports import Health


class Server(Asks, Protocol):
    account: str


async def checked(
    server: Server, wanted: Set[str], given: Set[str], why: Callable[[Exception], str]
) -> Health:
    """Ask for the types of request; ``given`` are the codes of attributes that the settings fill in.

    ``why`` says of a call that came to no answer what is wrong.
    """
    try:
        async with asyncio.timeout(CHECK_S):
            return await _checked(server, wanted, given)
    except UnreadablePayload as error:
        return Health(False, f"{server.account} ne répond pas comme un serveur Open311 ({error}).")
    except (httpx.HTTPError, InvalidInput, TimeoutError) as error:
        return Health(False, f"{server.account} {why(error)}.")


async def _checked(server: Server, wanted: Set[str], given: Set[str]) -> Health:
    name, answer = server.account, await server.ask("GET", "/services")
    refused = refusal_of(answer, told(answer.body))
    if isinstance(refused, Retry | Permanent | Unknown):
        return Health(False, f"{name} refuse de répondre ({refused.reason}).")
    known = [one for one in listed(answer.body) if isinstance(one, Mapping)]
    types = {word(one, "service_code"): one for one in known}
    missing = sorted(wanted - types.keys())
    if missing:
        return Health(False, f"{name} ne connaît pas ces types : {', '.join(missing)}.")
    asked = [await _asked(server, code, types[code], given) for code in sorted(wanted)]
    if any(asked):
        told_of = " ; ".join(filter(None, asked))
        return Health(False, f"{name}, type {told_of} : dites dans « attributes » qui le donne.")
    return Health(True, f"{name} répond ; {len(types)} types de demande.")


async def _asked(server: Server, code: str, service: Mapping[str, Any], given: Set[str]) -> str:
    """Say what a type demands that no setting gives; nothing where it demands nothing."""
    if not is_true(service, "metadata"):
        return ""
    answer = await server.ask("GET", f"/services/{code}")
    if refusal_of(answer, "") is not None:
        return ""  # announced and not there, as on some servers
    lacking = {one: why for one, why in demanded(answer.body).items() if one not in given}
    named = ", ".join(f"{one} ({why})" if why else one for one, why in lacking.items())
    return f"{code} demande {named}" if named else ""
