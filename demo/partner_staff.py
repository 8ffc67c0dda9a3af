"""The people of partners that have systems of their own: they work what arrives there."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from demo.open311 import Request311
from demo.partner import Message
from demo.script import Reaction, Scene
from demo.story import Story

if TYPE_CHECKING:
    from demo.city import City

_FOREVER_S = 3600
_STATUSES = {
    Reaction.REPLY: "open",
    Reaction.CLOSE: "closed",
    Reaction.ACCEPT: "acknowledged",
    Reaction.REFUSE: "rejected",
}


@dataclass(frozen=True, slots=True)
class PartnerStaff:
    """Works each case once, as its scene says; what an earlier run did is not done again."""

    city: City
    story: Story

    def watches(self) -> tuple[Coroutine[Any, Any, None], ...]:
        """Give the two watches, each until cancelled."""
        return self._watch_requests(), self._watch_messages()

    async def _watch_requests(self) -> None:
        worked: set[str] = set()
        while True:
            await self.city.open311.until(
                lambda: any(one.id not in worked for one in self.city.open311.received()),
                _FOREVER_S,
            )
            for request in self.city.open311.received():
                if request.id not in worked:
                    worked.add(request.id)
                    self._answer(request)

    def _answer(self, request: Request311) -> None:
        scene = self.story.scene_of(request.description)
        if scene is not None:
            self.city.open311.say(request.id, _STATUSES[scene.reaction], scene.says)

    async def _watch_messages(self) -> None:
        worked: set[str] = set()
        while True:
            await self.city.system.until(
                lambda: any(one.id not in worked for one in self.city.system.received()),
                _FOREVER_S,
            )
            for message in self.city.system.received():
                if message.id not in worked:
                    worked.add(message.id)
                    scene = self.story.scene_of(str(message.case.get("text", "")))
                    if scene is not None and message.type == "case.forward":
                        await self._act(scene, message)

    async def _act(self, scene: Scene, message: Message) -> None:
        act, id = self.city.system.act, f"{scene.id}-{message.id[:8]}"
        number = f"BAILLEUR-{scene.id}"
        match scene.reaction:
            case Reaction.REPLY:
                await act(message, f"{id}-1", act="accept", reference=number)
                await act(message, f"{id}-2", act="progress", text=scene.says)
            case Reaction.CLOSE:
                await act(message, f"{id}-1", act="accept", reference=number)
                await act(message, f"{id}-2", act="close", text=scene.says)
            case Reaction.ACCEPT:
                await act(message, f"{id}-1", act="accept", reference=number)
            case Reaction.REFUSE:
                await act(message, f"{id}-1", act="refuse", reason=scene.says)
            case Reaction.NONE:
                return
