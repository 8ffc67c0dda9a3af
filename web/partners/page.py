"""A service's page for one case, opened by a signed link: reading shows, only a form acts."""

from __future__ import annotations

import hashlib
import json

from fastapi import APIRouter
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from router.case import Case, CaseFile
from router.errors import InvalidInput, StoreUnavailable
from router.handling.deeds import ENDED
from router.message import Address, Envelope
from router.rule_ports import Rulebook
from router.telling.privacy import knows_people, may_read, told_to
from router.telling.told_files import attachments_told, told_files
from router.tracking import printed
from router.words.place_line import one_line
from router.words.receipts import rights_of
from web.guard import check_origin
from web.partners.files import download
from web.partners.invited import ACTS, Invited, open_link
from web.parts import WebParts
from web.render import Renderer
from web.report.form import LONGEST_TEXT, KeptPhoto, Problem, by_field
from web.report.uploads import Uploads
from web.said_id import said_id
from web.seals import Seals
from web.sending import Sending

_PURPOSE = "act"
_NOTED = "noted"
"""What came of an act on a case that had ended: nobody is written to any more."""
_BLANK = dict.fromkeys(("id", "act", "reason", "text", "reference", "instead"), "")
_LONGEST_REFERENCE, _LONGEST_NAME = 100, 200
_NEEDS = {"refuse": "reason", "close": "text"}
"""The field without which an act says nothing to the citizen or to the desk."""


class PartnerPages:
    """``/p/{token}``."""

    def __init__(self, parts: WebParts, renderer: Renderer, seals: Seals) -> None:
        self._parts = parts
        self._renderer = renderer
        self._seals = seals
        self._uploads = Uploads(parts.save_photo, seals)
        self._sending = Sending(parts)

    def routes(self) -> APIRouter:
        router = APIRouter()
        read = ["GET", "HEAD"]
        router.add_api_route("/p/{token}", self.show, methods=read, response_model=None)
        router.add_api_route("/p/{token}", self.act, methods=["POST"], response_model=None)
        path = "/p/{token}/fichier/{key}"
        router.add_api_route(path, self.file, methods=["GET"], response_model=None)
        return router

    async def show(self, request: Request, token: str) -> Response:
        """Show the case; mail scanners follow links, so that nothing happens here."""
        invited = await open_link(self._parts, token)
        if invited is None:
            return self._renderer.trouble(request, 404, "trouble.link")
        done = request.query_params.get("fait", "")
        return self._page(request, invited, done=done if done in (*ACTS, _NOTED) else "")

    async def file(self, request: Request, token: str, key: str) -> Response:
        """Give a file that came with the case to the service that may see it."""
        invited, open_file = await open_link(self._parts, token), self._parts.open_file
        if invited is None or open_file is None:
            return self._renderer.trouble(request, 404, "trouble.link")
        file = _find(invited, key)
        if file is None:
            return self._renderer.trouble(request, 404, "trouble.link")
        try:
            return await download(file, open_file)
        except InvalidInput:
            return self._renderer.trouble(request, 404, "trouble.404")

    async def act(self, request: Request, token: str) -> Response:
        """Take an act: accept, progress, close with an answer, or refuse with a reason."""
        check_origin(request, self._parts.settings.base_url)
        invited = await open_link(self._parts, token)
        if invited is None:
            return self._renderer.trouble(request, 404, "trouble.link")
        async with request.form(max_files=20, max_fields=20) as form:
            typed = _typed(form)
            if not invited.in_charge:
                return self._page(request, invited, status=409)
            problems = self._problems(invited, form, typed)
            if not problems and self._names_nobody(invited, typed):
                problems = (Problem("instead", "error.instead_unknown"),)
                return self._page(request, invited, typed, problems, status=400)
            # pictures are kept last: nothing is, of an act that is not taken
            take = self._uploads.refuse if problems else self._uploads.take_whole
            uploaded = await take(form)
        problems = (*problems, *uploaded.problems)
        if problems:
            return self._page(request, invited, typed, problems, status=422)
        try:
            await self._sending.accept((self._envelope(token, invited, typed, uploaded.photos),))
        except StoreUnavailable:
            problem = Problem(f"act-{typed['act']}", "error.store")
            return self._page(request, invited, typed, (problem,), status=503)
        await self._sending.until(lambda: self._moved(invited.case))
        speaker = self._renderer.speaker(request)
        fait = _NOTED if invited.case.status in ENDED else typed["act"]
        return RedirectResponse(speaker.link(f"/p/{token}", fait=fait), 303)

    # --- who and what --------------------------------------------------------------------------

    def _problems(
        self, invited: Invited, form: FormData, typed: dict[str, str]
    ) -> tuple[Problem, ...]:
        form_id, act = typed["id"], typed["act"]
        if act not in ACTS:
            return (Problem("act-accept", "error.act"),)
        if not self._seals.is_ours(_PURPOSE, form_id) or not self._seals.is_fresh(form_id):
            return (Problem(f"act-{act}", "error.form_old"),)
        if act in _NEEDS and not typed[_NEEDS[act]]:
            return (Problem(f"{_NEEDS[act]}-{act}", f"error.{_NEEDS[act]}_missing_partner"),)
        if max(len(typed["text"]), len(typed["reason"])) > LONGEST_TEXT:
            return (Problem(f"{_NEEDS.get(act, 'text')}-{act}", "error.text_long"),)
        if self._lacks_proof(invited.case, act) and not self._uploads.brings(form):
            return (Problem("photo", "error.photo_missing_partner"),)
        return ()

    def _names_nobody(self, invited: Invited, typed: dict[str, str]) -> bool:
        """Whether a refusal names, as the service in charge, one that is not in the list."""
        directory, named = self._parts.rulebooks.current().directory, typed["instead"]
        return typed["act"] == "refuse" and bool(named) and not invited.may_name(directory, named)

    def _lacks_proof(self, case: Case, act: str) -> bool:
        """Whether a rule wants a photo before this case may end, and this act would end it."""
        return act == "close" and case.proof == "photo" and self._uploads.offered

    def _envelope(
        self, token: str, invited: Invited, typed: dict[str, str], photos: tuple[KeptPhoto, ...]
    ) -> Envelope:
        account = self._parts.partner_account
        act = typed["act"]
        payload: dict[str, object] = {
            "token": token,
            "act": act,
            "reason": typed["reason"] if act == "refuse" else "",
            "text": typed["text"] if act != "refuse" else "",
            "instead": typed["instead"][:_LONGEST_NAME] if act == "refuse" else "",
            "reference": typed["reference"][:_LONGEST_REFERENCE],
        }
        said = said_id(typed["id"], [payload, [photo.sent for photo in photos]])
        payload["attachments"] = [photo.attachment for photo in photos]
        return Envelope(
            channel="partner_email",
            account=account,
            provider_id=hashlib.sha256(said.encode()).hexdigest()[:32],
            conversation=Address("partner_email", account, invited.token.party).key,
            payload=json.dumps(payload, ensure_ascii=False).encode(),
            received_at=self._parts.clock.now(),
        )

    async def _moved(self, before: Case) -> Case | None:
        """Give the case once the router has worked the act, so that the page shows what it did."""
        now = await self._parts.cases.case_by_id(before.id)
        return now if now and now.version > before.version else None

    # --- showing -------------------------------------------------------------------------------

    def _page(
        self,
        request: Request,
        invited: Invited,
        typed: dict[str, str] | None = None,
        problems: tuple[Problem, ...] = (),
        *,
        done: str = "",
        status: int = 200,
    ) -> Response:
        rulebook = self._parts.rulebooks.current()
        case, speaker = invited.case, self._renderer.speaker(request)
        owner = rulebook.directory.service(case.owner)
        asked = request.query_params.get("act", "")
        return self._renderer.page(
            request,
            "partner.html",
            status=status,
            private=True,
            headers={"retry-after": "30"} if status == 503 else None,
            case=case,
            number=printed(case.public_number or case.number),
            service=invited.service.name(speaker.code),
            owner=owner.name(speaker.code) if owner else case.owner,
            in_charge=invited.in_charge,
            sees=invited.sees,
            told=told_to(invited.service, case),
            knows=bool(invited.sees) and knows_people(invited.service, case),
            acts=invited.acts,
            proof=case.proof,
            attachments=attachments_told(invited.service, case),
            also=[rulebook.category_name(one, speaker.code) for one in case.beside],
            proposals=case.proposals,
            rights=rights_of(rulebook, case),
            answers=_answers(invited),
            others=_others(invited, rulebook, speaker.code),
            category=rulebook.category_name(case.category, speaker.code) if case.category else "",
            place=_place(invited, rulebook),
            typed=typed or {**_BLANK, "act": asked if asked in ACTS else ""},
            problems=problems,
            wrong=by_field(problems),
            done=done,
            form_id=self._seals.form_id(_PURPOSE),
            photos_offered=self._uploads.offered,
            files=self._files(invited, invited.case.files),
            proofs=self._files(invited, invited.case.proofs),
            here=f"/p/{request.path_params['token']}",
        )

    def _files(self, invited: Invited, files: tuple[CaseFile, ...]) -> list[tuple[str, str]]:
        """List name and key of those files that the service may fetch."""
        if self._parts.open_file is None or "photos" not in invited.sees:
            return []
        return [(file.name, file.key) for file in told_files(invited.service, invited.case, files)]


def _find(invited: Invited, key: str) -> CaseFile | None:
    """Find a file that people sent, or a photo of the result, as the service may have it."""
    case = invited.case
    files = (*case.files, *case.proofs) if "photos" in invited.sees else ()
    return next((one for one in told_files(invited.service, case, files) if one.key == key), None)


def _place(invited: Invited, rulebook: Rulebook) -> str:
    """Write where it is, in the words that the service may read."""
    place, words = invited.case.place, told_to(invited.service, invited.case)
    communes = " / ".join(rulebook.commune_name(code) for code in place.communes)
    told = (words(place.street or ""), words(place.text), place.postcode, communes)
    return one_line(told)


def _others(invited: Invited, rulebook: Rulebook, language: str) -> list[str]:
    """Name the services that a refusal may point to."""
    services = rulebook.directory.services()
    names = {one.name(language) for one in services if one.id != invited.service.id}
    return sorted(names, key=str.casefold)


def _answers(invited: Invited) -> list[tuple[str, str]]:
    """List the facts that the person was asked for and what he answered, where it may be read."""
    words = told_to(invited.service, invited.case)
    return [
        (answer.fact, words(answer.text))
        for answer in invited.case.answers
        if may_read(invited.service, invited.case, answer.fact)
    ]


def _typed(form: FormData) -> dict[str, str]:
    return {name: str(form.get(name, "")).replace("\x00", "").strip() for name in _BLANK}
