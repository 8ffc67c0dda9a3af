"""Play the script: everybody writes, services react, and all wait for their answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import httpx

from demo.actors import AGAIN_S, Citizens, Services
from demo.partner_staff import PartnerStaff
from demo.script import Scene
from demo.story import PAGE, Story, own_way

if TYPE_CHECKING:
    from demo.city import City

DEADLINE_S = 120.0  # alone on a machine it takes ten seconds; a busy one may take its time
PATIENCE_S = 3600.0
"""How long one wait may take: the deadline of the whole play ends it before."""


async def play(
    city: City,
    scenes: Sequence[Scene],
    base_url: str,
    services: Sequence[str],
    report: Callable[[Scene], None] | None = None,
    *,
    seconds: float = DEADLINE_S,
    pause_s: float = 0.0,
) -> None:
    """Play all scenes to their end, or until the deadline; what an earlier run sent is not resent.

    ``services`` are the mailboxes of services, ``report`` is told of each message as it is sent.
    ``pause_s`` lets one message after the other begin, for people who watch.
    """
    await city.connect(base_url)
    city.services = tuple(services)
    story = Story(city, scenes)
    citizens = Citizens(city, story)
    staff = Services(city, story, city.services)
    at_desk = [city.desk.watch()] if any(scene.channel == "desk" for scene in scenes) else []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            watching = [
                tasks.create_task(work)
                for work in (staff.watch(), *PartnerStaff(city, story).watches(), *at_desk)
            ]
            async with asyncio.TaskGroup() as people:
                for place, scene in enumerate(scenes):
                    people.create_task(_live(city, story, citizens, scene, report, place * pause_s))
            for one in watching:
                one.cancel()


async def _live(
    city: City,
    story: Story,
    citizens: Citizens,
    scene: Scene,
    report: Callable[[Scene], None] | None,
    delay_s: float,
) -> None:
    """Write, when it is time, and wait for what is due."""
    before = story.before(scene)
    if before is not None:
        await _until(city, story, before)
    elif delay_s and not story.sent(scene):
        await asyncio.sleep(delay_s)
    if report is not None and not story.sent(scene):
        report(scene)
    await citizens.send(scene)
    await _until(city, story, scene)


async def _until(city: City, story: Story, scene: Scene) -> None:
    """Wait until a scene is settled, looking again whenever its provider has something new."""
    channel, _ = own_way(scene)
    if scene.channel == "web":
        while story.number(scene) is None or (channel == PAGE and not story.settled(scene)):
            # a page tells nobody that it has changed
            with contextlib.suppress(httpx.HTTPError):
                await city.browser.revisit(scene.id)
            await asyncio.sleep(AGAIN_S)
    waiting = {
        "email": city.mail.until,
        "sms": city.twilio.until,
        "whatsapp": city.twilio.until,
        "telegram": city.telegram.until,
        "matrix": city.matrix.until,
        "x": city.x.until,
        "desk": city.desk.until,
    }
    if channel in waiting:
        await waiting[channel](lambda: story.settled(scene), PATIENCE_S)
