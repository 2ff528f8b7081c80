"""The steps that come later than each step, as rows for the queries of the audit."""

import json
from collections import defaultdict
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import versions
from service.adapters.store.slots.step_order import step_names
from service.domain.delivery.status import NEVER_TEXTED
from service.domain.law.step_order import StepNames, StepOrder

LATER_STEPS: Final = """later_steps (version_id, step, later, since) AS MATERIALIZED (
    SELECT value ->> 0, value ->> 1, value ->> 2, instant[value ->> 3]
    FROM json_each(:later_steps))"""
"""A table of the parameter that `load_later_steps` makes.

`since`: when the version was installed that puts one step later than the other.
"""

_NEVER_TEXTED = ", ".join(f"'{state}'" for state in sorted(NEVER_TEXTED))

TEXTED_AFTER_LATER_STEP: Final = f"""
    SELECT e.permit_id FROM reminder_events e
    JOIN message_reminders l ON l.message_id = e.message_id
    AND l.permit_id = e.permit_id AND l.expires_on = e.expires_on
    AND l.step = e.step
    JOIN later_steps o ON o.version_id = l.version_id AND o.step = e.step
    AND o.since <= e.at
    JOIN reminder_events f ON f.permit_id = e.permit_id
    AND f.expires_on = e.expires_on AND f.step = o.later
    AND f.state = 'sending' AND f.id < e.id
    WHERE e.state = 'sending' AND NOT EXISTS (SELECT 1 FROM reminder_events n
    WHERE n.permit_id = f.permit_id AND n.expires_on = f.expires_on
    AND n.step = f.step AND n.id > f.id AND n.id < e.id
    AND n.state IN ({_NEVER_TEXTED}))"""
"""Permits that were texted in a step while a later one had been, or may have been."""


async def load_later_steps(connection: AsyncConnection) -> str:
    """Every step of every version with the steps that come later, as JSON."""
    wanted = select(
        versions.c.rule,
        versions.c.id,
        versions.c.applied_at,
        versions.c.document["steps"].label("steps"),
    ).order_by(versions.c.batch, versions.c.id)
    ladders = defaultdict[str, dict[str, list[StepNames]]](dict)
    installed_at = dict[str, datetime]()
    for row in await connection.execute(wanted):
        ladders[row.rule][row.id] = [*map(step_names, row.steps or ())]
        installed_at[row.id] = row.applied_at
    orders = {rule: StepOrder(by_version) for rule, by_version in ladders.items()}
    return json.dumps(
        [
            (version, step, later, _stored(installed_at[by]))
            for rule, by_version in ladders.items()
            for version, ladder in by_version.items()
            for step, *_ in ladder
            for later, by in orders[rule].versions_by_later_step(step, version).items()
        ]
    )


def _stored(instant: datetime) -> str:
    """As instants are stored, so that both are ordered alike."""
    return instant.replace(tzinfo=None).isoformat(" ", "microseconds")
