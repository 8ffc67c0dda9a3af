"""Reads a whole configuration folder: every file, every name, every mistake at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from router.directory import Counter
from rules.calendars import Calendar
from rules.model import Category, Cell, Configuration, Role, RuleFile, ServiceEntry
from rules.problems import FOLDER, At, Problem, Problems
from rules.reading.alike_ids import tell_alike
from rules.reading.categories import CategoryReader, category_ids
from rules.reading.checks import check
from rules.reading.competences import CompetenceReader
from rules.reading.copies import tell_copies
from rules.reading.fields import Fields
from rules.reading.names import Names
from rules.reading.rule_files import RuleFileReader, Sheet, head, names_of, read_lists, rule_ids
from rules.reading.services import ServiceReader, read_counters, unique_ids
from rules.reading.sources import Sources
from rules.reading.territory import PATH as TERRITORY
from rules.reading.territory import TerritoryFile, TerritoryReader
from rules.reading.texts import Written, calendar_ids, read_calendars, read_texts
from rules.reading.unread import report_unread
from rules.reading.yaml_tree import Mapping as MappingNode

OPTIONAL = ("compteurs.yaml", "calendriers.yaml")
REQUIRED = ("services.yaml", "competences.yaml", "categories.yaml", TERRITORY)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found: problems, and the configuration, None when one of them is an error."""

    problems: tuple[Problem, ...]
    configuration: Configuration | None


def read(folder: Path) -> Reading:
    """Read a folder; nothing is raised for what people may write."""
    problems = Problems()
    if not folder.is_dir():
        what = "n'est pas un dossier" if folder.exists() else "n'existe pas"
        fix = "Donnez un dossier de configuration."
        problems.error(At(FOLDER), "dossier", f"Le dossier « {folder} » {what}", fix)
        return Reading(problems.sorted(), None)
    configuration = _Reader(folder, problems).read()
    if problems.errors:
        return Reading(problems.sorted(), None)
    return Reading(problems.sorted(), configuration)


class _Reader:
    """Holds the files of one folder while they are read in the order in which names are needed."""

    def __init__(self, folder: Path, problems: Problems) -> None:
        self.problems = problems
        self.sources = Sources(folder, problems)
        self.names = Names(problems)
        self.rule_ids: dict[str, At] = {}

    def read(self) -> Configuration | None:
        for path in REQUIRED:
            if not self.sources.stands(path) and path not in self.sources.broken:
                self.problems.error(
                    At(path), "fichier-manquant", "Ce fichier manque", f"Créez « {path} »."
                )
        territory = self._territory()
        calendars = self._calendars()
        written = self._texts()
        sheets = self._sheets()
        services_head = self._head("services.yaml")
        self._service_ids(services_head)
        categories_head = self._head("categories.yaml")
        self.names.categories = (
            category_ids(categories_head, self.problems) if categories_head else None
        )
        services, roles = self._services(services_head)
        categories = self._categories(categories_head)
        competences = self._competences(categories)
        counters_head = self._head("compteurs.yaml", required=False)
        counters: tuple[Counter, ...] = ()
        if counters_head:
            taken: dict[str, At] = {}
            unique_ids(counters_head, "compteurs", "compteur", "le compteur", taken)
            counters = read_counters(counters_head, self.names, self.problems)
        self.names.counters = (
            None
            if "compteurs.yaml" in self.sources.broken
            else {one.id: (one.channel, one.commune, one.language) for one in counters}
        )
        files = self._files(sheets, territory)
        report_unread(self.sources.folder, self.sources.read, (*REQUIRED, *OPTIONAL), self.problems)
        cells, reader = competences
        if territory is None or services_head is None or reader is None:
            return None
        configuration = Configuration(
            digest=self.sources.digest,
            services=services,
            roles=roles,
            counters=counters,
            categories=categories,
            cells=cells,
            reserved=reader.reserved(),
            agreements=reader.agreements(),
            calendars=calendars,
            texts=written.long,
            short_texts=written.short,
            text_places=written.places,
            territory=territory.description,
            timezone=territory.timezone,
            metropole=territory.metropole,
            court=categories_head.text("tribunal") if categories_head else "",
            files=files,
            lists={
                name: tuple(phrase.written for phrase in own)
                for name, own in (self.names.lists or {}).items()
            },
        )
        unreadable = any(path.startswith("regles") for path in self.sources.broken)
        check(configuration, self.rule_ids, self.problems, unreadable=unreadable or not files)
        return configuration

    def _head(self, path: str, *, required: bool = True) -> Fields | None:
        if not self.sources.stands(path):
            return None
        tree = self.sources.tree(path)
        if tree is None or path in self.sources.broken:
            return None
        fields = head(path, tree, path.rsplit("/", 1)[-1], self.problems)
        main = path.rsplit("/", 1)[-1].removesuffix(".yaml")
        if required and main in {"services", "categories", "competences"}:
            fields.require(main)
        return fields

    def _territory(self) -> TerritoryFile | None:
        fields = self._head(TERRITORY)
        if fields is None:
            self.names.territories = None
            return None
        before = self.problems.errors
        found = TerritoryReader(fields, self.sources, self.names, self.problems).read()
        if self.problems.errors > before and not self.names.communes:
            self.names.territories = None
        return found

    def _calendars(self) -> dict[str, Calendar]:
        fields = self._head("calendriers.yaml", required=False)
        if fields is None:
            broken = "calendriers.yaml" in self.sources.broken
            self.names.calendars = None if broken else ()
            return {}
        self.names.calendars = calendar_ids(fields)
        return read_calendars(fields, self.names, self.problems)

    def _texts(self) -> Written:
        written = Written()
        for path in self.sources.below("textes"):
            tree = self.sources.tree(path)
            if tree is not None and path not in self.sources.broken:
                read_texts(head(path, tree, "textes", self.problems), self.problems, written)
        broken = any(path.startswith("textes/") for path in self.sources.broken)
        self.names.texts = None if broken else set(written.places)
        tell_alike(written.places, "Le texte", self.problems)
        return written

    def _sheets(self) -> list[Sheet]:
        paths = self.sources.below("regles")
        if not paths and not any(path.startswith("regles/") for path in self.sources.broken):
            self.problems.error(
                At("regles"),
                "fichier-manquant",
                "Aucun fichier de règles n'existe",
                "Créez par exemple « regles/metropole.yaml ».",
            )
        sheets = []
        for path in paths:
            tree = self.sources.tree(path)
            if tree is None or path in self.sources.broken:
                continue
            fields = head(path, tree, "regles", self.problems)
            if isinstance(tree, MappingNode):
                sheets.append(Sheet(path, fields.language, fields))
        own = {sheet.path: names_of(sheet) for sheet in sheets}
        copies = tell_copies(own, self.sources.same, self.problems)
        sheets = [sheet for sheet in sheets if sheet.path not in copies]
        self.names.lists = read_lists(sheets, self.problems)
        self.rule_ids = rule_ids(sheets, self.problems)
        tell_alike(self.rule_ids, "La règle", self.problems)
        self.names.rules = self.rule_ids
        if any(path.startswith("regles/") for path in self.sources.broken):
            self.names.lists = None
            self.names.rules = None
        return sheets

    def _service_ids(self, fields: Fields | None) -> None:
        if fields is None:
            self.names.services = None
            return
        taken: dict[str, At] = {}
        unique_ids(fields, "services", "service", "le service", taken)
        self.names.services = set(taken)
        for key, _ in fields.entries("roles"):
            unique_role(taken, key.text.strip(), key.at, self.problems)
        self.names.roles = set(taken) - self.names.services
        tell_alike(taken, "Le nom", self.problems)

    def _services(self, fields: Fields | None) -> tuple[dict[str, ServiceEntry], dict[str, Role]]:
        if fields is None:
            return {}, {}
        reader = ServiceReader(fields, self.names, self.problems)
        return reader.services(), reader.roles()

    def _categories(self, fields: Fields | None) -> dict[str, Category]:
        if fields is None:
            return {}
        return CategoryReader(fields, self.names, self.problems).read()

    def _competences(
        self, categories: dict[str, Category]
    ) -> tuple[tuple[Cell, ...], CompetenceReader | None]:
        fields = self._head("competences.yaml")
        if fields is None:
            return (), None
        reader = CompetenceReader(fields, self.names, self.problems)
        cells = reader.cells()
        reader.check_rows(categories, cells)
        return cells, reader

    def _files(self, sheets: list[Sheet], territory: TerritoryFile | None) -> tuple[RuleFile, ...]:
        files = [RuleFileReader(sheet, self.names, self.problems).read() for sheet in sheets]
        order = {path: rank for rank, path in enumerate(territory.order if territory else ())}
        files.sort(key=lambda file: (order.get(file.path, len(order)), file.path))
        return tuple(files)


def unique_role(taken: dict[str, At], name: str, at: At, problems: Problems) -> None:
    """Roles and services share their names."""
    if name in taken:
        first = taken[name]
        problems.error(
            at,
            "id-en-double",
            f"Le nom « {name} » existe déjà ({first.file}, ligne {first.line})",
            "Choisissez un autre nom : services et rôles les partagent.",
        )
    taken.setdefault(name, at)
