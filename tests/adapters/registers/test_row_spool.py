from datetime import date

import pytest

from service.adapters.registers import row_spool
from service.adapters.registers.register_row import RegisterRow
from service.adapters.registers.row_spool import RowSpool
from service.domain.errors import InvalidError, Mistake, SetUpError
from service.domain.permits.permit import Permit
from service.domain.permits.phone import ContactRole

PERMIT = Permit(
    authority="us-nyc",
    rule="us-nyc-parking",
    number="1",
    holder="ACME",
    expires_on=date(2026, 12, 31),
    phones=("+12125550142",),
    phone_roles=(ContactRole.AGENT,),
)


def make_rows(count: int) -> list[RegisterRow]:
    error = InvalidError("f.csv:2", [Mistake("number", "nothing", "it")])
    return [
        RegisterRow(at, [str(at)], PERMIT, None, decision=("skip", "x"))
        if at % 2
        else RegisterRow(at, [str(at)], None, error)
        for at in range(count)
    ]


@pytest.mark.parametrize("in_memory", [1, 1 << 20])
def test_rows_come_back_as_they_were(
    in_memory: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_spool, "_IN_MEMORY", in_memory)
    spool = RowSpool()
    rows = make_rows(1_201)
    for row in rows:
        spool.add(row)
    assert [one.line for one in spool.look()] == [one.line for one in rows]
    found = [*spool.take()]
    assert spool.count == len(found) == len(rows)
    assert [(one.line, one.cells, one.permit, one.decision) for one in found] == [
        (one.line, one.cells, one.permit, one.decision) for one in rows
    ]
    assert [str(one.error) for one in found] == [str(one.error) for one in rows]


def test_a_full_disk_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pickle.dump", refuse)
    spool = RowSpool()
    spool.add(make_rows(1)[0])
    with pytest.raises(SetUpError, match="temporary files: No space left on device"):
        next(spool.take())
    spool.close()
