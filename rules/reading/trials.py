"""Reads the ``essais``: a made-up case, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rules import scalars
from rules.model import Trial
from rules.problems import At, Problems
from rules.reading.arrival import NOT_SAID, Arrival, arrival
from rules.reading.cases import CaseReader
from rules.reading.facts import URGENCY
from rules.reading.fields import Fields
from rules.reading.names import RESERVED, Names
from rules.reading.value import show
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node
from rules.vocabulary import (
    FACTS,
    PRIORITIES,
    PROOFS,
    URGENCIES,
    WAYS,
    plain,
)


class TrialReader:
    """Reads the tests of one file."""

    def __init__(self, names: Names, problems: Problems, language: str) -> None:
        self.names = names
        self.problems = problems
        self.language = language
        self.cases = CaseReader(names, problems)

    def read(self, node: Node) -> Trial | None:
        fields = Fields(node, "essai", self.problems, self.language)
        if not fields.require("cas", "attendu"):
            return None
        expected = fields.values["attendu"]
        case = Fields(fields.values["cas"], "cas", self.problems, self.language)
        wanted = Fields(expected, "attendu", self.problems, self.language)
        when = case.read("recu", arrival) or NOT_SAID
        if not getattr(expected, "entries", (expected,)):
            self.problems.error(
                wanted.at, "bloc-vide", "Cet essai n'attend rien", "Écrivez « responsable: … »."
            )
        return Trial(
            name=fields.text("nom") or show(fields.values["cas"]),
            at=fields.at,
            facts=self.cases.facts(case, when),
            expected=self._expected(wanted),
            where={name: wanted.where(name) for name in wanted.values},
            dated=when.dated,
            absences=self._sees_absences(case, when),
        )

    def _sees_absences(self, fields: Fields, when: Arrival) -> bool:
        asked = bool(fields.read("absences", scalars.yes))
        if asked and not when.dated:
            name, moment = fields.said("absences"), fields.said("recu")
            self.problems.error(
                fields.where("absences"),
                "dates",
                f"« {name}: {fields.text('absences')} » ne dit pas de quel jour",
                f"Écrivez une date dans « {moment} », par exemple « 2026-12-25 10:00 ».",
            )
        return asked and when.dated

    def _expected(self, fields: Fields) -> Mapping[str, object]:
        readers: Mapping[str, Callable[[Fields, str], object]] = {
            "responsable": self._one_service,
            "informer": self._some_services,
            "pas_informes": self._some_services,
            "consulter": self._some_services,
            "regle": self._rule,
            "priorite": self._priority,
            "urgence": lambda own, name: self._urgency(own),
            "question": self._question,
            "demander": lambda own, name: own.some_of(name, FACTS),
            "parts": self._parts,
            "repartir": self._parts,
            "categorie": self._category,
            "candidats": self._candidates,
            "corrige": self._repaired,
            "mots": lambda own, name: own.texts(name),
            "etiquettes": lambda own, name: own.texts(name),
            "proposer": lambda own, name: own.texts(name),
            "repondre": self._texts,
            "delai": lambda own, name: str(own.read(name, scalars.duration) or ""),
            "escalade": self._escalation,
            "transmettre_par": lambda own, name: own.one_of(name, WAYS),
            "confidentiel": lambda own, name: own.read(name, scalars.yes),
            "publier": lambda own, name: own.read(name, scalars.yes),
            "cloture": self._closing,
        }
        return {name: readers[name](fields, name) for name in fields.values}

    def _urgency(self, fields: Fields) -> object:
        word = fields.one_of("urgence", URGENCIES)
        return URGENCY[word].value if word else None

    def _priority(self, fields: Fields, name: str) -> object:
        levels = {**PRIORITIES, "competence": "competence", "a_defaut": "default"}
        return fields.one_of(name, levels)

    def _rule(self, fields: Fields, name: str) -> object:
        scalar = fields.scalar(name)
        if scalar is None:
            return ""
        word = scalar.text.strip()
        known = self.names.rules
        if known is not None and word not in known and not RESERVED.match(word):
            self.names.unknown_rule(scalar)
        return word

    def _one_service(self, fields: Fields, name: str) -> object:
        scalar = fields.scalar(name)
        ref = self.names.service(scalar) if scalar else None
        return ref.id if ref else None

    def _some_services(self, fields: Fields, name: str) -> object:
        found = (self.names.service(scalar) for scalar in fields.scalars(name))
        return tuple(ref.id for ref in found if ref)

    def _texts(self, fields: Fields, name: str) -> object:
        return tuple(filter(None, map(self.names.text, fields.scalars(name))))

    def _question(self, fields: Fields, name: str) -> object:
        return fields.one_of(name, {**FACTS, "aucune": "none"})

    def _category(self, fields: Fields, name: str) -> object:
        scalar = fields.scalar(name)
        if scalar is not None and plain(scalar.text) in {"inconnue", "aucune", "unknown"}:
            return None
        return self.names.category(scalar) if scalar else None

    def _candidates(self, fields: Fields, name: str) -> object:
        return tuple(filter(None, map(self.names.territory, fields.scalars(name))))

    def _repaired(self, fields: Fields, name: str) -> object:
        pairs: dict[str, str] = {}
        for key, value in fields.entries(name):
            pairs[plain(key.text)] = plain(show(value))
        return pairs

    def _parts(self, fields: Fields, name: str) -> object:
        parts: list[dict[str, Any]] = []
        for node in fields.items(name, or_one=True):
            inner = Fields(node, "part_attendue", self.problems, self.language)
            inner.require("responsable")
            part: dict[str, Any] = {"responsable": self._one_service(inner, "responsable")}
            if "part" in inner:
                part["part"] = inner.text("part")
            if "categorie" in inner:
                part["categorie"] = self._category(inner, "categorie")
            parts.append(part)
        return tuple(parts)

    def _escalation(self, fields: Fields, name: str) -> object:
        node = fields.values[name]
        if not isinstance(node, MappingNode):
            return {"vers": self._one_service(fields, name)}
        inner = Fields(node, "escalade", self.problems, self.language)
        wanted: dict[str, object] = {}
        if "vers" in inner:
            wanted["vers"] = self._one_service(inner, "vers")
        if "apres" in inner:
            wanted["apres"] = str(inner.read("apres", scalars.duration) or "")
        return wanted

    def _closing(self, fields: Fields, name: str) -> object:
        inner = Fields(fields.values[name], "cloture", self.problems, self.language)
        return inner.one_of("preuve", PROOFS)


def position(trial: Trial, key: str) -> At:
    """Find where an expectation is written."""
    return trial.where.get(key, trial.at)
