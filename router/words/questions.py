"""The facts that a person can be asked for: how each is worded, and when it is known."""

from __future__ import annotations

from collections.abc import Mapping

from router.decision import Facts, Place
from router.words.texts import TextId

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

CHOICES: Mapping[str, tuple[TextId, ...] | tuple[str, ...]] = {
    "urgence": (TextId.YES, TextId.NO),
    "desordre": tuple(str(degree) for degree in range(1, 11)),
}
"""The questions that have few answers: texts of the house, or words as they stand."""


def worded(fact: str, place: Place) -> TextId:
    """Choose the text that asks for a fact: who has named the commune is asked for the rest."""
    if fact == "lieu" and len(place.communes) == 1 and place.source not in {"", "counter"}:
        return TextId.QUESTION_STREET
    return WORDED.get(fact, TextId.QUESTION_WHAT)


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
