"""Says counts, states and urgencies in French, as people at a service do."""

from __future__ import annotations

from router.archive import Action
from router.case import EventKind
from router.decision import Urgency
from router.delivery import DeliveryState
from router.words.called import STATUSES as STATUSES

URGENCIES = {
    Urgency.LOW: "basse",
    Urgency.NORMAL: "normale",
    Urgency.HIGH: "haute",
    Urgency.IMMEDIATE: "immédiate",
}
DELIVERIES = {
    DeliveryState.QUEUED: "en attente",
    DeliveryState.SENDING: "en cours d'envoi",
    DeliveryState.SENT: "envoyé",
    DeliveryState.DEFERRED: "remis à plus tard",
    DeliveryState.DELIVERED: "arrivé",
    DeliveryState.AWAITS: "attend que la personne écrive",
    DeliveryState.WITHHELD: "attend que la personne écrive en privé",
    DeliveryState.BOUNCED: "revenu",
    DeliveryState.REJECTED: "refusé",
    DeliveryState.DEAD: "abandonné",
}

ACTIONS = {
    Action.CREATE: "nouvelle demande",
    Action.APPEND: "ajout à une demande",
    Action.ASK: "question posée",
    Action.IGNORE: "rien à faire",
    Action.REDIRECT: "adressée ailleurs",
    Action.EMERGENCY: "danger",
    Action.OPT_OUT: "plus de messages",
    Action.QUARANTINE: "illisible",
    Action.RECEIPT: "accusé d'un envoi",
    Action.PARTNER: "message d'un service",
}
EVENTS = {
    EventKind.RECEIVED: "reçue",
    EventKind.MESSAGE: "message",
    EventKind.EDITED: "corrigée",
    EventKind.DECIDED: "décidée",
    EventKind.STATUS: "état",
    EventKind.FORWARDED: "transmise",
    EventKind.ANSWERED: "répondu",
    EventKind.REFUSED: "refusée",
    EventKind.ASKED: "demandé",
    EventKind.DELIVERY_FAILED: "envoi manqué",
    EventKind.NOTE: "note",
}


WHO = {
    "cell": "autre guichet",
    "citizen": "personne",
    "other": "un tiers",
    "rules": "règles",
    "router": "Guichet",
    "outbox": "Guichet",
    "clock": "délai",
    "provider": "opérateur",
    "machine": "automate",
}
"""Who did what a case tells, where it is neither an agent nor a service."""


def counted(count: int, one: str, many: str = "") -> str:
    """Say how many: "1 essai", "2 essais"; ``many`` where not every word takes an s."""
    if -2 < count < 2:  # French has no plural before two
        return f"{count} {one}"
    return f"{count} {many or ' '.join(f'{word}s' for word in one.split())}"
