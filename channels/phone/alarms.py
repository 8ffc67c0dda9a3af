"""Remembers what a number's provider said that an operator should look into."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from router.ports import Clock

_LASTS_S = 3600.0
_SENTENCES: Mapping[str, str] = {
    "14107": "Twilio retient des réponses : plus de 30 en 30 secondes entre deux numéros (14107) ;"
    " une machine écrit sans doute.",
    "30007": "l'opérateur filtre nos messages comme indésirables (30007) ; ils ne sont pas renvoyés :"
    " voyez avec Twilio.",
}
"""Twilio's codes of which no agent, with one case before him, can find the cause."""

log = logging.getLogger("channels.phone")


class Alarms:
    """What was said within the last hour; without a clock (`guichet try`) nothing is alarming."""

    def __init__(self, clock: Clock | None) -> None:
        self._clock = clock
        self._heard: dict[str, float] = {}

    def hear(self, code: object) -> None:
        """Note a code of a refused call or of a status; most of them alarm nobody."""
        known = str(code)
        if self._clock is not None and known in _SENTENCES:
            self._heard[known] = self._clock.monotonic()
            log.warning("%s", _SENTENCES[known])

    @property
    def told(self) -> str:
        """Say in French what was last alarming; empty when it is over."""
        if self._clock is None or not self._heard:
            return ""
        code, at = max(self._heard.items(), key=lambda one: one[1])
        return _SENTENCES[code] if self._clock.monotonic() - at < _LASTS_S else ""
