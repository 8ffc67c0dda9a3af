"""Reads a made-up case: the facts of a message that nobody wrote."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from router.decision import Facts, Nature, Place, Point, ServiceId
from rules import scalars
from rules.coordinates import wrong_point
from rules.problems import Problems
from rules.reading.arrival import Arrival
from rules.reading.facts import URGENCY, language_codes
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.places import told_postcode
from rules.reading.yaml_tree import Sequence
from rules.vocabulary import CHANNELS, NATURES, SENDERS, URGENCIES


@dataclass(frozen=True, slots=True)
class CounterFacts:
    channel: str
    commune: str | None
    language: str | None


class CaseReader:
    """Reads the cases of one file."""

    def __init__(self, names: Names, problems: Problems) -> None:
        self.names = names
        self.problems = problems

    def facts(self, fields: Fields, when: Arrival) -> Facts:
        """Read the block of a case; what it does not say is unknown."""
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
            if not told_postcode(scalar, fields, self.names)
            if (code := self.names.commune(scalar, anywhere=True))
        )
        postcode = fields.read("code_postal", scalars.postcode)
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
        precision = fields.read("precision", scalars.precision)
        node = fields.node("point")
        if node is None:
            if precision is not None:
                self.problems.error(
                    fields.keys["precision"].at,
                    "coordonnees",
                    "Une précision sans point ne dit rien",
                    "Ajoutez « point: [latitude, longitude] », ou enlevez-la.",
                )
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
        return Point(values[0], values[1], 5.0 if precision is None else precision)
