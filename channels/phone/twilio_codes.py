"""What Twilio's codes mean for a message, in a sentence that an agent reads.

Source: https://www.twilio.com/docs/api/errors
"""

from __future__ import annotations

from collections.abc import Mapping

from router.delivery import OptedOut, Permanent, Retry, SendOutcome, Unknown

MACHINE = 30039
"""An inbound message that looks like a loop of machines: Twilio fails it without calling us."""

LOOP = 14107
"""More than 30 replies in 30 seconds between two numbers: an operator should look what writes there."""
OUTSIDE_WINDOW = "63016"
"""Free text on WhatsApp to who has not written for 24 hours: an approved template alone may leave."""

REASONS: Mapping[str, str] = {
    "14107": "plus de 30 réponses en 30 secondes entre ces deux numéros",
    "21211": "ce n'est pas un numéro de téléphone",
    "21610": "la personne a envoyé STOP",
    "21655": "ce modèle de message n'existe pas dans ce compte Twilio : vérifiez « templates »",
    "21656": "les champs du modèle de message ne sont pas ceux qu'il attend",
    "21614": "ce numéro ne peut pas recevoir de SMS",
    "30001": "la file d'attente de Twilio est pleine",
    "30003": "le téléphone est éteint ou hors de portée",
    "30004": "la personne ou son opérateur bloque le message",
    "30005": "le numéro n'existe pas ou plus",
    "30006": "ce numéro ne peut pas recevoir de SMS",
    "30007": "l'opérateur a filtré le message comme indésirable ; ne pas le renvoyer tel quel",
    "30022": "la limite de débit de Twilio est atteinte",
    "63003": "la personne n'est pas sur WhatsApp à ce numéro",
    "63007": "ce numéro n'est pas un expéditeur WhatsApp de ce compte Twilio",
    "63016": "plus de 24 heures depuis le dernier message de la personne : WhatsApp n'accepte plus de"
    " texte libre",
    "63018": "la limite de débit de WhatsApp est atteinte",
    "63024": "la personne n'est pas sur WhatsApp à ce numéro",
    "63028": "les champs du modèle de message ne sont pas ceux qu'il attend",
    "63040": "WhatsApp a refusé le modèle de message",
    "63041": "WhatsApp a suspendu le modèle de message",
    "63042": "WhatsApp a désactivé le modèle de message",
}
_THROTTLED = frozenset({429, 20429, 30001, 30022, 63018})
_LATER: Mapping[int, float] = {LOOP: 30.0, 30003: 3600.0}
"""Seconds until it may pass."""
PASSES: Mapping[str, float] = {"30001": 60.0, "30003": 3600.0, "30022": 60.0, "63018": 60.0}
"""The same as told by a status, which is how Twilio mostly says it: seconds until the next send."""
_CREDENTIALS = frozenset({20003, 20005, 20006, 401})
_ON_THE_WAY = frozenset({502, 504})
"""Said by what stands before Twilio, which may have had the call."""
_OPTED_OUT = 21610
_NO_SENDER = 63007


def refusal(status: int, code: object) -> SendOutcome:
    """Say what a refused call means for the delivery."""
    number = code if isinstance(code, int) else status
    reason = f"{REASONS.get(str(number), f'refusé par Twilio ({status})')} ({number})"
    if number == _OPTED_OUT:
        return OptedOut(reason)
    if number in _THROTTLED:
        return Retry(reason, throttled=True)
    if number in _LATER:
        return Retry(reason, _LATER[number])
    if number in _CREDENTIALS or status == 401:
        return Retry(f"Twilio refuse nos identifiants ({number})", 300.0)
    if number == _NO_SENDER:  # an operator can mend it, and the person still waits
        return Retry(reason, 300.0)
    if number in _ON_THE_WAY:
        return Unknown(f"réponse coupée en chemin ({number})")
    if status >= 500 or not status:
        return Retry(f"Twilio est en panne ({number})")
    if str(number) == OUTSIDE_WINDOW:  # at once, and not by a callback as it does
        reason += " ; joignez la personne autrement, ou attendez qu'elle écrive"
    return Permanent(str(number), reason.removesuffix(f" ({number})"))
