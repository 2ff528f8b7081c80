import pytest

from service.domain.untrusted.district import is_district, read_district


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("110101", "110101"),
        (" 110101 ", "110101"),
        ("１１０１０１", "110101"),
        ("110101.0", "110101"),
        ("'110101", "110101"),
        ('="110101"', "110101"),
        ("110\u200b101", "110101"),
        ("820000", "820000"),
    ],
)
def test_a_code_is_read_whatever_a_spreadsheet_made_of_it(
    written: str, read: str
) -> None:
    assert read_district(written) == read
    assert is_district(read)


@pytest.mark.parametrize("empty", ["", " ", "无", "N/A", "#N/A"])
def test_an_empty_cell_is_no_code(empty: str) -> None:
    assert read_district(empty) is None


@pytest.mark.parametrize(
    "wrong",
    [
        "11010",
        "1101010",
        "110101001000",
        "990000",
        "160000",
        "Dongcheng",
        "东城区",
        "x" * 999,
    ],
)
def test_what_is_no_code_stays_to_be_named_in_a_warning(wrong: str) -> None:
    found = read_district(wrong)
    assert found
    assert not is_district(found)
    assert len(found) <= 64
