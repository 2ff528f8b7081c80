"""How a step came to its instant, in plain English."""

from collections.abc import Iterator, Mapping
from datetime import date

from service.domain.calendars.calendar import weekend
from service.domain.deadlines.ladder import Reckoning, Rung
from service.domain.deadlines.slot import Slot
from service.domain.deadlines.window import Window
from service.domain.explain.day_counting import day_off
from service.domain.local_time import local_time


def stepped(it: Reckoning) -> Iterator[str]:
    """Say of each step which day it is, when it is sent, and until when it is true."""
    slots = {slot.step: slot for slot in it.ladder().slots}
    for rung in it.rungs:
        parts = [_by_the_rule(rung, it), *_moved(rung, it), _sent(rung, it, slots)]
        yield "; ".join(parts)


def left_out(step: str, it: Reckoning) -> str:
    """Say why a step is not sent: the next one that is has no later instant."""
    names = [rung.step.name for rung in it.rungs]
    kept = {slot.step for slot in it.ladder().slots}
    after = next(one for one in names[names.index(step) + 1 :] if one in kept)
    return f"left out, {after} is due no later"


def _by_the_rule(rung: Rung, it: Reckoning) -> str:
    line = f"step {rung.step.name}, {rung.step.at}: {rung.on}"
    if rung.step.at.kind != "working":
        return line
    first, last = sorted((rung.on, _anchor(rung, it.window)))
    off = it.law.days_off(first, last, it.law.surely)
    return f"{line}, not counting weekends and {'; '.join(off)}" if off else line


def _anchor(rung: Rung, window: Window) -> date:
    if rung.step.at.anchor == "expiry":
        return window.expires_on
    opens = rung.step.at.anchor == "opening" and window.opens_on
    return opens or window.closes_on


def _moved(rung: Rung, it: Reckoning) -> Iterator[str]:
    no_day, to = _no_day(rung.on, it), _day_to_send(rung.sent_on, it)
    if rung.sent_on > rung.on:
        yield f"{no_day}, moved to {to}"
    elif rung.sent_on < rung.on:
        why = f"after its last day {rung.last_on}"
        if rung.on <= rung.last_on:
            why = f"{no_day}, nor is there one until {rung.last_on}"
        yield f"{why}, moved back to {to}"


def _no_day(day: date, it: Reckoning) -> str:
    if it.office.sending_days == "working":
        return f"no day to send ({day_off(day, it.sending)})"
    return f"no day on which {it.office.code} sends (a {day:%A})"


def _day_to_send(day: date, it: Reckoning) -> str:
    made_up = it.office.sending_days == "working" and weekend(day)
    return f"{day}, a make-up workday" if made_up else str(day)


def _sent(rung: Rung, it: Reckoning, slots: Mapping[str, Slot]) -> str:
    slot = slots.get(rung.step.name)
    if slot is None:
        return left_out(rung.step.name, it)
    due = local_time(slot.due_at, it.office.zone)
    return f"due {due} ({slot.due_at:%Y-%m-%d %H:%M} UTC); current until " + _until(
        rung, it, slot, slots
    )


def _until(rung: Rung, it: Reckoning, slot: Slot, slots: Mapping[str, Slot]) -> str:
    for other in slots.values():
        if other.due_at == slot.until_at:
            return f"{other.step} is due, {local_time(slot.until_at, it.office.zone)}"
    return f"the end of {rung.last_on}"
