"""Turn the words of `guichet desk` into what the desk's channel reads, or say what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.city_time import CITY
from app.known_commune import check_commune
from app.running.wiring import Product
from channels.desk_entry import TO_COME
from router.entry import WAYS_FR, Outcome, Source, Way
from router.errors import InvalidInput
from router.tracking import parse, printed
from rules.scalars import FIRST_YEAR
from web.desk.tasks import Task

SOURCES = {
    "appel": Source.CALL,
    "visite": Source.VISIT,
    "courrier": Source.LETTER,
    "appel-manque": Source.MISSED_CALL,
    "relais": Source.RELAY,
}
WAYS = {
    "rappel": Way.CALLBACK,
    "courrier": Way.LETTER,
    "email": "email",
    "sms": "sms",
    "suivi": Way.PAGE,
}
_WRONG = {
    Way.CALLBACK: "n'est pas un numéro de téléphone.",
    "sms": "n'est pas un numéro de téléphone.",
    "email": "n'est pas une adresse de courriel.",
    Way.LETTER: "n'est pas une adresse postale de 200 caractères au plus.",
}
_NO_ACCOUNT = {
    "email": "Aucun compte n'écrit de courriels ici : choisissez une autre réponse.",
    "sms": "Aucun compte n'écrit de SMS ici : choisissez une autre réponse.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """The options of `guichet desk new`, as they were typed."""

    source: str
    agent: str
    text: str
    reply: str
    name: str
    street: str
    commune: str
    category: str
    language: str
    neighbour: str
    case: str
    received: str
    id: str


def entry_of(typed: Entry) -> dict[str, Any]:
    """Write an entry as the channel reads it.

    Raises:
        InvalidInput: an option is missing or wrong; the sentence says which.
    """
    source = SOURCES.get(typed.source)
    if source is None:
        raise InvalidInput(f"« {typed.source} » : --source vaut {', '.join(SOURCES)}.")
    if not typed.agent.strip():
        raise InvalidInput("Qui saisit ? Donnez --agent.")
    if not typed.text.strip() and source is not Source.MISSED_CALL:
        raise InvalidInput("Que dit la personne ? Donnez --texte.")
    said = {
        "kind": "case",
        "id": typed.id,
        "source": source,
        "agent": typed.agent.strip(),
        "text": typed.text.strip(),
        "name": typed.name,
        "street": typed.street,
        "commune": typed.commune,
        "category": typed.category,
        "language": typed.language,
        "behalf_of": typed.neighbour,
        "case": _case(typed.case),
        "received_at": _time(typed.received),
        "reply": reply_of(typed.reply, source),
    }
    return {name: value for name, value in said.items() if value}


def reply_of(typed: str, source: Source | None = None) -> dict[str, str]:
    """Read ``rappel:+33…`` and the like; without one the person follows by his number.

    Raises:
        InvalidInput: it is none.
    """
    by, _, to = typed.partition(":")
    if source is Source.MISSED_CALL and by not in {"rappel", "sms"}:
        raise InvalidInput("Un appel manqué se rappelle : donnez --reponse rappel:NUMÉRO.")
    if not typed:
        return {"by": Way.PAGE}
    if by not in WAYS:
        raise InvalidInput(f"« {typed} » : la réponse est {', '.join(WAYS)}, puis deux-points.")
    return {"by": WAYS[by], "to": to.strip()}


def instead_of(typed: str) -> dict[str, str] | None:
    """Read where a task shall go instead; None where nothing was said."""
    return reply_of(typed) if typed else None


def done_of(
    *, read: bool, posted: bool, unreachable: bool, instead: str, seen: bool = False
) -> Outcome:
    """Choose the one outcome that was given.

    Raises:
        InvalidInput: none, or more than one.
    """
    given = {
        Outcome.READ: read,
        Outcome.POSTED: posted,
        Outcome.UNREACHABLE: unreachable,
        Outcome.INSTEAD: bool(instead),
        Outcome.SEEN: seen,
    }
    chosen = [outcome for outcome, is_so in given.items() if is_so]
    if len(chosen) != 1:
        raise InvalidInput(
            "Donnez l'une de ces options : --lu-au-citoyen, --poste, --injoignable, --autrement, --vu."
        )
    return chosen[0]


def check_outcome(outcome: Outcome, tasks: Iterable[Task]) -> None:
    """Make sure that tasks can end so.

    Raises:
        InvalidInput: one cannot; the sentence says by which way it goes.
    """
    for task in tasks:
        if not outcome.fits(task.way):
            raise InvalidInput(f"La tâche {task.id} {_ends(task.way)}.")


def _ends(way: str) -> str:
    """Say how a task of this way can end, where it cannot end as an agent says."""
    if way == Way.LOOK:
        return "est une demande à regarder. Donnez --vu"
    if way == Way.LETTER:
        return "est un courrier. Donnez --poste, --lu-au-citoyen, --injoignable ou --autrement"
    return (
        f"est un {WAYS_FR[way]} : rien n'est à poster ni à regarder. Donnez --lu-au-citoyen, "
        "--injoignable ou --autrement"
    )


def missing(product: Product, said: Mapping[str, Any]) -> None:
    """Check what only this installation knows: its categories and communes.

    Raises:
        InvalidInput: one is not known here.
    """
    current = product.rulebooks.current()
    category, commune = said.get("category"), said.get("commune")
    if category and category not in current.services.categories():
        raise InvalidInput(f"« {category} » n'est pas une catégorie d'ici.")
    check_commune(commune or "", current)


def why_not(reply: Mapping[str, str], note: str) -> str:
    """Say in French why the channel does not take a reply."""
    by, to = reply.get("by", ""), reply.get("to", "")
    if note == TO_COME:
        return "La date de --recu-le est à venir : donnez celle où la personne a écrit ou appelé."
    if note.startswith("no account"):
        return _NO_ACCOUNT[by]
    return f"« {to} » {_WRONG[by]}" if by in _WRONG else f"La saisie n'est pas lisible ({note})."


def _case(typed: str) -> str:
    try:
        return printed(parse(typed)) if typed else ""
    except InvalidInput:
        raise InvalidInput(f"« {typed} » n'est pas un numéro de suivi.") from None


def _time(typed: str) -> str:
    try:
        at = datetime.fromisoformat(typed) if typed else None
        if at is not None and at.year < FIRST_YEAR:
            raise ValueError(at)
        return CITY.typed(at).isoformat() if at else ""
    except ValueError:
        raise InvalidInput(
            f"« {typed} » n'est pas une date : écrivez 2026-11-26 ou 2026-11-26T14:05."
        ) from None
