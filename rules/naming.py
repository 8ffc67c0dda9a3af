"""Gives services, places, categories and rules the names that people read."""

from __future__ import annotations

from dataclasses import dataclass

from router.words.rule_names import rule_named
from rules.compile import RuleSet

_FACTS = {
    "lieu": "le lieu",
    "date": "la date",
    "categorie": "la catégorie",
    "heure": "l'heure",
    "photo": "une photo",
    "adresse": "l'adresse",
    "rue": "la rue",
    "commune": "la commune",
    "contact": "un contact",
    "nom": "le nom",
    "telephone": "le téléphone",
    "courriel": "l'adresse électronique",
    "numero": "le numéro",
    "description": "une description",
    "duree": "la durée",
    "personne": "la personne concernée",
    "immatriculation": "l'immatriculation",
    "vehicule": "le véhicule",
    "canal": "le canal",
    "langue": "la langue",
    "urgence": "l'urgence",
    "desordre": "la gêne ressentie",
    "piece_jointe": "une pièce jointe",
    "expediteur": "la qualité de la personne",
    "nature": "le genre de demande",
}
_FEMININE = frozenset(
    {"date", "categorie", "heure", "photo", "adresse", "rue", "commune", "description", "duree"}
    | {"personne", "immatriculation", "langue", "urgence", "desordre", "piece_jointe"}
    | {"courriel", "expediteur"}
)


def fact_named(fact: str) -> str:
    """Name a fact in French: "la catégorie"."""
    return _FACTS.get(fact, f"« {fact} »")


def fact_asked(fact: str) -> str:
    """Say in French that a fact is asked: "la date est demandée"."""
    return f"{fact_named(fact)} est demandé{'e' if fact in _FEMININE else ''}"


@dataclass(frozen=True, slots=True)
class Naming:
    """Names what a decision speaks of by its id; without a rule set, ids stand for themselves."""

    ruleset: RuleSet | None = None
    language: str = "fr"

    def service(self, service: str) -> str:
        entry = self.ruleset.configuration.services.get(service) if self.ruleset else None
        return entry.service.name(self.language) if entry else service

    def place(self, territory: str) -> str:
        return self.ruleset.geography.commune_name(territory) if self.ruleset else territory

    def category(self, category: str) -> str:
        found = self.ruleset.configuration.categories.get(category) if self.ruleset else None
        return (
            found.names.get(self.language, found.names.get("fr", category)) if found else category
        )

    def words(self, name: str, count: int) -> str:
        """Name a list of words with the first that it holds; as it is cited where nobody knows it."""
        held = self.ruleset.configuration.lists.get(name) if self.ruleset else None
        if held is None:
            return f"${name}"
        said = f"liste « {name} »" if self.language == "fr" else f"list “{name}”"
        first = [*held[:count], *(["…"] if held[count:] else [])]
        return f"{said} ({', '.join(first)})" if count else said

    def rule(self, rule: str) -> str:
        """Name a rule; the table and an owner by default are said in words."""
        return rule_named(rule, self._column) if self.language == "fr" else rule

    def _column(self, territory: str) -> str:
        known = self.ruleset is not None and self.ruleset.geography.known(territory)
        return self.place(territory) if known else territory

    def services(self, services: list[str] | tuple[str, ...]) -> str:
        return ", ".join(map(self.service, services))


PLAIN = Naming()
