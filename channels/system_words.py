"""Says in French why the system refuses a file, a folder or a port."""

from __future__ import annotations

import errno

_REFUSALS = {
    errno.EEXIST: "un fichier de ce nom existe déjà",
    errno.ENOTDIR: "une partie du chemin n'est pas un dossier",
    errno.ENOENT: "ce chemin n'existe pas",
    errno.EISDIR: "c'est un dossier",
    errno.EACCES: "les droits manquent",
    errno.EPERM: "les droits manquent",
    errno.EROFS: "le disque ne peut qu'être lu",
    errno.ENOSPC: "le disque est plein",
    errno.EDQUOT: "le disque est plein",
    errno.ENAMETOOLONG: "le nom est trop long",
    errno.ELOOP: "des liens y tournent en rond",
}


def refusal(error: OSError) -> str:
    """Say why the system refuses a file or a folder, without its own words and no full stop."""
    number = error.errno or 0
    return _REFUSALS.get(number, f"le système le refuse (erreur {number})")


def not_listening(error: OSError) -> str:
    """Say in a sentence why a port cannot be opened."""
    match error.errno:
        case errno.EADDRINUSE:
            return "un autre programme l'utilise déjà."
        case errno.EACCES:
            return "il faut des droits d'administrateur au-dessous de 1024."
        case errno.EADDRNOTAVAIL:
            return "cette adresse n'est pas celle de cette machine."
    number = f" (erreur {error.errno})" if error.errno and error.errno > 0 else ""
    return f"le système le refuse{number}."
