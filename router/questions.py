"""The facts that a person can be asked for: how each is worded, when it is known, what answers it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from router.case import Case
from router.decision import Facts, Urgency
from router.message import Message
from router.ports import Understanding
from router.texts import TextId

WORDED: Mapping[str, TextId] = {
    "lieu": TextId.QUESTION_PLACE,
    "date": TextId.QUESTION_DATE,
    "categorie": TextId.QUESTION_WHAT,
    "heure": TextId.QUESTION_TIME,
    "photo": TextId.QUESTION_PHOTO,
    "adresse": TextId.QUESTION_STREET,
    "rue": TextId.QUESTION_STREET,
    "commune": TextId.QUESTION_COMMUNE,
    "contact": TextId.QUESTION_CONTACT,
    "nom": TextId.QUESTION_NAME,
    "telephone": TextId.QUESTION_PHONE,
    "courriel": TextId.QUESTION_EMAIL,
    "numero": TextId.QUESTION_NUMBER,
    "description": TextId.QUESTION_WHAT,
    "duree": TextId.QUESTION_DURATION,
    "personne": TextId.QUESTION_PERSON,
    "immatriculation": TextId.QUESTION_PLATE,
    "vehicule": TextId.QUESTION_VEHICLE,
    "canal": TextId.QUESTION_CHANNEL,
    "langue": TextId.QUESTION_LANGUAGE,
    "urgence": TextId.QUESTION_URGENCY,
    "desordre": TextId.QUESTION_ANNOYANCE,
    "piece_jointe": TextId.QUESTION_PHOTO,
    "expediteur": TextId.QUESTION_SENDER,
    "nature": TextId.QUESTION_NATURE,
}
"""Every fact that rules and categories can ask for, by its name in the rules."""

_YES = {"oui", "yes", "si", "sí", "sim", "نعم", "evet", "так", "да", "是", "ja", "sì", "da", "tak"}
_NO = {"non", "no", "não", "لا", "hayır", "ні", "нет", "否", "nein", "nu", "nie"}
_SENDERS = {
    "citoyen": "habitant habitante citoyen citoyenne riverain riveraine particulier resident citizen",
    "association": "association asso asociación associação dernek verein associazione asociație",
    "commerce": "commerce commerçant commerçante magasin shop comercio comércio esnaf geschäft negozio",
    "bailleur": "bailleur propriétaire landlord arrendador senhorio vermieter proprietario",
}
_KINDS = {word: kind for kind, words in _SENDERS.items() for word in words.split()}


def known(fact: str, facts: Facts, category: str | None) -> bool:
    """Whether a fact needs no asking; of what no rule looks at, only the words tell."""
    place = facts.place
    located = bool(place.street or place.point or place.outside)
    found = {
        "lieu": located,
        "adresse": located,
        "rue": located,
        "commune": bool(place.communes or place.point or place.outside),
        "categorie": category is not None,
        "photo": bool(facts.attachment),
        "piece_jointe": bool(facts.attachment),
        "desordre": facts.annoyance is not None,
        "urgence": facts.urgency is not None,
        "nature": facts.nature is not None,
        "expediteur": facts.sender_kinds is not None,
        "langue": facts.language is not None,
        "canal": True,
    }
    return found.get(fact, False) or fact in facts.asked


def next_of(needed: tuple[str, ...], facts: Facts, category: str | None) -> str:
    """Choose the first fact of a list that is worth asking; empty when there is none."""
    return next((fact for fact in needed if not known(fact, facts, category)), "")


def answered(case: Case, asked: str, message: Message, understood: Understanding) -> Case:
    """Take in what an answer says about the fact that was asked; its words stand on the case anyway.

    Places, files and words are taken in from every message, asked or not.
    """
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
        case _:
            return case
