"""A rule as the text of a file, as `read_rules` reads it back."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import tomli_w

from service.domain.law.period import Period
from service.domain.law.rule import Rule

_OMITTED_FIELDS = frozenset({"rule", "revision"})
"""What a file never says of a version: its place and its history do."""


def rule_to_toml(rule: Rule) -> str:
    """Write a rule down, without what goes without saying.

    An authority's own versions stand in the same file and name their `jurisdiction`.
    """
    words = dict(_written_fields(rule)) | {"number_tail": f"last {rule.number_tail}"}
    return tomli_w.dumps(words)


def _written_fields(part: object) -> Iterator[tuple[str, object]]:
    assert is_dataclass(part)  # noqa: S101 - only parts of a rule come here
    for field in fields(part):
        value = getattr(part, field.name)
        if field.name not in _OMITTED_FIELDS and value not in (field.default, ()):
            yield field.name, _toml_value(value)


def _toml_value(value: object) -> object:
    if isinstance(value, Period):
        return str(value)
    if isinstance(value, tuple):
        return [_toml_value(one) for one in value]
    return dict(_written_fields(value)) if is_dataclass(value) else value
