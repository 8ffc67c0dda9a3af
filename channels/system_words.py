"""Says in French why the system refuses a file or a folder."""

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
