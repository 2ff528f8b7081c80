"""What a person orders of sending: stop it, resume it, decide on a message."""

from collections.abc import Mapping
from typing import Final

from service.domain.errors import InvalidError
from service.domain.formats.raw import Raw, label, shown

ALL: Final = "all"

SCOPES: Final = "all, rule:CODE, authority:CODE or office:CODE"

LONGEST_REASON: Final = 200

_LONGEST_SCOPE: Final = 130


def is_scope(text: str) -> bool:
    """Whether it is written like one; its code may still be unknown."""
    kind, _, code = text.partition(":")
    return text == ALL or (kind in {"rule", "authority", "office"} and bool(code))


def order_from(said: Mapping[str, object], *fields: str) -> dict[str, str]:
    """Read these fields of an order, `scope` or `reason`.

    Where no scope is said all is meant; a blank one is a mistake, for it may be a
    variable that was never set.

    Raises `InvalidError` with all the mistakes, an unknown field among them.
    """
    raw, order = Raw(said), dict[str, str]()
    for name in said:
        if name not in fields:
            raw.wrong(label(name), "an unknown field", f"one of {', '.join(fields)}")
    if "scope" in fields:
        order["scope"] = _scope(raw, said)
    if "reason" in fields:
        order["reason"] = raw.required("reason", LONGEST_REASON, "why, in one line")
    if raw.mistakes:
        raise InvalidError("order", raw.mistakes)
    return order


def _scope(raw: Raw, said: Mapping[str, object]) -> str:
    if said.get("scope") is None:
        return ALL
    scope = raw.required("scope", _LONGEST_SCOPE, SCOPES)
    if scope and not is_scope(scope):
        raw.wrong("scope", shown(scope), SCOPES)
    return scope
