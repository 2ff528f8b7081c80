"""The order of the steps of rules, read from every version that was ever installed."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CTE, ColumnElement, Select, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.json_rows import JsonRows, json_texts
from service.adapters.store.db.schema import permits, slots, versions
from service.adapters.store.reminders.transitions import was_texted_in
from service.domain.law.step_order import StepNames, StepOrder


async def load_step_orders(
    connection: AsyncConnection, rules: Collection[str]
) -> dict[str, StepOrder]:
    """Load the order of the steps of each of these rules."""
    ladders = await _load_ladders(connection, rules)
    return {rule: StepOrder(ladders[rule]) for rule in rules}


async def bind_excluding_steps(
    connection: AsyncConnection, rules: Collection[str] | Select[tuple[str]]
) -> dict[str, str]:
    """Bind the steps of these rules to a statement with `EXCLUDING_STEPS`."""
    rows = [
        (version, step, json.dumps([*replaced, *order.later_than(step, version)]))
        for of_rule in (await _load_ladders(connection, rules)).values()
        for order in [StepOrder(of_rule)]
        for version, ladder in of_rule.items()
        for step, *replaced in ladder
    ]
    return _ROWS.bind(connection.dialect, rows)


async def _load_ladders(
    connection: AsyncConnection, rules: Collection[str] | Select[tuple[str]]
) -> defaultdict[str, dict[str, Sequence[StepNames]]]:
    """The steps of each version of each rule, in the order of their days."""
    wanted = select(
        versions.c.rule, versions.c.id, versions.c.document["steps"].label("steps")
    ).where(versions.c.rule.in_(rules))
    ladders = defaultdict[str, dict[str, Sequence[StepNames]]](dict)
    for row in await connection.execute(wanted):
        ladders[row.rule][row.id] = [*map(step_names, row.steps or ())]
    return ladders


def step_names(step: Any) -> StepNames:  # noqa: ANN401 - a step as a rule file has it
    """The name of a step of a stored version, and those that it replaces."""
    replaces = step.get("replaces", [])
    return step["name"], *([replaces] if isinstance(replaces, str) else replaces)


_ROWS = JsonRows(
    {
        "version_id": slots.c.version_id.type,
        "step": slots.c.step.type,
        "excluding": Text(),
    }
)

EXCLUDING_STEPS: Final[CTE] = (
    select(_ROWS.table).cte("excluding_steps").prefix_with("MATERIALIZED")
)
"""By version and step, as JSON, the steps whose text excludes one in it.

Those that it replaces, and later ones; `bind_excluding_steps` binds them.
"""

IS_SLOT_WITH_EXCLUDING_STEPS: Final = (
    EXCLUDING_STEPS.c.version_id == slots.c.version_id
) & (EXCLUDING_STEPS.c.step == slots.c.step)
"""Joins a slot with its row of `EXCLUDING_STEPS`."""


def had_excluding_text(before: datetime | None = None) -> ColumnElement[bool]:
    """Whether a permit was texted in a step whose text excludes one in a slot.

    With `before`, whether it was by that instant.
    """
    steps = json_texts(EXCLUDING_STEPS.c.excluding)
    return was_texted_in(steps, permits.c.id, permits.c.expires_on, before)
