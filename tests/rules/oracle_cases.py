"""Makes up rules as people write them, and facts: from hypothesis, or from one seed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Protocol, TypeVar

from hypothesis import strategies as st

from router.decision import Facts, Nature, Place, Point, ServiceId, Urgency

T = TypeVar("T")
WORDS = (
    *("banc", "bancs", "fuite de gaz", "gaz", "=marché", "trott*", "bruit", "lampadaire cassé"),
    *("{proche: [fuite, cave], mots: 4}", "eau", "chaussée", "poubelle pleine", "rue défonc*"),
)
TEXT = (
    *("banc", "bancs", "fuite", "fuites", "de", "gaz", "marché", "marche", "trottoir", "bruit"),
    *("lampadaires", "cassés", "cave", "pas", "sans", "d'eau", "plus", "poubele", "pleines", "rue"),
    *("défoncée", "trotoir", "musique", "aucun", "bancc", "cave.", "pas de rue."),
)
PLACES = ("Nantes", "Rezé", "Orvault", "bellevue", "centre", "graslin", "metropole")
OWNERS = (
    *("guichet", "voirie-m", "eclairage-m", "routes", "astreinte", "mairie-du-lieu"),
    *("paix-nantes", "mairie-reze", "social-du-lieu"),
)
SERVICES = (*OWNERS[:5], "paix-nantes", "mairie-reze", "mairie-nantes", "mairie-orvault")
BEHIND = (*OWNERS[:5], "mairie-nantes", "paix-nantes", "mairie-reze", "mairie-orvault")
"""Each may stand in for those after it; the town has the city of Nantes stand in for the next."""


class Numbers(Protocol):
    """Where all choices come from; a shrunk example has low numbers."""

    def number(self, least: int, most: int) -> int: ...


class Seeded:
    """Chooses from one seed: quick, for millions of cases."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def number(self, least: int, most: int) -> int:
        return self._random.randint(least, most)


class Drawn:
    """Has hypothesis choose, which then makes a failing example as small as it can."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def number(self, least: int, most: int) -> int:
        return self._draw(_between(least, most))


@cache
def _between(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


class Writer:
    """Writes rules and facts; the first of any values is the plainest.

    ``words`` are those of the rules, ``told`` those of the texts.
    """

    def __init__(
        self, numbers: Numbers, words: Sequence[str] = WORDS, told: Sequence[str] = TEXT
    ) -> None:
        self.number = numbers.number
        self.words, self.told = words, told

    def pick(self, values: Sequence[T]) -> T:
        return values[self.number(0, len(values) - 1)]

    def chance(self, percent: int) -> bool:
        return self.number(0, 99) >= 100 - percent

    def few(self, values: Sequence[T], least: int, most: int) -> list[T]:
        """Pick different values."""
        left = list(values)
        return [left.pop(self.number(0, len(left) - 1)) for _ in range(self.number(least, most))]

    def some(self, values: Sequence[str], most: int = 3) -> str:
        return f"[{', '.join(self.few(values, 1, most))}]"

    def each(self, *values: Sequence[Any]) -> list[Any]:
        """Pick one of each by a single number: hypothesis takes its time for every number."""
        rest = self.number(0, math.prod(map(len, values)) - 1)
        found = []
        for own in values:
            rest, index = divmod(rest, len(own))
            found.append(own[index])
        return found

    def several(self, usual: int, most: int, make: Callable[[int], T]) -> list[T]:
        """Make one or more, so that any of them can be left out of a shrunk example."""
        found = [make(0)]
        while len(found) < most and self.number(0, usual) > 0:
            found.append(make(len(found)))
        return found

    # --- rules -----------------------------------------------------------------------------------

    def condition(self, depth: int, earlier: Sequence[str]) -> str:
        pick, number = self.pick, self.number
        simple = [
            lambda: f"contient: {self.some(self.words)}",
            lambda: f"contient: {self.some(self.words)}",
            lambda: f"contient_tous: [{pick(self.words)}, {self.some(self.words, 2)}]",
            lambda: f"categorie: {self.some(('voirie', 'trottoir', 'bruit', 'eclairage'), 2)}",
            lambda: f"commune: {self.some(PLACES[:3], 2)}",
            lambda: f"dans: {self.some(PLACES, 2)}",
            lambda: f"code_postal: {self.some(('44000', '44800', '44400'), 2)}",
            lambda: "sur: peripherique",
            lambda: f"pres_de: {{quoi: peripherique, a_moins_de: {pick(('30 m', '2 km'))}}}",
            lambda: f"rue: {pick(('rue du Port', 'quai Nord'))}",
            lambda: f"canal: {self.some(('sms', 'web', 'x'), 2)}",
            lambda: f"langue: {self.some(('fr', 'ar'), 1)}",
            lambda: f"urgence: {self.some(('basse', 'haute'), 2)}",
            lambda: f"desordre: {{min: {number(2, 9)}}}",
            lambda: (
                f"recu: {{heures: {pick(('22h-6h', '8h-18h'))}, jours: {pick(('lun', 'sam'))}}}"
            ),
            lambda: "recu: [{dans: feries}, {du: 2026-06-01, au: 2026-09-30}]",
            lambda: "recu: {dans: vacances-scolaires, sauf: feries}",
            lambda: f"recurrence: {{fois: {number(1, 4)}}}",
            lambda: f"confirmations: {{min: {number(1, 4)}}}",
            lambda: f"afflux: {{fois: {number(1, 4)}}}",
            lambda: f"piece_jointe: {pick(('oui', 'non'))}",
            lambda: f"expediteur: {self.some(('elu', 'agent', 'citoyen'), 2)}",
            lambda: f"nature: {self.some(('idee', 'question'), 2)}",
        ]
        if earlier:
            simple.append(lambda: f"regle: {pick(earlier)}")
        if depth and self.chance(25):
            key = pick(("un_de", "tous", "aucun_de"))
            blocks = ", ".join(self.block(depth - 1, earlier) for _ in range(2))
            return f"{key}: [{blocks}]"
        return pick(simple)()

    def block(self, depth: int, earlier: Sequence[str]) -> str:
        found: dict[str, str] = {}
        for _ in range(self.pick((1, 1, 2, 3))):
            written = self.condition(depth, earlier)
            found.setdefault(written.split(":", 1)[0], written)
        return "{" + ", ".join(found.values()) + "}"

    def effects(self) -> str:
        pick = self.pick
        found = []
        if not self.chance(25):
            found.append(f"responsable: {pick(OWNERS)}")
        elif self.chance(30):
            found.append(
                f"repartir: [{{part: banc, responsable: {pick(OWNERS)}}},"
                f" {{part: bruit, responsable: {pick(OWNERS)}}}]"
            )
        extras = (
            "etiquettes: [nuit]",
            f"urgence: {pick(('basse', 'haute', 'immediate'))}",
            f"informer: {self.some(OWNERS, 2)}",
            "confidentiel: oui",
            "publier: non",
            "repondre: merci",
            f"delai: {self.number(1, 9)} jours",
            f"escalade: {{apres: {self.number(1, 9)} jours, vers: {pick(OWNERS)}}}",
            "demander: [photo]",
            "proposer: entretien",
            f"consulter: {pick(OWNERS)}",
            f"transmettre_par: {'open311' if 'routes' in found[0] else 'email'}"
            if found
            else "transmettre_par: webhook",
            "cloture: {preuve: photo}",
            "du: 2026-03-01, au: 2026-10-31, chaque_annee: oui",
        )
        found += self.few(extras, 0 if found else 1, 3)
        return "{" + ", ".join(found) + "}"

    def steps(self) -> str:
        """Write thresholds, the higher one first at times."""
        found = (
            f"{{confirmations: 2, informer: [{self.pick(OWNERS)}], repondre: consigne-gaz}}",
            f"{{confirmations: 4, responsable: {self.pick(OWNERS)}, urgence: haute}}",
            f"{{confirmations: 3, responsable: {self.pick(OWNERS)}, proposer: visite}}",
        )
        return f"seuils: [{', '.join(self.few(found, 1, 3))}]"

    def rule(self, name: str, earlier: Sequence[str]) -> str:
        priority = self.pick(("normale", "normale", "normale", "exception", "danger"))
        lines = [f"id: {name}", f"priorite: {priority}"]
        if not self.chance(5):
            many = ", ".join(self.block(2, earlier) for _ in range(self.pick((1, 1, 1, 2))))
            lines.append(f"si: [{many}]")
        if self.chance(30):
            lines.append(f"sauf: {self.block(1, earlier)}")
        if self.chance(10) and priority != "danger":
            lines.append("ignorer_si_nie: oui")
        if self.chance(10):
            lines.append("du: 1er avril, au: 30 novembre, chaque_annee: oui")
        lines.append(f"alors: {self.effects()}")
        if self.chance(15):
            lines.append(self.steps())
        return "  - {" + ", ".join(lines) + "}\n"

    def files(self) -> dict[str, str]:
        """Write rule files of the metropole and of two smaller territories."""
        territories = ("metropole", *self.few(PLACES[:6], 2, 2))
        bodies = ["", "", ""]

        def write(number: int) -> None:
            earlier = [f"r{before}" for before in range(number)]
            bodies[number % 3] += self.rule(f"r{number}", earlier)

        self.several(8, 14, write)
        defaults = ("guichet", self.pick(OWNERS), self.pick(OWNERS))
        return {
            f"regles/{index}.yaml": f"territoire: {territory}\na_defaut: {default}\nregles:\n{body}"
            if body
            else f"territoire: {territory}\na_defaut: {default}\nregles: []\n"
            for index, (territory, default, body) in enumerate(
                zip(territories, defaults, bodies, strict=True)
            )
        }

    def absences(self) -> str:
        """Write when some services are away, and who stands in for them: never in a ring."""
        lines = []
        for name in self.few(BEHIND[1:], 0, 4):
            others = BEHIND[: BEHIND.index(name)]
            away = ", ".join(self.absence() for _ in range(self.pick((1, 1, 2))))
            deputy = f"suppleant: {self.pick(others)}, " if self.chance(70) else ""
            lines.append(f"{name}: {{{deputy}absences: [{away}]}}\n")
        return "".join(lines)

    def absence(self) -> str:
        month, day = self.number(1, 12), self.number(1, 28)
        return self.pick(
            (
                f"{{du: 2026-{month:02}-{day:02}}}",
                f"{{au: 2026-{month:02}-{day:02}}}",
                f"{{du: 2026-01-{day:02}, au: 2026-{month:02}-28}}",
                f"{{du: {day}/{month}, au: {28 - day or 1}/{13 - month}, chaque_annee: oui}}",
                f"{{au: {day}/{month}, chaque_annee: oui}}",
            )
        )

    # --- facts -----------------------------------------------------------------------------------

    def facts(self) -> Facts:
        start = datetime(2026, 1, 1, tzinfo=UTC)
        subject, language, category, channel, urgency, annoyance = self.each(
            ("", "", "fuite"),
            (None, "fr", "ar"),
            (None, None, None, "trottoir", "bruit"),
            (None, "sms", "web"),
            (None, Urgency.LOW, Urgency.HIGH),
            (None, 3, 9),
        )
        attachment, senders, nature, agent = self.each(
            (None, True, False),
            (None, ("elu",), ("citoyen", "agent")),
            (None, Nature.IDEA, Nature.QUESTION),
            (None,) * 19 + (ServiceId("routes"),),
        )
        recurrence, confirmations, before, surge = self.each(range(5), range(6), range(6), range(5))
        return Facts(
            received_at=start + timedelta(minutes=self.number(0, 525_599)),
            text=self.text(),
            subject=subject,
            language=language,
            category=category,
            place=self.place(),
            channel=channel,
            urgency=urgency,
            annoyance=annoyance,
            recurrence=recurrence,
            confirmations=confirmations,
            confirmations_before=before,
            surge=surge,
            attachment=attachment,
            sender_kinds=senders,
            nature=nature,
            refused_by=self.services((0, 0, 0, 0, 1, 2, 3)),
            unavailable=self.services((0, 0, 2)),
            agent_choice=agent,
        )

    def text(self) -> str:
        words: list[str] = []
        while len(words) < 8:
            two = self.each(("", *self.told), ("", *self.told))
            words += filter(None, two)
            if "" in two:
                break
        return " ".join(words)

    def services(self, sizes: Sequence[int]) -> tuple[ServiceId, ...]:
        size = self.pick(sizes)
        return tuple(map(ServiceId, self.few(SERVICES, size, size)))

    def place(self) -> Place:
        code, postcode, street, how = self.each(
            (None, None, "44109", "44143", "44114", "49007"),
            (None, None, None, "44800", "44000"),
            (None, None, "12 rue du Port"),
            (None, None, None, "border", "ring", "anywhere"),
        )
        return Place(
            communes=(code,) if code else (),
            postcode=postcode,
            street=street,
            point=self.point(how) if how else None,
            source="message",
        )

    def point(self, how: str) -> Point:
        precision = self.pick((5.0, 5.0, 400.0))
        if how == "border":
            return Point(47.20005, -1.53, precision)
        if how == "ring":
            return Point(47.28 + self.pick((0.0, 0.0001, 0.0003)), -1.55, precision)
        north, east = self.each(range(241), range(241))
        return Point(47.08 + north / 1000, -1.72 + east / 1000, precision)


@st.composite
def rules_and_facts(draw: st.DrawFn) -> tuple[dict[str, str], str, list[Facts]]:
    """Draw rule files, who is away when, and some forty cases for them."""
    writer = Writer(Drawn(draw))
    return writer.files(), writer.absences(), writer.several(120, 200, lambda _: writer.facts())
