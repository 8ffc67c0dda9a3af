"""What an answer to our question tells of the fact that was asked for."""

from __future__ import annotations

import re
from dataclasses import replace

from router.case import Answer, Case
from router.decision import Nature, Urgency
from router.message import Message
from router.rule_ports import Understanding

KEPT = frozenset(
    {
        "date",
        "heure",
        "duree",
        "numero",
        "vehicule",
        "immatriculation",
        "personne",
        "nom",
        "telephone",
        "courriel",
        "contact",
    }
)
"""Facts that no condition looks at: the service reads the person's own words under their name.

The day on which something happened is one of them: the rules only know when the message came in.
"""
PERSONAL = frozenset({"nom", "telephone", "courriel", "contact"})
"""Those that are for the eyes of services only that may see who wrote."""
_LONGEST = 300
_YES = {"oui", "yes", "si", "sí", "sim", "نعم", "evet", "так", "да", "是", "ja", "sì", "da", "tak"}
_NO = {"non", "no", "não", "لا", "hayır", "ні", "нет", "否", "nein", "nu", "nie"}
_SENDERS = {
    "citoyen": "habitant habitante citoyen citoyenne riverain riveraine particulier resident citizen",
    "association": "association asso asociación associação dernek verein associazione asociație",
    "commerce": "commerce commerçant commerçante magasin shop comercio comércio esnaf geschäft negozio",
    "bailleur": "bailleur propriétaire landlord arrendador senhorio vermieter proprietario",
    "elu": "élu élue elu elue maire conseiller conseillère député députée sénateur sénatrice councillor concejal",
    "agent": "agent agente fonctionnaire",
    "partenaire": "partenaire partner",
}
_KINDS = {word: kind for kind, words in _SENDERS.items() for word in words.split()}


def answered(case: Case, asked: str, message: Message, understood: Understanding) -> Case:
    """Take in what an answer says about the fact that was asked; its words stand on the case anyway.

    Places, files and words are taken in from every message, asked or not.
    """
    if understood.nature is Nature.THANKS:
        return case
    read = re.findall(r"\w+", message.text_shown.casefold())
    words = set(read)
    match asked:
        case "desordre":
            degree = next((int(word) for word in read if word.isdecimal()), 0)
            return replace(case, annoyance=degree) if 1 <= degree <= 10 else case
        case "urgence" if bool(words & _YES) is not bool(words & _NO):
            urgency = Urgency.HIGH if words & _YES else Urgency.NORMAL
            return replace(case, stated_urgency=urgency)
        case "nature" if understood.nature is not None:
            return replace(case, nature=understood.nature)
        case "expediteur":
            kinds = tuple(sorted({_KINDS[word] for word in words if word in _KINDS}))
            return replace(case, sender_kinds=kinds) if kinds else case
        case _ if asked in KEPT and read:
            return _kept(case, asked, message)
        case _:
            return case


def reworded(case: Case, message: Message, ref: str) -> tuple[Case, str]:
    """Take in the correction of a message ``ref``, and name the fact that it was the answer about."""
    fact = next((answer.fact for answer in case.answers if ref and answer.ref == ref), "")
    answers = tuple(
        replace(answer, text=_said(message)) if answer.fact == fact else answer
        for answer in case.answers
    )
    return replace(case, answers=answers), fact


def _said(message: Message) -> str:
    return " ".join(message.text_shown.split())[:_LONGEST]


def _kept(case: Case, asked: str, message: Message) -> Case:
    said = _said(message)
    others = tuple(answer for answer in case.answers if answer.fact != asked)
    case = replace(case, answers=(*others, Answer(asked, said, message.ref)))
    if asked != "nom":
        return case
    reporters = tuple(
        replace(reporter, name=said)
        if reporter.address == message.address and not reporter.name
        else reporter
        for reporter in case.reporters
    )
    return replace(case, reporters=reporters)
