"""The citizen's way in: the report form, the check of what was typed, and the confirmation."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.errors import StoreUnavailable
from router.tracking import TrackingNumber, printed
from web.guard import check_origin
from web.own_page import OwnPages
from web.parts import WebParts
from web.render import NAMES, Renderer
from web.report import form as report_form
from web.report.form import Problem, Report, by_field
from web.report.proof import Proof
from web.report.suspicion import SPREAD, Suspicion
from web.report.uploads import Uploads
from web.seals import Seals
from web.sending import Sending

_PURPOSE = "report"
_MOST_LOOKS = 15
"""How often the waiting page looks again by itself, every two seconds."""


class ReportPages:
    """``/``, ``/signaler`` and ``/merci/{id}``."""

    def __init__(self, parts: WebParts, renderer: Renderer, seals: Seals) -> None:
        self._parts = parts
        self._renderer = renderer
        self._seals = seals
        self._uploads = Uploads(parts.save_photo, seals)
        self._sending = Sending(parts)
        self._proof = Proof(parts.settings.form_secret, parts.settings.proof_of_work)
        self._suspicion = Suspicion(parts.settings, parts.clock, seals, self._proof)
        secure = parts.settings.base_url.startswith("https:")
        self._own = OwnPages(seals, parts.signer, secure=secure)

    def routes(self) -> APIRouter:
        router = APIRouter()
        read = ["GET", "HEAD"]
        router.add_api_route("/", self.start, methods=read, response_model=None)
        router.add_api_route("/signaler", self.start, methods=read, response_model=None)
        router.add_api_route("/signaler", self.send, methods=["POST"], response_model=None)
        router.add_api_route("/merci/{submission}", self.thanks, methods=read, response_model=None)
        return router

    async def start(self, request: Request) -> Response:
        """Show the form; a poster's QR code may fill in place and words."""
        prefilled = {name: request.query_params.get(name, "") for name in ("text", "where")}
        prefilled["commune"] = request.query_params.get("commune", "")
        report = report_form.read(prefilled, self._communes(), self._parts.settings.region)
        return self._form(request, replace(report, id=self._seals.form_id(_PURPOSE)))

    async def send(self, request: Request) -> Response:
        """Check a form, then send it, or show it once more: with its errors, or to be read over."""
        check_origin(request, self._parts.settings.base_url)
        client = request.client.host if request.client else ""
        wait = self._suspicion.wait_s(client)
        if not wait:
            self._suspicion.tried(client)
        async with request.form(max_files=20, max_fields=60) as form:
            report, problems = await self._read(form, refused=wait > 0)
            wanted = str(form.get("do", "send"))
        if wait:
            many = (Problem("text", "error.too_many"), *(p for p in problems if p.field == "photo"))
            return self._form(request, report, many, status=429, wait_s=wait)
        if wanted == "edit":
            return self._form(request, report)
        if problems:
            return self._form(request, report, problems, status=422)
        only_photo_knows = report.photo_position is not None and not report.located
        if wanted == "check" or (only_photo_knows and wanted != "confirm"):
            return self._page(request, "check.html", report)
        doubts = self._suspicion.of(client, report)
        try:
            body = report_form.body_of(report, doubts, quiet=SPREAD in doubts)
            await self._sending.form(body)
        except StoreUnavailable:
            return self._form(request, report, (Problem("text", "error.store"),), status=503)
        onward = await self._onward(request, report.submission)
        self._own.remember(request, onward, report.submission)
        return onward

    async def thanks(self, request: Request, submission: str) -> Response:
        """Lead to the case, or say that its number is on its way."""
        if not self._seals.is_ours(_PURPOSE, submission.partition(".")[0]):
            return self._renderer.trouble(request, 404, "trouble.404")
        number = await self._number(submission)
        if number is not None:
            return self._to_case(request, number)
        looks = request.query_params.get("n", "0")
        look = int(looks) + 1 if looks.isdigit() and len(looks) < 4 else 1
        speaker = self._renderer.speaker(request)
        again = speaker.link(f"/merci/{submission}", n=str(look)) if look <= _MOST_LOOKS else ""
        return self._renderer.page(request, "waiting.html", private=True, again=again)

    # --- reading -------------------------------------------------------------------------------

    async def _read(self, form: FormData, *, refused: bool) -> tuple[Report, tuple[Problem, ...]]:
        """Read a form; of one that is refused, or not ours, no new picture is kept."""
        report = report_form.read(form, self._communes(), self._parts.settings.region)
        stale = not self._seals.is_ours(_PURPOSE, report.id) or not self._seals.is_fresh(report.id)
        take = self._uploads.refuse if stale or refused else self._uploads.take
        uploaded = await take(form)
        report = replace(report, photos=uploaded.photos, photo_position=uploaded.position)
        if form.get("use_photo_position") and uploaded.position is not None:
            report = replace(report, lat=uploaded.position[0], lon=uploaded.position[1])
        problems = (*report_form.check(report), *uploaded.problems)
        if stale:
            report = replace(report, id=self._seals.form_id(_PURPOSE), proof="")
            problems = (*problems, Problem("text", "error.form_old"))
        return report, problems

    def _communes(self) -> tuple[str, ...]:
        return tuple(self._parts.communes())

    # --- answering -----------------------------------------------------------------------------

    async def _onward(self, request: Request, submission: str) -> Response:
        number = await self._number(submission)
        if number is not None:
            return self._to_case(request, number)
        target = self._renderer.speaker(request).link(f"/merci/{submission}")
        return RedirectResponse(target, 303)

    async def _number(self, submission: str) -> TrackingNumber | None:
        return await self._sending.until(lambda: self._parts.submission_number(submission))

    def _to_case(self, request: Request, number: TrackingNumber) -> Response:
        speaker = self._renderer.speaker(request)
        return RedirectResponse(speaker.link(f"/suivi/{printed(number)}", nouveau="1"), 303)

    def _form(
        self,
        request: Request,
        report: Report,
        problems: tuple[Problem, ...] = (),
        status: int = 200,
        wait_s: int = 30,
    ) -> Response:
        return self._page(request, "report.html", report, problems, status, wait_s)

    def _page(
        self,
        request: Request,
        template: str,
        report: Report,
        problems: tuple[Problem, ...] = (),
        status: int = 200,
        wait_s: int = 30,
    ) -> Response:
        rulebook = self._parts.rulebooks.current()
        communes = [(code, rulebook.commune_name(code)) for code in self._communes()]
        return self._renderer.page(
            request,
            template,
            status=status,
            private=request.method == "POST",
            headers={"retry-after": str(wait_s)} if status in {429, 503} else None,
            report=report,
            challenge=self._proof.challenge(report.id),
            problems=problems,
            wrong=by_field(problems),
            communes=sorted(communes, key=lambda commune: commune[1]),
            names=NAMES,
            replies=self._parts.settings.replies,
            answer_languages=report_form.ANSWER_LANGUAGES,
            photos_offered=self._uploads.offered,
            kept=[
                report_form.seal_photo(self._seals, photo, report.photo_position)
                for photo in report.photos
            ],
        )
