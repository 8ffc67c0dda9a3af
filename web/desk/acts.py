"""Take what an agent's program sends: his key checked, made durable, and only then answered."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from router.archive import JournalLine
from router.entry import Source, Way
from router.errors import InvalidInput, StoreUnavailable
from router.handling.desk import CHANNEL, is_task
from router.message import Envelope, WebhookRequest
from router.ports import TakesWebhooks
from router.tracking import parse, printed
from web.desk.forms import Done, Kept, NewCase, TaskResult, Tasks, TroubleShown, shown
from web.desk.letter import letter_page, style_policy
from web.desk.tasks import Task, receipt_of, tasks_of
from web.parts import DeskRecords, WebParts
from web.programs import Refusal, as_webhook, keep_photo, opened, read
from web.same_entry import mark, says_again
from web.sending import Sending

_LONGEST_ID = 100
_OTHER_WORDS = (
    "This Idempotency-Key was used for something else and nothing new was kept: send another key."
)
T = TypeVar("T")


async def told(answer: Awaitable[Response]) -> Response:
    """Give an answer, or say in one sentence why there is none."""
    try:
        return await answer
    except Refusal as refusal:
        headers = {"www-authenticate": "Bearer"} if refusal.status == 401 else None
        return JSONResponse({"error": str(refusal)}, refusal.status, headers)
    except StoreUnavailable:
        said = {"error": "Nothing can be kept or known now; send it again."}
        return JSONResponse(said, 503, {"retry-after": "5"})


class DeskActs:
    """Takes what agents enter: their key checked, made durable, and only then answered."""

    def __init__(self, parts: WebParts, records: DeskRecords) -> None:
        self._parts = parts
        self._records = records
        self._sending = Sending(parts)

    async def enter(self, request: Request) -> Response:
        """Keep an entry, and give its number if the router is quick."""
        asked, desks = await self._known(request)
        case = read(NewCase, asked.body)
        self._check(case)
        said = case.model_dump(mode="json", exclude={"desk", "photos"}, exclude_none=True)
        said |= {"kind": "case", "attachments": [mark(one.content) for one in case.photos]}
        desk = _chosen(desks, case.desk)
        envelope = self._envelope(asked, desk, said)
        before = await self._line(envelope)
        if before is None:
            await self._check_known(case.case)
            said["attachments"] = [
                await keep_photo(self._parts.save_photo, photo.content, number)
                for number, photo in enumerate(case.photos, 1)
            ]
            await self._keep(self._envelope(asked, desk, said))
        else:
            await self._check_again(before.inbound_id, envelope)
        line = await self._sending.until(lambda: self._worked(envelope))
        kept = await self._kept(case, envelope, line)
        status = 200 if before is not None else 201 if line is not None else 202
        return JSONResponse(kept.model_dump(), status)

    async def tasks(self, request: Request) -> Response:
        """List what waits at the desks that the key opens."""
        _, desks = await self._known(request)
        tasks = [shown(task) for task in await self._open(desks)]
        troubles = [
            TroubleShown(
                channel=one.channel, account=one.account, since=one.since, sentence=one.sentence
            )
            for one in await self._look(self._parts.troubles)
        ]
        found = Tasks(tasks=tasks, troubles=troubles)
        return JSONResponse(found.model_dump(mode="json"), headers={"cache-control": "no-store"})

    async def done(self, request: Request, id: str) -> Response:
        """Keep what became of a task; the same message again is kept once."""
        asked, desks = await self._known(request)
        result = read(TaskResult, asked.body)
        number = _number(id)
        said = result.model_dump(mode="json", exclude_none=True)
        said |= {"kind": "done", "task": number}
        envelopes = {name: self._envelope(asked, one, said) for name, one in desks.items()}
        known = False
        for one in envelopes.values():
            if line := await self._line(one):
                known = True
                await self._check_again(line.inbound_id, one)
        if not known:
            task = next((one for one in await self._open(desks) if one.id == number), None)
            if task is None:
                raise Refusal(404, "No open task has this id.")
            if not result.outcome.fits(task.way):
                raise Refusal(400, f"outcome: this task is a {task.way}, which does not end so.")
            envelope = envelopes[task.desk]
            await self._keep(envelope)
            await self._sending.until(lambda: self._worked(envelope))
        return JSONResponse(Done(task=id).model_dump())

    async def letter(self, request: Request, id: str) -> Response:
        """Write the letter of an open task."""
        _, desks = await self._known(request)
        number = _number(id)
        found = next((one for one in await self._open(desks) if one.id == number), None)
        if found is None or found.way != Way.LETTER:
            raise Refusal(404, "No open task with a letter has this id.")
        parts = self._parts
        page = letter_page(
            found, parts.rulebooks.current(), parts.clock.now(), parts.settings.timezone
        )
        headers = {"content-security-policy": style_policy(page), "cache-control": "no-store"}
        return HTMLResponse(page, headers=headers)

    # --- who ------------------------------------------------------------------------------------

    async def _known(self, request: Request) -> tuple[WebhookRequest, dict[str, TakesWebhooks]]:
        """Find the desks that the key of a request opens."""
        if "authorization" not in request.headers:
            raise Refusal(401, "Send your key as Authorization: Bearer KEY.")
        asked = await as_webhook(request)
        found = opened(self._parts, CHANNEL, asked)
        if not found:
            raise Refusal(403, "The key is not valid here.")
        return asked, found

    # --- keeping --------------------------------------------------------------------------------

    def _check(self, case: NewCase) -> None:
        """Refuse what this installation does not know."""
        if case.category and all(one.code != case.category for one in self._parts.offered()):
            raise Refusal(400, f"category: {case.category} is not known here.")
        if case.commune and self._parts.commune(case.commune) is None:
            raise Refusal(400, f"commune: {case.commune} is not known here.")
        try:
            parse(case.case) if case.case else None
        except InvalidInput:
            raise Refusal(400, "case: this is no tracking number.") from None

    async def _check_known(self, number: str) -> None:
        """Refuse to open another case where the one that was named is none."""
        wanted = parse(number) if number else None
        if wanted and await self._look(lambda: self._records.case(wanted)) is None:
            raise Refusal(404, f"case: no case has the number {printed(wanted)}.")

    def _envelope(
        self, asked: WebhookRequest, desk: TakesWebhooks, said: dict[str, Any]
    ) -> Envelope:
        id = asked.headers.get("idempotency-key", "").strip()
        if not 0 < len(id) <= _LONGEST_ID:
            raise Refusal(400, f"Send an Idempotency-Key of 1 to {_LONGEST_ID} characters.")
        body = json.dumps({**said, "id": id}, ensure_ascii=False).encode("utf-8", "replace")
        kept = WebhookRequest("POST", asked.url, asked.headers, body)
        [envelope] = desk.open(kept, self._parts.clock.now())
        if envelope.note:
            raise Refusal(400, f"{envelope.note}.")
        return envelope

    async def _keep(self, envelope: Envelope) -> None:
        [accepted] = await self._sending.accept((envelope,))
        if not accepted.new:  # the same key came twice at the same moment
            await self._check_again(accepted.inbound_id, envelope)

    async def _line(self, envelope: Envelope) -> JournalLine | None:
        return await self._look(
            lambda: self._records.outcome(envelope.channel, envelope.account, envelope.provider_id)
        )

    async def _check_again(self, kept: int, envelope: Envelope) -> None:
        """Refuse what says something else under a key that was used: it would be lost in silence."""
        if not await self._look(lambda: says_again(self._records, kept, envelope)):
            raise Refusal(409, _OTHER_WORDS)

    async def _worked(self, envelope: Envelope) -> JournalLine | None:
        """Give what became of an entry once the router has worked it."""
        line = await self._line(envelope)
        return line if line is not None and line.action is not None else None

    async def _open(self, desks: dict[str, TakesWebhooks]) -> list[Task]:
        now = self._parts.clock.now()
        every = await self._look(lambda: tasks_of(self._records, now))
        return [task for task in every if task.desk in desks]

    async def _look(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read the store under our own deadline: an agent has somebody on the telephone."""
        try:
            async with asyncio.timeout(self._parts.settings.accept_deadline_s):
                return await read()
        except TimeoutError as late:
            raise StoreUnavailable("the store did not answer in time") from late

    async def _kept(self, said: NewCase, envelope: Envelope, line: JournalLine | None) -> Kept:
        case = None
        if line is not None and line.case_id is not None:
            case = await self._records.case_by_id(line.case_id)
        if case is None:
            return Kept(number=None)
        service = self._parts.rulebooks.current().directory.service(case.owner)
        written = await self._records.deliveries(case.id)
        receipt = receipt_of(written, envelope.conversation)
        return Kept(
            number=printed(case.public_number or case.number),
            case_status=str(case.status),
            service=service.name("fr") if service else case.owner,
            read_aloud=receipt.text if receipt and Source(said.source).present else "",
            task=str(receipt.id) if receipt and is_task(receipt) else None,
        )


def _chosen(desks: dict[str, TakesWebhooks], wanted: str) -> TakesWebhooks:
    """Choose the desk that was asked for, else the first that the key opens."""
    if wanted and wanted not in desks:
        raise Refusal(400, f"desk: your key opens {', '.join(desks)}.")
    return desks[wanted] if wanted else next(iter(desks.values()))


def _number(id: str) -> int:
    number = int(id) if id.isascii() and id.isdigit() and len(id) < 20 else 0
    if not 0 < number < 2**63:
        raise Refusal(404, "No open task has this id.")
    return number
