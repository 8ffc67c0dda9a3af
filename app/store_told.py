"""Says in French what is the matter with the database, and what to check."""

from __future__ import annotations

import errno
import re
import socket

from channels.system_words import refusal
from router.errors import StoreUnavailable
from storage.reasons import Reason, reason_of

_CHECK = "Vérifiez --database-url ou --data."
_WORDS = {
    Reason.FULL: "ne peut plus rien écrire : le disque est plein.",
    Reason.DAMAGED: (
        "ne se lit pas : son fichier est abîmé, ou n'est pas une base de Guichet. Vérifiez --data,"
        " ou restaurez une sauvegarde."
    ),
    Reason.BUSY: "est occupée : un autre programme la tient.",
    Reason.READ_ONLY: (
        "ne peut qu'être lue : vérifiez les droits de son fichier et de son dossier."
    ),
    Reason.CANNOT_OPEN: "ne s'ouvre pas : vérifiez --data, et les droits de ce dossier.",
    Reason.DISK: "ne se lit pas ou ne s'écrit pas : le disque la refuse.",
    Reason.LOGIN: "refuse ce nom ou ce mot de passe : vérifiez --database-url.",
    Reason.NO_DATABASE: "n'existe pas sur ce serveur : vérifiez --database-url.",
    Reason.NO_RIGHTS: "refuse ce qui lui est demandé : il manque des droits à ce compte.",
    Reason.TOO_MANY: "ne répond pas : son serveur a trop de connexions ouvertes.",
    Reason.STARTING: (
        "ne répond pas : son serveur démarre ou s'arrête. Réessayez dans un instant."
    ),
}
_OF_SYSTEM = {
    errno.ECONNREFUSED: "aucun programme n'écoute à cette adresse",
    errno.ENETUNREACH: "aucun chemin n'y mène",
    errno.EHOSTUNREACH: "aucun chemin n'y mène",
    errno.ECONNRESET: "la connexion a été coupée",
    errno.EPIPE: "la connexion a été coupée",
}
_ERRNO = re.compile(r"\[Errno (\d+)\]")  # asyncio names those of several addresses in its text only


def trouble_of(error: StoreUnavailable) -> str:
    """Say what the database does not do, as the rest of a sentence about it."""
    cause: BaseException = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    reason, code = reason_of(cause)
    if reason is not None:
        return _WORDS[reason]
    if code:
        return f"ne répond pas (erreur {code}). {_CHECK}"
    if isinstance(cause, TimeoutError):
        return f"ne répond pas à temps. {_CHECK}"
    if isinstance(cause, OSError):
        return f"ne répond pas : {_of_system(cause)}. {_CHECK}"
    named = "" if cause is error else f" ({type(cause).__name__})"
    return f"ne répond pas{named}. {_CHECK}"


def _of_system(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "aucun serveur ne porte ce nom"
    numbers = [int(one) for one in _ERRNO.findall(str(error))] or [error.errno or 0]
    known = [_OF_SYSTEM[one] for one in numbers if one in _OF_SYSTEM]
    return known[0] if known else refusal(error)
