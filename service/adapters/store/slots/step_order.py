"""The order of the steps of rules, read from every version that was ever installed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.db.schema import versions
from service.domain.law.step_order import StepNames, StepOrder


async def load_step_orders(
    connection: AsyncConnection, rules: Collection[str]
) -> dict[str, StepOrder]:
    """Load the order of the steps of each of these rules."""
    wanted = select(
        versions.c.rule, versions.c.id, versions.c.document["steps"].label("steps")
    ).where(versions.c.rule.in_(rules))
    ladders = defaultdict[str, dict[str, Sequence[StepNames]]](dict)
    for row in await connection.execute(wanted):
        ladders[row.rule][row.id] = [*map(step_names, row.steps or ())]
    return {rule: StepOrder(ladders[rule]) for rule in rules}


def step_names(step: Any) -> StepNames:  # noqa: ANN401 - a step as a rule file has it
    """The name of a step of a stored version, and those that it replaces."""
    replaces = step.get("replaces", [])
    return step["name"], *([replaces] if isinstance(replaces, str) else replaces)
