"""Says in French how a case would change under a draft."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.city_time import CITY, DAY
from app.french import URGENCIES
from router.decision import Urgency
from rules.differences import Kind
from rules.naming import Naming

NAMES = {
    Kind.DANGER_LOST: ("danger qui ne serait plus vu", "dangers qui ne seraient plus vus"),
    Kind.WITHOUT_RULE: ("cas qui n'aurait plus de règle", "cas qui n'auraient plus de règle"),
    Kind.URGENCY_LOWERED: ("urgence abaissée", "urgences abaissées"),
    Kind.OWNER: ("cas qui changerait de service", "cas qui changeraient de service"),
    Kind.PARTS: ("cas partagé autrement", "cas partagés autrement"),
    Kind.REPLIES: ("cas dont la réponse changerait", "cas dont la réponse changerait"),
    Kind.CONFIDENTIAL: (
        "cas qui changerait de confidentialité",
        "cas qui changeraient de confidentialité",
    ),
    Kind.NOTIFY: (
        "cas qui informerait d'autres services",
        "cas qui informeraient d'autres services",
    ),
    Kind.CONSULT: ("cas qui demanderait d'autres avis", "cas qui demanderaient d'autres avis"),
    Kind.TRANSMIT_BY: (
        "cas qui serait transmis par une autre voie",
        "cas qui seraient transmis par une autre voie",
    ),
    Kind.ESCALATION: ("cas dont l'alerte changerait", "cas dont l'alerte changerait"),
    Kind.DELAY: ("cas dont le délai changerait", "cas dont le délai changerait"),
    Kind.PROPOSALS: ("cas dont la proposition changerait", "cas dont la proposition changerait"),
    Kind.LABELS: ("cas dont les étiquettes changeraient", "cas dont les étiquettes changeraient"),
    Kind.URGENCY_RAISED: ("urgence relevée", "urgences relevées"),
    Kind.DANGER_FOUND: ("danger nouvellement vu", "dangers nouvellement vus"),
}
"""One case and several, by how they would change."""
EFFECTS = {
    Kind.DANGER_LOST: "danger perdu",
    Kind.WITHOUT_RULE: "sans règle",
    Kind.URGENCY_LOWERED: "urgence abaissée",
    Kind.OWNER: "autre service",
    Kind.PARTS: "autres parts",
    Kind.REPLIES: "autre réponse",
    Kind.CONFIDENTIAL: "confidentialité changée",
    Kind.NOTIFY: "autres services informés",
    Kind.CONSULT: "autres avis demandés",
    Kind.TRANSMIT_BY: "autre voie",
    Kind.ESCALATION: "autre alerte",
    Kind.DELAY: "autre délai",
    Kind.PROPOSALS: "autre proposition",
    Kind.LABELS: "autres étiquettes",
    Kind.URGENCY_RAISED: "urgence relevée",
    Kind.DANGER_FOUND: "danger trouvé",
}
"""The same in a word or two, for a sheet."""


def change_told(one: Mapping[str, Any], old: Naming, new: Naming) -> list[str]:
    """Tell a case that would change: who had it and would have it, how urgent, and by which rules.

    ``old`` names what the live rules speak of, ``new`` what the draft does.
    """
    before, after = one["from"], one["to"]
    day = CITY.shown(datetime.fromisoformat(one["at"]), DAY)
    rules = old.rule(before["rule"]), new.rule(after["rule"])
    told = f"{one['number']}  {day}  "
    if before["owner"] != after["owner"]:
        told += f"{old.service(before['owner'])} → "
    lines = [told + new.service(after["owner"])]
    if before["urgency"] != after["urgency"]:
        urgency, then = (URGENCIES[Urgency(each["urgency"])] for each in (before, after))
        lines.append(f"  urgence : {urgency} → {then}")
    if before["rule"] != after["rule"]:
        lines.append(f"  règle : {rules[0]} → {rules[1]}")
    for key, name in _DONE.items():
        does = _done_told(key, before.get(key), old)
        will_do = _done_told(key, after.get(key), new)
        if does != will_do:
            lines.append(f"  {name} : {does} → {will_do}")
    return [*lines, f"  {one['why']}"] if one["why"] else lines


_DONE = {
    "parts": "parts",
    "replies": "réponse",
    "confidential": "confidentiel",
    "notify": "services informés",
    "consult": "avis demandés",
    "transmit_by": "voie",
    "escalation": "alerte",
    "delay": "délai",
    "proposals": "proposition",
    "labels": "étiquettes",
}
"""What a decision does beside naming a service, by its key in the JSON of a change."""


def _done_told(key: str, value: Any, naming: Naming) -> str:
    if key == "confidential":
        return "oui" if value else "non"
    if key == "transmit_by":
        return str(value or "celle du service")
    if key == "delay":
        return str(value or "aucun")
    if key == "escalation" and value:
        return f"{naming.service(value['to'])} après {value['after']}"
    if key == "parts":
        value = [f"{one['part']} ({naming.service(one['owner'])})" for one in value or ()]
    if key in {"notify", "consult"}:
        value = map(naming.service, value or ())
    return ", ".join(value or ()) or "rien"
