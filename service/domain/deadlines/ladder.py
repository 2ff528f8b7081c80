"""The ladder of one expiry date: its window, and when each step is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from service.domain.calendars.calendar import DAY, Calendar
from service.domain.deadlines.edge import Edge
from service.domain.deadlines.slot import Ladder, Slot
from service.domain.deadlines.window import Window, window
from service.domain.law.authority import Authority
from service.domain.law.period import Anchor, Period
from service.domain.law.rule import Rule, Step, Version


@dataclass(frozen=True, slots=True)
class Rung:
    """A step on its local days: what the rule says, when it goes out, its last day."""

    step: Step
    on: date
    sent_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class Reckoning:
    """One expiry date, dated: everything the ladder and its trace are made of.

    `authority` reads the law by its calendar `law`, `office` sends by its own,
    `sending`.
    """

    version: Version
    expires_on: date
    window: Window
    edges: Sequence[Edge]
    rungs: Sequence[Rung]
    law: Calendar
    authority: Authority
    office: Authority
    sending: Calendar

    def ladder(self) -> Ladder:
        """The window and the steps as instants.

        A step is left out where the next one is due no later: the more urgent text
        says it all.
        """
        return Ladder(self.window, _slots(self.rungs, self.office))


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
    sending = calendars[office.calendar]
    rungs = [
        _rung(step, days, last_on, office, sending)
        for step, days, last_on in days_of(version.steps, found, law)
    ]
    return Reckoning(
        version=version,
        expires_on=expires_on,
        window=found,
        edges=edges,
        rungs=rungs,
        law=law,
        authority=authority,
        office=office,
        sending=sending,
    )


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
    closings: dict[bool, datetime] = {}
    for rung in reversed(rungs):
        due_at = office.instant(rung.sent_on, office.sends_from)
        until_at = office.instant(rung.last_on + DAY, time(0))
        if slots and slots[-1].due_at <= due_at:
            continue
        if slots:
            until_at = min(until_at, slots[-1].due_at)
        step = rung.step
        closes_at = closings.setdefault(step.after_closing, until_at)
        dates = due_at, until_at, closes_at
        slots.append(Slot(step.name, *dates, step.template, step.replaces))
    return tuple(reversed(slots))
