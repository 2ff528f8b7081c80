"""What a person orders of sending: stop it, resume it, decide on a message."""

from collections.abc import Mapping
from typing import Final

from service.domain.errors import InvalidError
from service.domain.untrusted.raw_fields import RawFields
from service.domain.untrusted.text import safe_label, show_value

SCOPE_ALL: Final = "all"

SCOPE_SYNTAX: Final = "all, rule:CODE, authority:CODE or office:CODE"

MAX_REASON_LENGTH: Final = 200

_LONGEST_SCOPE: Final = 130


def is_scope(text: str) -> bool:
    """Whether it is written like one; its code may still be unknown."""
    kind, _, code = text.partition(":")
    return text == SCOPE_ALL or (kind in {"rule", "authority", "office"} and bool(code))


def parse_operator_request(
    values: Mapping[str, object], *fields: str
) -> dict[str, str]:
    """Read these fields of an order, `scope` or `reason`.

    Where no scope is said all is meant; a blank one is a mistake, for it may be a
    variable that was never set.

    Raises `InvalidError` with all the mistakes, an unknown field among them.
    """
    raw, order = RawFields(values), dict[str, str]()
    for name in values:
        if name not in fields:
            raw.add_mistake(
                safe_label(name), "an unknown field", f"one of {', '.join(fields)}"
            )
    if "scope" in fields:
        order["scope"] = _scope(raw, values)
    if "reason" in fields:
        order["reason"] = raw.required_text(
            "reason", MAX_REASON_LENGTH, "why, in one line"
        )
    if raw.mistakes:
        raise InvalidError("order", raw.mistakes)
    return order


def _scope(raw: RawFields, values: Mapping[str, object]) -> str:
    if values.get("scope") is None:
        return SCOPE_ALL
    scope = raw.required_text("scope", _LONGEST_SCOPE, SCOPE_SYNTAX)
    if scope and not is_scope(scope):
        raw.add_mistake("scope", show_value(scope), SCOPE_SYNTAX)
    return scope
