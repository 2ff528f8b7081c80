"""Explain how the instant of each step was computed."""

from collections.abc import Iterator, Mapping
from datetime import date

from service.domain.calendars.calendar import is_weekend
from service.domain.deadlines.ladder import LadderComputation, Rung
from service.domain.deadlines.slot import Slot
from service.domain.deadlines.window import Window
from service.domain.explain.day_counting import name_day_off
from service.domain.local_time import format_local_time


def explain_steps(computation: LadderComputation) -> Iterator[str]:
    """Explain each step in a line: its day, its sending, and its end."""
    slots = {slot.step: slot for slot in computation.to_ladder().slots}
    for rung in computation.rungs:
        parts = [
            _explain_planned_day(rung, computation),
            *_explain_moved_day(rung, computation),
            _sent(rung, computation, slots),
        ]
        yield "; ".join(parts)


def explain_left_out(step: str, computation: LadderComputation) -> str:
    """Explain why a step is left out: the next step that is sent is not due later."""
    names = [rung.step.name for rung in computation.rungs]
    sent = {slot.step for slot in computation.to_ladder().slots}
    after = next(name for name in names[names.index(step) + 1 :] if name in sent)
    return f"left out, because {after} is not due later"


def _explain_planned_day(rung: Rung, computation: LadderComputation) -> str:
    line = f"step {rung.step.name}, {rung.step.at}: {rung.planned_on}"
    if rung.step.at.kind != "working":
        return line
    first, last = sorted((rung.planned_on, _anchor(rung, computation.window)))
    off = computation.law_calendar.describe_days_off(
        first, last, computation.law_calendar.certain_workdays
    )
    return f"{line}, not counting weekends and {'; '.join(off)}" if off else line


def _anchor(rung: Rung, window: Window) -> date:
    if rung.step.at.anchor == "expiry":
        return window.expires_on
    opens = rung.step.at.anchor == "opening" and window.opens_on
    return opens or window.closes_on


def _explain_moved_day(rung: Rung, computation: LadderComputation) -> Iterator[str]:
    no_day, to = (
        _no_sending_day(rung.planned_on, computation),
        _day_to_send(rung.sends_on, computation),
    )
    if rung.sends_on > rung.planned_on:
        yield f"{no_day}, moved to {to}"
    elif rung.sends_on < rung.planned_on:
        why = f"after its last day {rung.last_on}"
        if rung.planned_on <= rung.last_on:
            why = f"{no_day}, and there is none until {rung.last_on}"
        yield f"{why}, moved back to {to}"


def _no_sending_day(day: date, computation: LadderComputation) -> str:
    if computation.sender.sending_days == "working":
        name = name_day_off(day, computation.sending_calendar)
        return f"not a sending day ({name})"
    return f"not a sending day of {computation.sender.code} (a {day:%A})"


def _day_to_send(day: date, computation: LadderComputation) -> str:
    made_up = computation.sender.sending_days == "working" and is_weekend(day)
    return f"{day}, a make-up workday" if made_up else str(day)


def _sent(rung: Rung, computation: LadderComputation, slots: Mapping[str, Slot]) -> str:
    slot = slots.get(rung.step.name)
    if slot is None:
        return explain_left_out(rung.step.name, computation)
    due = format_local_time(slot.due_at, computation.sender.zone)
    return f"due {due} ({slot.due_at:%Y-%m-%d %H:%M} UTC); current until " + _until(
        rung, computation, slot, slots
    )


def _until(
    rung: Rung, computation: LadderComputation, slot: Slot, slots: Mapping[str, Slot]
) -> str:
    for other in slots.values():
        if other.due_at == slot.until_at:
            return (
                f"{other.step} is due, "
                f"{format_local_time(slot.until_at, computation.sender.zone)}"
            )
    return f"the end of {rung.last_on}"
