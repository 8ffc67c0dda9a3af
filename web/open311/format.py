"""Writes the answers of GeoReport v2, in JSON and in XML."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as Xml

from starlette.responses import Response

FORMATS = {"json": "application/json", "xml": "text/xml; charset=utf-8"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Value = Any


class Trouble(Exception):
    """What a client is told instead: a status of HTTP and one sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


def listed(format: str, root: str, item: str, records: Sequence[Mapping[str, Value]]) -> Response:
    """Write a list of records; in XML each stands in ``item`` and all in ``root``."""
    if format == "json":
        return _response(format, json.dumps([_plain(one) for one in records], ensure_ascii=False))
    tree = Xml.Element(root)
    for record in records:
        _fill(Xml.SubElement(tree, item), record)
    return _response(format, _xml(tree))


def single(format: str, root: str, record: Mapping[str, Value]) -> Response:
    """Write one record that is no list (a definition, the discovery)."""
    if format == "json":
        return _response(format, json.dumps(_plain(record), ensure_ascii=False))
    tree = Xml.Element(root)
    _fill(tree, record)
    return _response(format, _xml(tree))


def refused(format: str, trouble: Trouble) -> Response:
    """Write an error as GeoReport v2 does: a list of code and description."""
    record = {"code": trouble.status, "description": str(trouble)}
    answer = listed(format if format in FORMATS else "json", "errors", "error", [record])
    answer.status_code = trouble.status
    if trouble.status == 503:
        answer.headers["retry-after"] = "30"
    return answer


_ELSEWHERE = {
    404: "This path is not known here; it ends with .json or .xml.",
    405: "This path does not take that method.",
    408: "The rest of this request did not come; send it again.",
    413: "The body is too large.",
    503: "The request cannot be kept now; send it again in a moment.",
}


def refused_elsewhere(path: str, status: int, headers: Mapping[str, str]) -> Response:
    """Write the error of a path that no handler of ours answers, in the format that it names."""
    sentence = _ELSEWHERE.get(status, f"This request was refused ({status}).")
    answer = refused(path.rpartition(".")[2], Trouble(status, sentence))
    for name, value in headers.items():
        answer.headers[name] = value
    return answer


def w3(at: datetime) -> str:
    """Write a time as the standard wants it, in UTC and to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _response(format: str, text: str) -> Response:
    content = text.encode("utf-8", "replace")
    headers = {"cache-control": "no-store", "x-robots-tag": "noindex"}
    return Response(content, headers=headers, media_type=FORMATS[format])


def _plain(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return w3(value) if isinstance(value, datetime) else value


def _xml(tree: Xml.Element) -> str:
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(tree, encoding="unicode")


_INNER = {
    "attributes": "attribute",
    "values": "value",
    "endpoints": "endpoint",
    "formats": "format",
}
"""What each member of a list inside a record is called in XML."""


def _fill(element: Xml.Element, record: Mapping[str, Value]) -> None:
    for name, value in record.items():
        child = Xml.SubElement(element, name)
        if isinstance(value, list | tuple):
            for one in value:
                inner = Xml.SubElement(child, _INNER.get(name, "value"))
                if isinstance(one, Mapping):
                    _fill(inner, one)
                else:
                    inner.text = _text(one)
        elif value is not None:
            child.text = _text(value)


def _text(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("", w3(value) if isinstance(value, datetime) else str(value))
