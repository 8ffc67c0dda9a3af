"""Turns the nouns into JSON and back, driven by their type hints.

A field that holds its default is left out, and an absent one gets its default: a field that the
router adds later needs no migration.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Convert = Callable[[Any], Any]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_dumps = json.JSONEncoder(separators=(",", ":")).encode


def to_us(moment: datetime) -> int:
    """Count microseconds since 1970.

    Raises:
        TypeError: the moment has no time zone.
    """
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def from_us(us: int) -> datetime:
    return EPOCH + timedelta(microseconds=us)


def member(name: str, value: str) -> str:
    """Write one member of a body as :class:`Body` writes it; in no text can the same stand."""
    return _dumps({name: value})[1:-1]


def us_or_none(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def moment_or_none(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


class Body(Generic[T]):
    """Writes and reads the fields of a dataclass as JSON text, but for those kept in columns."""

    def __init__(self, noun: type[T], columns: Collection[str] = ()) -> None:
        self._noun = noun
        self._encode = _encode_fields(noun, columns)
        self._decoders = _decoders(noun)

    def dump(self, value: T) -> str:
        return _dumps(self._encode(value))

    def load(self, body: str, **columns: Any) -> T:
        decoders = self._decoders
        for name, value in json.loads(body).items():
            if name in decoders:  # else: a field that a newer version wrote
                decode = decoders[name]
                columns[name] = value if decode is None else decode(value)
        return self._noun(**columns)


def _encode_fields(noun: type[Any], leave_out: Collection[str]) -> Convert:
    hints = get_type_hints(noun)
    plan = []
    for field in fields(noun):
        if field.name in leave_out:
            continue
        default = field.default
        if default is MISSING and field.default_factory is not MISSING:
            default = field.default_factory()
        plan.append((field.name, default, _encoder(hints[field.name])))

    def encode(value: Any) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, default, convert in plan:
            item = getattr(value, name)
            if item is not default and item != default:
                found[name] = item if convert is None or item is None else convert(item)
        return found

    return encode


def _encoder(hint: Any) -> Convert | None:
    """Build the way of one type to JSON; None where the value can go as it is."""
    hint = _without_none(hint)
    if hint is datetime:
        return to_us
    if hint is date:
        return date.isoformat
    if is_dataclass(hint) and isinstance(hint, type):
        return _encode_fields(hint, ())
    if get_origin(hint) is tuple:
        convert = _encoder(get_args(hint)[0])
        return list if convert is None else lambda items: [convert(item) for item in items]
    return None


def _decoders(noun: type[Any]) -> Mapping[str, Convert | None]:
    hints = get_type_hints(noun)
    return {field.name: _decoder(hints[field.name]) for field in fields(noun)}


def _decoder(hint: Any) -> Convert | None:
    optional = hint is not _without_none(hint)
    convert = _plain_decoder(_without_none(hint))
    if convert is None or not optional:
        return convert
    return lambda value: None if value is None else convert(value)


def _plain_decoder(hint: Any) -> Convert | None:
    if hint is datetime:
        return from_us
    if hint is date:
        return date.fromisoformat
    if is_dataclass(hint) and isinstance(hint, type):
        decoders = _decoders(hint)
        return lambda found: hint(
            **{
                name: value if (convert := decoders[name]) is None else convert(value)
                for name, value in found.items()
                if name in decoders
            }
        )
    if get_origin(hint) is tuple:
        convert = _decoder(get_args(hint)[0])
        return tuple if convert is None else lambda items: tuple(convert(item) for item in items)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    return None


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in {Union, types.UnionType}:
        left = [part for part in get_args(hint) if part is not type(None)]
        if len(left) == 1:
            return left[0]
    return hint
