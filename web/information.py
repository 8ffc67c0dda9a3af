"""Pages that answer by themselves: who does what, accessibility, privacy, health, robots."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from router.directory import Level, Service
from web.alphabet import order
from web.parts import WebParts
from web.render import Renderer, Speaker

DESK_FAMILY = "accueil"
_HIDDEN = ("/suivi/", "/p/", "/merci/", "/webhooks/")
_ROBOTS = "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in _HIDDEN)


class InformationPages:
    """``/qui-fait-quoi``, the two statements, ``/healthz``, ``/readyz`` and ``/robots.txt``."""

    def __init__(self, parts: WebParts, renderer: Renderer) -> None:
        self._parts = parts
        self._renderer = renderer

    def routes(self) -> APIRouter:
        router = APIRouter()
        for path, page in (
            ("/qui-fait-quoi", self.who),
            ("/accessibilite", self.accessibility),
            ("/confidentialite", self.privacy),
            ("/healthz", self.health),
            ("/readyz", self.ready),
            ("/robots.txt", self.robots),
        ):
            router.add_api_route(path, page, methods=["GET", "HEAD"], response_model=None)
        return router

    async def who(self, request: Request) -> Response:
        """List the services by family, the desks first."""
        speaker = self._renderer.speaker(request)
        families: dict[str, list[Service]] = {}
        for service in self._parts.rulebooks.current().directory.services():
            families.setdefault(service.family, []).append(service)
        listed = sorted(
            families.items(),
            key=lambda item: (item[0] != DESK_FAMILY, order(_family(speaker, item[0]))),
        )
        groups = [(_family(speaker, name), sorted(them, key=_rank)) for name, them in listed]
        return self._renderer.page(request, "who.html", groups=groups, place=self._commune)

    async def accessibility(self, request: Request) -> Response:
        return self._renderer.page(request, "accessibility.html", desk=self._desk())

    async def privacy(self, request: Request) -> Response:
        return self._renderer.page(request, "privacy.html", desk=self._desk())

    async def health(self) -> Response:
        """Say that the process answers; the state of the channels is for `guichet doctor`."""
        return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})

    async def ready(self) -> Response:
        """Say whether what people send can be kept now: 503 where the store takes nothing."""
        ready = await self._parts.ready()
        said = "ok" if ready else "the store does not answer"
        headers = {"cache-control": "no-store"} | ({} if ready else {"retry-after": "5"})
        return JSONResponse({"status": said}, 200 if ready else 503, headers)

    async def robots(self) -> Response:
        return PlainTextResponse(_ROBOTS)

    def _desk(self) -> Service:
        return self._parts.rulebooks.current().directory.desk

    def _commune(self, insee: str | None) -> str:
        return self._parts.rulebooks.current().commune_name(insee) if insee else ""


def _family(speaker: Speaker, family: str) -> str:
    key = f"family.{family}"
    return speaker.say(key) if speaker.has(key) else family.replace("-", " ").capitalize()


def _rank(service: Service) -> tuple[int, str, str]:
    return list(Level).index(service.level), service.insee or "", service.id
