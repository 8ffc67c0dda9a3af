"""Turn templates into pages: language, links that keep it, dates, and the words of errors."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from importlib import resources
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse

from router.words.telephone import spoken
from web import calendar, wording
from web.language import Choice, choose
from web.parts import WebSettings

NAMES = {
    "fr": "Français",
    "en": "English",
    "es": "Español",
    "pt": "Português",
    "ar": "العربية",
    "tr": "Türkçe",
    "uk": "Українська",
    "zh": "中文",
}
"""Languages by their own names."""
_PRIVATE = {"cache-control": "no-store", "x-robots-tag": "noindex"}


class Speaker:
    """One page's language: its words, its dates, its links."""

    def __init__(self, choice: Choice, words: wording.Catalogue, zone: ZoneInfo) -> None:
        self.choice = choice
        self._words = words
        self._zone = zone

    @property
    def code(self) -> str:
        return self.choice.code

    def say(self, key: str, **values: object) -> str:
        return self._words.say(self.code, key, **values)

    def has(self, key: str) -> bool:
        return self._words.has(key)

    def day(self, at: datetime | date) -> str:
        return calendar.day(at, self.code, self._zone)

    def moment(self, at: datetime) -> str:
        return calendar.moment(at, self.code, self._zone)

    def link(self, path: str, **query: str) -> str:
        """Write a link of our own; it names the language if this page's address did."""
        if self.choice.explicit:
            query = {"lang": self.code, **query}
        return f"{path}?{urlencode(query)}" if query else path


class Renderer:
    """Renders every page of the web."""

    def __init__(self, settings: WebSettings) -> None:
        self._settings = settings
        self._words = wording.load(settings.languages, settings.default_language)
        self._zone = ZoneInfo(settings.timezone)
        self._env = Environment(
            loader=PackageLoader("web"),
            autoescape=select_autoescape(default=True, default_for_string=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._env.globals.update(title=settings.title, asset=_asset, languages=self._offered())
        self._env.filters["phone"] = spoken

    def speaker(self, request: Request) -> Speaker:
        """Choose the language for a request."""
        choice = choose(
            request.query_params.get("lang", ""),
            request.headers.get("accept-language", ""),
            self._settings.languages,
            self._settings.default_language,
        )
        return Speaker(choice, self._words, self._zone)

    def page(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        private: bool = False,
        headers: dict[str, str] | None = None,
        **values: object,
    ) -> HTMLResponse:
        """Render a template; ``private`` pages are neither cached nor indexed."""
        speaker = self.speaker(request)
        html = self._env.get_template(template).render(
            say=speaker.say,
            link=speaker.link,
            day=speaker.day,
            moment=speaker.moment,
            lang=speaker.code,
            path="/" + request.url.path.lstrip("/"),
            **values,
        )
        every = {"vary": "Accept-Language", "content-language": speaker.code}
        kept = _PRIVATE if private else {"cache-control": "no-cache"}
        return HTMLResponse(html, status, every | kept | (headers or {}))

    def trouble(
        self, request: Request, status: int, key: str, headers: dict[str, str] | None = None
    ) -> HTMLResponse:
        """Render an error page: what happened and what to do, ``KEY.title`` and ``KEY.text``."""
        return self.page(
            request, "trouble.html", status=status, private=True, headers=headers, key=key
        )

    def _offered(self) -> list[tuple[str, str]]:
        return [(code, NAMES.get(code, code)) for code in self._settings.languages]


def _fingerprints() -> Callable[[str], str]:
    known: dict[str, str] = {}

    def asset(name: str) -> str:
        if name not in known:
            content = resources.files("web").joinpath("static", name).read_bytes()
            known[name] = hashlib.sha256(content).hexdigest()[:10]
        return f"/static/{name}?v={known[name]}"

    return asset


_asset = _fingerprints()
