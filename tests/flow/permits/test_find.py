"""Permits that are listed, without reading all of them."""

import pytest
from sqlalchemy import event

from service.adapters.store.permits.reader import SqlPermitReader
from tests.flow.ledger import Ledger, permit


@pytest.mark.parametrize("district", ["11", "1101", "110101"])
async def test_the_permits_of_a_district_are_found_by_its_index(
    ledger: Ledger, district: str
) -> None:
    await ledger.register(
        permit(),
        permit("SC-0002", district="110101"),
        permit("SC-0003", district="120101"),
    )
    said = list[str]()
    reader = ledger.database._reader.sync_engine  # noqa: SLF001 - what it says to SQLite

    @event.listens_for(reader, "before_cursor_execute")
    def _hear(*args: object) -> None:
        said.append(str(args[2]))

    store = SqlPermitReader(ledger.database)
    first = await store.page(None, None, None, 10, district=district)
    assert [one.number for one in first] == ["SC-0002"]
    assert await store.page(None, None, first[0].id, 10, district=district) == []
    asked = next(one for one in said if "FROM permits" in one)
    plan = ledger.rows("EXPLAIN QUERY PLAN " + asked.replace("?", "'1'"))
    details = [row["detail"] for row in plan]
    index = "SEARCH permits USING COVERING INDEX ix_permits_district (district>? AND"
    assert any(one.startswith(index) for one in details), details
    assert not any(one.startswith("SCAN permits") for one in details), details
