"""Writes the JSON Schema of the files, so that an editor completes keys and marks unknown ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from rules.key_titles import description, spelled, title
from rules.reading import shapes
from rules.reading.blocks import BLOCKS
from rules.reading.shapes import FILES, REQUIRED, SHAPES, Shape
from rules.vocabulary import ENGLISH, NO, YES

Schema = dict[str, Any]

# Editors type values before a schema sees them: 44109 is a number there, and « true » no text.
_SCALAR: Schema = {"type": ["string", "number", "boolean"], "minLength": 1}
_WHOLE: Schema = {
    "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^\s*\d{1,9}\s*$"}]
}
_NUMBER: Schema = {
    "anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^\s*[-+]?\d+([.,]\d+)?\s*$"}]
}
_NOTHING: Schema = {"type": "null"}
_LANGUAGE = "^[A-Za-z]{2,3}$"


def json_schema(language: str | None = None) -> Schema:
    """Write one schema (draft 07, which editors know) for all files.

    With ``language`` (fr or en) it knows the keys of this language only; without, each file is
    held to the language that its head names.
    """
    writers = [_Writer(one) for one in (("fr", "en") if language is None else (language,))]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Guichet : fichiers de configuration",
        "description": "Les règles, les services, les catégories, les textes et le territoire.",
        **(_by_head(*writers) if language is None else writers[0].file()),
        "definitions": {
            name: schema for writer in writers for name, schema in writer.definitions().items()
        },
    }


def _by_head(french: _Writer, english: _Writer) -> Schema:
    says_english = [
        {"required": [key], "properties": {key: {"enum": ["en", "EN", "En"]}}}
        for key in ("langue", "language")
    ]
    return {"if": {"anyOf": says_english}, "then": english.file(), "else": french.file()}


def _or_list(one: Schema, *, some: bool = False) -> Schema:
    several: Schema = {"type": "array", "items": one}
    return {"anyOf": [one, {**several, "minItems": 1} if some else several]}


class _Writer:
    """Writes blocks with the keys of one language."""

    def __init__(self, language: str) -> None:
        self.english = language == "en"

    def definitions(self) -> dict[str, Schema]:
        """Write every block, and a word of a list of words, under its own name."""
        blocks = {self._name(block): self.block(block) for block in BLOCKS}
        return {**blocks, self._name("mot"): {"anyOf": [_SCALAR, self._ref("proche")]}}

    def file(self) -> Schema:
        """Write what a whole file may be."""
        return {"anyOf": [self._ref(block) for block in FILES]}

    def _name(self, block: str) -> str:
        return f"en:{block}" if self.english else block

    def _ref(self, block: str) -> Schema:
        return {"$ref": f"#/definitions/{self._name(block)}"}

    def block(self, name: str) -> Schema:
        properties: Schema = {}
        for key in BLOCKS[name]:
            value = {
                "title": title(key),
                "description": description(name, key),
                **self._shape(SHAPES[name][key]),
            }
            for written in self._written(key):
                properties[written] = value
        return {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
            **self._required(REQUIRED.get(name, ())),
        }

    def _written(self, key: str) -> tuple[str, ...]:
        """List the ways to write a key: in French with and without accents."""
        if self.english:
            # the head of a file tells its language before any other key is read
            return (ENGLISH.get(key, key), *(("langue",) if key == "langue" else ()))
        return tuple(dict.fromkeys((key, spelled(key))))

    def _required(self, keys: Iterable[str]) -> Schema:
        plain, several = [], []
        for key in keys:
            ways = self._written(key)
            if len(ways) == 1:
                plain.append(ways[0])
            else:
                several.append({"anyOf": [{"required": [way]} for way in ways]})
        found: Schema = {"required": plain} if plain else {}
        return {**found, "allOf": several} if several else found

    def _shape(self, shape: Shape) -> Schema:
        match shape:
            case shapes.Text():
                one = {**_SCALAR, "examples": list(shape.examples)} if shape.examples else _SCALAR
                return _or_list(one, some=shape.some) if shape.many else one
            case shapes.Number():
                return _NUMBER if shape.decimal else _WHOLE
            case shapes.YesNo():
                return {"enum": ["oui", "non", True, False, *sorted((YES | NO) - {"oui", "non"})]}
            case shapes.Choice():
                one = self._choice(shape.values)
                return _or_list(one) if shape.many else one
            case shapes.Inside():
                return {"allOf": [self._ref(shape.block)], **self._asked(shape.required)}
            case shapes.ListOf():
                several: Schema = {"type": "array", "items": self._ref(shape.block)}
                return {"anyOf": [several, self._ref(shape.block) if shape.or_one else _NOTHING]}
            case shapes.Named():
                inner = self._shape(shape.value)
                return {"anyOf": [{"type": "object", "additionalProperties": inner}, _NOTHING]}
            case shapes.Translated():
                return self._translated(short=shape.short)
            case shapes.Words():
                line = _or_list(self._ref("mot"))
                return _or_list(line) if shape.groups else {"anyOf": [*line["anyOf"], _NOTHING]}
            case shapes.Point():
                return {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2}
            case shapes.AnyOf():
                one = {"anyOf": [self._shape(own) for own in shape.shapes]}
                return _or_list(one, some=True) if shape.many else one
            case _:
                assert_never(shape)

    def _asked(self, keys: tuple[str, ...]) -> Schema:
        asked = self._required(keys)
        if "allOf" not in asked:
            return asked
        return {"anyOf": [{"allOf": asked.pop("allOf")}], **asked}

    def _choice(self, values: Mapping[str, str]) -> Schema:
        french = [way for value in values for way in dict.fromkeys((value, spelled(value)))]
        if not self.english:
            return {"enum": french}
        return {"enum": list(dict.fromkeys((*values.values(), *french)))}

    def _translated(self, *, short: bool) -> Schema:
        texts: Schema = {
            "type": "object",
            "patternProperties": {_LANGUAGE: _SCALAR},
            "additionalProperties": False,
            "minProperties": 1,
        }
        if not short:
            return texts
        said = {"title": "court", "description": "Les mêmes textes, plus courts, pour les SMS."}
        own = {"short" if self.english else "court": {**said, **texts, "minProperties": 0}}
        return {**texts, "properties": own}
