"""Reads what a category says of the administration's silence: « rejet après 2 mois »."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from router.rights import Silence
from rules import scalars
from rules.scalars import Unreadable
from rules.vocabulary import plain

_NONE = {"sans objet", "aucun", "none", "not applicable"}
_DEPENDS = re.compile(r"selon la demarche\b|depends on the procedure\b")
_MEANINGS = {
    "rejet": Silence.REFUSED,
    "refus": Silence.REFUSED,
    "refusal": Silence.REFUSED,
    "acceptation": Silence.ACCEPTED,
    "accord": Silence.ACCEPTED,
    "acceptance": Silence.ACCEPTED,
}
_MEANING_FIRST = re.compile(r"(\w+) (?:apres|au bout de|after) (.+)")
_DELAY_FIRST = re.compile(r"(.+?)\s*(?::|=|→|vaut|means)\s*(\w+)")


@dataclass(frozen=True, slots=True)
class SaidOfSilence:
    """What silence means, and after how long (as written: "2 mois"); no delay where it depends."""

    meaning: Silence
    after: str = ""


@lru_cache(maxsize=256)  # asked of every receipt, and of every sheet for a service
def read_silence(text: str) -> SaidOfSilence | None:
    """Read what a category says; None where silence means nothing ("sans objet").

    Raises:
        scalars.Unreadable: it can be read no way, so that no date can be told.
    """
    said = re.sub(r"\s+", " ", plain(text))
    if said in _NONE:
        return None
    if _DEPENDS.match(said):
        return SaidOfSilence(Silence.DEPENDS)
    first = _MEANING_FIRST.fullmatch(said)
    meaning, after = first.groups() if first else ("", "")
    last = _DELAY_FIRST.fullmatch(said)
    if last:
        after, meaning = last.groups()
    if meaning not in _MEANINGS:
        raise Unreadable(WANTED)
    scalars.duration(after)
    return SaidOfSilence(_MEANINGS[meaning], after)


WANTED = (
    "« rejet après 2 mois », « acceptation après 2 mois », « selon la démarche » ou « sans objet »"
)
