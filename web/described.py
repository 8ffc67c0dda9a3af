"""An application that describes itself by OpenAPI as it behaves."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

_NEVER_GIVEN = "422"
_ITS_SCHEMAS = ("HTTPValidationError", "ValidationError")


class DescribedApi(FastAPI):
    """Bodies are read by ourselves and refused with 400: the framework's own refusal is left out."""

    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            schema = super().openapi()
            for part in ("paths", "webhooks"):
                for path in schema.get(part, {}).values():
                    for operation in path.values():
                        operation["responses"].pop(_NEVER_GIVEN, None)
            for name in _ITS_SCHEMAS:
                schema.get("components", {}).get("schemas", {}).pop(name, None)
        return self.openapi_schema or {}
