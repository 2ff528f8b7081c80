"""An operator's request to pause or resume sending, or to decide on a message."""

from collections.abc import Mapping
from typing import Final

from service.domain.errors import InvalidError
from service.domain.untrusted.raw_fields import RawFields
from service.domain.untrusted.text import safe_name, show_private

SCOPE_ALL: Final = "all"

SCOPE_SYNTAX: Final = "all, rule:CODE, authority:CODE, office:CODE or resend:PROVIDER"

MAX_REASON_LENGTH: Final = 200

MAX_NAME_LENGTH: Final = 80
"""Characters of the name of a key, of who approves a start or owns a staff phone."""

_KINDS: Final = frozenset({"rule", "authority", "office", "resend"})

_LONGEST_SCOPE: Final = 130


def is_scope(text: str) -> bool:
    """Whether a text has the syntax of a scope; its code may still be unknown."""
    kind, _, code = text.partition(":")
    return text == SCOPE_ALL or (kind in _KINDS and bool(code))


def parse_operator_request(
    values: Mapping[str, object], *fields: str
) -> dict[str, str]:
    """Read the named `fields` of a request: "scope", "reason" or both.

    Without a scope it is "all". A blank scope is a mistake, because it may come from a
    variable that was never set. Raises `InvalidError` with all mistakes; a field that
    is not named is one of them.
    """
    raw, request = RawFields(values), dict[str, str]()
    for name in values:
        if name not in fields:
            raw.add_mistake(
                safe_name(name),
                "an unknown field",
                f"one of {', '.join(fields)}",
            )
    if "scope" in fields:
        request["scope"] = _scope(raw, values)
    if "reason" in fields:
        request["reason"] = raw.required_text(
            "reason", MAX_REASON_LENGTH, "why, in one line"
        )
    if raw.mistakes:
        raise InvalidError("order", raw.mistakes)
    return request


def _scope(raw: RawFields, values: Mapping[str, object]) -> str:
    if values.get("scope") is None:
        return SCOPE_ALL
    scope = raw.required_text("scope", _LONGEST_SCOPE, SCOPE_SYNTAX)
    if scope and not is_scope(scope):
        raw.add_mistake("scope", show_private(scope), SCOPE_SYNTAX)
    return scope
