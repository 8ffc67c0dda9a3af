"""Refuses an entry whose id was used for another one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.rulebook import LoadedRulebook
from app.trying.attempt import attempts
from router.errors import InvalidInput

_NOBODY_KNOWS = (
    "C'est un danger : saisissez-le aussitôt sous un autre --id, l'astreinte n'est pas prévenue."
)
"""The words to read say that others are told; they are once the entry is taken."""


async def refuse(rulebook: LoadedRulebook, said: Mapping[str, Any], now: datetime) -> None:
    """Say that nothing was entered; a danger in the new words is told all the same.

    Raises:
        InvalidInput: always; it also says whom the person has to call.
    """
    sentence = (
        f"Rien n'est enregistré : « {said['id']} » est l'identifiant d'une autre saisie. "
        "Donnez un autre --id."
    )
    lines = await _danger(rulebook, said, now)
    if lines:
        lines = [_NOBODY_KNOWS, "", "À lire à la personne :", *lines]
    raise InvalidInput("\n".join([sentence, *lines]))


async def _danger(rulebook: LoadedRulebook, said: Mapping[str, Any], now: datetime) -> list[str]:
    fields = {name: said.get(name, "") for name in ("text", "commune", "category")}
    async with attempts(rulebook) as attempt:
        await attempt.run({"channel": "desk", **fields}, now)
        return [f"  {line}" for words in attempt.danger() for line in words.splitlines()]
