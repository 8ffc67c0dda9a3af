"""Lives the short affair once for every boundary, killed there by SIGKILL, and to its end after.

Run as a process of its own: it forks one child a life, so that nothing but files outlives a kill.
Prints one JSON line a boundary: where it was killed, the final picture, what does not hold.
Arguments: a folder, the first boundary and the step to the next, so that two can share the work;
boundary 0 is never passed: the life that nobody cuts.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "router")]

from affair import SHORT, Life, LifeIds, World, begin, broken, nothing_happens, picture  # noqa: E402
from watched import WatchedBlobs, WatchedDatabase  # noqa: E402

from storage.blobs import FolderBlobs  # noqa: E402
from storage.sqlite import SqliteDatabase  # noqa: E402
from storage.store import SqlStore  # noqa: E402


def store_in(folder: Path, life: int, pass_) -> SqlStore:
    database = WatchedDatabase(SqliteDatabase(folder / "guichet.db"), pass_)
    return SqlStore(
        database, "main", LifeIds(life), WatchedBlobs(FolderBlobs(folder / "blobs"), pass_)
    )


async def live(folder: Path, life: int, pass_, *, until_the_end: bool) -> None:
    store = store_in(folder, life, pass_)
    await store.open()
    world = World(folder)
    await Life(store, world, life, pass_, SHORT).run()
    if until_the_end:
        told = {"picture": await picture(store), "broken": await broken(store, world, SHORT)}
        (folder / "told").write_text(json.dumps(told))
    await store.close()


def in_child(work) -> int:
    """Do some work in a forked process; returns how it ended, as ``os.waitpid`` tells it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(work())
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def killer(place: int, folder: Path):
    passed = 0

    def pass_(where: str) -> None:
        nonlocal passed
        passed += 1
        if passed == place:
            (folder / "killed").write_text(where)
            os.kill(os.getpid(), signal.SIGKILL)

    return pass_


def warm(template: Path, folder: Path) -> None:
    """Live once in this process: what the first life imports, reads and compiles the others inherit."""
    shutil.copytree(template, folder)
    asyncio.run(live(folder, 2, nothing_happens, until_the_end=True))
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()  # a fork takes none along
    gc.freeze()  # nor are the pages of what is here copied for every child


def main(root: Path, place: int, step: int) -> None:
    template = root / "template"
    template.mkdir(parents=True)

    async def first_start() -> None:
        store = store_in(template, 0, nothing_happens)
        await store.open()
        await begin(store)
        await store.close()

    assert in_child(first_start) == 0
    warm(template, root / "warm")
    alive = False
    while not alive:
        folder = root / str(place)
        shutil.copytree(template, folder)
        pass_ = killer(place, folder)
        ended = in_child(lambda f=folder, p=pass_: live(f, 1, p, until_the_end=False))
        killed = folder / "killed"
        alive = place > 0 and not killed.exists()
        assert ended == (signal.SIGKILL if killed.exists() else 0), ended
        assert in_child(lambda f=folder: live(f, 2, nothing_happens, until_the_end=True)) == 0
        where = killed.read_text() if killed.exists() else ""
        told = json.loads((folder / "told").read_text())
        print(json.dumps({"place": place, "where": where, **told}), flush=True)
        shutil.rmtree(folder)
        place += step


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
