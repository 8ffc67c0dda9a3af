"""What the doors for programs share: whose key it is, bodies, pictures, refusals in one sentence."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from router.errors import InvalidSignature, WrongTime
from router.message import WebhookRequest
from router.ports import TakesWebhooks
from web.parts import SavePhoto, WebParts
from web.photos import BadPhoto, cleaned
from web.said_wrong import first_mistake
from web.same_entry import mark

M = TypeVar("M", bound=BaseModel)


class Refusal(Exception):
    """What a program is told instead of an answer, with the HTTP status."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def as_webhook(request: Request) -> WebhookRequest:
    """Give a request as channels see it."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return WebhookRequest(request.method, str(request.url), headers, await request.body())


def opened(parts: WebParts, channel: str, asked: WebhookRequest) -> dict[str, TakesWebhooks]:
    """Find the accounts of a channel that the key of a request opens: one key may open several.

    Raises:
        Refusal: 403, the key is right and the time of the request is not.
    """
    found, late = {}, ""
    for (name, account), one in parts.channels.items():
        if name != channel or not isinstance(one, TakesWebhooks):
            continue
        try:
            one.verify(asked)
        except WrongTime as error:
            late = str(error)
            continue
        except InvalidSignature:
            continue
        found[account] = one
    if late and not found:
        raise Refusal(403, f"The signature is right, but {late}. Set yours, and sign again.")
    return found


def read(model: type[M], body: bytes) -> M:
    """Read a JSON body.

    Raises:
        Refusal: 400, with the place of the first mistake.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise Refusal(400, first_mistake(error)) from None


async def keep_photo(save: SavePhoto | None, content: bytes, number: int) -> dict[str, Any]:
    """Keep a picture without its metadata, and give it as channels read attachments.

    Raises:
        Refusal: 400, it is no picture, or pictures are not kept here.
    """
    if save is None:
        raise Refusal(400, "Pictures are not kept here.")
    try:
        safe = await cleaned(content)
    except BadPhoto:
        raise Refusal(400, f"Photo {number} is no picture that can be taken.") from None
    name = f"photo-{number}.jpg"
    ref = await save(name, safe.data)
    return {
        "name": name,
        "media_type": safe.media_type,
        "size": len(safe.data),
        "ref": ref,
        **mark(content),
    }
