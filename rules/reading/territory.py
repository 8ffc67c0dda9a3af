"""Reads territoire.yaml with the outlines, postal codes and layers that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from router.geography import (
    AreaDescription,
    CommuneDescription,
    Geometry,
    LayerDescription,
    TerritoryDescription,
)
from rules import scalars
from rules.coordinates import Box, box_of, wrong_geometry
from rules.problems import At, Problems
from rules.reading.fields import Fields
from rules.reading.names import Names, name_key
from rules.reading.postcodes import read_postcodes
from rules.reading.services import take
from rules.reading.sources import Sources

PATH = "territoire/territoire.yaml"
_BORDER = 15.0
_ON = 15.0


@dataclass(frozen=True, slots=True)
class TerritoryFile:
    """What territoire.yaml says."""

    description: TerritoryDescription
    timezone: str
    order: tuple[str, ...]
    metropole: str


class TerritoryReader:
    """Reads one territory, filling the names that rules may use on the way."""

    def __init__(self, fields: Fields, sources: Sources, names: Names, problems: Problems) -> None:
        self.fields = fields
        self.sources = sources
        self.names = names
        self.problems = problems
        self.box: Box | None = None
        self.taken: dict[str, At] = {}
        self.named: dict[str, str] = {}
        """Every commune of the file, those with a wrong outline too."""
        self.communes: dict[str, str] = {}
        """Their folded names → INSEE codes."""

    def read(self) -> TerritoryFile:
        fields = self.fields
        fields.require("communes", "territoires")
        communes = self._communes()
        if not self.named:
            self.names.territories = None  # no name of a place can be judged
        self.names.learn_communes(self.named, {})
        self.communes = {name_key(name): code for code, name in self.named.items()}
        territories = self._territories()
        zones = self._zones()
        layers = self._layers()
        inside = self._installed(communes, territories)
        away = {one.insee: one.name for one in communes if one not in inside}
        here = {code: name for code, name in self.named.items() if code not in away}
        self.names.learn_communes(here, away)
        postcodes = read_postcodes(PATH, fields, self.sources, {one.insee for one in inside})
        if self.named:
            self.names.territories = {one.id for one in territories}
        self.names.zones = {one.id for one in zones}
        self.names.layers = {one.id: one.tolerance_m for one in layers}
        self.names.postcodes = postcodes
        self.names.timezone = self._timezone()
        self.names.metropole = _metropole(territories, inside)
        self.names.box = self.box
        border = fields.read("tolerance", scalars.tolerance)
        description = TerritoryDescription(
            communes=inside,
            postcodes=postcodes,
            territories=territories,
            zones=zones,
            layers=layers,
            border_m=_BORDER if border is None else border,
        )
        return TerritoryFile(description, self.names.timezone, self._order(), self.names.metropole)

    def _communes(self) -> tuple[CommuneDescription, ...]:
        path = self.sources.beside(PATH, self.fields, "communes")
        found: dict[str, CommuneDescription] = {}
        if path is None:
            return ()
        features = self.sources.features(path)
        for properties, geometry, at in features:
            insee, name = _code(properties.get("insee")), properties.get("nom")
            if not isinstance(insee, str) or not isinstance(name, str):
                self.problems.error(
                    at,
                    "geojson",
                    "Cette commune n'a pas les propriétés « insee » et « nom »",
                    "Ajoutez-les, entre guillemets.",
                )
                continue
            take(self.taken, insee, at, "la commune", self.problems)
            self.named[insee] = name
            if self._sound(geometry, at, f"la commune {name}", area=True):
                found[insee] = CommuneDescription(insee, name, geometry)
        self.box = box_of([one.outline for one in found.values()])
        if not features and not self.problems.errors:
            self.problems.error(
                At(path),
                "geojson",
                "Ce fichier ne contient aucune commune",
                "Ajoutez leurs contours.",
            )
        return tuple(found[insee] for insee in sorted(found))

    def _sound(self, geometry: Mapping[str, Any], at: At, whose: str, *, area: bool) -> bool:
        wrong = wrong_geometry(geometry, self.box, area=area)
        if wrong is None:
            return True
        fix = "GeoJSON veut [longitude, latitude], en degrés WGS84."
        self.problems.error(at, "coordonnees", f"Le contour de {whose} est faux : {wrong}", fix)
        return False

    def _outlines(self, fields: Fields, whose: str) -> tuple[Geometry, ...]:
        path = self.sources.beside(PATH, fields, "contour")
        if path is None:
            return ()
        features = self.sources.features(path)
        return tuple(
            geometry
            for _, geometry, at in features
            if self._sound(geometry, at, f"« {whose} »", area=True)
        )

    def _area(self, fields: Fields, name: str) -> AreaDescription:
        if "communes" not in fields and "contour" not in fields:
            self.problems.error(
                fields.at,
                "cle-manquante",
                f"« {name} » n'a ni « {fields.said('communes')} » ni « {fields.said('contour')} »",
                "Ajoutez l'un des deux.",
            )
        codes = filter(None, map(self.names.commune, fields.scalars("communes")))
        return AreaDescription(name, tuple(dict.fromkeys(codes)), self._outlines(fields, name))

    def _territories(self) -> tuple[AreaDescription, ...]:
        found = []
        for node in self.fields.items("territoires"):
            fields = Fields(node, "territoire", self.problems, self.fields.language)
            fields.require("id")
            name = fields.text("id")
            if name:
                take(self.taken, name, fields.where("id"), "le territoire", self.problems)
                self._no_commune(name, fields.where("id"), "Le territoire")
                found.append(self._area(fields, name))
        if not found and "territoires" in self.fields:
            self.problems.error(
                self.fields.keys["territoires"].at,
                "bloc-vide",
                "Aucun territoire n'est défini",
                "Ajoutez au moins la métropole et ses communes.",
            )
        return tuple({area.id: area for area in found}.values())

    def _zones(self) -> tuple[AreaDescription, ...]:
        found = []
        for key, node in self.fields.entries("zones"):
            take(self.taken, key.text.strip(), key.at, "la zone", self.problems)
            self._no_commune(key.text.strip(), key.at, "La zone")
            fields = Fields(node, "zone", self.problems, self.fields.language)
            found.append(self._area(fields, key.text.strip()))
        return tuple({area.id: area for area in found}.values())

    def _no_commune(self, name: str, at: At, kind: str) -> None:
        """Refuse a name that rules would take for the commune's, or the reverse."""
        code = self.communes.get(name_key(name))
        if code is not None and code != name:  # that one is told already
            self.problems.error(
                at,
                "nom-de-commune",
                f"{kind} « {name} » porte le nom d'une commune ({code})",
                f"Choisissez un autre nom, par exemple « zone-{name_key(name).replace(' ', '-')} ».",
            )

    def _layers(self) -> tuple[LayerDescription, ...]:
        found = []
        for key, node in self.fields.entries("couches"):
            fields = Fields(node, "couche", self.problems, self.fields.language)
            fields.require("fichier")
            path = self.sources.beside(PATH, fields, "fichier")
            tolerance = fields.read("tolerance", scalars.tolerance)
            name = key.text.strip()
            features = self.sources.features(path) if path else []
            objects = tuple(
                geometry
                for _, geometry, at in features
                if self._sound(geometry, at, f"« {name} »", area=False)
            )
            found.append(LayerDescription(name, objects, _ON if tolerance is None else tolerance))
        return tuple(found)

    def _installed(
        self, communes: tuple[CommuneDescription, ...], territories: tuple[AreaDescription, ...]
    ) -> tuple[CommuneDescription, ...]:
        """Keep the communes of the territories; the others only tell what lies outside."""
        listed = {code for area in territories for code in area.communes}
        if not listed:
            return communes
        boxes = [box for area in territories if (box := box_of(list(area.outlines)))]
        return tuple(one for one in communes if one.insee in listed or _centred(one.outline, boxes))

    def _timezone(self) -> str:
        scalar = self.fields.scalar("fuseau")
        if scalar is None:
            return "Europe/Paris"
        try:
            return ZoneInfo(scalar.text.strip()).key
        except (ZoneInfoNotFoundError, ValueError):
            self.problems.error(
                scalar.at,
                "fuseau-inconnu",
                f"Le fuseau « {scalar.text} » n'existe pas",
                "Écrivez par exemple « Europe/Paris ».",
            )
            return "Europe/Paris"

    def _order(self) -> tuple[str, ...]:
        found = []
        for scalar in self.fields.scalars("ordre"):
            path = self.sources.resolve("x", scalar.text.strip(), scalar.at)
            if path in found:
                self.problems.error(
                    scalar.at,
                    "valeur-en-double",
                    f"Le fichier « {scalar.text} » est deux fois dans l'ordre",
                    "Gardez-le une seule fois.",
                )
            elif path is not None:
                found.append(path)
        return tuple(found)


def _code(value: Any) -> Any:
    """Take a code that a drawing program wrote as a number; no digit is lost from five on."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if whole and len(str(value)) == 5 else value


def _centred(outline: Geometry, boxes: list[Box]) -> bool:
    own = box_of([outline])
    if own is None:
        return False
    lon, lat = (own.west + own.east) / 2, (own.south + own.north) / 2
    return any(b.west <= lon <= b.east and b.south <= lat <= b.north for b in boxes)


def _metropole(
    territories: tuple[AreaDescription, ...], communes: tuple[CommuneDescription, ...]
) -> str:
    """Find the territory of the whole: the one called so, else the one of the largest extent."""
    outlines = {one.insee: one.outline for one in communes}
    extents: dict[str, float] = {}
    for area in territories:
        drawn = [*area.outlines, *(outlines[code] for code in area.communes if code in outlines)]
        boxes = [box for one in drawn if (box := box_of([one]))]
        extents[area.id] = sum((b.east - b.west) * (b.north - b.south) for b in boxes)
    if "metropole" in extents:
        return "metropole"
    return max(extents, key=lambda name: extents[name], default="")
