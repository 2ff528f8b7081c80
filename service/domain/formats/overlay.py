"""An authority's own versions, laid over those of the general rule field by field."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import cast

from service.domain.errors import InvalidError
from service.domain.formats import values as reader
from service.domain.formats.table import Table

_Values = Mapping[str, object]


def complete_overlay(
    rules: Mapping[str, _Values], values: _Values, where: str
) -> _Values:
    """The text of a rule with nothing but the versions of one authority.

    `values` name the rule (`over`), the authority, and versions that say only what is
    different; everything else is that of the general version in force on the same
    day, or else of the earliest. `rules` are the texts of the general rules by code.
    Raises `InvalidError` at `where`.
    """
    table = Table("", values)
    code = table.read("over", partial(_general_rule_code, rules=rules))
    authority = table.read("authority", reader.slug)
    local = table.read("versions", reader.mappings(1))
    table.refuse_unread()
    if table.mistakes:
        raise InvalidError(where, table.mistakes)
    general = cast("Sequence[_Values]", rules[code].get("versions", ()))
    return {
        **rules[code],
        "versions": [
            {**_general_version_for(general, one), **one, "jurisdiction": authority}
            for one in local
        ],
    }


def _general_rule_code(value: object, *, rules: Mapping[str, _Values]) -> str:
    if value in rules:
        return str(value)
    expected = "the code of a rule whose file is in the same folder, or one inside it"
    raise reader.ExpectedError(expected)


def _general_version_for(general: Sequence[_Values], own_version: _Values) -> _Values:
    """The general version that a local one is laid over."""
    dated = sorted(general, key=lambda one: str(one["in_force_from"]))
    since = str(own_version.get("in_force_from", ""))
    before = [one for one in dated if str(one["in_force_from"]) <= since]
    return next(iter(before[-1:] or dated), {})
