"""What a person may change of the law: every such change is planned, told and kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from service.domain.calendars.calendar import Calendar
from service.domain.calendars.office_year import CalendarYear
from service.domain.law.authority import Authority
from service.domain.law.rule import Rule


@dataclass(frozen=True, slots=True)
class RulesEdit:
    """Install versions: new ones, and as further revisions those that differ.

    With `shadow` they are only computed beside the active ones and never send.
    """

    rules: Sequence[Rule]
    shadow: bool = False


@dataclass(frozen=True, slots=True)
class RevertEdit:
    """Go back to what was in force before the last change of a rule."""

    rule: str


@dataclass(frozen=True, slots=True)
class AuthoritiesEdit:
    """Install authorities, or replace what was known of them."""

    authorities: Sequence[Authority]


@dataclass(frozen=True, slots=True)
class CalendarYearsEdit:
    """Install the office's own days of some years, or replace those known."""

    years: Sequence[CalendarYear]


@dataclass(frozen=True, slots=True)
class HolidaysEdit:
    """Change nothing, but take in what a new release of the holidays says.

    `published_before` are the calendars as permits were dated by them.
    """

    published_before: Mapping[str, Calendar]


Edit = RulesEdit | RevertEdit | AuthoritiesEdit | CalendarYearsEdit | HolidaysEdit
