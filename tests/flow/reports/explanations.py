"""The explanation of the ledger's first permit."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from service.adapters.store.permits.reader import SqlPermitReader
from service.adapters.store.reports.explain import SqlExplainStore
from service.flow.reports.explain import explain_permit
from tests.flow.ledger import PHONE_1, Ledger

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)

Answer = Mapping[str, Any]


async def explanation(
    ledger: Ledger, version: str | None = None, number: str = "SC-0001"
) -> Answer:
    """The whole answer about a permit, by default the first."""
    [shown] = await SqlPermitReader(ledger.database).find_by_number([number])
    law, now = await ledger.office.current_law(), ledger.clock.now()
    store = SqlExplainStore(ledger.database)
    answer = await explain_permit(law, shown, store, now, version)
    assert PHONE_1 not in str(answer)
    return answer


async def outcomes(ledger: Ledger) -> dict[str, str]:
    return {one["step"]: one["outcome"] for one in (await explanation(ledger))["steps"]}


def moves(answer: Answer) -> list[list[str]]:
    return [[move["what"] for move in one["moves"]] for one in answer["history"]]
