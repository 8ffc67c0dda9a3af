"""Reads the files under ``regles/``: lists first, which all files see, then rules and tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rules import scalars
from rules.conditions.logic import leaves
from rules.conditions.negation import without_negation
from rules.conditions.source import Condition
from rules.conditions.words import Contains
from rules.model import Effects, Rule, RuleFile
from rules.phrases import Phrase
from rules.problems import At, Problems
from rules.reading.conditions import ConditionReader
from rules.reading.effects import EffectReader
from rules.reading.fields import Fields
from rules.reading.names import RESERVED, Names
from rules.reading.trials import TrialReader
from rules.reading.words import Unless, phrases
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Scalar
from rules.vocabulary import PRIORITIES, plain

_EFFECTS = frozenset({"alors", "seuils", "then", "thresholds"})
MOST_RULES = 10_000
"""In one file; a folder may hold more."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A rule file whose head is read, its rules not yet."""

    path: str
    language: str
    fields: Fields


def head(path: str, node: Node, block: str, problems: Problems) -> Fields:
    """Open a file: its language decides which keys it may use."""
    language = file_language(node, problems)
    fields = Fields(node, block, problems, language)
    version = fields.read("format", scalars.whole)
    if version is not None and version != 1:
        problems.error(
            fields.where("format"),
            "format",
            f"Le format {version} n'existe pas encore",
            "Écrivez « format: 1 ».",
        )
    return fields


def file_language(node: Node, problems: Problems) -> str:
    if not isinstance(node, MappingNode):
        return "fr"
    for key, value in node.entries:
        if plain(key.text) in {"langue", "language"} and isinstance(value, Scalar):
            word = plain(value.text)
            if word in {"fr", "en"}:
                return word
            problems.error(
                value.at,
                "valeur-inconnue",
                f"« {value.text} » n'est pas une langue des fichiers",
                "Écrivez « langue: fr » ou « language: en ».",
            )
    return "fr"


def read_lists(sheets: list[Sheet], problems: Problems) -> dict[str, tuple[Phrase, ...]]:
    """Read the word lists of all rule files; names are unique over the folder."""
    found: dict[str, tuple[Phrase, ...]] = {}
    places: dict[str, At] = {}
    for sheet in sheets:
        for key, node in sheet.fields.entries("listes"):
            name = key.text.strip().removeprefix("$")
            if name in found:
                _twice(problems, key.at, "la liste", name, places[name])
                continue
            places[name] = key.at
            found[name] = _list(node, sheet, problems, key)
    return found


def _list(node: Node, sheet: Sheet, problems: Problems, key: Scalar) -> tuple[Phrase, ...]:
    unless = False
    words: Node | None = node
    if isinstance(node, MappingNode) and not any(
        plain(k.text) in {"proche", "close_together"} for k, _ in node.entries
    ):
        fields = Fields(node, "liste", problems, sheet.language)
        fields.require("mots")
        unless = bool(fields.read("ignorer_si_nie", scalars.yes))
        words = fields.node("mots")
    if words is None:
        return ()
    own = phrases(words, problems, sheet.language, None, Unless(unless))
    if not own and not problems.errors:
        problems.error(key.at, "liste-vide", f"La liste « {key.text} » est vide", "Ajoutez un mot.")
    return own


def _twice(problems: Problems, at: At, kind: str, name: str, first: At) -> None:
    problems.error(
        at,
        "id-en-double",
        f"{kind[0].upper()}{kind[1:]} « {name} » existe déjà ({first.file}, ligne {first.line})",
        "Choisissez un autre nom.",
    )


def rule_ids(sheets: list[Sheet], problems: Problems) -> dict[str, At]:
    """List the ids of all rules, before any of them is read."""
    found: dict[str, At] = {}
    for sheet in sheets:
        for node in sheet.fields.items("regles"):
            scalar = _id_scalar(node, sheet.language)
            if scalar is None:
                continue
            if RESERVED.match(scalar.text):
                problems.error(
                    scalar.at,
                    "id-reserve",
                    f"Le nom « {scalar.text} » désigne déjà ce qui n'est pas une règle",
                    "Choisissez un autre nom.",
                )
            if scalar.text in found:
                _twice(problems, scalar.at, "la règle", scalar.text, found[scalar.text])
            else:
                found[scalar.text] = scalar.at
    return found


def names_of(sheet: Sheet) -> frozenset[str]:
    """List what a file defines: rules, and lists with their sign."""
    nodes = sheet.fields.items("regles")
    rules = {scalar.text for node in nodes if (scalar := _id_scalar(node, sheet.language))}
    lists = {f"${key.text.strip().removeprefix('$')}" for key, _ in sheet.fields.entries("listes")}
    return frozenset(rules | lists)


def _id_scalar(node: Node, language: str) -> Scalar | None:
    if isinstance(node, MappingNode):
        for key, value in node.entries:
            if plain(key.text) == "id" and isinstance(value, Scalar) and not value.empty:
                return Scalar(value.text.strip(), value.at)
    return None


class RuleFileReader:
    """Reads one rule file, once every name is known."""

    def __init__(self, sheet: Sheet, names: Names, problems: Problems) -> None:
        self.sheet = sheet
        self.names = names
        self.problems = problems
        self.conditions = ConditionReader(names, problems, sheet.language)
        self.effects = EffectReader(names, problems, sheet.language)
        self.trials = TrialReader(names, problems, sheet.language)

    def read(self) -> RuleFile:
        fields = self.sheet.fields
        fields.require("territoire", "regles")
        scalar = fields.scalar("territoire")
        territory = (self.names.territory(scalar) if scalar else None) or ""
        self.conditions.territory = territory
        scalar_default = fields.scalar("a_defaut")
        default = self.names.service(scalar_default) if scalar_default else None
        broken = {"a_defaut"} if "a_defaut" in fields and default is None else set()
        rules = [self._rule(node, territory) for node in self._not_too_many(fields)]
        trials = [self.trials.read(node) for node in fields.items("essais")]
        return RuleFile(
            path=self.sheet.path,
            territory=territory,
            territory_at=fields.where("territoire"),
            at=fields.at,
            default=default,
            broken=frozenset(broken),
            may_edit=fields.texts("peut_modifier"),
            rules=tuple(rule for rule in rules if rule is not None),
            trials=tuple(trial for trial in trials if trial is not None),
        )

    def _not_too_many(self, fields: Fields) -> tuple[Node, ...]:
        """Give the rules as they are written; none of a file that holds too many."""
        nodes = tuple(fields.items("regles"))
        if len(nodes) <= MOST_RULES:
            return nodes
        self.problems.error(
            nodes[MOST_RULES].at,
            "trop-de-regles",
            f"Ce fichier contient plus de {MOST_RULES:,} règles".replace(",", " "),
            "Coupez-le en plusieurs.",
        )
        return ()

    def _rule(self, node: Node, territory: str) -> Rule | None:
        fields = Fields(node, "regle", self.problems, self.sheet.language)
        fields.require("id")
        if not fields.values:
            return None
        self._has_effects(fields)
        priority = fields.one_of("priorite", PRIORITIES) or "normale"
        unless_negated = bool(fields.read("ignorer_si_nie", scalars.yes))
        when, unless = fields.node("si"), fields.node("sauf")
        effects = fields.node("alors")
        rule = Rule(
            id=fields.text("id"),
            at=fields.where("id"),
            territory=territory,
            priority=priority,
            when=self.conditions.blocks(when, unless_negated) if when else (),
            unless=self.conditions.blocks(unless, unless_negated) if unless else (),
            effects=self.effects.effects(effects) if effects else Effects(),
            steps=self.effects.steps(fields),
            season=fields.season(),
        )
        if priority == "danger":
            return self._never_negated(rule, fields, unless_negated)
        return rule

    def _has_effects(self, fields: Fields) -> None:
        """Refuse a rule that would do nothing when it holds."""
        wanted = [fields.node("alors"), fields.node("seuils")]
        if fields.misspelt("alors") or fields.misspelt("seuils"):
            return
        if any(map(_holds_effects, (fields.node("si"), fields.node("sauf")))):
            return  # told there
        if any(isinstance(node, Scalar) and not node.empty for node in wanted):
            return  # told when it is read
        if not any(getattr(node, "entries", ()) or getattr(node, "items", ()) for node in wanted):
            self.problems.error(
                fields.at,
                "cle-manquante",
                f"La clé « {fields.said('alors')} » manque ici",
                f"Ajoutez « {fields.said('alors')}: {{{fields.said('responsable')}: …}} ».",
            )

    def _never_negated(self, rule: Rule, fields: Fields, unless_negated: bool) -> Rule:
        """A danger holds even when it is denied: the flag is refused, lists lose theirs."""
        if unless_negated:
            self.problems.error(
                fields.keys["ignorer_si_nie"].at,
                "danger-nie",
                "Une règle de danger ne regarde jamais la négation",
                f"Enlevez « {fields.said('ignorer_si_nie')} ».",
            )
        elif listed := next(filter(_heeds, leaves((*rule.when, *rule.unless))), None):
            self.problems.warning(
                listed.at,
                "danger-nie-liste",
                f"La règle de danger « {rule.id} » cite une liste avec "
                f"« {fields.said('ignorer_si_nie')} » : elle n'en tient pas compte",
                "Un danger compte même nié. Citez une liste sans cette clé, pour que cela se lise.",
            )
        return replace(
            rule,
            when=tuple(map(without_negation, rule.when)),
            unless=tuple(map(without_negation, rule.unless)),
        )


def _holds_effects(node: Node | None) -> bool:
    """Whether a block of conditions holds what belongs beside it."""
    entries = node.entries if isinstance(node, MappingNode) else ()
    return any(plain(key.text) in _EFFECTS for key, _ in entries)


def _heeds(condition: Condition) -> bool:
    """Whether a condition looks for words that are ignored where they are negated."""
    return isinstance(condition, Contains) and any(
        phrase.unless_negated for group in condition.groups for phrase in group.phrases
    )
