"""The law as documents: tables of text, numbers and lists, as JSON knows them.

The database stores these, answers of the API show them, and two states of the law are
compared by them. `service.formats` reads them back.
"""

from dataclasses import fields, is_dataclass, replace
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

from service.domain.calendars.office_year import CalendarYear
from service.domain.law.authority import WEEKDAYS, Authority
from service.domain.law.period import Period
from service.domain.law.rule import Rule, Version

Document = dict[str, Any]


def rule_to_dict(rule: Rule) -> Document:
    """Write a rule with its versions."""
    return _table(rule) | {"number_tail": f"last {rule.number_tail}"}


def rule_fields_to_dict(rule: Rule) -> Document:
    """Write a rule without its versions, which are documents of their own."""
    document = rule_to_dict(replace(rule, versions=()))
    del document["versions"]
    return document


def version_to_dict(version: Version) -> Document:
    """Write a version as it stands in the file of its rule."""
    return _table(version)


def authority_to_dict(office: Authority) -> Document:
    """Write an office as it stands in a file."""
    document = _table(office)
    if office.sending_days != "working":
        document["sending_days"] = [
            WEEKDAYS[day - 1] for day in sorted(office.sending_days)
        ]
    return document


def calendar_year_to_dict(office_year: CalendarYear) -> Document:
    """Write the days of a year as they stand in a file."""
    off = office_year.off
    return {
        "calendar": office_year.calendar,
        "year": office_year.year,
        "published": office_year.published,
        "source": office_year.source,
        "off": [{"day": str(day), "name": off[day]} for day in sorted(off)],
        "worked": [str(day) for day in sorted(office_year.worked)],
    }


def _table(part: Any) -> Document:  # noqa: ANN401 - any dataclass of the law
    """Write what a part of the law states; None states nothing.

    The rule of a version is the file in which it stands.
    """
    values = {field.name: getattr(part, field.name) for field in fields(part)}
    return {
        name: _value(value)
        for name, value in values.items()
        if value is not None and not (name == "rule" and isinstance(part, Version))
    }


def _value(value: object) -> object:
    match value:
        case ZoneInfo():
            return value.key
        case time():
            return value.isoformat("minutes")
        case date() | Period():
            return str(value)
        case tuple():
            return [_value(one) for one in value]
        case _:
            return _table(value) if is_dataclass(value) else value
