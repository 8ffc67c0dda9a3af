"""The files of a configuration folder: read once, hashed, never from outside the folder."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

from rules.problems import At, Problems
from rules.reading.fields import Fields
from rules.reading.yaml_tree import Node, read_tree

_FEATURE = re.compile(r'"type"\s*:\s*"Feature"')


class Sources:
    """Reads files by their path from the folder and keeps a hash of each."""

    def __init__(self, folder: Path, problems: Problems) -> None:
        self.folder = folder
        self.problems = problems
        self._hashes: dict[str, str] = {}
        self.broken: set[str] = set()

    @property
    def digest(self) -> str:
        """Hash everything that was read; the same whatever the order of reading."""
        lines = "\n".join(f"{path} {own}" for path, own in sorted(self._hashes.items()))
        return hashlib.sha256(lines.encode()).hexdigest()[:16]

    @property
    def read(self) -> frozenset[str]:
        """The paths of all files that were read, and of those that could not be."""
        return frozenset(self._hashes) | self.broken

    def same(self, path: str, other: str) -> bool:
        """Whether two files that were read hold the same bytes."""
        return self._hashes.get(path) == self._hashes.get(other)

    def exists(self, path: str) -> bool:
        return (self.folder / path).is_file()

    def stands(self, path: str) -> bool:
        """Whether a file stands at a path; a folder or a dead link in its place is told."""
        target = self.folder / path
        if target.is_file():
            return True
        if target.is_dir():
            self._no_file(path, "Ceci est un dossier, et non un fichier", "Renommez-le.")
        elif target.is_symlink():
            self._no_file(path, "Ce lien ne mène à aucun fichier", "Corrigez-le, ou supprimez-le.")
        return False

    def _no_file(self, path: str, message: str, fix: str) -> None:
        self.broken.add(path)
        self.problems.error(At(path), "fichier-illisible", message, fix)

    def below(self, under: str) -> list[str]:
        """List the YAML files below a folder, by path."""
        found = (self.folder / under).rglob("*.yaml")
        paths = sorted(file.relative_to(self.folder).as_posix() for file in found)
        return [path for path in paths if self.stands(path)]

    def raw(self, path: str) -> bytes:
        content = (self.folder / path).read_bytes()
        self._hashes[path] = hashlib.sha256(content).hexdigest()
        return content

    def tree(self, path: str) -> Node | None:
        """Read a YAML file; None when it is empty or refused."""
        before = self.problems.errors
        try:
            raw = self.raw(path)
            tree = _faultless(raw, path) or read_tree(raw, path, self.problems)
        except OSError:
            self._no_file(path, "Ce fichier ne peut pas être lu", "Vérifiez ses droits.")
            tree = None
        if tree is None:
            self.broken.add(path)
            if self.problems.errors == before:
                self.problems.error(
                    At(path), "fichier-vide", "Ce fichier est vide", "Remplissez-le."
                )
        return tree

    def beside(self, path: str, fields: Fields, name: str) -> str | None:
        """Follow a path written in a file, relative to that file."""
        text = fields.text(name)
        return self.resolve(path, text, fields.where(name)) if text else None

    def resolve(self, path: str, text: str, at: At) -> str | None:
        parts: list[str] = []
        for part in (PurePosixPath(path).parent / text).parts:
            if part == ".." and parts:
                parts.pop()
            else:
                parts.append(part)
        target = "/".join(parts)
        if target.startswith(("/", "..")):
            self.problems.error(
                at, "chemin", f"« {text} » sort du dossier", "Placez le fichier dans le dossier."
            )
            return None
        if not self.exists(target):
            self.problems.error(
                at,
                "fichier-manquant",
                f"Le fichier « {text} » n'existe pas",
                f"Créez « {target} », ou corrigez le chemin.",
            )
            return None
        return target

    def json(self, path: str) -> Any:
        """Read a JSON file; None when it is no JSON."""
        try:
            return json.loads(self.raw(path).decode("utf-8-sig"))
        except json.JSONDecodeError as error:
            self.problems.error(
                At(path, error.lineno, error.colno),
                "json",
                "Ce fichier JSON est illisible ici",
                "Vérifiez les guillemets, les virgules et les crochets.",
            )
        except UnicodeDecodeError:
            self.problems.error(
                At(path),
                "encodage",
                "Ce fichier n'est pas lisible en UTF-8",
                "Enregistrez-le en UTF-8.",
            )
        except (
            RecursionError,
            ValueError,
        ):  # brackets in brackets, a number of thousands of digits
            self.problems.error(
                At(path),
                "json",
                "Ce fichier JSON est illisible",
                "Exportez-le à nouveau.",
            )
        except OSError:
            self._no_file(path, "Ce fichier ne peut pas être lu", "Vérifiez ses droits.")
        return None

    def features(self, path: str) -> list[tuple[Mapping[str, Any], Mapping[str, Any], At]]:
        """List (properties, geometry, place) of a GeoJSON file: collection, feature or geometry."""
        data = self.json(path)
        if data is None:
            return []
        if not isinstance(data, dict):
            self._no_geojson(path)
            return []
        kind = data.get("type")
        if kind == "FeatureCollection" and isinstance(data.get("features"), list):
            found = [one for one in data["features"] if isinstance(one, dict)]
        elif kind == "Feature":
            found = [data]
        elif "coordinates" in data or "geometries" in data:
            return [({}, data, At(path))]
        else:
            self._no_geojson(path)
            return []
        places = self._places(path)
        return [
            (
                _block(one.get("properties")),
                _block(one.get("geometry")),
                places[index] if index < len(places) else At(path),
            )
            for index, one in enumerate(found)
        ]

    def _no_geojson(self, path: str) -> None:
        self.problems.error(
            At(path),
            "geojson",
            "Ce fichier n'est pas du GeoJSON",
            "Exportez-le en GeoJSON (FeatureCollection, WGS84).",
        )

    def _places(self, path: str) -> list[At]:
        text = (self.folder / path).read_text(encoding="utf-8-sig")
        places = []
        for found in _FEATURE.finditer(text):
            start = found.start()
            line = text.count("\n", 0, start) + 1
            places.append(At(path, line, start - (text.rfind("\n", 0, start) + 1) + 1))
        return places


def _block(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


@lru_cache(maxsize=128)
def _faultless(raw: bytes, path: str) -> Node | None:
    """Read a file in which nothing is to be told; who saves one file need not wait for all others."""
    problems = Problems()
    tree = read_tree(raw, path, problems)
    return None if problems.found else tree
