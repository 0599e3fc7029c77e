"""The OpenAPI description. A test holds it against the router; another against the standard."""

from typing import Any


def document(version: str) -> dict[str, Any]:
    """OpenAPI 3.1 of every route."""
    return {"openapi": "3.1.0", "info": {"title": "Vitrine", "version": version}, "paths": {}}
