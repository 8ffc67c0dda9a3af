"""Let people play: show every simulated phone and mailbox, and write as anybody, on one web page."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from demo.city import City
from demo.console_page import FORM, PAGE, TALK
from demo.ledger import Ledger
from demo.server import LoopbackServer, is_free
from demo.talks import CHANNELS, Said, addresses, talk

NAMES = {"email": "✉ Courriel", "sms": "☎ SMS", "telegram": "➤ Telegram", "x": "𝕏 X"}
_EXAMPLES = {
    "email": "vous@citoyens.example",
    "sms": "+33612349999",
    "telegram": "7999",
    "x": "votre_nom",
}
_LONGEST = 4000


class Console:
    """The page on which people write as citizens; it belongs to the city, not to the product."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._ledger = Ledger("console", city.folder, {"port": 0})
        self._ledger.load()
        port = int(self._ledger.data["port"])
        self._http = LoopbackServer(
            [
                Route("/", self._show, methods=["GET"]),
                Route("/", self._write, methods=["POST"]),
            ],
            port if is_free(port) else 0,
        )

    @property
    def url(self) -> str:
        return self._http.url

    async def __aenter__(self) -> Console:
        await self._http.start()
        self._ledger.data["port"] = self._http.port
        self._ledger.changed()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.stop()

    # --- showing ---------------------------------------------------------------------------------

    async def _show(self, request: Request) -> Response:
        chosen = request.query_params.get("canal", "sms")
        chosen = chosen if chosen in CHANNELS else "sms"
        address = request.query_params.get("adresse", "") or _EXAMPLES[chosen]
        talks = "".join(
            self._talk(channel, known)
            for channel in CHANNELS
            for known in addresses(self._city, channel)
        )
        tabs = "".join(
            f'<a href="/?canal={channel}"{" aria-current=page" if channel == chosen else ""}>'
            f"{NAMES[channel]}</a>"
            for channel in CHANNELS
        )
        # the page looks again by itself, except while somebody may be typing
        refresh = (
            '<meta http-equiv="refresh" content="4">' if "voir" in request.query_params else ""
        )
        page = PAGE.substitute(
            refresh=refresh,
            tabs=tabs,
            form=self._form(chosen, address),
            talks=talks or "<p>Personne n'a encore écrit.</p>",
            product=escape(self._city.browser.base_url),
            watching="Arrêter l'actualisation" if refresh else "Actualiser toutes les 4 secondes",
            watch_link="/" if refresh else "/?voir=1",
        )
        return HTMLResponse(page)

    def _form(self, channel: str, address: str) -> str:
        counters = self._counters(channel)
        options = "".join(f"<option>{escape(counter)}</option>" for counter in counters)
        return FORM.substitute(
            channel=channel,
            name=NAMES[channel],
            address=escape(address),
            options=options,
            subject=(
                '<label>Objet <input name="objet" value="" maxlength="200"></label>'
                if channel == "email"
                else ""
            ),
            public=(
                '<label class="tick"><input type="checkbox" name="public" value="1"> '
                "En public (mention)</label>"
                if channel == "x"
                else ""
            ),
        )

    def _counters(self, channel: str) -> Sequence[str]:
        match channel:
            case "email":
                return tuple(self._city.mail.counters)
            case "sms":
                return self._city.twilio.numbers
            case "telegram":
                return (self._city.telegram.username,)
            case _:
                return (self._city.x.username,)

    def _talk(self, channel: str, address: str) -> str:
        lines = "".join(_bubble(said) for said in talk(self._city, channel, address))
        return TALK.substitute(
            name=NAMES[channel],
            address=escape(address),
            link=escape(f"/?{urlencode({'canal': channel, 'adresse': address})}"),
            lines=lines,
        )

    # --- writing ---------------------------------------------------------------------------------

    async def _write(self, request: Request) -> Response:
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return Response("Ce formulaire vient d'une autre page.", 403)
        form = await request.form()
        typed = {name: str(value).strip()[:_LONGEST] for name, value in form.items()}
        channel, address = typed.get("canal", ""), typed.get("adresse", "")
        text = typed.get("texte", "")
        if channel not in CHANNELS or not address or not text:
            return RedirectResponse("/", 303)
        problem = await self._send(channel, address, text, typed)
        if problem:
            return HTMLResponse(f"<p>{escape(problem)}</p><p><a href='/'>Retour</a></p>", 422)
        return RedirectResponse("/?voir=1", 303)

    async def _send(self, channel: str, address: str, text: str, typed: dict[str, str]) -> str:
        counters = self._counters(channel)
        to = typed.get("a", "") if typed.get("a", "") in counters else counters[0]
        if channel == "email":
            if "@" not in address or any(character in address for character in "\r\n <>"):
                return "Ce n'est pas une adresse de courriel."
            await self._mail(address, to, typed.get("objet", ""), text)
        elif channel == "sms":
            if not (address.startswith("+") and address[1:].isdigit()):
                return "Un numéro s'écrit ainsi : +33612345678."
            await self._city.twilio.citizen_sends(address, to, text)
        elif channel == "telegram":
            if not address.isdigit():
                return "Une conversation Telegram est un nombre."
            await self._city.telegram.citizen_sends(int(address), text, name="Vous")
        elif typed.get("public"):
            await self._city.x.mention(address, text)
        else:
            await self._city.x.dm(address, text)
        return ""

    async def _mail(self, address: str, to: str, subject: str, text: str) -> None:
        mail = EmailMessage()
        mail["From"], mail["To"] = address, to
        mail["Subject"] = " ".join(subject.split()) or "Bonjour"
        now = self._city.clock.now()
        mail["Date"] = format_datetime(now)
        mail["Message-ID"] = f"<{now.timestamp():.6f}@jouer.example>"
        mail.set_content(text)
        await self._city.mail.citizen_sends(mail.as_bytes(), to, sender=address)


def _bubble(said: Said) -> str:
    who = "citizen" if said.by_citizen else "counter"
    subject = f"<strong>{escape(said.subject)}</strong><br>" if said.subject else ""
    extra = "".join(
        f"<em>{what}</em>"
        for what, there in (
            ("photo", said.photo),
            (f"position {said.location}", said.location),
            ("public", said.public),
        )
        if there
    )
    text = escape(said.text).replace("\n", "<br>")
    return f'<li class="{who}" dir="auto">{subject}{text}{extra}</li>'
