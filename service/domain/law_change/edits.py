"""The edits that a person can make to the law."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.domain.calendars.calendar import Calendar
from service.domain.calendars.office_year import CalendarYear
from service.domain.law.authority import Authority
from service.domain.law.rule import Rule


@dataclass(frozen=True, slots=True)
class RulesEdit:
    """Install rules: a version that is new, or a revision of one that differs.

    With `shadow` they are only computed for comparison and never send.
    """

    rules: Sequence[Rule]
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class RevertEdit:
    """Restore what was in force before the last change of a rule."""

    rule: str


@dataclass(frozen=True, slots=True)
class AuthoritiesEdit:
    """Install authorities, or replace installed ones."""

    authorities: Sequence[Authority]


@dataclass(frozen=True, slots=True)
class CalendarYearsEdit:
    """Install the office's own days of some years, or replace installed ones."""

    years: Sequence[CalendarYear]


@dataclass(frozen=True, slots=True)
class HolidaysEdit:
    """Take over a new release of the published holidays; edits nothing itself.

    `published_before` are the calendars that gave the permits their present dates.
    """

    published_before: Mapping[str, Calendar]


Edit = RulesEdit | RevertEdit | AuthoritiesEdit | CalendarYearsEdit | HolidaysEdit
