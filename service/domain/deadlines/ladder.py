"""Compute the ladder of one expiry date: its window, and when each step is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from service.domain.calendars.calendar import DAY, Calendar
from service.domain.deadlines.edge import Edge
from service.domain.deadlines.slot import Ladder, Slot
from service.domain.deadlines.window import Window, compute_window
from service.domain.law.authority import Authority
from service.domain.law.period import Anchor, Period
from service.domain.law.rule import Rule, Step, Version


@dataclass(frozen=True, slots=True)
class Rung:
    """A step's local days: the day the rule gives, the day it is sent, its last day."""

    step: Step
    planned_on: date
    sends_on: date
    last_on: date


@dataclass(frozen=True, slots=True)
class LadderComputation:
    """All that a ladder and its explanation are made of.

    Periods are counted on `law_calendar`, as `authority` reads the law. Texts go out on
    the days of `sending_calendar`, in the hours of `sender`.
    """

    version: Version
    expires_on: date
    window: Window
    edges: Sequence[Edge]
    rungs: Sequence[Rung]
    law_calendar: Calendar
    authority: Authority
    sender: Authority
    sending_calendar: Calendar

    def to_ladder(self) -> Ladder:
        """The window and the steps as instants.

        A step is left out if the next one is due at the same time or earlier: the more
        urgent text replaces it.
        """
        grace_ends = {
            rung.step.name: rung.last_on
            for rung in self.rungs
            if rung.step.after_closing
        }
        return Ladder(self.window, _make_slots(self.rungs, self.sender), grace_ends)


def compute_ladder(
    rule: Rule,
    version: Version,
    expires_on: date,
    authority: Authority,
    calendars: Mapping[str, Calendar],
    *,
    sender: Authority | None = None,
) -> LadderComputation:
    """Compute the window and the steps of one expiry date.

    Periods are counted on the rule's calendar, as the issuing `authority` reads the
    law; steps are sent on the days and hours of `sender`, by default the same office.
    Raises `InvalidError` for a date outside the calendars.
    """
    office = sender or authority
    law_calendar = calendars[rule.calendar]
    window, edges = compute_window(
        version,
        expires_on,
        law_calendar,
        unqualified_days=authority.unqualified_days,
        margin_working_days=authority.margin_working_days,
    )
    sending_calendar = calendars[office.calendar]
    rungs = [
        _make_rung(step, planned_on, last_on, office, sending_calendar)
        for step, planned_on, last_on in date_steps(version.steps, window, law_calendar)
    ]
    return LadderComputation(
        version=version,
        expires_on=expires_on,
        window=window,
        edges=edges,
        rungs=rungs,
        law_calendar=law_calendar,
        authority=authority,
        sender=office,
        sending_calendar=sending_calendar,
    )


def date_steps(
    steps: Sequence[Step], window: Window, calendar: Calendar
) -> list[tuple[Step, date, date]]:
    """Compute each step's planned day and the last day on which it may be current.

    Sending days are not considered yet. The last day is the step's `until`; without
    one it is the closing day, for a step after closing the expiry.
    """
    anchors: dict[Anchor, date] = {
        "closing": window.closes_on,
        "expiry": window.expires_on,
    }
    if window.opens_on is not None:
        anchors["opening"] = window.opens_on

    def day(period: Period) -> date:
        anchor = anchors[period.anchor]
        if period.kind != "working":
            return period.shift(anchor)
        count = calendar.certain_workdays.back
        if period.direction == "after":
            count = calendar.certain_workdays.forward
        return count(anchor, period.amount)

    ends = {True: window.expires_on, False: window.closes_on}
    return [
        (
            step,
            day(step.at),
            day(step.until) if step.until else ends[step.after_closing],
        )
        for step in steps
    ]


def _make_rung(
    step: Step, planned_on: date, last_on: date, office: Authority, calendar: Calendar
) -> Rung:
    sent_on = planned_on
    while not office.sends_on(sent_on, calendar.certain_workdays):
        sent_on += DAY
    if sent_on > last_on:
        sent_on = last_on
        while not office.sends_on(sent_on, calendar.certain_workdays):
            sent_on -= DAY
    return Rung(step, planned_on, sent_on, last_on)


def _make_slots(rungs: Sequence[Rung], office: Authority) -> tuple[Slot, ...]:
    slots: list[Slot] = []
    closings: dict[bool, datetime] = {}
    for rung in reversed(rungs):
        due_at = office.to_utc(rung.sends_on, office.sends_from)
        until_at = office.to_utc(rung.last_on + DAY, time(0))
        if slots and slots[-1].due_at <= due_at:
            continue
        if slots:
            until_at = min(until_at, slots[-1].due_at)
        step = rung.step
        closes_at = closings.setdefault(step.after_closing, until_at)
        dates = due_at, until_at, closes_at
        slots.append(Slot(step.name, *dates, step.template, step.replaces))
    return tuple(reversed(slots))
