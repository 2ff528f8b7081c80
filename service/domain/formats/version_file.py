"""A version as parsed TOML or JSON: its window, its steps, its legal source."""

from collections.abc import Collection
from datetime import date
from functools import partial
from typing import Final, Literal, get_args

from service.domain.calendars.calendar import Calendar
from service.domain.formats import values as reader
from service.domain.formats.rule_check import check_version
from service.domain.formats.table import Table
from service.domain.law.rule import (
    RESERVED_STEPS,
    BilingualText,
    ConflictingSource,
    LateFiling,
    MonthEnd,
    NeverBecause,
    NoReminderReason,
    Reference,
    Step,
    Version,
)

Confidence = Literal["read", "second-hand", "example", "unverified"]
GovernsBy = Literal["expiry", "issue"]
NewTerm = Literal["decision", "expiry"]
CountsFrom = Literal["expiry"] | MonthEnd

CONFIDENCES: Final[tuple[Confidence, ...]] = get_args(Confidence)
GOVERNS_BY: Final[tuple[GovernsBy, ...]] = get_args(GovernsBy)
NEW_TERMS: Final[tuple[NewTerm, ...]] = get_args(NewTerm)
NEVER_REASONS: Final[tuple[NeverBecause, ...]] = get_args(NeverBecause)
LATE_FILING: Final[tuple[LateFiling, ...]] = get_args(LateFiling)
COUNTS_FROM: Final[tuple[CountsFrom, ...]] = ("expiry", "month-end")


def parse_bilingual(table: Table) -> BilingualText:
    """Read the same words in Chinese and English."""
    return BilingualText(table.read("zh", reader.text), table.read("en", reader.text))


def parse_version(
    table: Table,
    *,
    code: str,
    templates: Collection[str],
    law_calendar: Calendar | None,
    least: int,
) -> Version:
    """Read a version with at least so many steps, and try it on real dates."""
    step = partial(_step, templates=templates)
    version = Version(
        rule=code,
        in_force_from=table.read("in_force_from", reader.day),
        closes=table.read("closes", reader.legal_edge),
        steps=table.tables("steps", step, least=least),
        reference=table.table("reference", _reference),
        opens=table.read("opens", reader.legal_edge, default=None),
        in_force_until=table.read("in_force_until", reader.day, default=None),
        revision=table.read("revision", reader.whole(1), default=1),
        governs=table.read("governs", reader.one_of(GOVERNS_BY), default="expiry"),
        late=table.table("late", _late, default=None),
        new_term=table.read("new_term", reader.one_of(NEW_TERMS), default=None),
        conflicts=table.tables("conflicts", _conflict),
        late_filing=table.read("late_filing", reader.one_of(LATE_FILING), default=None),
        counts_from=table.read("counts_from", _counts_from, default="expiry"),
        jurisdiction=table.read("jurisdiction", reader.slug, default=None),
    )
    if law_calendar is not None and not table.mistakes:
        check_version(table, version, law_calendar)
    return version


def _step(table: Table, *, templates: Collection[str]) -> Step:
    return Step(
        name=table.read("name", _step_name),
        at=table.read("at", reader.step_time),
        template=table.read("template", reader.one_of(templates)),
        until=table.read("until", reader.step_time, default=None),
        after_closing=table.read("after_closing", reader.flag, default=False),
        replaces=table.read("replaces", _replaced, default=()),
    )


def _step_name(value: object) -> str:
    name = reader.slug(value)
    if name.startswith(RESERVED_STEPS):
        expected = f"a name that does not begin with {' or '.join(RESERVED_STEPS)}"
        raise reader.ExpectedError(expected)
    return name


def _replaced(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    return tuple(map(reader.slug, names))


def _counts_from(value: object) -> CountsFrom | date:
    for word in COUNTS_FROM:
        if value == word:
            return word
    try:
        return reader.day(value)
    except reader.ExpectedError:
        expected = "expiry, month-end, or a date like 2026-12-31"
        raise reader.ExpectedError(expected) from None


def parse_never(table: Table) -> NoReminderReason:
    """Read why a permit type is never reminded of."""
    return NoReminderReason(
        because=table.read("because", reader.one_of(NEVER_REASONS)),
        why=table.table("why", parse_bilingual),
        reference=table.table("reference", _reference),
    )


def _reference(table: Table) -> Reference:
    return Reference(
        title=table.read("title", reader.text),
        article=table.read("article", reader.text),
        checked_on=table.read("checked_on", reader.day),
        confidence=table.read("confidence", reader.one_of(CONFIDENCES)),
    )


def _conflict(table: Table) -> ConflictingSource:
    return ConflictingSource(
        title=table.read("title", reader.text),
        closes=table.read("closes", reader.legal_edge),
        note=table.table("note", parse_bilingual),
    )


def _late(table: Table) -> BilingualText:
    zh, en = reader.clause(30), reader.clause(70)
    return BilingualText(table.read("zh", zh), table.read("en", en))
