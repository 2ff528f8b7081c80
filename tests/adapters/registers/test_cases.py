"""Registers of one mistake each that offices have published or reported."""

from pathlib import Path

import pytest

from service.adapters.phones import read_phone
from service.adapters.registers.csv_file import read_csv
from service.domain.errors import InvalidError

CASES = Path(__file__).parents[4] / "shared" / "data" / "cases"

pytestmark = pytest.mark.skipif(not CASES.exists(), reason="the cases are not here")


def outcomes(number: str) -> list[str]:
    """Per row: the permit's number and the lines of its phones, or why it is none."""
    (folder,) = CASES.glob(f"{number}-*")
    found = []
    for row in read_csv(folder / "register.csv", default_authority="us-ca"):
        if row.error:
            found.append(f"rejected {row.error.mistakes[0].field}")
        elif row.permit:
            lines = [read_phone(one, "US").line for one in row.permit.phones]
            found.append(" ".join([row.permit.number, *lines]))
    return found


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("01", [f"LQ-00000{at} invalid" for at in range(1, 6)]),
        ("02", [f"LQ-00000{at} fixed" for at in range(1, 6)]),
        ("03", ["rejected number"] * 3 + ["4E2096 mobile"]),
        ("05", ["1461260 mobile"]),
        ("06", ["rejected number"] * 5),
        ("08", ["SC-7002 mobile"]),
        ("18", ["rejected number"] * 4),
        ("20", ["A-1 invalid", "A-2 invalid", "A-3", "A-4 fixed"]),
        ("27", ["A-1 mobile"]),
    ],
)
def test_what_becomes_of_a_reported_register(case: str, expected: list[str]) -> None:
    assert outcomes(case) == expected


def test_two_columns_of_phones_with_one_name_are_refused() -> None:
    with pytest.raises(InvalidError, match="phones: found 2 columns of that name"):
        outcomes("26")
