"""Reads categories.yaml: how words become a category, and what to ask."""

from __future__ import annotations

from dataclasses import replace

from rules.model import Category, Promises
from rules.phrases import Phrase
from rules.problems import At, Problems
from rules.reading.effects import EffectReader
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.services import take, translations
from rules.reading.words import Unless, phrases
from rules.reading.yaml_tree import Node, Scalar
from rules.scalars import Unreadable
from rules.silence import read_silence
from rules.vocabulary import FACTS, WAYS


def category_ids(fields: Fields, problems: Problems) -> dict[str, At]:
    """List the ids of all categories, before any of them is read."""
    found: dict[str, At] = {}
    _ids(fields, "categories", problems, found)
    return found


def _ids(fields: Fields, name: str, problems: Problems, found: dict[str, At]) -> None:
    quiet = Problems()  # the same blocks are read again later, for good
    node = fields.node(name)
    for item in getattr(node, "items", ()):
        inner = Fields(item, "categorie", quiet, fields.language)
        scalar = inner.values.get("id")
        if isinstance(scalar, Scalar) and not scalar.empty:
            take(found, scalar.text.strip(), scalar.at, "la catégorie", problems)
        _ids(inner, "enfants", problems, found)


class CategoryReader:
    """Reads the tree of categories; children inherit the family."""

    def __init__(self, fields: Fields, names: Names, problems: Problems) -> None:
        self.fields = fields
        self.names = names
        self.problems = problems
        self.effects = EffectReader(names, problems, fields.language)

    def read(self) -> dict[str, Category]:
        found: dict[str, Category] = {}
        for node in self.fields.items("categories"):
            self._category(node, None, found)
        return found

    def _category(self, node: Node, parent: Category | None, found: dict[str, Category]) -> None:
        fields = Fields(node, "categorie", self.problems, self.fields.language)
        if not fields.values:
            return
        fields.require("id", "noms")
        if parent is None:
            fields.require("famille")
        lead = fields.scalar("chef_de_file")
        category = Category(
            id=fields.text("id"),
            at=fields.where("famille") if "famille" in fields else fields.where("id"),
            family=fields.text("famille") or (parent.family if parent else ""),
            names=translations(fields, "noms"),
            phrases=self._words(fields),
            parent=parent.id if parent else None,
            depth=parent.depth + 1 if parent else 0,
            questions=fields.some_of("questions", FACTS) if "questions" in fields else None,
            silence=self._silence(fields),
            promises=self._promises(fields),
            lead=self._lead(lead) if lead else None,
        )
        found.setdefault(category.id, category)
        for child in fields.items("enfants"):
            self._category(child, category, found)

    def _silence(self, fields: Fields) -> str:
        """Take what is said of silence; what tells no date is warned of, and kept."""
        said = fields.text("silence")
        try:
            read_silence(said) if said else None
        except Unreadable as wanted:
            self.problems.warning(
                fields.where("silence"),
                "silence-illisible",
                f"« {said} » ne dit pas quand ni comment le silence décide : "
                "l'accusé de réception n'annoncera aucune date",
                f"Écrivez {wanted}.",
            )
        return said

    def _lead(self, scalar: Scalar) -> str | None:
        ref = self.names.service(scalar)
        return ref.id if ref else None

    def _words(self, fields: Fields) -> tuple[Phrase, ...]:
        node = fields.node("mots")
        if node is None or (isinstance(node, Scalar) and node.empty):
            return ()
        own = phrases(node, self.problems, fields.language, self.names, Unless())
        return tuple(dict.fromkeys(own))

    def _promises(self, fields: Fields) -> Promises:
        promises = self.effects.promises(fields)
        node = fields.node("transmission")
        if node is None:
            return promises
        inner = Fields(node, "transmission", self.problems, fields.language)
        inner.text("adresse")
        return replace(promises, transmit_by=inner.one_of("canal", WAYS))
