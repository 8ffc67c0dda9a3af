"""The agent of the demo: he enters once, tells once, and says so even after he was killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from demo.desk import KEY, DeskAgent, Told
from demo.server import LoopbackServer

CALL = {"id": "7", "way": "callback", "to": "+33240000000", "text": "C'est réparé."}
LETTER = {"id": "8", "way": "letter", "to": "14 rue Haute\n44000 Nantes", "text": "x"}


@dataclass
class TinyDesk:
    """The desk of a product: it hesitates before it gives a number, and may lose an answer."""

    tasks: list[dict[str, str]] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)
    entered: list[tuple[str, Any]] = field(default_factory=list)
    done: list[tuple[str, Any]] = field(default_factory=list)
    deaf: bool = False

    def routes(self) -> list[Route]:
        return [
            Route("/desk/v1/cases", self._enter, methods=["POST"]),
            Route("/desk/v1/tasks", self._tasks),
            Route("/desk/v1/tasks/{id}/done", self._done, methods=["POST"]),
            Route("/desk/v1/tasks/{id}/letter", self._letter),
        ]

    async def _enter(self, request: Request) -> Response:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        self.entered.append((request.headers["idempotency-key"], await request.json()))
        return self.answers.pop(0)

    async def _tasks(self, request: Request) -> Response:
        return JSONResponse({"tasks": self.tasks})

    async def _letter(self, request: Request) -> Response:
        return HTMLResponse('<div class="words">Votre trottoir est refait.</div>')

    async def _done(self, request: Request) -> Response:
        if self.deaf:
            return Response(status_code=503)
        self.done.append((request.path_params["id"], await request.json()))
        self.tasks = [one for one in self.tasks if one["id"] != request.path_params["id"]]
        return JSONResponse({})


@pytest.fixture
async def desk() -> AsyncIterator[tuple[TinyDesk, str]]:
    tiny = TinyDesk()
    server = LoopbackServer(tiny.routes(), 0)
    await server.start()
    yield tiny, server.url
    await server.stop()


async def an_agent(folder: Path, url: str) -> DeskAgent:
    agent = DeskAgent(folder)
    await agent.start()
    agent.base_url = url
    return agent


async def until_told(agent: DeskAgent, count: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(agent.watch())
        await agent.until(lambda: len(agent.told()) >= count)
        watching.cancel()


async def test_an_entry_is_sent_until_its_number_is_known_and_then_no_more(
    tmp_path: Path, desk: tuple[TinyDesk, str]
) -> None:
    tiny, url = desk
    tiny.answers = [
        Response(status_code=503),
        JSONResponse({"number": None}, 202),
        JSONResponse({"number": "7K4M-Q2XD-9TZ"}, 200),
    ]
    agent = await an_agent(tmp_path, url)
    await agent.enter("appel", {"text": "Un trou"})
    await agent.enter("appel", {"text": "Un trou"})
    await agent.stop()
    assert tiny.entered == [("appel", {"text": "Un trou"})] * 3
    again = await an_agent(tmp_path, url)
    assert again.number_of("appel") == "7K4M-Q2XD-9TZ"
    await again.stop()


async def test_what_is_told_twice_over_is_heard_once(
    tmp_path: Path, desk: tuple[TinyDesk, str]
) -> None:
    tiny, url = desk
    tiny.tasks, tiny.deaf = [CALL, LETTER], True
    agent = await an_agent(tmp_path, url)
    await until_told(agent, 2)
    await agent.stop()
    tiny.deaf = False
    again = await an_agent(tmp_path, url)
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(again.watch())
        while tiny.tasks:  # noqa: ASYNC110 -- the little desk rings no bell
            await asyncio.sleep(0.01)
        watching.cancel()
    told = again.told()
    await again.stop()
    assert told == [
        Told("+33240000000", "C'est réparé.", "7"),
        Told("14 rue Haute\n44000 Nantes", "Votre trottoir est refait.", "8"),
    ]
    assert tiny.done == [("7", {"outcome": "read"}), ("8", {"outcome": "posted"})]
