"""The names of communes as the live rules have them, for commands that need nothing else of these."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def commune_names(files: Mapping[str, bytes]) -> dict[str, str]:
    """Read the communes of a configuration: INSEE code → name; what is no map gives none."""
    found: dict[str, str] = {}
    for path, content in files.items():
        if path.endswith(".geojson") and b'"insee"' in content:
            found |= dict(filter(None, map(_named, _features(content))))
    return found


def _features(content: bytes) -> list[Any]:
    try:
        read = json.loads(content)
    except (ValueError, RecursionError):
        return []
    features = read.get("features") if isinstance(read, dict) else None
    return features if isinstance(features, list) else []


def _named(feature: Any) -> tuple[str, str] | None:
    about = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(about, dict):
        return None
    code, name = about.get("insee"), about.get("nom")
    return (code, name) if isinstance(code, str) and isinstance(name, str) else None
