"""Follow a case by its number, without an account, and add a word to it."""

from __future__ import annotations

import json

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.case import Case, Status
from router.errors import InvalidInput, StoreUnavailable
from router.tracking import TrackingNumber, parse, printed
from web.guard import check_origin
from web.own_page import OwnPages
from web.partners.files import picture
from web.parts import WebParts
from web.render import Renderer
from web.report.form import LONGEST_TEXT, Problem, seal_photo
from web.report.uploads import NOTHING, Uploaded, Uploads
from web.said_id import said_id
from web.seals import Seals
from web.sending import Sending
from web.throttle import Throttle
from web.tracking.history import Found
from web.tracking.view import proofs_of, view_of

_PURPOSE = "word"
_DEEPEST_MERGE = 5


class TrackingPages:
    """``/suivi`` and ``/suivi/{number}``."""

    def __init__(self, parts: WebParts, renderer: Renderer, seals: Seals) -> None:
        self._parts = parts
        self._renderer = renderer
        self._seals = seals
        self._sending = Sending(parts)
        self._uploads = Uploads(parts.save_photo, seals)
        secure = parts.settings.base_url.startswith("https:")
        self._own = OwnPages(seals, parts.signer, secure=secure)
        self._throttle = Throttle(parts.clock, parts.settings.guesses, parts.settings.form_secret)
        settings = parts.settings
        self._words = Throttle(parts.clock, settings.reports_most, settings.form_secret)

    def routes(self) -> APIRouter:
        router = APIRouter()
        read = ["GET", "HEAD"]
        router.add_api_route("/suivi", self.ask, methods=read, response_model=None)
        router.add_api_route("/suivi/{number}", self.show, methods=read, response_model=None)
        router.add_api_route("/suivi/{number}", self.write, methods=["POST"], response_model=None)
        path = "/suivi/{number}/photo/{key}"
        router.add_api_route(path, self.photo, methods=["GET"], response_model=None)
        return router

    async def ask(self, request: Request) -> Response:
        """Show the box for a number; a typed number leads to its page."""
        typed = request.query_params.get("numero", "").strip()
        if not typed:
            return self._box(request, "", "")
        found = await self._find(request, typed)
        if isinstance(found, Response):
            return found
        return RedirectResponse(self._address(request, found), 303)

    async def show(self, request: Request, number: str) -> Response:
        """Show a case; the part of a case and a merged case lead to the whole."""
        found = await self._find(request, number)
        if isinstance(found, Response):
            return found
        case, whole = found, found.public_number
        if whole is None or whole == case.number or await self._is_elsewhere(whole):
            return await self._page(request, case)
        target = self._renderer.speaker(request).link(f"/suivi/{printed(whole)}")
        return RedirectResponse(target, 303)

    async def _is_elsewhere(self, whole: TrackingNumber) -> bool:
        """Whether a part was handed over to us alone: its whole is with another installation."""
        return await self._parts.cases.case(whole) is None

    async def photo(self, request: Request, number: str, key: str) -> Response:
        """Show a photo by which a service showed what it did, on the case or a part of it."""
        found, open_file = await self._find(request, number), self._parts.open_file
        if isinstance(found, Response):
            return found
        cases = (found, *await self._parts.cases.children(found.id))
        shown = (file for one in cases for file in proofs_of(one))
        file = next((one for one in shown if one.key == key), None)
        if file is None or open_file is None:
            return self._renderer.trouble(request, 404, "trouble.404")
        try:
            return await picture(file, open_file)
        except InvalidInput:
            return self._renderer.trouble(request, 404, "trouble.404")

    async def write(self, request: Request, number: str) -> Response:
        """Send what somebody adds to a case; the router decides whether he is its reporter."""
        check_origin(request, self._parts.settings.base_url)
        found = await self._find(request, number)
        if isinstance(found, Response):
            return found
        client = request.client.host if request.client else ""
        wait = self._words.wait_s(client)
        if not wait:
            self._words.spend(client)
        async with request.form(max_files=20, max_fields=20) as form:
            text = str(form.get("text", "")).replace("\x00", "").strip()
            form_id = str(form.get("id", ""))
            # who sends without end, or not by our form, has no pictures kept
            refused = wait or not self._is_fresh(form_id)
            uploaded = await (self._uploads.refuse if refused else self._uploads.take)(form)
        if wait:
            many = ("error.too_many", *(one.key for one in uploaded.problems))
            return await self._page(request, found, text, many, uploaded, status=429, wait_s=wait)
        problems = self._problems(text, form_id, uploaded)
        if problems:
            return await self._page(request, found, text, problems, uploaded, status=422)
        said = [found.number, text, [photo.sent for photo in uploaded.photos]]
        body = {
            "id": said_id(form_id, said),
            # the number in the words is what joins the message to its case, as on any channel
            "text": f"{text}\n\n{printed(found.number)}",
            "reply": "page",
            "token": self._own.token(request, found),
            "website": "",
            "attachments": [photo.attachment for photo in uploaded.photos],
        }
        try:
            await self._sending.form(json.dumps(body, ensure_ascii=False).encode())
        except StoreUnavailable:
            return await self._page(request, found, text, ("error.store",), uploaded, status=503)
        return RedirectResponse(self._address(request, found, ecrit="1"), 303)

    # --- finding -------------------------------------------------------------------------------

    async def _find(self, request: Request, typed: str) -> Case | Response:
        client = request.client.host if request.client else ""
        wait = self._throttle.wait_s(client)
        if wait:
            headers = {"retry-after": str(wait)}
            return self._renderer.trouble(request, 429, "trouble.429", headers)
        try:
            case = await self._parts.cases.case(parse(typed))
        except InvalidInput:
            self._throttle.spend(client)
            return self._box(request, typed, "track.mistyped", status=404)
        if case is None:
            self._throttle.spend(client)
            return self._box(request, typed, "track.unknown", status=404)
        return case

    def _is_fresh(self, form_id: str) -> bool:
        return self._seals.is_ours(_PURPOSE, form_id) and self._seals.is_fresh(form_id)

    def _problems(self, text: str, form_id: str, uploaded: Uploaded) -> tuple[str, ...]:
        if not self._is_fresh(form_id):
            return ("error.form_old", *(one.key for one in uploaded.problems))
        if uploaded.problems:
            return (uploaded.problems[0].key,)
        if not text and not uploaded.photos:
            return ("error.word_missing",)
        return ("error.text_long",) if len(text) > LONGEST_TEXT else ()

    async def _whole(self, case: Case) -> Case:
        for _ in range(_DEEPEST_MERGE):
            if case.status is not Status.MERGED or case.merged_into is None:
                break
            case = await self._parts.cases.case_by_id(case.merged_into) or case
        return case

    # --- showing -------------------------------------------------------------------------------

    async def _page(
        self,
        request: Request,
        asked: Case,
        text: str = "",
        problems: tuple[str, ...] = (),
        uploaded: Uploaded = NOTHING,
        status: int = 200,
        wait_s: int = 30,
    ) -> Response:
        case = await self._whole(asked)
        parts = tuple(await self._parts.cases.children(case.id))
        everyone, cases = (case, *parts), self._parts.cases
        found = Found(
            case,
            parts,
            tuple([event for one in everyone for event in await cases.events(one.id)]),
            tuple([sent for one in everyone for sent in await cases.deliveries(one.id)]),
        )
        speaker = self._renderer.speaker(request)
        return self._renderer.page(
            request,
            "track.html",
            status=status,
            private=True,
            headers={"retry-after": str(wait_s)} if status in {429, 503} else None,
            view=view_of(
                found,
                printed(asked.number),
                self._parts.rulebooks.current(),
                speaker.code,
                self._parts.clock.now(),
            ),
            joined=case.id != asked.id,
            new="nouveau" in request.query_params,
            written="ecrit" in request.query_params,
            confirmed="confirme" in request.query_params,
            form_id=self._seals.form_id(_PURPOSE),
            text=text,
            photos_offered=self._uploads.offered,
            kept=[seal_photo(self._seals, photo, None) for photo in uploaded.photos],
            problems=tuple(Problem("word", key) for key in problems),
        )

    def _box(self, request: Request, typed: str, key: str, status: int = 200) -> Response:
        return self._renderer.page(
            request,
            "number.html",
            status=status,
            private=bool(typed),
            typed=typed[:60],
            problems=(Problem("numero", key),) if key else (),
        )

    def _address(self, request: Request, case: Case, **query: str) -> str:
        number: TrackingNumber = case.number
        return self._renderer.speaker(request).link(f"/suivi/{printed(number)}", **query)
