"""A small made-up metropole of three square communes, for tests of the rules."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path
from typing import Any

from router.decision import Decision
from rules.checking import Checked, check
from rules.compile import RuleSet
from rules.problems import Problem
from rules.trials import TrialResult, run
from understanding.territory import Territory


def square(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def feature(geometry: dict[str, Any], **properties: str) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def collection(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


COMMUNES = collection(
    feature(square(-1.60, 47.20, -1.50, 47.30), insee="44109", nom="Nantes"),
    feature(square(-1.60, 47.10, -1.50, 47.20), insee="44143", nom="Rezé"),
    feature(square(-1.70, 47.20, -1.60, 47.30), insee="44114", nom="Orvault"),
    feature(square(-0.60, 47.40, -0.50, 47.50), insee="49007", nom="Angers"),
)
RING_ROAD = collection(
    feature({"type": "LineString", "coordinates": [[-1.58, 47.28], [-1.52, 47.28]]})
)
SERVICES = """
services:
  - {id: guichet, famille: accueil, echelon: metropole, noms: {fr: Guichet},
     transmission: {canal: email, adresse: a@m.example}, contact: {telephone: "3631", relais_sourds: "3631"}}
  - {id: eclairage-m, famille: eclairage, echelon: metropole, noms: {fr: Éclairage},
     transmission: {canal: email, adresse: e@m.example}, contact: {telephone: "3631", relais_sourds: "3631"}}
  - {id: voirie-m, famille: voirie, echelon: metropole, noms: {fr: Voirie},
     transmission: {canal: email, adresse: v@m.example}, contact: {telephone: "3631", relais_sourds: "3631"}}
  - {id: astreinte, famille: accueil, echelon: metropole, noms: {fr: Astreinte},
     transmission: {canal: email, adresse: s@m.example}, contact: {telephone: "3631", relais_sourds: "3631"}}
  - {id: routes, famille: routes, echelon: partenaire, noms: {fr: Routes nationales},
     transmission: {canal: open311, adresse: "https://r.example"}, contact: {telephone: "3631", relais_sourds: "3631"}}
  - {id: mairie-nantes, famille: accueil, echelon: ville, commune: "44109",
     noms: {fr: Mairie de Nantes}, transmission: {canal: email, adresse: m@n.example}, contact: {telephone: "3631", relais_sourds: "3631"}}
  - {id: paix-nantes, famille: tranquillite, echelon: ville, commune: Nantes,
     noms: {fr: Tranquillité}, transmission: {canal: email, adresse: p@n.example}, contact: {telephone: "3631", relais_sourds: "3631"},
     suppleant: mairie-nantes}
  - {id: mairie-reze, famille: accueil, echelon: ville, commune: Rezé, noms: {fr: Mairie de Rezé},
     transmission: {canal: email, adresse: m@r.example}, contact: {telephone: "3631", relais_sourds: "3631"}}
  - {id: mairie-orvault, famille: accueil, echelon: ville, commune: Orvault,
     noms: {fr: Mairie d'Orvault}, transmission: {canal: email, adresse: m@o.example}, contact: {telephone: "3631", relais_sourds: "3631"}}
roles:
  mairie-du-lieu: {"44109": mairie-nantes, Rezé: mairie-reze, orvault: mairie-orvault}
"""
CATEGORIES = """
categories:
  - id: voirie
    famille: voirie
    silence: sans objet
    noms: {fr: Voirie}
    mots: [chaussée, nid-de-poule]
    enfants:
      - {id: trottoir, noms: {fr: Trottoir}, mots: [trottoir]}
  - {id: bruit, famille: tranquillite, silence: sans objet, noms: {fr: Bruit}, mots: [bruit, musique, vacarme*]}
  - {id: eclairage, famille: eclairage, silence: sans objet, noms: {fr: Éclairage}, mots: [lampadaire]}
"""
COMPETENCES = """
competences:
  voirie: {partout: voirie-m}
  tranquillite: {partout: mairie-du-lieu, Nantes: paix-nantes}
  eclairage: {partout: eclairage-m}
"""
TERRITORY = """
communes: communes.geojson
codes_postaux: codes_postaux.json
territoires:
  - {id: metropole, communes: ["44109", "44143", "44114"]}
  - {id: bellevue, contour: bellevue.geojson}
  - {id: centre, contour: centre.geojson}
zones: {graslin: {contour: graslin.geojson}}
couches: {peripherique: {fichier: peripherique.geojson, tolerance: 15 m}}
"""
RULES = """
territoire: metropole
a_defaut: guichet
regles: []
"""
TEXTS = """
textes:
  consigne-gaz: {fr: "Appelez le 18.", en: "Call 18.", court: {fr: "18"}}
  merci: {fr: "Merci {numero}"}
"""
BASE = {
    "services.yaml": SERVICES,
    "categories.yaml": CATEGORIES,
    "competences.yaml": COMPETENCES,
    "territoire/territoire.yaml": TERRITORY,
    "territoire/communes.geojson": COMMUNES,
    "territoire/bellevue.geojson": collection(feature(square(-1.60, 47.20, -1.55, 47.25))),
    "territoire/centre.geojson": collection(feature(square(-1.55, 47.20, -1.50, 47.25))),
    "territoire/graslin.geojson": collection(feature(square(-1.56, 47.21, -1.54, 47.22))),
    "territoire/peripherique.geojson": RING_ROAD,
    "territoire/codes_postaux.json": json.dumps(
        [
            {"codePostal": "44000", "codeCommune": "44109"},
            {"codePostal": "44100", "codeCommune": "44109"},
            {"codePostal": "44400", "codeCommune": "44143"},
            {"codePostal": "44700", "codeCommune": "44114"},
            {"codePostal": "44800", "codeCommune": "44114"},
            {"codePostal": "44800", "codeCommune": "44143"},
        ]
    ),
    "textes/textes.yaml": TEXTS,
    "regles/metropole.yaml": RULES,
}


class Town:
    """A configuration folder under a test; files are given as YAML, indented freely."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path, content in BASE.items():
            self.write(path, content)

    def write(self, path: str, content: str) -> Town:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(content).lstrip("\n"), encoding="utf-8")
        return self

    def remove(self, path: str) -> Town:
        (self.folder / path).unlink()
        return self

    def rules(self, rules: str, path: str = "regles/metropole.yaml", **head: str) -> Town:
        """Write a rule file: the rules are given as a YAML list."""
        default = "a_defaut: guichet\n" if path == "regles/metropole.yaml" else ""
        territory = head.pop("territoire", "metropole")
        lines = "".join(f"{key}: {value}\n" for key, value in head.items())
        body = textwrap.indent(textwrap.dedent(rules).strip("\n"), "  ")
        self.write(path, f"territoire: {territory}\n{default}{lines}regles:\n{body}\n")
        return self

    def check(self) -> Checked:
        return check(self.folder, Territory.from_description)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self.check().problems

    @property
    def errors(self) -> list[str]:
        return [str(one) for one in self.problems if one.severity == "error"]

    @property
    def warnings(self) -> list[str]:
        return [str(one) for one in self.problems if one.severity == "warning"]

    def ruleset(self) -> RuleSet:
        checked = self.check()
        assert checked.ruleset is not None, "\n".join(map(str, checked.problems))
        return checked.ruleset

    def trial(self, case: str, expected: str = "{responsable: guichet}") -> TrialResult:
        """Run one test against the rules."""
        self.write(
            "regles/essai.yaml",
            "territoire: metropole\nregles: []\n"
            f"essais:\n  - cas: {case}\n    attendu: {expected}\n",
        )
        return run(self.ruleset())[-1]

    def decide(self, case: str) -> Decision:
        """Decide a case that is written as a test writes it."""
        return self.trial(case).decision

    def expect(self, case: str, expected: str) -> None:
        result = self.trial(case, expected)
        assert result.passed, str(result)
