"""Find what is there in a homeserver's answer, and nothing where it is not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def object_in(data: Mapping[Any, Any], name: str) -> Json:
    value = data.get(name)
    return value if isinstance(value, Mapping) else {}


def objects_in(data: Json, name: str) -> Iterator[tuple[str, Json]]:
    for key, value in object_in(data, name).items():
        if isinstance(value, Mapping):
            yield str(key), value


def events_in(data: Json, name: str = "events") -> list[Json]:
    listed = data.get(name)
    found: Iterable[object] = listed if isinstance(listed, list) else ()
    return [event for event in found if isinstance(event, Mapping)]
