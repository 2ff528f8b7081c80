import json
from collections.abc import Sequence
from datetime import date

import pytest
from sqlalchemy.dialects.sqlite import dialect as sqlite

from service.adapters.store.batch import like
from service.adapters.store.schema import message_reminders

ID = "01936d3e-7b5c-7000-8000-00000000000a"
KEYS = like(message_reminders, ("permit_id", "expires_on", "position"))


def rows(*given: Sequence[object]) -> object:
    return json.loads(KEYS.rows(sqlite(), given)["rows"])


def test_values_are_written_as_their_columns_keep_them() -> None:
    assert rows((ID, date(2024, 12, 31), 0), (None, None, 1)) == [
        [ID.replace("-", ""), "2024-12-31", 0],
        [None, None, 1],
    ]


def test_no_rows_are_an_empty_list() -> None:
    assert rows() == []


@pytest.mark.parametrize(
    "given",
    [
        [(ID, date(2024, 12, 31))],
        [(ID, date(2024, 12, 31), 0, 0)],
        [(ID, date(2024, 12, 31), 0), (ID, date(2024, 12, 31))],
    ],
    ids=["a value is missing", "one too many", "uneven"],
)
def test_a_row_that_does_not_fit_is_refused(given: list[Sequence[object]]) -> None:
    with pytest.raises(ValueError, match="zip"):
        rows(*given)
