"""How the edges of a window were counted, in plain English."""

from collections.abc import Iterator, Sequence
from datetime import date

from service.domain.calendars.calendar import Calendar, made_up
from service.domain.deadlines.edge import Edge, read
from service.domain.law.authority import Authority


def counted(
    edges: Sequence[Edge], calendar: Calendar, office: Authority
) -> Iterator[str]:
    """Say line by line how each edge came about, as `office` reads the law."""
    for edge in edges:
        yield from _read(edge, calendar, office)
        yield from _skipped(edge, calendar)
        yield from _moved(edge, calendar, office)
    if not all(edge.final for edge in edges):
        yield (
            f"provisional: the holidays of {calendar.code} are published until "
            f"{calendar.covered_until}; later ones are taken at their longest, without "
            "make-up workdays, no text names the day, and it is counted anew once they "
            "are published"
        )


def _read(edge: Edge, calendar: Calendar, office: Authority) -> Iterator[str]:
    yield f"{edge.word} {edge.period}: {_readings(edge)}"
    if edge.period.kind == "unqualified":
        yield _bare(edge, calendar, office)


def _readings(edge: Edge) -> str:
    if edge.strict != edge.lenient:
        return (
            f"strict {edge.strict}, with all of them between it and "
            f"{edge.expires_on}; lenient {edge.lenient}, with {edge.expires_on} as "
            f"one of them; the {'later' if edge.word == 'opens' else 'earlier'} is told"
        )
    if edge.period.unit in {"month", "year"} and edge.strict.day != edge.expires_on.day:
        return f"{edge.strict}, the last day of a month without a {edge.expires_on:%d}"
    if edge.works and edge.period.amount and edge.period.direction == "before":
        return f"{edge.strict} by either reading: {edge.expires_on} is no working day"
    return str(edge.strict)


def _bare(edge: Edge, calendar: Calendar, office: Authority) -> str:
    before = edge.word == "closes"
    index = calendar.surely if before else calendar.possibly
    strict, lenient = read(edge.period, edge.expires_on, index, works=True)
    plain = edge.period.reckoned_from(edge.expires_on)
    why = f"as {office.code} reads it"
    if office.unqualified_days == "safe":
        why = f"the safe reading of {'a closing' if before else 'an opening'}"
    return (
        f"{edge.word}: the law says only days; as working days strict {strict}, "
        f"lenient {lenient}, as calendar days {plain}; "
        f"read as {'working' if edge.works else 'calendar'} days, {why}"
    )


def _skipped(edge: Edge, calendar: Calendar) -> Iterator[str]:
    if not edge.works:
        return
    first, last = sorted((edge.strict, edge.expires_on))
    off = calendar.days_off(first, last, edge.days)
    holidays = "; ".join(off) or "no holiday lies between"
    yield f"{edge.word}: not counted: weekends; {holidays}"
    if worked := made_up(first, last, edge.days):
        yield f"{edge.word}: counted as make-up workdays: {', '.join(map(str, worked))}"


def _moved(edge: Edge, calendar: Calendar, office: Authority) -> Iterator[str]:
    if edge.word == "opens":
        yield from _move("opens", edge.lenient, edge.told, calendar)
        return
    rolled = calendar.surely.on_or_before(edge.strict)
    yield from _move("closes", edge.strict, rolled, calendar)
    if edge.strict != edge.lenient:
        yield from _move("closes, lenient", edge.lenient, edge.outer, calendar)
    if edge.told != rolled:
        margin = office.margin_working_days
        days = "a working day" if margin == 1 else f"{margin} working days"
        yield f"closes: told {edge.told}, {days} earlier, by {office.code}'s own margin"


def _move(what: str, day: date, to: date, calendar: Calendar) -> Iterator[str]:
    if day != to:
        where = "earlier" if to < day else "later"
        name = day_off(day, calendar)
        yield f"{what}: {day} is no working day ({name}), moved {where} to {to}"


def day_off(day: date, calendar: Calendar) -> str:
    """Name a day that is not worked: its holiday, else its weekday."""
    return calendar.names.get(day, f"a {day:%A}")
