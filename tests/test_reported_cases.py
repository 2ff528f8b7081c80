"""What happens to the small inputs that offices have published or reported.

Case 12 is about the law that governs old rows, and left out here.
"""

import re
import tomllib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from service.adapters.phones import read_phone
from service.adapters.registers.mapping import RegisterMapping
from service.adapters.registers.mapping_file import load_mapping, mapping_from
from service.adapters.registers.register_file import read_register
from service.domain.errors import InvalidError
from service.domain.messages.keywords import match_keyword

CASES = Path(__file__).parents[2] / "shared" / "data" / "cases"

if not CASES.exists():
    pytest.skip(
        "../shared is not here, so its cases are not run", allow_module_level=True
    )


def case(number: str, name: str) -> Path:
    (folder,) = CASES.glob(f"{number}-*")
    return folder / name


def outcomes(register: Path, mapping: RegisterMapping | None = None) -> list[str]:
    """Per row: the permit's number and the lines of its phones, or why it is none."""
    found = []
    for row in read_register(register, mapping, default_authority="us-ca"):
        if row.error:
            found.append(f"rejected {row.error.mistakes[0].field}")
        elif row.permit:
            lines = [read_phone(one, "US").line for one in row.permit.phones]
            found.append(" ".join([row.permit.number, *lines]))
        else:
            found.append(f"repeats line {row.repeats}")
    return found


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("01", [f"LQ-00000{at} invalid" for at in range(1, 6)]),
        ("02", [f"LQ-00000{at} fixed" for at in range(1, 6)]),
        ("03", ["rejected number"] * 3 + ["4E2096 mobile"]),
        ("05", ["1461260 mobile"]),
        ("06", ["rejected number"] * 5),
        ("08", ["SC-7002 mobile"]),
        ("11", ["rejected row", "A-2 mobile"]),
        ("16", ["A-1 mobile"]),
        ("17", ["A-1 mobile"]),
        # Row 5 contradicts the others: none of the four is taken.
        ("18", ["rejected number"] * 4),
        ("20", ["A-1 invalid", "A-2 invalid", "A-3", "A-4 fixed"]),
        ("27", ["A-1 mobile"]),
        ("28", ["rejected row", "rejected row", "A-3 mobile"]),
    ],
)
def test_what_becomes_of_a_reported_register(number: str, expected: list[str]) -> None:
    assert outcomes(case(number, "register.csv")) == expected


def test_rows_that_only_repeat_one_are_that_permit_once(tmp_path: Path) -> None:
    *same, _ = case("18", "register.csv").read_text("utf-8").splitlines()
    register = tmp_path / "register.csv"
    register.write_text("\n".join(same), "utf-8")
    expected = ["21MFF-90030 mobile", "repeats line 2", "repeats line 2"]
    assert outcomes(register) == expected


@pytest.mark.parametrize(
    ("number", "line", "expected"),
    [
        (
            *("14", ""),
            ["A-1 2026", "A-2 2068", *(["rejected expires_on"] * 3)],
        ),
        (
            *("14", "two_digit_years_from = 1970"),
            ["A-1 2026", "A-2 2068", "A-3 2069", "A-4 1999", "rejected expires_on"],
        ),
        ("15", "", ["A-1 2027"]),
    ],
)
def test_what_a_mapping_makes_of_a_reported_register(
    number: str, line: str, expected: list[str]
) -> None:
    document = tomllib.loads(f"{line}\n{case(number, 'mapping.toml').read_text()}")
    rows = read_register(case(number, "register.csv"), mapping_from(document, "m.toml"))
    assert [
        f"{row.permit.number} {str(row.permit.expires_on)[:4]}"
        if row.permit
        else f"rejected {row.error and row.error.mistakes[0].field}"
        for row in rows
    ] == expected


@pytest.mark.parametrize(
    ("note", "ignore", "expected"),
    [
        ("", (), ["GR-C-900001", "GR-C-900002"]),
        ("note", (), ["rejected row", "GR-C-900002"]),
        ("note", ("",), ["GR-C-900001", "GR-C-900002"]),
    ],
)
def test_a_column_without_a_name_may_be_empty_or_ignored(
    note: str, ignore: tuple[str, ...], expected: list[str], tmp_path: Path
) -> None:
    text = case("10", "register.csv").read_text("utf-8")
    register = tmp_path / "register.csv"
    register.write_text(text.replace('"Active",', f'"Active",{note}'), "utf-8")
    mapping = replace(load_mapping(case("10", "mapping.toml")), ignore=ignore)
    assert outcomes(register, mapping) == expected


@pytest.mark.parametrize(
    ("number", "form"),
    [
        ("16", "semicolon-separated UTF-8, header in line 1"),
        ("17", "comma-separated UTF-8, header in line 2 (1 row above it is not read)"),
    ],
)
def test_the_form_of_a_reported_register_is_found(number: str, form: str) -> None:
    register = read_register(case(number, "register.csv"), default_authority="us-ca")
    with closing(register):
        assert str(register.form) == form


def test_two_columns_of_phones_with_one_name_are_refused() -> None:
    with pytest.raises(InvalidError, match="phones: found 2 columns of that name"):
        outcomes(case("26", "register.csv"))


def test_a_number_that_is_called_a_fax_takes_no_texts() -> None:
    phones = case("31", "phones-us.txt").read_text("utf-8").splitlines()
    assert {read_phone(one, "US").line for one in phones} <= {"fixed", "invalid"}


def test_words_that_ask_to_stop_are_heard_and_enthusiasm_is_not() -> None:
    asking = case("23", "texts.txt").read_text("utf-8").splitlines()
    lines = case("22", "texts.txt").read_text("utf-8")
    # The third answer has two more lines: a blank one, and the phone's signature.
    *more, enthusiastic = re.split(r"\n(?!\n|Sent from)", lines.strip())
    asking += more
    assert [match_keyword(one) for one in asking] == ["stop"] * (8 + 4)
    assert match_keyword(enthusiastic) is None
