"""What takes long the first time is loaded when a server starts, and not while a message waits."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace

import pytest

from app.running.preparing import prepare
from app.running.server import Server
from app.running.wiring import build
from app.settings import load_settings
from app.stores import opened
from understanding.language import LanguageDetector


class Slow:
    """Takes long to prepare, and then fails."""

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def prepare(self) -> None:
        self.begun.set()
        self.go_on.wait(10)
        raise OSError("the disk is gone")


@pytest.mark.parametrize(("role", "wanted"), [("router", True), ("clock", False)])
async def test_a_server_that_routes_prepares_and_waits_for_it_neither_at_its_start_nor_its_end(
    tmp_path, role, wanted
):
    slow = Slow()
    async with opened(tmp_path, "") as store, asyncio.timeout(20):
        product = await build(load_settings(data=tmp_path), store)
        product = replace(product, router=replace(product.router, understands=slow))
        server = Server(product, roles=(role,))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.run())
            await server.started.wait()
            assert await asyncio.to_thread(slow.begun.wait, 5 if wanted else 0) is wanted
            server.stop.set()
    slow.go_on.set()


def test_what_cannot_be_prepared_or_need_not_be_hinders_nobody() -> None:
    slow = Slow()
    slow.go_on.set()
    thread = prepare(slow)
    assert thread is not None
    thread.join()
    assert prepare(object()) is None


def test_a_prepared_detector_says_what_another_says() -> None:
    prepared = LanguageDetector()
    prepared.prepare()
    text = "Un potelet arraché, des fils électriques dépassent"
    assert prepared.detect(text) == LanguageDetector().detect(text)
