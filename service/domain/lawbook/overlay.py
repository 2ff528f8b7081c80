"""An authority's own versions, laid over those of the general rule field by field."""

from collections.abc import Mapping, Sequence
from typing import cast

Values = Mapping[str, object]
"""A table of a file as TOML gives it."""


def complete_overlay(general_rule: Values, overlay: Values) -> Values:
    """Complete an authority's own versions to the table of a whole rule.

    Own versions state only what differs. The rest is that of the general version in
    force on the same day, or of the earliest one where none was. Both tables were
    found well formed before.
    """
    general, authority = _versions(general_rule), overlay["authority"]
    return {
        **general_rule,
        "versions": [
            {**_general_version_for(general, one), **one, "jurisdiction": authority}
            for one in _versions(overlay)
        ],
    }


def _versions(table: Values) -> Sequence[Values]:
    return cast("Sequence[Values]", table.get("versions", ()))


def _general_version_for(general: Sequence[Values], own_version: Values) -> Values:
    dated = sorted(general, key=lambda one: str(one["in_force_from"]))
    since = str(own_version["in_force_from"])
    before = [one for one in dated if str(one["in_force_from"]) <= since]
    return next(iter(before[-1:] or dated), {})
