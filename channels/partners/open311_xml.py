"""Reads the XML answers of GeoReport v2: a list of records, each a few named words."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as Xml

from router.errors import UnreadablePayload

_LISTS = {"services", "service_requests", "service_request_updates", "errors"}


def is_xml(body: bytes) -> bool:
    """Tell whether an answer is XML rather than JSON."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def records(body: bytes) -> list[dict[str, Any]]:
    """Read an answer as the list that it is in JSON; what stands inside a word is left out.

    Raises:
        UnreadablePayload: it is no list of the standard, or declares a type (entities without end).
    """
    tree = _tree(body)
    if _name(tree) not in _LISTS:
        raise UnreadablePayload("the partner's answer is no list")
    return [_record(one) for one in tree]


def attributes(body: bytes) -> list[dict[str, Any]]:
    """Read what a definition of a type of request asks.

    Raises:
        UnreadablePayload: it is no definition, or declares a type.
    """
    tree = _tree(body)
    if _name(tree) != "service_definition":
        raise UnreadablePayload("the partner's answer is no definition")
    return [_record(one) for part in tree if _name(part) == "attributes" for one in part]


def _tree(body: bytes) -> Xml.Element:
    parser = Xml.XMLParser(target=_Plain())  # noqa: S314 -- no document type, so no entity of its own
    try:
        parser.feed(body)
        tree: Xml.Element = parser.close()
    except (Xml.ParseError, ValueError, LookupError) as error:
        raise UnreadablePayload("the partner's answer is no XML") from error
    return tree


def _record(element: Xml.Element) -> dict[str, Any]:
    return {_name(word): word.text for word in element}


def _name(element: Xml.Element) -> str:
    return element.tag.rpartition("}")[2]  # some servers put all into a namespace


class _Plain(Xml.TreeBuilder):
    """Builds the tree of a document without a type of its own."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise UnreadablePayload("the partner's answer declares a document type")
