"""The ladder of one expiry date: its window, when each step is sent, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from service.domain.authority import Authority
from service.domain.calendar import DAY, Calendar
from service.domain.edge import Edge
from service.domain.period import Anchor, Period
from service.domain.rule import Rule, Step, Version
from service.domain.schedule import Ladder, Slot, Window
from service.domain.window import explain, window


@dataclass(frozen=True, slots=True)
class Rung:
    """A step on its local days: what the rule says, when it goes out, its last day."""

    step: Step
    on: date
    sent_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Reckoning:
    """One expiry date, dated: everything the ladder and its reasons are made of."""

    version: Version
    expires_on: date
    window: Window
    edges: Sequence[Edge]
    rungs: Sequence[Rung]
    law: Calendar
    office: Authority

    def ladder(self) -> Ladder:
        """The window and the steps as instants.

        A step is left out where the next one is due no later: the more urgent text
        says it all.
        """
        return Ladder(self.window, _slots(self.rungs, self.office))

    def reasons(self) -> tuple[str, ...]:
        """Say line by line how the dates came about."""
        kept = {slot.step for slot in self.ladder().slots}
        return (
            f"version {self.version.key}",
            *_moved(self),
            *explain(self.edges, self.law),
            *(
                _line(rung, self.office, left_out=rung.step.name not in kept)
                for rung in self.rungs
            ),
        )


def reckon(
    rule: Rule,
    version: Version,
    expires_on: date,
    authority: Authority,
    calendars: Mapping[str, Calendar],
    *,
    sender: Authority | None = None,
) -> Reckoning:
    """Turn the law into dates for one expiry date.

    Counted on the rule's calendar as the issuing `authority` reads the law; sent on
    the days and hours of `sender`, by default the same office. Raises `InvalidError`
    for a date outside the calendars.
    """
    office = sender or authority
    law = calendars[rule.calendar]
    found, edges = window(
        version,
        expires_on,
        law,
        bare=authority.unqualified_days,
        margin=authority.margin_working_days,
    )
    rungs = [
        _rung(step, days, last_on, office, calendars[office.calendar])
        for step, days, last_on in days_of(version.steps, found, law)
    ]
    return Reckoning(version, expires_on, found, edges, rungs, law, office)


def days_of(
    steps: Sequence[Step], found: Window, calendar: Calendar
) -> list[tuple[Step, date, date]]:
    """Date each step and the last day it may be current, before sending hours.

    That day is its `until`; without one the closing, after closing the expiry.
    """
    anchors: dict[Anchor, date] = {
        "closing": found.closes_on,
        "expiry": found.expires_on,
    }
    if found.opens_on is not None:
        anchors["opening"] = found.opens_on

    def day(period: Period) -> date:
        anchor = anchors[period.anchor]
        if period.kind != "working":
            return period.reckoned_from(anchor)
        count = calendar.surely.back
        if period.direction == "after":
            count = calendar.surely.forward
        return count(anchor, period.amount)

    ends = {True: found.expires_on, False: found.closes_on}
    return [
        (
            step,
            day(step.at),
            day(step.until) if step.until else ends[step.after_closing],
        )
        for step in steps
    ]


def _rung(
    step: Step, on: date, last_on: date, office: Authority, calendar: Calendar
) -> Rung:
    sent_on = on
    while not office.sends_on(sent_on, calendar.surely):
        sent_on += DAY
    if sent_on > last_on:
        sent_on = last_on
        while not office.sends_on(sent_on, calendar.surely):
            sent_on -= DAY
    return Rung(step, on, sent_on, last_on)


def _slots(rungs: Sequence[Rung], office: Authority) -> tuple[Slot, ...]:
    slots: list[Slot] = []
    for rung in reversed(rungs):
        due_at = office.instant(rung.sent_on, office.sends_from)
        until_at = office.instant(rung.last_on + DAY, time(0))
        if slots and slots[-1].due_at <= due_at:
            continue
        if slots:
            until_at = min(until_at, slots[-1].due_at)
        slots.append(_slot(rung.step, due_at, until_at))
    return tuple(reversed(slots))


def _slot(step: Step, due_at: datetime, until_at: datetime) -> Slot:
    return Slot(step.name, due_at, until_at, step.template, step.replaces)


def _moved(it: Reckoning) -> list[str]:
    if it.window.expires_on == it.expires_on:
        return []
    counted = it.version.counts_from
    why = "the end of its month" if counted == "month-end" else "one day for everybody"
    return [f"periods count from {it.window.expires_on}, {why}, not {it.expires_on}"]


def _line(rung: Rung, office: Authority, *, left_out: bool) -> str:
    line = f"{rung.step.name} {rung.step.at}: {rung.on}"
    if rung.sent_on != rung.on:
        line += f", not a day to send, moved to {rung.sent_on}"
    if left_out:
        return f"{line}; left out, the next step is due no later"
    return f"{line}; due {office.sends_from:%H:%M} {office.zone.key}"
