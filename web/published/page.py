"""The page of the published rules: who does what, and how a request finds its service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from router.directory import Level, Service
from router.geography import Geography
from router.versions import RulesetVersion
from rules.model import Cell, Configuration, Rule, RuleFile
from web import calendar, wording
from web.alphabet import order
from web.published.absences import PublicAbsences
from web.published.sentences import Sentences

_PRIORITIES = ("danger", "exception", "normale")


@dataclass(frozen=True, slots=True)
class FamilyRow:
    """One line of « qui fait quoi »: the categories, who has them, and where another does."""

    family: str
    categories: tuple[str, ...]
    everywhere: str
    elsewhere: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RuleText:
    """A rule as a citizen reads it."""

    title: str
    danger: bool
    when: tuple[str, ...]
    alternatives: bool
    unless: tuple[str, ...]
    owner: str
    effects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The rules of one file."""

    place: str
    rules: tuple[RuleText, ...]


def page(
    configuration: Configuration, geography: Geography, version: RulesetVersion, now: datetime
) -> str:
    """Write the page: one HTML file that needs no other, and names no person.

    Of absences it shows those that hold at ``now`` (aware) or later.
    """
    sentences, zone = Sentences(configuration), ZoneInfo(configuration.timezone)
    environment = Environment(
        loader=PackageLoader("web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("published.html").render(
        version=version.version,
        hash=version.hash,
        day=calendar.day(version.at, "fr", zone),
        families=_families(configuration, geography, sentences),
        chapters=_chapters(configuration, geography, sentences),
        services=_services(configuration),
        absences=PublicAbsences(configuration, now.astimezone(zone).date()).of,
        default=_default(configuration, sentences),
        place=lambda insee: geography.commune_name(insee) if insee else "",
    )


def _families(
    configuration: Configuration, geography: Geography, sentences: Sentences
) -> list[FamilyRow]:
    cells: dict[str, list[Cell]] = {}
    for cell in configuration.cells:
        cells.setdefault(cell.family, []).append(cell)
    words = wording.load(("fr",), "fr")
    rows = []
    for family, own in cells.items():
        named = [
            category.names.get("fr") or category.id
            for category in configuration.categories.values()
            if category.family == family
        ]
        everywhere = next((one for one in own if one.territory is None), None)
        elsewhere = tuple(
            (_place(one.territory, geography), sentences.owner(one.owner))
            for one in own
            if one.territory is not None
        )
        title = _family(words, family)
        owner = sentences.owner(everywhere.owner) if everywhere else ""
        rows.append(FamilyRow(title, tuple(named), owner, elsewhere))
    return sorted(rows, key=lambda row: order(row.family))


def _family(words: wording.Catalogue, family: str) -> str:
    key = f"family.{family}"
    return words.say("fr", key) if words.has(key) else family.replace("-", " ").capitalize()


def _chapters(
    configuration: Configuration, geography: Geography, sentences: Sentences
) -> list[Chapter]:
    return [
        Chapter(
            _title(file, configuration, geography),
            tuple(_rule(one, sentences) for one in _by_rank(file)),
        )
        for file in configuration.files
        if file.rules
    ]


def _by_rank(file: RuleFile) -> list[Rule]:
    return sorted(file.rules, key=lambda rule: _PRIORITIES.index(rule.priority))


def _title(file: RuleFile, configuration: Configuration, geography: Geography) -> str:
    name = file.path.removesuffix(".yaml").rsplit("/", 1)[-1].replace("-", " ").capitalize()
    if file.territory == configuration.metropole:
        return f"{name} – toute la métropole"
    return f"{name} – {_place(file.territory, geography)}"


def _place(territory: str | None, geography: Geography) -> str:
    if territory is None:
        return "Partout"
    if territory in geography.communes():
        return geography.commune_name(territory)
    return territory.replace("-", " ").capitalize()


def _rule(rule: Rule, sentences: Sentences) -> RuleText:
    effects = sentences.effects(rule.effects)
    for step in rule.steps:
        own = sentences.effects(step.effects)
        if step.effects.owner is not None:
            own.insert(0, f"{sentences.owner(step.effects.owner)} s'en charge.")
        effects.append(f"À {step.confirmations} confirmations : {' '.join(own)}")
    return RuleText(
        rule.id.replace("-", " ").capitalize(),
        rule.priority == "danger",
        tuple(sentences.when(rule)),
        len(rule.when) > 1,
        tuple(sentences.unless(rule)),
        sentences.owner(rule.effects.owner),
        tuple(effects),
    )


def _services(configuration: Configuration) -> list[Service]:
    services = [entry.service for entry in configuration.services.values()]
    return sorted(services, key=lambda one: (list(Level).index(one.level), order(one.name("fr"))))


def _default(configuration: Configuration, sentences: Sentences) -> Mapping[str, str]:
    for file in configuration.files:
        if file.territory == configuration.metropole and file.default is not None:
            return {"owner": sentences.owner(file.default)}
    return {"owner": ""}
