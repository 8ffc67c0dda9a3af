"""What sendings, channels and states are called in French, before agents and operators."""

from __future__ import annotations

from router.case import Status
from router.cells import Word
from router.delivery import DeliveryKind

SENDINGS = {
    DeliveryKind.ACKNOWLEDGEMENT: "accusé",
    DeliveryKind.QUESTION: "question",
    DeliveryKind.PROGRESS: "avancement",
    DeliveryKind.ANSWER: "réponse",
    DeliveryKind.FORWARD: "transmission",
    DeliveryKind.NOTICE: "information",
    DeliveryKind.OPINION: "demande d'avis",
    DeliveryKind.ALERT: "alerte",
    DeliveryKind.HELP: "aide",
    DeliveryKind.INVITE: "invitation à écrire",
}
STATUSES = {
    Status.RECEIVED: "reçue",
    Status.ASSIGNED: "confiée",
    Status.ACCEPTED: "prise en charge",
    Status.IN_PROGRESS: "en cours",
    Status.WAITING_CITIZEN: "attend la personne",
    Status.WAITING_PARTNER: "attend un partenaire",
    Status.ANSWERED: "réponse donnée",
    Status.RESOLVED: "résolue",
    Status.CLOSED: "close",
    Status.PASSED_ON: "transmise ailleurs",
    Status.REFUSED: "refusée",
    Status.REOPENED: "rouverte",
    Status.MERGED: "jointe à une autre",
}
WORDS = {
    Word.OFFER: "offre",
    Word.ADDITION: "ajout",
    Word.WITHDRAW: "retrait de l'offre",
    Word.RECALL: "reprise",
    Word.ACCEPT: "acceptation",
    Word.DECLINE: "refus",
    Word.STATUS: "nouvelle",
    Word.QUESTION: "question",
    Word.RETURN: "retour",
    Word.END: "fin de l'accord",
}
_CHANNELS = {
    "email": "courriel",
    "sms": "SMS",
    "whatsapp": "WhatsApp",
    "telegram": "Telegram",
    "matrix": "Matrix",
    "x": "X",
    "web": "formulaire",
    "desk": "guichet",
    "open311": "Open311",
    "partner_email": "courriel au service",
    "partner_open311": "Open311 vers le service",
    "partner_webhook": "webhook vers le service",
    "cell": "autre guichet",
}


def channel_called(name: str) -> str:
    """Give what people call a channel; one that is not known here keeps its own name."""
    return _CHANNELS.get(name, name)


def word_called(word: Word, cell: str, status: str = "") -> str:
    """Say what another installation said: "nouvelle de « regie » : en cours"."""
    state = STATUSES[Status(status)] if status in set(Status) else ""
    said = f"{WORDS[word]} de « {cell} »"
    return f"{said} : {state}" if state else said
