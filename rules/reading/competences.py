"""Reads competences.yaml: who is in charge of a family where nothing more special applies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from rules import scalars
from rules.model import Agreement, Category, Cell, Ref
from rules.problems import At, Problems, proposal
from rules.reading.blocks import BLOCKS
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.yaml_tree import Mapping as MappingNode
from rules.reading.yaml_tree import Node, Scalar
from rules.vocabulary import plain

_EVERYWHERE = {"fr": "partout", "en": "everywhere"}


class CompetenceReader:
    """Reads the table, what is reserved, and what is granted."""

    def __init__(self, fields: Fields, names: Names, problems: Problems) -> None:
        self.fields = fields
        self.names = names
        self.problems = problems
        self.everywhere = _EVERYWHERE[fields.language]

    def cells(self) -> tuple[Cell, ...]:
        found: list[Cell] = []
        seen: dict[str, At] = {}
        for key, node in self.fields.entries("competences"):
            family = key.text.strip()
            seen[family] = key.at
            if not isinstance(node, MappingNode) or not node.entries:
                self.problems.error(
                    key.at if isinstance(node, Scalar) and node.empty else node.at,
                    "case-vide",
                    f"La ligne « {family} » n'a pas de case",
                    f"Écrivez « {family}: {{{self.everywhere}: service}} ».",
                )
                continue
            found += self._row(family, key, node)
        return tuple(found)

    def _row(self, family: str, key: Scalar, node: MappingNode) -> list[Cell]:
        cells: dict[str | None, Cell] = {}
        for column, value in node.entries:
            everywhere = plain(column.text) == self.everywhere
            territory = None if everywhere else self.names.territory(column)
            if not isinstance(value, Scalar) or value.empty:
                self._no_service(family, column, value)
                if everywhere:
                    cells.setdefault(None, Cell(family, column.text, None, _nobody(column)))
                continue
            owner = self.names.service(value)
            if (territory is None and not everywhere) or owner is None:
                if everywhere:
                    cells.setdefault(None, Cell(family, column.text, None, _nobody(column)))
                continue
            if territory in cells:
                self.problems.error(
                    column.at,
                    "cle-en-double",
                    f"« {column.text} » a déjà une case dans la ligne « {family} »",
                    "Gardez-en une seule.",
                )
                continue
            name = "partout" if everywhere else column.text.strip()
            cells[territory] = Cell(family, name, territory, owner)
        if None not in cells:
            self.problems.error(
                key.at,
                "partout-manquant",
                f"La ligne « {family} » n'a pas de case « {self.everywhere} »",
                f"Ajoutez « {self.everywhere}: service ».",
            )
        return list(cells.values())

    def _no_service(self, family: str, column: Scalar, value: Node) -> None:
        cell = f"La case « {family} / {column.text} »"
        if isinstance(value, Scalar):
            self.problems.error(
                column.at,
                "case-vide",
                f"{cell} est vide",
                "Nommez le service en charge, ou enlevez la colonne.",
            )
        else:
            self.problems.error(
                value.at,
                "valeur-simple",
                f"{cell} attend un seul service",
                "Gardez le service en charge, sans crochets ni accolades.",
            )

    def check_rows(self, categories: Mapping[str, Category], cells: tuple[Cell, ...]) -> None:
        """Report a family of a category that has no row."""
        rows = {cell.family for cell in cells} | set(self.families())
        told: set[str] = set()
        for category in categories.values():
            if category.family and category.family not in rows and category.family not in told:
                told.add(category.family)
                self.problems.error(
                    category.at,
                    "famille-sans-ligne",
                    f"La famille « {category.family} » n'a pas de ligne dans competences.yaml",
                    proposal(category.family, rows),
                )

    def families(self) -> list[str]:
        return [key.text.strip() for key, _ in self.fields.entries("competences")]

    def reserved(self) -> dict[str, tuple[str, ...]]:
        node = self.fields.node("reserve")
        if node is None:
            return {}
        inner = Fields(node, "reserve", self.problems, self.fields.language)
        found = {level: self._families(inner, level) for level in BLOCKS["reserve"]}
        self._reserved_once(inner)
        return found

    def _reserved_once(self, inner: Fields) -> None:
        """Refuse a family that neither level could then give to its own services."""
        levels: dict[str, str] = {}
        for level in BLOCKS["reserve"]:
            for scalar in inner.scalars(level):
                first = levels.setdefault(scalar.text.strip(), level)
                if first != level:
                    self.problems.error(
                        scalar.at,
                        "valeur-en-double",
                        f"La famille « {scalar.text} » est déjà réservée sous « {inner.said(first)} »",
                        "Gardez-la d'un seul côté.",
                    )

    def _families(self, fields: Fields, name: str) -> tuple[str, ...]:
        known = self.families()
        found = []
        for scalar in fields.scalars(name):
            family = scalar.text.strip()
            if family in known:
                found.append(family)
            else:
                self.problems.error(
                    scalar.at,
                    "famille-inconnue",
                    f"La famille « {family} » n'a pas de ligne dans competences.yaml",
                    proposal(family, known),
                )
        return tuple(found)

    def agreements(self) -> tuple[Agreement, ...]:
        found = []
        for node in self.fields.items("accords"):
            fields = Fields(node, "accord", self.problems, self.fields.language)
            fields.require("a", "famille")
            grantee = self._grantee(fields)
            families = self._families(fields, "famille")
            until = self._until(fields)
            if grantee:
                found += [Agreement(grantee, family, until, fields.at) for family in families]
        return tuple(found)

    def _grantee(self, fields: Fields) -> str | None:
        scalar = fields.scalar("a")
        return self.names.territory(scalar) if scalar else None

    def _until(self, fields: Fields) -> date | None:
        day = fields.read("jusqu_au", scalars.day)
        if day is None:
            return None
        if day.year is None:
            self.problems.error(
                fields.where("jusqu_au"),
                "dates",
                "Il manque l'année",
                "Écrivez par exemple 2027-12-31.",
            )
            return None
        return date(day.year, day.month, day.day)


def _nobody(scalar: Scalar) -> Ref:
    return Ref("", scalar.at)
