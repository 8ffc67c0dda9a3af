"""What people mean by words that no closed list has, and that spelling would take for others."""

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
