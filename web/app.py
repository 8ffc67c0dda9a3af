"""Put the pages and the webhooks together into one application."""

from __future__ import annotations

from importlib import resources

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from router.errors import StoreUnavailable
from web.confirmation import ConfirmationPages
from web.desk.doors import desk_api
from web.guard import BodyLimit, SecurityHeaders, security_headers
from web.information import InformationPages
from web.open311.format import refused_elsewhere
from web.open311.server import Open311Api
from web.partners.api import partner_api
from web.partners.page import PartnerPages
from web.parts import WebParts
from web.render import Renderer
from web.report.page import ReportPages
from web.seals import Seals
from web.tracking.page import TrackingPages
from web.webhooks import RETRY_AFTER_S, Webhooks

_MACHINES = ("/webhooks/", "/open311/", "/partners/", "/desk/")
"""Where no person reads an error page."""
_EXPLAINED = {403, 404, 408, 413}
"""Statuses that have words of their own; others share the words of 400 and 500."""


def create_app(parts: WebParts) -> ASGIApp:
    """Build the application of one installation.

    Raises:
        ConfigurationError: a language is offered that has no catalogue.
    """
    renderer = Renderer(parts.settings)
    seals = Seals(parts.settings.form_secret, parts.clock)
    app = FastAPI(title=parts.settings.title, docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(ReportPages(parts, renderer, seals).routes())
    app.include_router(TrackingPages(parts, renderer, seals).routes())
    app.include_router(PartnerPages(parts, renderer, seals).routes())
    app.include_router(Open311Api(parts, renderer).routes())
    app.include_router(ConfirmationPages(parts, renderer).routes())
    app.include_router(InformationPages(parts, renderer).routes())
    app.mount("/partners/v1", partner_api(parts))
    if parts.records is not None:
        app.mount("/desk/v1", desk_api(parts, parts.records))
    static = resources.files("web").joinpath("static")
    app.mount("/static", StaticFiles(directory=str(static)), name="static")
    headers = security_headers(parts.settings.base_url)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders, headers=headers)
    _explain_errors(app, renderer, headers)
    return Webhooks(parts, headers, pages=app)


def _explain_errors(app: FastAPI, renderer: Renderer, always: dict[str, str]) -> None:
    async def refused(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 400
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        return _page(request, status, headers)

    async def store_down(request: Request, error: Exception) -> Response:
        return _page(request, 503, {"retry-after": RETRY_AFTER_S})

    async def broken(request: Request, error: Exception) -> Response:
        # outside all middleware, so that the headers are not added for us
        return _page(request, 500, always)

    def _page(request: Request, status: int, headers: dict[str, str]) -> Response:
        if request.url.path.startswith("/open311/"):
            return refused_elsewhere(request.url.path, status, headers)
        if request.url.path.startswith(_MACHINES):
            return PlainTextResponse(f"This request was refused ({status}).", status, headers)
        key = status if status in {*_EXPLAINED, 503} else 400 if status < 500 else 500
        return renderer.trouble(request, status, f"trouble.{key}", headers)

    app.add_exception_handler(HTTPException, refused)
    app.add_exception_handler(StoreUnavailable, store_down)
    app.add_exception_handler(Exception, broken)
