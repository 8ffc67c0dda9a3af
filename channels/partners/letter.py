"""Write what a service reads of a case in its mail, in French: title, facts, words and links."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from channels.enclosures import files_of
from channels.partners.sheet import (
    BY_ANOTHER,
    added_by_another,
    answers_of,
    items,
    label_of,
    mapping,
)
from router.delivery import Delivery
from router.entry import SOURCES_FR, Source
from router.words.place_line import one_line

_LINKS = (
    ("accept", "Prendre en charge"),
    ("refuse", "Refuser, avec un motif"),
    ("close", "Clore, avec une réponse ou une photo"),
)
_TITLES = {
    "forward": "Une demande vous est transmise.",
    "addition": "Un message s'ajoute à une demande.",
    "reminder": "Une demande attend quelque chose de vous.",
    "notice": "Une demande vous est signalée pour information.",
    "opinion": "Votre avis est demandé sur une demande.",
    "alert": "Une demande attend toujours.",
    "other": "Une demande vous concerne.",
}
_SEEN_ONLY = "Une réponse à ce courriel est notée sur la demande ; la personne ne la reçoit pas."
_REPLIES = {
    "opinion": "Pour donner votre avis, répondez à ce courriel : il est noté sur la demande."
}
_URGENCIES = {
    "low": "basse",
    "normal": "normale",
    "high": "haute",
    "immediate": "IMMÉDIATE : une personne ou des biens peuvent être en danger",
}

Sheet = Mapping[str, Any]
"""A case as a service may see it."""
Facts = Iterable[tuple[str, object]]
"""Labels with what they say; what says nothing is not written."""


def body(delivery: Delivery, sheet: Sheet, base_url: str, zone: ZoneInfo) -> str:
    """Write the text of the mail; ``base_url`` is where the action pages are, times in ``zone``."""
    kind = str(sheet.get("kind") or delivery.kind)
    mine = bool(sheet.get("in_charge", kind == "forward"))
    added = str(sheet.get("added") or "")
    # people add to what is forwarded; what comes with a notice or an alert is our own sentence
    ours = added if kind != "forward" else ""
    words = "" if ours else added or str(sheet.get("text") or delivery.text)
    blocks = [_TITLES[_title(kind, added, mine=mine)], ours, _written(_facts(sheet, zone))]
    if words:
        who = BY_ANOTHER if added_by_another(sheet) else "Message de l'usager"
        blocks.append(f"{who} :\n{_quoted(words)}")
    if delivery.reply_token:
        page = f"{base_url}/p/{delivery.reply_token}"
        blocks += _acting(page) if mine else _reading(page, kind)
    return "\n\n".join(block for block in blocks if block)


def _title(kind: str, added: str, *, mine: bool) -> str:
    if kind == "forward":
        return "addition" if added else kind
    if kind == "notice" and mine:
        return "reminder"
    return kind if kind in _TITLES else "other"


def subject(delivery: Delivery, sheet: Sheet) -> str:
    """Write the title of the mail: number, urgency, kind of request and street."""
    number = sheet.get("number_printed")
    about = sheet.get("category_name") or delivery.subject or sheet.get("subject") or "Demande"
    where = mapping(sheet.get("place")).get("street") or ""
    urgent = "URGENT – " if sheet.get("urgency") == "immediate" else ""
    title = f"{urgent}{about}" + (f" – {where}" if where else "")
    return f"[#{number}] {title}" if number else title


def as_json(sheet: Sheet) -> bytes:
    """Write the case for machines; where its files lie is between us and the providers."""
    files = [
        {"name": file.name, "media_type": file.media_type, "size": file.size}
        for file in files_of(sheet)
    ]
    told_of = {**sheet, **({"files": files} if files else {})}
    return json.dumps(told_of, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def _acting(page: str) -> tuple[str, str]:
    """Write how the service in charge acts."""
    links = "\n".join(f"{label} : {page}?act={act}" for act, label in _LINKS)
    reply = "Vous pouvez aussi répondre à ce courriel : votre réponse est transmise."
    return f"D'un clic, sans compte :\n{links}", reply


def _reading(page: str, kind: str) -> tuple[str, str]:
    """Write how a service that is only told of a case looks at it."""
    return f"Voir la demande, sans compte : {page}", _REPLIES.get(kind, _SEEN_ONLY)


# --- facts ---------------------------------------------------------------------------------------


def _facts(sheet: Sheet, zone: ZoneInfo) -> Facts:
    yield from _what(sheet)
    place = mapping(sheet.get("place"))
    yield from (("Lieu", _place(place)), ("Carte", _map_link(place)))
    for fact, text in answers_of(sheet):
        yield label_of(fact), text
    yield "Reçue le", _time(sheet.get("received_at"), zone)
    yield "Réponse attendue avant le", _time(sheet.get("due_at"), zone)
    yield "Sans réponse", _silence(mapping(sheet.get("silence")))
    yield from _who(sheet)


def _what(sheet: Sheet) -> Facts:
    return (
        ("Numéro", sheet.get("number_printed")),
        ("Service", mapping(sheet.get("service")).get("name")),
        ("Objet", sheet.get("subject")),
        ("Catégorie", sheet.get("category_name") or sheet.get("category")),
        ("Parle aussi de", ", ".join(map(str, items(sheet.get("also"))))),
        ("Nature", sheet.get("nature")),
        ("À proposer", ", ".join(map(str, items(sheet.get("proposals"))))),
        ("Pour clore", "une photo du résultat" if sheet.get("proof") == "photo" else None),
        ("Urgence", _URGENCIES.get(str(sheet.get("urgency")), sheet.get("urgency"))),
    )


def _who(sheet: Sheet) -> Facts:
    people = [mapping(person) for person in items(sheet.get("reporters"))]
    return (
        ("Langue de l'usager", sheet.get("language")),
        ("Pièces jointes", sheet.get("attachments")),
        ("Pièces jointes gardées au guichet", _withheld(sheet.get("withheld"))),
        ("Saisie au guichet", _entry(mapping(sheet.get("entry")))),
        ("Usager", ", ".join(str(person["name"]) for person in people if person.get("name"))),
    )


def _withheld(count: object) -> str | None:
    if not isinstance(count, int) or not count:
        return None
    return f"{count}, qui {'nomme' if count == 1 else 'nomment'} des personnes"


def _place(place: Sheet) -> str:
    parts = [str(place.get(part) or "") for part in ("text", "street", "postcode")]
    communes = [mapping(commune) for commune in items(place.get("communes"))]
    names = (str(commune.get("name") or commune.get("insee")) for commune in communes)
    return one_line((*parts, " ou ".join(names)))


def _map_link(place: Sheet) -> str | None:
    lat, lon = place.get("lat"), place.get("lon")
    if not isinstance(lat, int | float) or not isinstance(lon, int | float):
        return None
    return (
        f"https://www.openstreetmap.org/?mlat={lat:.6f}&mlon={lon:.6f}#map=18/{lat:.6f}/{lon:.6f}"
    )


def _time(value: object, zone: ZoneInfo) -> str | None:
    try:
        time = datetime.fromisoformat(str(value)) if value else None
    except ValueError:
        return str(value)
    if time is None:
        return None
    if time.tzinfo is not None:
        time = time.astimezone(zone)
    return time.strftime("%d/%m/%Y à %H:%M")


def _silence(given: Sheet) -> str | None:
    """Say what becomes of the request by law, and when, if nobody answers."""
    means = {"refused": "refusée", "accepted": "acceptée"}.get(str(given.get("means")))
    try:
        on = date.fromisoformat(str(given.get("on")))
    except ValueError:
        return None
    return (
        f"la demande est {means} le {on:%d/%m/%Y} (silence de l'administration)" if means else None
    )


def _entry(entry: Sheet) -> str | None:
    """Say how an agent came to write it down, and for whom."""
    if entry.get("source") not in set(Source):
        return None
    told = SOURCES_FR[Source(entry["source"])]
    told += f", par {entry['agent']}" if entry.get("agent") else ""
    return told + (f", pour {entry['behalf_of']}" if entry.get("behalf_of") else "")


# --- lines ---------------------------------------------------------------------------------------


def _written(facts: Facts) -> str:
    return "\n".join(f"{label} : {' '.join(str(said).split())}" for label, said in facts if said)


def _quoted(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines())
