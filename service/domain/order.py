"""What a person orders of sending: stop it, resume it, decide on a message."""

from collections.abc import Mapping
from typing import Final

from service.domain.errors import InvalidError
from service.domain.raw import Raw, label, shown

ALL: Final = "all"

SCOPES: Final = "all, rule:CODE, authority:CODE or office:CODE"

LONGEST_REASON: Final = 200

_LONGEST_SCOPE: Final = 130


def is_scope(text: str) -> bool:
    """Whether it is written like one; its code may still be unknown."""
    kind, _, code = text.partition(":")
    return text == ALL or (kind in {"rule", "authority", "office"} and bool(code))


def order_from(said: Mapping[str, object], *fields: str) -> dict[str, str]:
    """Read these fields of an order, `scope` or `reason`; no scope is all of it.

    Raises `InvalidError` with all the mistakes, an unknown field among them.
    """
    raw, order = Raw(said), dict[str, str]()
    for name in said:
        if name not in fields:
            raw.wrong(label(name), "an unknown field", f"one of {', '.join(fields)}")
    if "scope" in fields:
        order["scope"] = raw.text("scope", _LONGEST_SCOPE) or ALL
        if not is_scope(order["scope"]):
            raw.wrong("scope", shown(order["scope"]), SCOPES)
    if "reason" in fields:
        order["reason"] = raw.required("reason", LONGEST_REASON, "why, in one line")
    if raw.mistakes:
        raise InvalidError("order", raw.mistakes)
    return order
