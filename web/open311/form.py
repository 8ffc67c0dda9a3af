"""Reads what an application posts by GeoReport v2, and refuses what could not become a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from router.message import WebhookRequest
from web.open311.format import Trouble
from web.open311.records import LONGEST
from web.report.form import EMAIL

OURS = "guichet_"
"""How names of fields begin that a client may not send."""


async def read_form(request: Request) -> tuple[WebhookRequest, dict[str, str]]:
    """Read a posted form, and keep the request as it came.

    Raises:
        Trouble: 400, it is none.
    """
    body = await request.body()
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=200)
    except (UnicodeDecodeError, ValueError):
        raise Trouble(400, "The body is no form in UTF-8.") from None
    headers = {name.lower(): value for name, value in request.headers.items()}
    asked = WebhookRequest(request.method, str(request.url), headers, body)
    return asked, _joined((n, v) for n, v in pairs if not n.startswith(OURS))


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Read a form into a mapping; several values of one attribute stand in one."""
    found: dict[str, str] = {}
    for name, value in pairs:
        several = name in found and name.startswith("attribute[")
        found[name] = f"{found[name]}, {value}" if several else value.strip()
    return found


def check_request(form: Mapping[str, str]) -> None:
    """Refuse what could not become a case.

    Raises:
        Trouble: 400.
    """
    _check_place(form)
    check_email(form)
    if not form.get("description") and not form.get("media_url"):
        raise Trouble(400, "description was not provided.")
    if len(form.get("description", "")) > LONGEST:
        raise Trouble(400, f"description is longer than {LONGEST} characters.")


def check_email(form: Mapping[str, str]) -> None:
    """Refuse an address to which no answer could leave.

    Raises:
        Trouble: 400.
    """
    email = form.get("email", "")
    if email and not EMAIL.fullmatch(email):
        raise Trouble(400, f"email « {email[:60]} » is no e-mail address.")


def _check_place(form: Mapping[str, str]) -> None:
    lat, long = form.get("lat", ""), form.get("long", "")
    if bool(lat) != bool(long):
        raise Trouble(400, "lat and long must both be provided.")
    if lat and not _on_earth(lat, long):
        raise Trouble(400, "lat and long are no position in degrees.")
    if not lat and not form.get("address_string") and not form.get("address_id"):
        raise Trouble(400, "A location was not provided: lat and long, or address_string.")


def _on_earth(lat: str, long: str) -> bool:
    try:
        return abs(float(lat)) <= 90 and abs(float(long)) <= 180
    except ValueError:
        return False
