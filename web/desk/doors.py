"""``/desk/v1``: where a program of the desk enters cases, lists tasks and says what became of them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from web.described import DescribedApi
from web.desk.acts import DeskActs, told
from web.desk.forms import Done, Kept, NewCase, Refused, TaskResult, Tasks
from web.parts import DeskRecords, WebParts

_DESCRIPTION = (
    "Each agent has a key, sent as `Authorization: Bearer KEY`; his name stands on what he enters. "
    "What is answered 2xx is on disk. The same `Idempotency-Key` of the same agent is the same "
    "entry: after silence or 503 send it again. Another entry under it is refused (409)."
)
_WHY = {
    400: "The body or the Idempotency-Key cannot be used; the sentence says why.",
    401: "No key was sent.",
    403: "The key is nobody's here.",
    404: "No open task has this id.",
    409: "The Idempotency-Key was used for something else; nothing new was kept.",
    503: "Nothing is kept: send it again.",
}


def desk_api(parts: WebParts, records: DeskRecords) -> FastAPI:
    """Build the application, with its OpenAPI description at ``openapi.json``."""
    api = DescribedApi(
        title=f"{parts.settings.title} – desk",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
    )
    desk = DeskActs(parts, records)

    @api.post(
        "/cases",
        status_code=201,
        response_model=Kept,
        responses=_refusals(400, 401, 403, 409, 503)
        | {
            404: {"model": Refused, "description": "No case has the number that was given."},
            200: {"model": Kept, "description": "It had been entered before."},
            202: {"model": Kept, "description": "It is kept; its number is not known yet."},
        },
        operation_id="enter_case",
        summary="Enter a call, a visit, a letter, a missed call or a relay call",
        openapi_extra=_body(NewCase),
    )
    async def enter(request: Request) -> Response:
        return await told(desk.enter(request))

    @api.get(
        "/tasks",
        response_model=Tasks,
        responses=_refusals(401, 403, 503),
        operation_id="list_tasks",
        summary="List whom to ring and which letters to post",
        openapi_extra=_secured(),
    )
    async def tasks(request: Request) -> Response:
        return await told(desk.tasks(request))

    @api.post(
        "/tasks/{task}/done",
        response_model=Done,
        responses=_refusals(400, 401, 403, 404, 409, 503),
        operation_id="finish_task",
        summary="Say what became of a task",
        openapi_extra=_body(TaskResult),
    )
    async def done(request: Request, task: str) -> Response:
        return await told(desk.done(request, task))

    @api.get(
        "/tasks/{task}/letter",
        response_class=HTMLResponse,
        responses=_refusals(401, 403, 404, 503),
        operation_id="get_letter",
        summary="Get the letter of a task as a page to print",
        openapi_extra=_secured(),
    )
    async def letter(request: Request, task: str) -> Response:
        return await told(desk.letter(request, task))

    return api


def _refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": Refused, "description": _WHY[status]} for status in statuses}


def _header(name: str, why: str) -> dict[str, Any]:
    return {
        "name": name, "in": "header", "required": True, "description": why,
        "schema": {"type": "string"},
    }  # fmt: skip


def _secured() -> dict[str, Any]:
    return {"parameters": [_header("authorization", "Bearer, and the agent's key.")]}


def _body(model: type[BaseModel]) -> dict[str, Any]:
    schema = _inlined(model.model_json_schema())
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "parameters": [
            *_secured()["parameters"],
            _header("idempotency-key", "Your name of this message; the same one is kept once."),
        ],
    }


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Write a schema without references, which would point outside the description."""
    known = schema.pop("$defs", {})

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(one) for one in part]
        if not isinstance(part, dict):
            return part
        name = str(part.get("$ref", "")).rpartition("/")[2]
        found = {**known[name], **{k: v for k, v in part.items() if k != "$ref"}} if name else part
        return {key: whole(value) for key, value in found.items()}

    return dict(whole(schema))
