"""The engine and the naive oracle give the same decision and the same trace, whatever the rules.

``GUICHET_ORACLE_CASES`` sets how many cases are tried (default 20,000 over generated rule sets).
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from rules_town import Town

from router.decision import Facts, Nature, Place, Point, ServiceId, Urgency
from rules import naive
from rules.compile import RuleSet, compile_rules
from rules.decide import decide
from rules.dnf import TooManyTerms, terms
from rules.model import Configuration
from rules.names import Names
from rules.problems import Problems
from rules.read_rules import RuleFileReader, Sheet, head, rule_ids
from rules.reading import _Reader
from rules.yaml_tree import read_tree
from understanding.territory import Territory

CASES = int(os.environ.get("GUICHET_ORACLE_CASES", "20000"))
FACTS_FOR_EACH = 100

WORDS = (
    *("banc", "bancs", "fuite de gaz", "gaz", "=marché", "trott*", "bruit", "lampadaire cassé"),
    *("{proche: [fuite, cave], mots: 4}", "eau", "chaussée", "poubelle pleine", "rue défonc*"),
)
TEXT = (
    *("banc", "bancs", "fuite", "fuites", "de", "gaz", "marché", "marche", "trottoir", "bruit"),
    *("lampadaires", "cassés", "cave", "pas", "sans", "d'eau", "plus", "poubele", "pleines", "rue"),
    *("défoncée", "trotoir", "musique", "aucun", "bancc"),
)
PLACES = ("Nantes", "Rezé", "Orvault", "bellevue", "centre", "graslin", "metropole")
OWNERS = (
    *("guichet", "voirie-m", "eclairage-m", "routes", "astreinte", "mairie-du-lieu"),
    *("paix-nantes", "mairie-reze", "social-du-lieu"),
)
SERVICES = (*OWNERS[:5], "paix-nantes", "mairie-reze", "mairie-nantes", "mairie-orvault")
ROLE = "  social-du-lieu: {bellevue: paix-nantes, centre: mairie-nantes, Rezé: mairie-reze}\n"


class Writer:
    """Writes random rules as people do, from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, values: tuple[str, ...], most: int = 3) -> str:
        return f"[{', '.join(self.random.sample(values, self.random.randint(1, most)))}]"

    def condition(self, depth: int, earlier: list[str]) -> str:
        pick = self.random.choice
        simple = [
            lambda: f"contient: {self.some(WORDS)}",
            lambda: f"contient: {self.some(WORDS)}",
            lambda: f"contient_tous: [{pick(WORDS)}, {self.some(WORDS, 2)}]",
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
            lambda: f"desordre: {{min: {self.random.randint(2, 9)}}}",
            lambda: (
                f"recu: {{heures: {pick(('22h-6h', '8h-18h'))}, jours: {pick(('lun', 'sam'))}}}"
            ),
            lambda: "recu: [{dans: feries}, {du: 2026-06-01, au: 2026-09-30}]",
            lambda: f"recurrence: {{fois: {self.random.randint(1, 4)}}}",
            lambda: f"confirmations: {{min: {self.random.randint(1, 4)}}}",
            lambda: f"afflux: {{fois: {self.random.randint(1, 4)}}}",
            lambda: f"piece_jointe: {pick(('oui', 'non'))}",
            lambda: f"expediteur: {self.some(('elu', 'agent', 'citoyen'), 2)}",
            lambda: f"nature: {self.some(('idee', 'question'), 2)}",
        ]
        if earlier:
            simple.append(lambda: f"regle: {pick(earlier)}")
        if depth and self.random.random() < 0.25:
            key = pick(("un_de", "tous", "aucun_de"))
            blocks = ", ".join(self.block(depth - 1, earlier) for _ in range(2))
            return f"{key}: [{blocks}]"
        return pick(simple)()

    def block(self, depth: int, earlier: list[str]) -> str:
        found: dict[str, str] = {}
        for _ in range(self.random.choice((1, 1, 2, 3))):
            written = self.condition(depth, earlier)
            found.setdefault(written.split(":", 1)[0], written)
        return "{" + ", ".join(found.values()) + "}"

    def effects(self) -> str:
        pick, chance = self.random.choice, self.random.random
        found = []
        if chance() < 0.75:
            found.append(f"responsable: {pick(OWNERS)}")
        elif chance() < 0.3:
            found.append(
                f"repartir: [{{part: banc, responsable: {pick(OWNERS)}}},"
                f" {{part: bruit, responsable: {pick(OWNERS)}}}]"
            )
        extras = (
            f"informer: {self.some(OWNERS, 2)}",
            f"urgence: {pick(('basse', 'haute', 'immediate'))}",
            "etiquettes: [nuit]",
            "confidentiel: oui",
            "publier: non",
            "repondre: merci",
            f"delai: {self.random.randint(1, 9)} jours",
            "demander: [photo]",
            "proposer: entretien",
            f"consulter: {pick(OWNERS)}",
            "transmettre_par: webhook",
            "du: 2026-03-01, au: 2026-10-31, chaque_annee: oui",
        )
        found += self.random.sample(extras, self.random.randint(0 if found else 1, 3))
        return "{" + ", ".join(found) + "}"

    def rule(self, name: str, earlier: list[str]) -> str:
        chance, pick = self.random.random, self.random.choice
        priority = pick(("normale", "normale", "normale", "exception", "danger"))
        lines = [f"id: {name}", f"priorite: {priority}"]
        if chance() < 0.95:
            many = ", ".join(self.block(2, earlier) for _ in range(pick((1, 1, 1, 2))))
            lines.append(f"si: [{many}]")
        if chance() < 0.3:
            lines.append(f"sauf: {self.block(1, earlier)}")
        if chance() < 0.1 and priority != "danger":
            lines.append("ignorer_si_nie: oui")
        if chance() < 0.1:
            lines.append("du: 1er avril, au: 30 novembre, chaque_annee: oui")
        lines.append(f"alors: {self.effects()}")
        if chance() < 0.15:
            lines.append(
                f"seuils: [{{confirmations: 2, informer: [{pick(OWNERS)}]}},"
                f" {{confirmations: 4, responsable: {pick(OWNERS)}, urgence: haute}}]"
            )
        return "  - {" + ", ".join(lines) + "}\n"

    def files(self) -> dict[str, str]:
        names = [f"r{number}" for number in range(self.random.randint(1, 14))]
        found: dict[str, str] = {}
        for index, territory in enumerate(("metropole", *self.random.sample(PLACES[:6], 2))):
            own = names[index::3]
            default = "guichet" if territory == "metropole" else self.random.choice(OWNERS)
            rules = "".join(self.rule(name, names[: names.index(name)]) for name in own)
            found[f"regles/{index}.yaml"] = (
                f"territoire: {territory}\na_defaut: {default}\nregles:\n{rules}"
            )
        return found

    def facts(self) -> Facts:
        pick, chance = self.random.choice, self.random.random
        words = " ".join(pick(TEXT) for _ in range(self.random.randint(0, 7)))
        start = datetime(2026, 1, 1, tzinfo=UTC)
        refusals = self.random.choice((0, 0, 0, 0, 1, 2, 3))
        return Facts(
            received_at=start + timedelta(minutes=self.random.randrange(525_600)),
            text=words,
            subject=pick(("", "", "fuite")),
            language=pick((None, "fr", "ar")),
            category=pick((None, None, None, "trottoir", "bruit")),
            place=self.place(),
            channel=pick((None, "sms", "web")),
            urgency=pick((None, Urgency.LOW, Urgency.HIGH)),
            annoyance=pick((None, 3, 9)),
            recurrence=self.random.randint(0, 4),
            confirmations=self.random.randint(0, 5),
            confirmations_before=self.random.randint(0, 5),
            surge=self.random.randint(0, 4),
            attachment=pick((None, True, False)),
            sender_kinds=pick((None, ("elu",), ("citoyen", "agent"))),
            nature=pick((None, Nature.IDEA, Nature.QUESTION)),
            refused_by=tuple(map(ServiceId, self.random.sample(SERVICES, refusals))),
            unavailable=tuple(
                map(ServiceId, self.random.sample(SERVICES, self.random.choice((0, 0, 2))))
            ),
            agent_choice=ServiceId("routes") if chance() < 0.05 else None,
        )

    def place(self) -> Place:
        pick, chance = self.random.choice, self.random.random
        point = None
        if chance() < 0.4:
            near_ring = (47.28 + self.random.choice((0.0, 0.0001, 0.0003)), -1.55)
            anywhere = (self.random.uniform(47.08, 47.32), self.random.uniform(-1.72, -1.48))
            lat, lon = pick((near_ring, anywhere, (47.20005, -1.53)))
            point = Point(lat, lon, pick((5.0, 5.0, 400.0)))
        code = pick((None, None, "44109", "44143", "44114", "49007"))
        return Place(
            communes=(code,) if code else (),
            postcode=pick((None, None, None, "44800", "44000")),
            street=pick((None, None, "12 rue du Port")),
            point=point,
            source="message",
        )


class Bench:
    """Compiles generated rules over one town without reading it again."""

    def __init__(self, folder: Path) -> None:
        town = Town(folder)
        path = folder / "services.yaml"
        path.write_text(path.read_text(encoding="utf-8") + ROLE, encoding="utf-8")
        reader = _Reader(town.folder, Problems())
        configuration = reader.read()
        assert configuration is not None
        self.configuration: Configuration = configuration
        self.names: Names = reader.names
        self.geography = Territory.from_description(configuration.territory)

    def ruleset(self, files: dict[str, str]) -> RuleSet | None:
        problems = Problems()
        sheets = []
        for path, content in files.items():
            tree = read_tree(content.encode(), path, problems)
            assert tree is not None, content
            fields = head(path, tree, "regles", problems)
            sheets.append(Sheet(path, fields.language, fields))
        self.names.rules = rule_ids(sheets, problems)
        self.names.problems = problems
        read = tuple(RuleFileReader(sheet, self.names, problems).read() for sheet in sheets)
        assert not problems.errors, [str(one) for one in problems.found]
        try:
            for file in read:
                for rule in file.rules:
                    terms(rule)
        except TooManyTerms:
            return None
        return compile_rules(replace(self.configuration, files=read), self.geography)


@lru_cache(maxsize=1)
def bench(folder: Path) -> Bench:
    return Bench(folder)


def compare(town: Bench, seed: int, facts: int) -> int:
    """Try one generated rule set on so many cases; give how many were compared."""
    writer = Writer(seed)
    files = writer.files()
    ruleset = town.ruleset(files)
    if ruleset is None:
        return 0
    for _ in range(facts):
        case = writer.facts()
        fast, slow = decide(ruleset, case), naive.decide(ruleset, case)
        assert fast == slow, _difference(fast, slow, seed, files, case)
    return facts


def _difference(fast: Any, slow: Any, seed: int, files: dict[str, str], case: Facts) -> str:
    named = [
        f"{name}: {getattr(fast, name)!r} / {getattr(slow, name)!r}"
        for name in fast.__dataclass_fields__
        if name != "trace" and getattr(fast, name) != getattr(slow, name)
    ]
    named += [
        f"trace {key}: {fast.trace[key]!r} / {slow.trace[key]!r}"
        for key in fast.trace
        if fast.trace[key] != slow.trace[key]
    ]
    return "\n".join([f"seed {seed}", *named, *files.values(), repr(case)])


def test_the_engine_decides_as_the_oracle_does(tmp_path_factory: Any) -> None:
    town = bench(tmp_path_factory.mktemp("oracle"))
    compared, seed = 0, 0
    while compared < CASES:
        compared += compare(town, seed, FACTS_FOR_EACH)
        seed += 1
