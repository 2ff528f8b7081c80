"""What must be true of an office at any time, read from its rows."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from service.domain.deadlines.slot import current_slot
from service.domain.delivery.status import NEVER_ACCEPTED
from service.domain.law.rule import Version, is_correction
from service.domain.lawbook.law import Law
from tests.flow.ledger import FOOD, OFFICE, START

DAY: Final = timedelta(days=1)

UNDER_WAY: Final = ("due", "sending", "uncertain")
UNTOLD: Final = ("due", "failed", *NEVER_ACCEPTED)
ENDED: Final = ("superseded", "cancelled", "missed")

SEEN: Final = """
    SELECT r.*, p.issued_on, p.expires_on AS now_expires_on, p.shown_number
    FROM reminders r JOIN permits p ON p.id = r.permit_id ORDER BY r.message_id"""

ACTIVE: Final = "SELECT * FROM permits WHERE status = 'active' AND NOT replaced"

Row = dict[str, Any]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def told(row: Row) -> str:
    state = f"{row['state']} ({row['reason']})"
    return f"{row['shown_number']} {row['expires_on']} {row['step']} {state}"


def twice(sent: list[Row], law: Law) -> Iterator[str]:
    """Who was texted in a step and in one it replaces or precedes, or too soon."""
    for at, row in enumerate(sent):
        steps = law.version(row["version_id"]).steps
        gone = {old for it in steps if it.name == row["step"] for old in it.replaces}
        gone |= later(row["step"], law.version(row["version_id"]))
        for one in sent[:at]:
            if one["permit_id"] != row["permit_id"]:
                continue
            if one["expires_on"] == row["expires_on"] and one["step"] in gone:
                yield f"{told(row)}: texted in {one['step']}"
            rested = instant(row["sent_at"]) - instant(one["sent_at"]) >= 3 * DAY
            moved = one["expires_on"] > row["expires_on"] or is_correction(row["step"])
            if not rested and not moved:
                yield f"{told(row)}: just after {one['step']}"


def later(step: str, version: Version) -> set[str]:
    """The steps of a version after one of its own, with those they replace."""
    names = [it.name for it in version.steps]
    after = version.steps[names.index(step) + 1 :] if step in names else ()
    return {name for it in after for name in (it.name, *it.replaces)}


def untrue(fresh: list[Row], law: Law) -> Iterator[str]:
    """Who was texted by a version that does not govern, or of a day not true."""
    for row in fresh:
        expires_on = date.fromisoformat(row["expires_on"])
        right = law.version_for(FOOD, OFFICE, expires_on, day(row["issued_on"]))
        window = law.ladder(FOOD, right, OFFICE, expires_on).window
        sent_at = instant(row["sent_at"] or row["state_at"]).astimezone(
            law.authority(OFFICE).zone
        )
        true = window.announced_closing(sent_at.date())
        if (row["version_id"], day(row["told_on"])) != (right.key, true):
            yield f"{told(row)}: told {row['told_on']}, not {true}"


def stuck(rows: list[Row], now: datetime) -> Iterator[str]:
    for row in rows:
        waits = row["state"] == "due" and instant(row["next_at"]) <= now
        if waits and instant(row["until_at"]) <= now:
            yield f"{told(row)}: its time is over"


def left_alone(one: Row, rows: list[Row], law: Law, now: datetime) -> Iterator[str]:
    """Whether a permit has nothing in its current step, or believes too late a day."""
    if one["renewal_filed_on"]:
        return
    mine = [row for row in rows if row["expires_on"] == one["expires_on"]]
    expires_on = date.fromisoformat(one["expires_on"])
    version = law.version_for(FOOD, OFFICE, expires_on, day(one["issued_on"]))
    ladder = law.ladder(FOOD, version, OFFICE, expires_on)
    where = f"{one['shown_number']}: {[told(row) for row in mine]}"
    slot = current_slot(ladder.slots, now)
    law_order, key = law.step_order(FOOD), version.key
    if slot and not any(
        (
            row["step"] == slot.step
            and (row["state"] not in ENDED or slot.due_at < START)
        )
        or (
            row["step"] in {*slot.replaces, *law_order.later_than(slot.step, key)}
            and row["state"] not in {"due", *NEVER_ACCEPTED}
        )
        for row in mine
    ):
        yield f"{where}: nothing in {slot.step}"
    heard = [
        it["told_on"] for it in mine if it["told_on"] and it["state"] not in UNTOLD
    ]
    busy = any(it["state"] in UNDER_WAY or it["reason"] == "opted out" for it in mine)
    ends_on = ladder.window.closes_on
    closed = law.authority(OFFICE).to_utc(ends_on + DAY, time(0)) <= now
    silent = busy or closed or ladder.window.closing_may_move
    if heard and not silent and heard[-1] > str(ends_on):
        yield f"{where}: believes {heard[-1]}, not {ends_on}"
