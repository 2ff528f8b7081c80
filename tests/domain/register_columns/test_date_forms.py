import pytest

from service.domain.register_columns.date_forms import find_date_forms


def formats(*values: str, orders: tuple[str, ...] = ()) -> tuple[str, ...]:
    return find_date_forms(dict.fromkeys(values, 1), orders).formats


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2024-03-01", "2024/3/1", "2024年3月1日", "20240301", "2024.3.1"], ()),
        (["2024-03-01T00:00:00.000", "2024-03-01 00:00:00"], ()),
        (["25/03/2026", "02/03/2026"], ("%d/%m/%Y",)),
        (["02/03/2026", "03/25/2026"], ("%m/%d/%Y",)),
        (["02/02/2026", "03/25/2026"], ("%m/%d/%Y",)),
        (["25.3.2026"], ("%d.%m.%Y",)),
        (["25-03-26"], ("%d-%m-%y",)),
        (["05-May-2027", "06-Jun-2027"], ("%d-%b-%Y",)),
        (["March 5, 2027"], ("%B %d, %Y",)),
        (["11/15/2027 12:00:00 AM"], ("%m/%d/%Y %I:%M:%S %p",)),
        (["45352", "45353.0"], ("excel",)),
        (["民國113年3月1日", "113/3/1"], ("minguo",)),
        (["2026-06-30T16:00:00Z"], ()),
        (["２０２４年３月１日"], ()),
        (["31/02/2026", "n.d."], ()),
    ],
)
def test_formats_are_found_from_the_values(
    values: list[str], expected: tuple[str, ...]
) -> None:
    assert formats(*values) == expected


def test_the_frequent_format_is_tried_first() -> None:
    found = find_date_forms({"25-Mar-2026": 1, "25/03/2026": 5, "2026-03-25": 9})
    assert found.formats == ("%d/%m/%Y", "%d-%b-%Y")


def test_without_a_deciding_value_both_orders_stay_and_it_is_asked() -> None:
    found = find_date_forms({"02/03/2026": 4, "04/05/2026": 1})
    assert found.is_ambiguous
    assert {*found.formats} == {"%d/%m/%Y", "%m/%d/%Y"}


def test_another_column_may_decide() -> None:
    found = find_date_forms({"02/03/2026": 4}, ["month first"])
    assert (found.formats, found.is_ambiguous) == (("%m/%d/%Y",), False)


def test_a_column_that_has_both_orders_is_asked_about() -> None:
    found = find_date_forms({"25/03/2026": 1, "03/25/2026": 1, "02/03/2026": 1})
    assert found.is_ambiguous


def test_words_for_no_expiry_are_counted_apart() -> None:
    found = find_date_forms({"长期": 3, "2026-03-25": 6, "见备注": 1})
    assert dict(found.forms) == {"no expiry": 3, "year first": 6, "": 1}
    assert found.share == pytest.approx(0.9)
