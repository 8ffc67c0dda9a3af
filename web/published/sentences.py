"""Says the conditions and effects of a rule in plain French, for people who never see the YAML."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rules.conditions.logic import Block, Combined
from rules.conditions.source import Condition
from rules.conditions.words import Contains
from rules.model import Configuration, Effects, Ref, Rule
from rules.words import fold

_MOST_WORDS = 8
_SIGNS = re.compile(r"[\[\]{}\"$]")
_OPENINGS = {
    "categorie": "la demande relève de",
    "commune": "le lieu est à",
    "dans": "le lieu est dans",
    "sur": "le lieu est sur",
    "pres_de": "le lieu est près de",
    "rue": "la rue est",
    "code_postal": "le code postal est",
    "recu": "le message arrive",
    "canal": "le message vient par",
    "langue": "le message est écrit en",
    "nature": "la demande est de la nature",
    "urgence": "l'urgence est",
    "desordre": "la gêne, de 1 à 10, est",
    "recurrence": "le problème se répète",
    "confirmations": "d'autres personnes le confirment",
    "afflux": "beaucoup de messages pareils arrivent",
    "piece_jointe": "une photo ou un fichier est joint",
    "expediteur": "la personne écrit comme",
    "regle": "cette règle s'applique aussi",
}
_JOINED = {
    "un_de": "l'un de ces cas",
    "tous": "tout ceci à la fois",
    "aucun_de": "aucun de ces cas",
}


class Sentences:
    """Words the rules of one configuration."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration

    def when(self, rule: Rule) -> list[str]:
        """Say what must hold, a sentence a condition; several lists are alternatives."""
        return self._blocks(rule.when)

    def unless(self, rule: Rule) -> list[str]:
        return self._blocks(rule.unless)

    def owner(self, reference: Ref | None) -> str:
        """Name a service, or a role as the service of the place."""
        if reference is None:
            return ""
        entry = self._configuration.services.get(reference.id)
        if entry is not None:
            return entry.service.name("fr")
        role = self._configuration.roles.get(reference.id)
        smaller = role is not None and any(not one.territory.isdigit() for one in role.values)
        return "Le service du secteur concerné" if smaller else "Le service de la commune concernée"

    def effects(self, effects: Effects) -> list[str]:
        """Say what is done, beside who is in charge."""
        told = []
        if effects.promises.delay:
            told.append(f"Délai : {effects.promises.delay}.")
        if effects.notify:
            told.append(f"Aussi informés : {self._all(effects.notify)}.")
        if effects.consult:
            told.append(f"Avis demandé à : {self._all(effects.consult)}.")
        told += [f"{part.words} : {self.owner(part.owner)}." for part in effects.parts]
        return told

    def _all(self, references: Iterable[Ref]) -> str:
        return ", ".join(self.owner(one) for one in references)

    def _blocks(self, blocks: tuple[Block, ...]) -> list[str]:
        if len(blocks) == 1:
            return [self._condition(one) for one in blocks[0].conditions]
        return [" et ".join(self._condition(one) for one in block.conditions) for block in blocks]

    def _condition(self, condition: Condition) -> str:
        if isinstance(condition, Contains):
            groups = [_words(group.phrases) for group in condition.groups]
            return "le message parle de " + " et de ".join(groups)
        if isinstance(condition, Combined):
            own = " ; ".join(self._blocks(condition.blocks))
            return f"{_JOINED.get(condition.key, condition.key)} : {own}"
        opening = _OPENINGS.get(condition.key, condition.key.replace("_", " "))
        if condition.key == "piece_jointe":
            return opening
        return f"{opening} : {self._value(condition)}"

    def _value(self, condition: Condition) -> str:
        plain = " ".join(_SIGNS.sub(" ", condition.written).split()).replace(" ,", ",")
        if condition.key != "categorie":
            return plain.replace("a_moins_de", "à moins de").replace("quoi: ", "")
        names = [self._category(name.strip()) for name in plain.split(",")]
        return ", ".join(names)

    def _category(self, name: str) -> str:
        found = self._configuration.categories.get(name)
        return (found.names.get("fr") or name) if found else name


def _words(phrases: Iterable[object]) -> str:
    written = [str(getattr(one, "written", one)).lstrip("=").rstrip("*") for one in phrases]
    written = list({fold(one): one for one in reversed(written)}.values())[::-1]
    more = "…" if len(written) > _MOST_WORDS else ""
    return (
        ", ".join(f"«\N{NO-BREAK SPACE}{one}\N{NO-BREAK SPACE}»" for one in written[:_MOST_WORDS])
        + more
    )
