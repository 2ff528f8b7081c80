"""Explain how the opening and the closing of a window were counted."""

from collections.abc import Iterator, Sequence
from datetime import date

from service.domain.calendars.calendar import Calendar, makeup_workdays
from service.domain.deadlines.edge import Edge, count_readings
from service.domain.law.authority import Authority


def explain_counting(
    edges: Sequence[Edge], calendar: Calendar, office: Authority
) -> Iterator[str]:
    """Explain line by line how each edge was counted, as `office` reads the law."""
    for edge in edges:
        yield from _explain_reading(edge, calendar, office)
        yield from _explain_skipped_days(edge, calendar)
        yield from _explain_moves(edge, calendar, office)
    if all(edge.final for edge in edges):
        return
    may_move = any(edge.may_move and edge.kind == "closes" for edge in edges)
    names = "a round day before the closing" if may_move else "the closing, which stays"
    yield (
        f"provisional: the holidays of {calendar.code} are published until "
        f"{calendar.covered_until}; later ones are taken at their longest, without "
        f"make-up workdays; texts name {names}, and the days are counted again once "
        "they are published"
    )


def _explain_reading(
    edge: Edge, calendar: Calendar, office: Authority
) -> Iterator[str]:
    yield f"{edge.kind} {edge.period}: {_readings(edge)}"
    if edge.period.kind == "unqualified":
        yield _explain_unqualified_days(edge, calendar, office)


def _readings(edge: Edge) -> str:
    if edge.strict_on != edge.lenient_on:
        return (
            f"strict {edge.strict_on}, with all of them between it and "
            f"{edge.expires_on}; lenient {edge.lenient_on}, with {edge.expires_on} as "
            "one of them; texts name the "
            f"{'later' if edge.kind == 'opens' else 'earlier'} one"
        )
    if (
        edge.period.unit in {"month", "year"}
        and edge.strict_on.day != edge.expires_on.day
    ):
        return (
            f"{edge.strict_on}, the last day of a month without a {edge.expires_on:%d}"
        )
    if (
        edge.in_working_days
        and edge.period.amount
        and edge.period.direction == "before"
    ):
        return (
            f"{edge.strict_on} by either reading: {edge.expires_on} is not a "
            "working day"
        )
    return str(edge.strict_on)


def _explain_unqualified_days(edge: Edge, calendar: Calendar, office: Authority) -> str:
    before = edge.kind == "closes"
    index = calendar.certain_workdays if before else calendar.possible_workdays
    strict, lenient = count_readings(
        edge.period, edge.expires_on, index, in_working_days=True
    )
    plain = edge.period.shift(edge.expires_on)
    why = f"as {office.code} reads it"
    if office.unqualified_days == "safe":
        why = f"the safe reading of {'a closing' if before else 'an opening'}"
    return (
        f"{edge.kind}: the law says only days; as working days strict {strict}, "
        f"lenient {lenient}, as calendar days {plain}; "
        f"read as {'working' if edge.in_working_days else 'calendar'} days, {why}"
    )


def _explain_skipped_days(edge: Edge, calendar: Calendar) -> Iterator[str]:
    if not edge.in_working_days:
        return
    first, last = sorted((edge.strict_on, edge.expires_on))
    off = calendar.describe_days_off(first, last, edge.workdays)
    holidays = "; ".join(off) or "no holiday lies between"
    yield f"{edge.kind}: not counted: weekends; {holidays}"
    if worked := makeup_workdays(first, last, edge.workdays):
        yield f"{edge.kind}: counted as make-up workdays: {', '.join(map(str, worked))}"


def _explain_moves(edge: Edge, calendar: Calendar, office: Authority) -> Iterator[str]:
    if edge.kind == "opens":
        yield from _explain_move("opens", edge.lenient_on, edge.safe_on, calendar)
        return
    rolled = calendar.certain_workdays.on_or_before(edge.strict_on)
    yield from _explain_move("closes", edge.strict_on, rolled, calendar)
    if edge.strict_on != edge.lenient_on:
        yield from _explain_move(
            "closes, lenient", edge.lenient_on, edge.rolled_lenient_on, calendar
        )
    if edge.safe_on != rolled:
        margin = office.margin_working_days
        days = "a working day" if margin == 1 else f"{margin} working days"
        yield (
            f"closes: texts name {edge.safe_on}, {days} earlier, because "
            f"{office.code} keeps a margin"
        )


def _explain_move(
    edge: str, day: date, moved_to: date, calendar: Calendar
) -> Iterator[str]:
    if day != moved_to:
        where = "earlier" if moved_to < day else "later"
        name = name_day_off(day, calendar)
        yield (
            f"{edge}: {day} is not a working day ({name}), moved {where} to {moved_to}"
        )


def name_day_off(day: date, calendar: Calendar) -> str:
    """The name of a day off: its holiday, or else its weekday."""
    return calendar.day_off_names.get(day, f"a {day:%A}")
