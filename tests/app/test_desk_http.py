"""A whole day at the desk over HTTP, on the product with its example territory."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.running.server import Server
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from router.archive import CaseFilter
from router.delivery import Delivery, DeliveryKind, DeliveryState
from router.message import Address
from router.tracking import TrackingNumber
from router.work import Unit

CONFIG = Path(__file__).parents[2] / "config"
KEYS = {"anne": "cle-de-l-agent-anne", "paul": "cle-de-l-agent-paul"}
LAMP = "Le lampadaire devant le 12 rue de la Poterie à Rezé est éteint"


class Agent:
    """An agent with his key, on a product that routes and sends."""

    def __init__(self, client: httpx.AsyncClient, store: Any) -> None:
        self.client, self.store = client, store

    async def enters(self, id: str = "1", agent: str = "anne", **said: Any) -> dict[str, Any]:
        """Enter something, and again until its number is known, as a program does."""
        async with asyncio.timeout(30):
            while True:
                answer = await self.client.post(
                    "/desk/v1/cases", json={"text": LAMP, **said}, headers=_headers(id, agent)
                )
                assert answer.status_code in {200, 201, 202}, answer.text
                if answer.status_code != 202 and answer.json()["number"]:
                    found: dict[str, Any] = answer.json()
                    return found

    async def tasks(self) -> list[dict[str, Any]]:
        answer = await self.client.get("/desk/v1/tasks", headers=_headers())
        assert answer.status_code == 200
        found: list[dict[str, Any]] = answer.json()["tasks"]
        return found

    async def done(self, task: str, id: str = "d1", **said: Any) -> int:
        answer = await self.client.post(
            f"/desk/v1/tasks/{task}/done", json=said, headers=_headers(id)
        )
        return answer.status_code

    async def state(self, task: str) -> DeliveryState:
        every = await self.store.list_deliveries(list(DeliveryState), 1000)
        return next(one.state for one in every if str(one.id) == task)


def _headers(id: str = "1", agent: str = "anne") -> dict[str, str]:
    return {"authorization": f"Bearer {KEYS[agent]}", "idempotency-key": id}


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[Agent]:
    settings = load_settings(data=tmp_path, config=CONFIG, channels={"desk": {"keys": KEYS}})
    async with opened(settings.data, "") as store:
        product = await build(settings, store)
        server = Server(product, roles=("router", "courier"))
        transport = httpx.ASGITransport(product.web)
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://x.example") as client,
            asyncio.TaskGroup() as tasks,
        ):
            tasks.create_task(server.run())
            yield Agent(client, store)
            server.stop.set()


async def test_a_call_is_read_its_number_and_the_answer_waits_to_be_told(agent: Agent) -> None:
    said = {"source": "call", "name": "Mme Martin", "reply": {"by": "callback", "to": "0240000000"}}
    kept = await agent.enters(**said)
    assert kept["service"] == "Service de l'éclairage public"
    assert kept["number"] in kept["read_aloud"]
    [task] = await agent.tasks()
    assert (task["id"], task["way"], task["to"]) == (kept["task"], "callback", "+33240000000")
    assert (task["name"], task["late"], task["tried"]) == ("Mme Martin", False, "")
    assert await agent.done(task["id"], "d0", outcome="posted") == 400  # it is no letter
    assert await agent.done(task["id"], outcome="read") == 200
    assert await agent.done(task["id"], outcome="read") == 200  # its answer may have been lost
    assert await agent.done(task["id"], "d2", outcome="unreachable") == 404
    assert await agent.tasks() == []
    assert await agent.state(task["id"]) is DeliveryState.DELIVERED
    again = await agent.enters(**said)
    assert again["number"] == kept["number"]


async def test_a_key_that_ended_one_task_ends_no_other(agent: Agent) -> None:
    first = await agent.enters("1", source="call", reply={"by": "callback", "to": "0240000000"})
    other = await agent.enters("2", source="call", reply={"by": "callback", "to": "0240000001"})
    assert await agent.done(first["task"], "d1", outcome="read") == 200
    assert await agent.done(other["task"], "d1", outcome="read") == 409
    assert [task["id"] for task in await agent.tasks()] == [other["task"]]


async def test_a_letter_is_a_page_to_print_that_names_no_agent(agent: Agent) -> None:
    address = "<b>12</b> rue de la Paix, 44000 Nantes"
    kept = await agent.enters(source="letter", reply={"by": "letter", "to": address})
    assert kept["read_aloud"] == ""
    letter = await agent.client.get(f"/desk/v1/tasks/{kept['task']}/letter", headers=_headers())
    assert letter.headers["content-type"] == "text/html; charset=utf-8"
    page = letter.text
    assert "&lt;b&gt;12&lt;/b&gt; rue de la Paix\n44000 Nantes" in page
    assert kept["number"] in page
    assert "https://metropole.example/relais" in page
    assert "anne" not in page
    assert not re.search(r"<script|src=|href=|url\(", page)  # it needs nothing else
    assert "unsafe" not in letter.headers["content-security-policy"]
    assert await agent.done(kept["task"], outcome="posted") == 200
    assert await agent.state(kept["task"]) is DeliveryState.SENT


async def test_one_key_opens_several_desks_and_each_task_is_done_where_it_lies(
    agent: Agent,
) -> None:
    said = {"source": "call", "reply": {"by": "callback", "to": "0240000000"}}
    kept = await agent.enters(desk="mairie-d-orvault", **said)
    [task] = await agent.tasks()
    assert task["desk"] == "mairie-d-orvault"
    assert await agent.done(kept["task"], outcome="read") == 200
    assert await agent.done(kept["task"], outcome="read") == 200
    assert await agent.state(kept["task"]) is DeliveryState.DELIVERED


async def test_only_a_letter_can_be_printed(agent: Agent) -> None:
    kept = await agent.enters(source="visit", reply={"by": "callback", "to": "0240000000"})
    letter = await agent.client.get(f"/desk/v1/tasks/{kept['task']}/letter", headers=_headers())
    assert letter.status_code == 404


async def test_what_an_agent_shall_look_at_is_a_task_too(agent: Agent) -> None:
    kept = await agent.enters(source="call", reply={"by": "callback", "to": "0240000000"})
    [call] = await agent.tasks()
    number = TrackingNumber(kept["number"].replace("-", ""))
    case = await agent.store.case(number)
    assert case is not None
    address = Address("desk", call["desk"], kept["number"], "look")
    made = Delivery(
        7, "look", address.key, DeliveryKind.ALERT, address, "À écouter : voix.ogg",
        case.received_at, case.id, data='{"look": "a-ecouter"}',
    )  # fmt: skip
    await agent.store.commit([Unit((), deliveries=(made,))], case.received_at)
    [_, look] = sorted(await agent.tasks(), key=lambda task: task["way"])
    assert (look["way"], look["to"], look["text"]) == ("look", kept["number"], made.text)
    assert await agent.done(look["id"], "d0", outcome="read") == 400
    assert await agent.done(look["id"], "d1", outcome="seen") == 200
    assert [task["id"] for task in await agent.tasks()] == [call["id"]]


@pytest.mark.parametrize("typed", ["061234567", "024000000", "06 12 34 56"])
async def test_a_number_that_lacks_a_digit_is_refused(agent: Agent, typed: str) -> None:
    said = {"text": LAMP, "source": "call", "reply": {"by": "callback", "to": typed}}
    answer = await agent.client.post("/desk/v1/cases", json=said, headers=_headers())
    assert answer.status_code == 400
    assert await agent.store.pending() == 0


async def test_an_agent_cannot_enter_under_another_name(agent: Agent) -> None:
    kept = await agent.enters(agent="paul", source="visit")
    [case] = await agent.store.cases(CaseFilter())
    assert kept["number"]
    assert case.entry.agent == "paul"


async def test_an_answer_that_could_never_leave_is_refused(agent: Agent) -> None:
    """No mailbox is connected here."""
    said = {"text": LAMP, "source": "call", "reply": {"by": "email", "to": "zoe@example.org"}}
    answer = await agent.client.post("/desk/v1/cases", json=said, headers=_headers())
    assert answer.status_code == 400
    assert answer.json() == {"error": "no account of ours writes email."}
    assert await agent.store.pending() == 0
