"""What sendings and channels are called in French, before agents and operators."""

from __future__ import annotations

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
