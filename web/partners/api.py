"""``/partners/v1``: where a partner's own system acts on its cases, signed as our messages to it are."""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from router.case import Case
from router.errors import StoreUnavailable
from router.message import WebhookRequest
from router.ports import TakesWebhooks
from router.tracking import printed
from web.described import DescribedApi
from web.partners.acts import Act, CaseMessage, Photo, Refused, Taken
from web.partners.invited import Invited, open_link
from web.parts import WebParts
from web.programs import Refusal, as_webhook, keep_photo, opened, read
from web.same_entry import acts_again, mark
from web.sending import Sending

CHANNEL = "partner_webhook"
_OTHER_ACT = (
    "This webhook-id was used for another act and nothing new was kept: send it under another id."
)
_ANY_TIME = {"note", "reference"}
"""Acts that change no status: they are taken of a case that has ended, too."""
_HEADERS = (
    ("webhook-id", "Your name of this message; the same one twice is worked once."),
    ("webhook-timestamp", "Seconds since 1970, no more than five minutes from now."),
    ("webhook-key-id", "Which of the shared keys signed; without it each is tried."),
    (
        "webhook-signature",
        "v1, a comma, and base64 of HMAC-SHA256 over id, timestamp and body, joined by dots. Its key "
        "is the secret decoded from base64, without whsec_ before it. "
        "Example: secret whsec_YW4tZXhhbXBsZS1rZXktb2YtMjQtYnl0ZQ==, id msg-1, timestamp 1790000000 and body "
        '{"case": "p.EXAMPLE", "act": "accept"} give '
        "v1,03YWww35geR1OZNdOq5v1V38e1ci1EocqEQpfQwz1N8=",
    ),
)
_DESCRIPTION = (
    "Cases come to you as signed messages (see Webhooks); you act on them here. Both are signed as "
    "[Standard Webhooks](https://www.standardwebhooks.com/) says, with the keys that we share."
)


def partner_api(parts: WebParts) -> FastAPI:
    """Build the application, with its OpenAPI description at ``openapi.json``."""
    api = DescribedApi(
        title=f"{parts.settings.title} – partners",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
    )
    acts = Acts(parts)
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": Refused, "description": why}
        for status, why in (
            (400, "The body cannot be read."),
            (403, "The key, the clock or the case is not yours; the sentence says which."),
            (404, "No such case."),
            (
                409,
                "The case is no longer yours, has ended, or the webhook-id was used for another act.",
            ),
            (503, "Nothing is kept: send it again."),
        )
    }

    @api.post(
        "/acts",
        response_model=Taken,
        responses=refusals,
        operation_id="act",
        summary="Act on a case",
        openapi_extra=_described(),
    )
    async def act(request: Request) -> Response:
        return await acts.take(request)

    @api.webhooks.post(
        "case", operation_id="case", summary="A case, or more of it, posted to your address"
    )
    def case(body: CaseMessage) -> None:
        """Answer 2xx once it is safe with you; anything else, or silence, and it comes again."""

    return api


class Acts:
    """Takes signed acts: verified, made durable, and only then answered."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._sending = Sending(parts)

    async def take(self, request: Request) -> Response:
        """Take one act, or say in one sentence why not."""
        try:
            return await self._take(request)
        except Refusal as refusal:
            return JSONResponse({"error": str(refusal)}, refusal.status)
        except StoreUnavailable:
            told = {"error": "The act cannot be kept now; send it again."}
            return JSONResponse(told, 503, {"retry-after": "30"})

    async def _take(self, request: Request) -> Response:
        asked = await as_webhook(request)
        partners = self._partners(asked)
        act = read(Act, asked.body)
        invited = await self._invited(act, partners)
        account = invited.service.transmit_to
        channel = partners[account]
        if not await self._known(account, asked.headers["webhook-id"], act):
            _check(act, invited)
            self._check_named(act, invited)
            said = json.dumps(await self._said(act), ensure_ascii=False).encode("utf-8", "replace")
            kept = WebhookRequest(asked.method, asked.url, asked.headers, said)
            [accepted] = await self._sending.accept(channel.open(kept, self._parts.clock.now()))
            if not accepted.new:  # the same id came twice at the same moment
                await self._known(account, asked.headers["webhook-id"], act)
            await self._sending.until(lambda: self._moved(invited.case))
        now = await self._parts.cases.case_by_id(invited.case.id) or invited.case
        number = printed(now.public_number or now.number)
        return JSONResponse({"status": "taken", "case": number, "case_status": str(now.status)})

    def _partners(self, asked: WebhookRequest) -> dict[str, TakesWebhooks]:
        """Find the partner whose key signed a request; it may listen at several addresses."""
        found = opened(self._parts, CHANNEL, asked)
        if found:
            return found
        raise Refusal(403, "The message is not signed with a key of ours.")

    async def _invited(self, act: Act, accounts: Container[str]) -> Invited:
        """Find the case; it must have been handed to a service of this very partner."""
        invited = await open_link(self._parts, act.case)
        if invited is None:
            raise Refusal(404, "No case has this name.")
        if invited.service.transmit_to not in accounts:
            raise Refusal(403, "This case was handed to somebody else.")
        return invited

    async def _known(self, account: str, id: str, act: Act) -> bool:
        """Whether this message came before: its answer may have been lost.

        Another act under its id is refused, as it would be lost in silence.
        """
        look = self._parts.kept
        before = await look(CHANNEL, account, id) if look is not None else None
        photos = [mark(photo.content) for photo in act.photos]
        said = act.model_dump(exclude={"photos"}) | {"attachments": photos}
        if before is not None and not acts_again(before, said):
            raise Refusal(409, _OTHER_ACT)
        return before is not None

    def _check_named(self, act: Act, invited: Invited) -> None:
        directory, named = self._parts.rulebooks.current().directory, act.instead.strip()
        if act.act == "refuse" and named and not invited.may_name(directory, named):
            raise Refusal(400, f"instead: « {named} » is no other service here.")

    async def _said(self, act: Act) -> dict[str, Any]:
        """Write the act for the journal; pictures are kept beside it."""
        said: dict[str, Any] = act.model_dump(exclude={"photos"})
        photos = [
            await keep_photo(self._parts.save_photo, photo.content, number)
            for number, photo in enumerate(act.photos, 1)
        ]
        return {**said, "attachments": photos}

    async def _moved(self, before: Case) -> Case | None:
        """Give the case once the router has worked the act."""
        now = await self._parts.cases.case_by_id(before.id)
        return now if now and now.version > before.version else None


def _check(act: Act, invited: Invited) -> None:
    if act.act in _ANY_TIME:
        return
    if not invited.in_charge:
        raise Refusal(409, "The case is no longer with this service.")
    if act.act not in invited.acts:
        told = f"A case that is {invited.case.status} does not take the act {act.act}."
        raise Refusal(409, told)


def _described() -> dict[str, Any]:
    schema = Act.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    schema["properties"]["photos"]["items"] = Photo.model_json_schema()
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": name != "webhook-key-id",
                "description": why,
                "schema": {"type": "string"},
            }
            for name, why in _HEADERS
        ],
    }
