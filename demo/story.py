"""Tell, from what the providers hold, how far each scene of the script has come."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from demo.script import Reaction, Scene
from demo.talks import Said, fold, talk
from router.errors import InvalidInput
from router.tracking import TrackingNumber, parse, printed

if TYPE_CHECKING:
    from demo.city import City

PAGE = "page"
AT_DESK = {"callback", "letter"}
"""Replies that an agent gives."""
_NUMBER = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{3}\b")


def message_id(scene: Scene) -> str:
    """Give the id of a scene's mail, always the same, so that sending it again does nothing."""
    return f"<{scene.id}@citoyens.example>"


def own_way(scene: Scene) -> tuple[str, str]:
    """Give channel and address on which a citizen must be answered; a web page has its scene."""
    if scene.channel == "desk":
        return ("desk" if scene.reply in AT_DESK else scene.reply), scene.sender
    if scene.channel != "web":
        return scene.channel, scene.sender
    return (PAGE, scene.id) if scene.reply == PAGE else (scene.reply, scene.sender)


def numbers_in(text: str) -> frozenset[TrackingNumber]:
    """List the tracking numbers that a text prints."""
    found = set()
    for match in _NUMBER.findall(text):
        try:
            found.add(parse(match))
        except InvalidInput:
            continue
    return frozenset(found)


class Story:
    """The scenes of a script, seen through what the providers hold; nothing of its own is kept."""

    def __init__(self, city: City, scenes: Sequence[Scene]) -> None:
        self._city = city
        self.scenes = tuple(scenes)
        self._by_id = {scene.id: scene for scene in scenes}

    def scene_of(self, text: str) -> Scene | None:
        """Find the scene whose words a case holds; of several, the one that came last."""
        words = fold(text)
        for scene in reversed(self.scenes):
            longest = max(scene.text.splitlines(), key=len, default="")
            if scene.reaction is not Reaction.NONE and longest and fold(longest) in words:
                return scene
        return None

    # --- what was sent ---------------------------------------------------------------------------

    def before(self, scene: Scene) -> Scene | None:
        """Give the scene that must have been answered first."""
        return self._by_id[scene.follows] if scene.follows else None

    def written(self, scene: Scene) -> tuple[str, str] | None:
        """Give subject and text with the tracking number filled in; None while it is unknown."""
        if "{numero}" not in scene.subject + scene.text:
            return scene.subject, scene.text
        before = self.before(scene)
        number = self.number(before) if before else None
        if number is None:
            return None
        return (
            scene.subject.replace("{numero}", printed(number)),
            scene.text.replace("{numero}", printed(number)),
        )

    def sent(self, scene: Scene) -> bool:
        """Say whether the provider has taken this scene's message."""
        if scene.channel == "web":
            return self._city.browser.led_to(scene.id) is not None
        if scene.channel == "desk":
            return self._city.desk.number_of(scene.id) is not None
        return self._mark(scene, talk(self._city, scene.channel, scene.sender)) is not None

    def _mark(self, scene: Scene, said: Sequence[Said]) -> int | None:
        """Find the place of a scene's message in a talk."""
        written = self.written(scene)
        if written is None:
            return None
        for place, one in enumerate(said):
            if not one.by_citizen:
                continue
            if scene.channel == "email":
                same = one.id == message_id(scene)
            elif scene.location is not None:
                same = one.location is not None
            else:
                same = fold(one.text) == fold(written[1])
            if same:
                return place
        return None

    # --- what came back --------------------------------------------------------------------------

    def heard(self, scene: Scene) -> list[Said]:
        """List what this citizen was told on his own channel since he wrote this message."""
        channel, address = own_way(scene)
        if channel == PAGE:
            return [Said(False, text) for text in self._city.browser.quoted(scene.id)]
        said = talk(self._city, channel, address)
        if scene.channel in {"web", "desk"}:
            number = self.number(scene)
            return [one for one in said if not one.by_citizen and _names(one, number)]
        place = self._mark(scene, said)
        if place is None:
            return []
        mark = said[place]
        if scene.channel == "email":
            return [one for one in said if not one.by_citizen and mark.id in one.answers]
        later = [one for one in said[place + 1 :] if not one.by_citizen]
        if mark.public:
            return [one for one in later if mark.id in one.answers]
        return [one for one in later if not one.public]

    def number(self, scene: Scene) -> TrackingNumber | None:
        """Give the tracking number that this citizen was told."""
        if scene.channel == "web":
            path = self._city.browser.led_to(scene.id) or ""
            return next(iter(numbers_in(path)), None)
        if scene.channel == "desk":
            return next(iter(numbers_in(self._city.desk.number_of(scene.id) or "")), None)
        for said in self.heard(scene):
            numbers = numbers_in(f"{said.subject}\n{said.text}")
            if numbers:
                return min(numbers)
        return None

    def acknowledged(self, scene: Scene) -> bool:
        """Say whether an answer that no service wrote has come."""
        answers = [fold(words) for other in self.scenes for words in (other.answer,) if words]
        return any(not any(words in said.words for words in answers) for said in self.heard(scene))

    def answered(self, scene: Scene) -> bool:
        """Say whether the words of the service have come, as often as they must."""
        if not scene.answer:
            return True
        words = fold(scene.answer)
        return sum(words in said.words for said in self.heard(scene)) >= scene.answers

    def settled(self, scene: Scene) -> bool:
        """Say whether everything that this scene leads to has happened."""
        if not scene.asks:
            return self.sent(scene)
        if not (self.acknowledged(scene) and self.answered(scene)):
            return False
        return scene.reaction is not Reaction.ACCEPT or len(self.heard(scene)) >= 2

    def unanswered(self) -> list[str]:
        """List the scenes that ask and were not answered on their own channel."""
        return [
            scene.id
            for scene in self.scenes
            if scene.asks and not (self.acknowledged(scene) and self.answered(scene))
        ]


def _names(said: Said, number: TrackingNumber | None) -> bool:
    return number is not None and number in numbers_in(f"{said.subject}\n{said.text}")
