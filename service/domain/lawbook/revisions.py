"""Revisions of what the law holds: equal as long as nobody has changed it."""

import hashlib
import json
from collections.abc import Iterable

from service.domain.law.rule import Language
from service.domain.lawbook.documents import (
    authority_to_dict,
    calendar_year_to_dict,
    rule_fields_to_dict,
)
from service.domain.lawbook.law import Law

_LENGTH = 32
"""Hexadecimal digits: 128 bits, so that no two states share one."""


def revision_of(state: object) -> str:
    """The revision of a state that is made of plain values."""
    text = json.dumps(state, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def authority_revision(law: Law, code: str) -> str | None:
    """The revision of an authority's settings; None if it is not installed."""
    office = law.authorities.get(code)
    return None if office is None else revision_of(authority_to_dict(office))


def rule_revision(law: Law, code: str) -> str | None:
    """The revision of a rule with its versions, shadows too; None if unknown."""
    rule = law.rules.get(code)
    if rule is None:
        return None
    shadows = [one.key for one in law.shadow_versions if one.rule == code]
    versions = [one.key for one in rule.versions]
    return revision_of([rule_fields_to_dict(rule), versions, shadows])


def calendar_year_revision(law: Law, calendar: str, year: int) -> str:
    """The revision of the office's own days of a year, also where it has none."""
    own = [
        calendar_year_to_dict(one)
        for one in law.office_years
        if (one.calendar, one.year) == (calendar, year)
    ]
    return revision_of([calendar, year, own])


def template_revision(name: str, versions: Iterable[tuple[Language, int]]) -> str:
    """The revision of a template, from the languages and numbers of its versions."""
    saved = sorted(one for one in versions if one[1])  # 0 is the shipped text
    return revision_of([name, saved])
