"""JSON by dotted names: `data.id` is the field `id` of the object in `data`."""

import json
from collections.abc import Mapping
from typing import Any


def nest_fields(flat: Mapping[str, str]) -> dict[str, Any]:
    """Nest fields by their dotted names; raises `ValueError` for conflicting names."""
    whole: dict[str, Any] = {}
    for name, text in flat.items():
        *outer, last = name.split(".")
        inner: Any = whole
        for one in outer:
            inner = inner.setdefault(one, {}) if isinstance(inner, dict) else None
        if not isinstance(inner, dict) or last in inner:
            raise ValueError(name)
        inner[last] = text
    return whole


def text_at(document: object, name: str) -> str | None:
    """Return a text, or a number or boolean as JSON writes it; else None."""
    for one in name.split("."):
        if not isinstance(document, Mapping):
            return None
        document = document.get(one)
    if isinstance(document, str):
        return document
    return json.dumps(document) if isinstance(document, int | float) else None


def parse_json(text: str | bytes) -> object:
    """Parse JSON; None if it is invalid."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
