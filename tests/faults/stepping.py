"""Cancels whichever task reaches a counted await point."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class AwaitPoints:
    """Counts every suspension of every task made under it; the task at ``cut`` is cancelled."""

    def __init__(self, cut: int) -> None:
        self.cut = cut
        self.passed = 0

    def install(self) -> None:
        asyncio.get_running_loop().set_task_factory(self._task)

    def _task(self, loop, coroutine, **more):
        return asyncio.Task(self._watch(coroutine), loop=loop, **more)

    async def _watch(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return await _Watched(self, coroutine)


class _Watched:
    def __init__(self, points: AwaitPoints, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._points, self._coroutine = points, coroutine

    def __await__(self) -> Generator[Any, None, Any]:
        inner = self._coroutine.__await__()
        error: BaseException | None = None
        while True:
            try:
                waits_for = inner.throw(error) if error is not None else inner.send(None)
            except StopIteration as end:
                return end.value
            self._points.passed += 1
            if self._points.passed == self._points.cut:
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
            error = None
            try:
                yield waits_for
            except BaseException as raised:  # handed on to the coroutine that is watched
                error = raised
