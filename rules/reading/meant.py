"""What people mean by words that the language does not have, and that spelling would take for others."""

from __future__ import annotations

MEANT: dict[str, str] = {
    "courriel": "email",
    "mail": "email",
    "mel": "email",
    "texto": "sms",
    "twitter": "x",
    "formulaire": "web",
    "site": "web",
    "internet": "web",
    "accueil": "desk",
    "guichet": "desk",
    "appel": "telephone",
    "lettre": "courrier",
    "poste": "courrier",
    "urgente": "haute",
    "forte": "haute",
    "faible": "basse",
    "urgent": "immediate",
    "plainte": "reclamation",
    "suggestion": "idee",
    "merci": "remerciement",
    "mairie": "ville",
    "commune": "ville",
    "maire": "elu",
    "habitant": "citoyen",
    "usager": "citoyen",
}
"""Word of nobody's → value of a closed list."""

MEANT_KEYS: dict[str, str] = {
    "ou": "un_de",
    "or": "un_de",
    "et": "tous",
    "and": "tous",
    "non": "aucun_de",
    "not": "aucun_de",
    "mot": "contient",
    "mots": "contient",
    "texte": "contient",
    "lieu": "dans",
    "quartier": "dans",
    "ville": "commune",
    "service": "responsable",
    "envoyer_a": "responsable",
    "copie": "informer",
    "message": "texte",
}
"""Word that is no key of a block → key, native, that counts where the block has it."""
