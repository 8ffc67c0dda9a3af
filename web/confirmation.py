"""Have a person say that the address at which he asked to be answered is his."""

from __future__ import annotations

import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.errors import InvalidInput
from router.tokens import CONFIRM, Token
from router.tracking import printed
from web.guard import check_origin
from web.parts import WebParts
from web.render import Renderer
from web.sending import Sending


class ConfirmationPages:
    """``/confirmer/{token}``: looking changes nothing, since programs look at mail before people."""

    def __init__(self, parts: WebParts, renderer: Renderer) -> None:
        self._parts = parts
        self._renderer = renderer
        self._sending = Sending(parts)

    def routes(self) -> APIRouter:
        router = APIRouter()
        path = "/confirmer/{token}"
        router.add_api_route(path, self.show, methods=["GET", "HEAD"], response_model=None)
        router.add_api_route(path, self.confirm, methods=["POST"], response_model=None)
        return router

    async def show(self, request: Request, token: str) -> Response:
        """Ask once more."""
        known = self._read(token)
        if known is None:
            return self._renderer.trouble(request, 404, "trouble.404")
        return self._renderer.page(
            request, "confirm.html", private=True, number=printed(known.number), token=token
        )

    async def confirm(self, request: Request, token: str) -> Response:
        """Hand it to the router, which takes each link once, and lead to the case."""
        check_origin(request, self._parts.settings.base_url)
        known = self._read(token)
        if known is None:
            return self._renderer.trouble(request, 404, "trouble.404")
        body = {"id": f"confirm:{token}", "confirm": token}
        await self._sending.form(json.dumps(body).encode())
        speaker = self._renderer.speaker(request)
        target = speaker.link(f"/suivi/{printed(known.number)}", confirme="1")
        return RedirectResponse(target, 303)

    def _read(self, token: str) -> Token | None:
        try:
            known = self._parts.signer.read(token)
        except InvalidInput:
            return None
        return known if known.kind == CONFIRM else None
