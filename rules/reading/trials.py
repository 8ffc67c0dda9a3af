"""Reads the ``essais``: a made-up case, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from router.decision import Facts, Nature, Place, Point, ServiceId
from rules import scalars
from rules.coordinates import wrong_point
from rules.model import Trial
from rules.problems import At, Problems
from rules.reading.arrival import NOT_SAID, Arrival, arrival
from rules.reading.facts import URGENCY, language_codes
from rules.reading.fields import Fields
from rules.reading.names import RESERVED, Names
from rules.reading.value import show
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Sequence
from rules.vocabulary import (
    CHANNELS,
    FACTS,
    NATURES,
    PRIORITIES,
    PROOFS,
    SENDERS,
    URGENCIES,
    WAYS,
    plain,
)


@dataclass(frozen=True, slots=True)
class CounterFacts:
    channel: str
    commune: str | None
    language: str | None


class TrialReader:
    """Reads the tests of one file."""

    def __init__(self, names: Names, problems: Problems, language: str) -> None:
        self.names = names
        self.problems = problems
        self.language = language

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
            facts=self._facts(case, when),
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

    # --- the case --------------------------------------------------------------------------------

    def _facts(self, fields: Fields, when: Arrival) -> Facts:
        counter = self._counter(fields)
        kinds = fields.some_of("expediteur", SENDERS)
        nature = fields.one_of("nature", NATURES)
        urgency = fields.one_of("urgence", URGENCIES)
        category = fields.scalar("categorie")
        said = language_codes(fields, "langue")
        language = said[0] if said else (counter.language if counter else None)
        channel = fields.one_of("canal", CHANNELS) or (counter.channel if counter else None)
        fields.text("citation")
        choice = self._services(fields, "choix_agent")
        return Facts(
            received_at=when.at.replace(tzinfo=ZoneInfo(self.names.timezone)),
            text=fields.text("texte"),
            subject=fields.text("sujet"),
            language=language or None,
            category=self.names.category(category) if category else None,
            place=self._place(fields, counter),
            channel=channel,
            counter=fields.text("compteur") or None,
            urgency=URGENCY[urgency] if urgency else None,
            annoyance=fields.read("desordre", scalars.degree),
            recurrence=fields.read("recurrence", scalars.whole) or 0,
            confirmations=fields.read("confirmations", scalars.whole) or 0,
            confirmations_before=fields.read("confirmations_avant", scalars.whole) or 0,
            surge=fields.read("afflux", scalars.whole) or 0,
            attachment=fields.read("piece_jointe", scalars.yes),
            sender_kinds=kinds or None,
            nature=Nature(nature) if nature else None,
            refused_by=self._services(fields, "refuse_par"),
            unavailable=self._services(fields, "indisponible"),
            agent_choice=choice[0] if choice else None,
        )

    def _counter(self, fields: Fields) -> CounterFacts | None:
        scalar = fields.scalar("compteur")
        if scalar is None:
            return None
        counter = self.names.counter_facts(scalar)
        return CounterFacts(*counter) if counter else None

    def _services(self, fields: Fields, name: str) -> tuple[ServiceId, ...]:
        found = (self.names.only_service(scalar) for scalar in fields.scalars(name))
        return tuple(ServiceId(one) for one in found if one)

    def _place(self, fields: Fields, counter: CounterFacts | None) -> Place:
        communes = tuple(
            code
            for scalar in fields.scalars("commune")
            if (code := self.names.commune(scalar, anywhere=True))
        )
        postcode = fields.text("code_postal").replace(" ", "") or None
        point = self._point(fields)
        source = "message"
        if counter and counter.commune and not (communes or postcode or point):
            communes, source = (counter.commune,), "counter"
        known = bool(communes or postcode or point)
        return Place(
            communes=communes,
            postcode=postcode,
            street=fields.text("rue") or None,
            point=point,
            source=source if known else "",
        )

    def _point(self, fields: Fields) -> Point | None:
        node = fields.node("point")
        if node is None:
            return None
        values = fields.read_all("point", scalars.number)
        if not isinstance(node, Sequence) or len(node.items) != 2:
            self.problems.error(
                node.at,
                "coordonnees",
                "Un point s'écrit avec deux nombres",
                "Écrivez « point: [latitude, longitude] ».",
            )
            return None
        if len(values) != 2:
            return None
        wrong = wrong_point(values[0], values[1], self.names.box)
        if wrong:
            self.problems.error(
                node.at,
                "coordonnees",
                f"Ce point est faux : {wrong}",
                "Écrivez [latitude, longitude].",
            )
            return None
        precision = fields.read("precision", scalars.number)
        return Point(values[0], values[1], 5.0 if precision is None else precision)

    # --- what is expected ------------------------------------------------------------------------

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
