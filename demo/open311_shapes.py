"""Write what a simulated Open311 server says, in JSON or in XML, whole or a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from starlette.responses import JSONResponse, Response

_ITEMS = {
    "services": "service",
    "service_requests": "request",
    "service_request_updates": "request_update",
    "errors": "error",
}


def written(
    format: str,
    root: str,
    records: Sequence[Any],
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Write a list; ``root`` is what XML calls it."""
    if format == "json":
        return JSONResponse(list(records), status, headers)
    tree = Xml.Element(root)
    for record in records:
        item = Xml.SubElement(tree, _ITEMS[root])
        for name, value in record.items():
            Xml.SubElement(item, name).text = None if value is None else str(value)
    body = Xml.tostring(tree, encoding="utf-8", xml_declaration=True)
    return Response(body, status, headers, media_type="text/xml")


def page_of(records: Sequence[Any], most: int | None, query: Mapping[str, str]) -> Sequence[Any]:
    """Cut a list to the page that is asked for; whole where the server knows no pages."""
    if most is None:
        return records
    size = min(most, int(query.get("page_size", most)))
    first = (int(query.get("page", 1)) - 1) * size
    return records[first : first + size]


def service_of(code: str, metadata: bool) -> dict[str, Any]:
    """Write one type of request; ``metadata``: there is a definition of what it asks beside."""
    return {
        "service_code": code,
        "service_name": f"Type {code}",
        "description": "",
        "metadata": "true" if metadata else "false",
        "type": "realtime",
        "keywords": "",
        "group": "",
    }


def definition_of(format: str, code: str, attributes: Sequence[Mapping[str, Any]]) -> Response:
    """Write what a type of request asks."""
    if format == "json":
        return JSONResponse({"service_code": code, "attributes": list(attributes)})
    tree = Xml.Element("service_definition")
    Xml.SubElement(tree, "service_code").text = code
    inside = Xml.SubElement(tree, "attributes")
    for attribute in attributes:
        item = Xml.SubElement(inside, "attribute")
        for name, value in attribute.items():
            Xml.SubElement(item, name).text = (
                str(value).lower() if value in (True, False) else value
            )
    return Response(Xml.tostring(tree, encoding="utf-8"), media_type="text/xml")
