import pytest

from service.domain.permits.phone import ContactRole
from service.domain.rejected_rows import suspicions
from service.domain.rejected_rows.suspicions import (
    MANY_PERMITS,
    SharedPhones,
    Sighting,
    Suspicions,
)


def test_a_sighting_names_its_first_rows() -> None:
    sighting = Sighting()
    sighting.add(7)
    assert str(sighting) == "row 7"
    for line in (8, 9, 12):
        sighting.add(line)
    assert (sighting.rows, str(sighting)) == (4, "rows 7, 8, 9 …")


@pytest.mark.parametrize(
    ("rows", "before", "warned"),
    [(80, 100, True), (81, 100, False), (80, None, False), (120, 100, False)],
)
def test_a_drop_of_a_fifth_is_a_warning(
    rows: int, before: int | None, *, warned: bool
) -> None:
    found = [*Suspicions(rows_before=before).warnings(rows)]
    assert found == (
        ["80 rows, and 100 at the last load of this register: is the export complete?"]
        if warned
        else []
    )


def test_a_single_row_is_no_rows() -> None:
    (warning,) = Suspicions(rows_before=2).warnings(1)
    assert warning.startswith("1 row, and 2 at the last load")


def test_wrong_holder_codes_are_a_warning() -> None:
    found = Suspicions()
    found.wrong_codes.add(7)
    assert [*found.warnings(9)] == [
        "1 holder code has a wrong check character: is it mistyped? See row 7"
    ]
    found.wrong_codes.add(8)
    assert [*found.warnings(9)] == [
        "2 holder codes have a wrong check character: is it mistyped? See rows 7, 8"
    ]


def test_wrong_districts_and_contacts_without_texts_are_warnings() -> None:
    found = Suspicions()
    found.wrong_districts.add(7)
    found.textless_roles[ContactRole.AGENT] = Sighting(2, [3, 4])
    district, agent = found.warnings(9)
    assert district == (
        "1 × the district is not six digits, like 110101, and is left empty: is the"
        " column right? See row 7"
    )
    assert agent == (
        "2 × the agent's phone takes no texts, and another one is texted: is it right?"
        " See rows 3, 4"
    )


def test_a_phone_of_many_permits_is_found_and_masked() -> None:
    found = Suspicions()
    for line in range(MANY_PERMITS):
        found.phones.add("+12125550101", line)
        found.phones.add(f"+1212555{line:04}", line)
    (one,) = found.warnings(200)
    assert one == (
        "100 permits have the phone +1212***0101: is it their holder's? "
        "See rows 0, 1, 2 …"
    )


def test_of_many_shared_phones_five_are_named_and_the_others_counted() -> None:
    phones = SharedPhones()
    for at in range(8):
        for line in range(MANY_PERMITS + at):
            phones.add(f"+1212555010{at}", line)
    *named, rest = phones.warnings()
    assert [one.split(": ")[0] for one in named] == [
        f"{MANY_PERMITS + at} permits have the phone +1212***010{at}"
        for at in (7, 6, 5, 4, 3)
    ]
    assert rest == "3 more are on 100 to 102 permits each"


def test_among_any_number_of_phones_a_frequent_one_is_kept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(suspicions, "_MOST_PHONES", 10)
    phones = SharedPhones()
    for line in range(3_000):
        phones.add("often" if line % 2 else str(line), line)
    ((phone, seen),) = phones.of_many()
    assert phone == "often"
    assert 1_500 - 3_000 / 10 <= seen.rows <= 1_500
