"""Reads what a rule does: the blocks ``alors`` and ``seuils``, and the promises of a service."""

from __future__ import annotations

from rules import scalars
from rules.model import Effects, Escalation, Promises, Ref, SplitPart, Step
from rules.problems import Problems
from rules.reading.facts import URGENCY
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.yaml_tree import Node
from rules.vocabulary import FACTS, PROOFS, URGENCIES, WAYS


class EffectReader:
    """Reads the effects of one file."""

    def __init__(self, names: Names, problems: Problems, language: str) -> None:
        self.names = names
        self.problems = problems
        self.language = language

    def effects(self, node: Node) -> Effects:
        return self._effects(Fields(node, "effets", self.problems, self.language))

    def steps(self, fields: Fields) -> tuple[Step, ...]:
        found = []
        for node in fields.items("seuils", or_one=True):
            inner = Fields(node, "seuil", self.problems, self.language)
            inner.require("confirmations")
            count = inner.read("confirmations", scalars.at_least_once)
            effects = self._effects(inner)
            if count is not None:
                found.append(Step(count, effects, inner.at))
        self._one_owner(found)
        return tuple(sorted(found, key=lambda step: step.confirmations))

    def _one_owner(self, steps: list[Step]) -> None:
        """Refuse two steps of one number that hold at once and name two owners."""
        by_number: dict[int, dict[str, list[Step]]] = {}
        for step in steps:
            if step.effects.owner is None:
                continue
            same = by_number.setdefault(step.confirmations, {})
            others = (
                one for name, own in same.items() for one in own if name != step.effects.owner.id
            )
            if any(_together(one, step) for one in others):
                self.problems.error(
                    step.at,
                    "contradiction",
                    f"Deux seuils de {step.confirmations} confirmations nomment deux responsables",
                    "Gardez-en un, ou changez l'un des nombres.",
                )
            same.setdefault(step.effects.owner.id, []).append(step)

    def _effects(self, fields: Fields) -> Effects:
        urgency = fields.one_of("urgence", URGENCIES)
        owner = self._ref(fields, "responsable")
        parts = self._parts(fields)
        if owner is not None and parts:
            self.problems.error(
                fields.keys["repartir"].at,
                "contradiction",
                f"« {fields.said('responsable')} » et « {fields.said('repartir')} » "
                "se contredisent dans une même règle",
                "Gardez l'un des deux.",
            )
        publish = fields.read("publier", scalars.yes)
        return Effects(
            owner=owner,
            notify=self._refs(fields, "informer"),
            consult=self._refs(fields, "consulter"),
            urgency=URGENCY[urgency] if urgency else None,
            promises=self.promises(fields),
            way_at=fields.where("transmettre_par") if "transmettre_par" in fields else None,
            parts=parts,
            ask=fields.some_of("demander", FACTS),
            labels=fields.texts("etiquettes"),
            proposals=fields.texts("proposer"),
            confidential=bool(fields.read("confidentiel", scalars.yes)),
            private=publish is False,
            proof=self._proof(fields),
            season=fields.season(),
        )

    def promises(self, fields: Fields) -> Promises:
        replies = (self.names.text(scalar) for scalar in fields.scalars("repondre"))
        way = None
        if "transmettre_par" in fields:
            way = fields.one_of("transmettre_par", WAYS)
        return Promises(
            delay=fields.read("delai", scalars.duration),
            escalation=self._escalation(fields),
            replies=tuple(reply for reply in replies if reply),
            transmit_by=way,
        )

    def _escalation(self, fields: Fields) -> Escalation | None:
        node = fields.node("escalade")
        if node is None:
            return None
        inner = Fields(node, "escalade", self.problems, self.language)
        inner.require("apres", "vers")
        after, to = inner.read("apres", scalars.duration), self._ref(inner, "vers")
        return Escalation(after, to) if after and to else None

    def _ref(self, fields: Fields, name: str) -> Ref | None:
        scalar = fields.scalar(name)
        return None if scalar is None else self.names.service(scalar)

    def _refs(self, fields: Fields, name: str) -> tuple[Ref, ...]:
        found = (self.names.service(scalar) for scalar in fields.scalars(name))
        return tuple(ref for ref in found if ref is not None)

    def _parts(self, fields: Fields) -> tuple[SplitPart, ...]:
        parts = []
        for node in fields.items("repartir", or_one=True):
            inner = Fields(node, "part", self.problems, self.language)
            inner.require("part", "responsable")
            owner = self._ref(inner, "responsable")
            category = inner.scalar("categorie")
            if owner is not None:
                known = self.names.category(category) if category else None
                parts.append(SplitPart(inner.text("part"), owner, known))
        return tuple(parts)

    def _proof(self, fields: Fields) -> str | None:
        node = fields.node("cloture")
        if node is None:
            return None
        inner = Fields(node, "cloture", self.problems, self.language)
        inner.require("preuve")
        return inner.one_of("preuve", PROOFS)


def _together(one: Step, other: Step) -> bool:
    """Whether two steps may hold on one day."""
    mine, theirs = one.effects.season, other.effects.season
    return not (mine and theirs and mine.disjoint(theirs))
