from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.errors import InvalidError, Mistake
from service.domain.permits.permit import Permit, PermitStatus
from service.domain.permits.permit_fields import FIELDS, permit_from
from service.domain.permits.permit_number import normalize_number
from service.domain.permits.phone import ContactRole

GOOD: dict[str, Any] = {
    "authority": "cn-demo-city",
    "rule": "cn-food-production-license",
    "number": "SC10600000000142",
    "holder": "某某食品有限公司",
    "expires_on": "2026-12-31",
}


def read(**changes: object) -> Permit:
    return permit_from({**GOOD, **changes}, "line 2", default_authority=None)


def mistakes(**changes: object) -> dict[str, Mistake]:
    with pytest.raises(InvalidError) as caught:
        read(**changes)
    assert caught.value.where == "line 2"
    found = {mistake.field: mistake for mistake in caught.value.mistakes}
    assert len(found) == len(caught.value.mistakes)
    return found


def test_the_required_fields_make_an_active_permit() -> None:
    assert read() == Permit(**{**GOOD, "expires_on": date(2026, 12, 31)})
    assert read().status is PermitStatus.ACTIVE


def test_an_expiry_date_of_none_is_no_missing_one() -> None:
    assert read(expires_on=None).expires_on is None
    assert read(expires_on=None, issued_on="2031-01-01").issued_on
    assert mistakes(expires_on="")["expires_on"].found == "nothing"


def test_every_field_of_the_contract_is_read() -> None:
    permit = read(
        phones=["+1 212 555 0142"],
        holder_code="91110000MA01ABCD2X",
        language="en",
        issued_on="2022-01-01",
        status="suspended",
        renewal_filed_on="2026-11-02",
        replaces="SC10600000000141",
        district="110101",
    )
    assert permit == Permit(
        authority="cn-demo-city",
        rule="cn-food-production-license",
        number="SC10600000000142",
        holder="某某食品有限公司",
        expires_on=date(2026, 12, 31),
        phones=("+1 212 555 0142",),
        holder_code="91110000MA01ABCD2X",
        language="en",
        issued_on=date(2022, 1, 1),
        status=PermitStatus.SUSPENDED,
        renewal_filed_on=date(2026, 11, 2),
        replaces="SC10600000000141",
        district="110101",
    )


def test_a_phone_may_have_a_role() -> None:
    agent = {"phone": "+1 212 555 0143", "role": "agent"}
    permit = read(phones=["+1 212 555 0142", agent, agent])
    assert permit.phones == ("+1 212 555 0142", "+1 212 555 0143")
    assert permit.phone_roles == (None, ContactRole.AGENT)
    assert read(phones=["+1 212 555 0142"]).phone_roles == ()


def test_an_empty_value_counts_as_absent() -> None:
    optional = [name for name in FIELDS if name not in GOOD]
    assert read(**dict.fromkeys(optional, " \u3000")) == read()
    assert read(**dict.fromkeys(optional)) == read()


@pytest.mark.parametrize("blank", [" ", "\t", "\u00a0", "\u3000", "\u200b", "\ufeff"])
def test_blanks_around_a_value_are_removed(blank: str) -> None:
    assert read(**{name: blank + text + blank for name, text in GOOD.items()}) == read()


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("ＳＣ１０６ａ", "SC106a"),
        ("（2024）第5号", "(2024)第5号"),
        ("粤〔2024〕 ①-Ⅱ", "粤〔2024〕 ①-Ⅱ"),
        ("sc-0142", "sc-0142"),
        ("0363009-DCA", "0363009-DCA"),
        ("4E2096", "4E2096"),
        ("#A12", "#A12"),
        ("SC–7002", "SC-7002"),
        ("SC\u20117002", "SC-7002"),
        ("SC－７００２", "SC-7002"),
        ("SC\u200b-70\u00ad02\u202c", "SC-7002"),
        ("\u200eSC\u00a0 7002", "SC 7002"),
        ("'00123", "00123"),
        ("’SC-7002", "SC-7002"),
        ("''00123", "00123"),
        ('="00123"', "00123"),
        ('\'="00123"', "00123"),
        ('"SC-7002"', "SC-7002"),
        ("1461260.0", "1461260"),
        ("'1461260.00", "1461260"),
    ],
)
def test_a_number_has_one_form_however_its_cell_was_written(
    written: str, normal: str
) -> None:
    assert read(number=written).number == normal
    assert read(replaces=written).replaces == normal
    assert read(holder_code=written).holder_code == normal


@given(st.text("'\"=0. 1#E+-–（Ａ\u200b\u00a0", max_size=8))
def test_the_form_of_a_number_is_its_own(written: str) -> None:
    normal = normalize_number(written)
    assert normalize_number(normal) == normal


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("1.10000E+12", "a number that a spreadsheet has shortened: '1.10000E+12'"),
        *((one, None) for one in ("1.704E+17", "1,7e17", "1E+12", "1.5E3")),
        *((one, None) for one in ("11010119900307013.0", "=A2+1", "=HYPERLINK(1)")),
        *((one, None) for one in ("@SUM(1)", "+SUM(A1:A2)", "-SUM(1)")),
        *((one, None) for one in ("#REF!", "#N/A", "#VALUE!", "#NAME?", "#DIV/0!")),
        *((one, None) for one in ("########", "#WERT!", "#NV", "Err:502", "#SPILL!")),
        *((one, None) for one in ("2-Jan", "Jan-26", "2026-01-02 00:00:00", "1月2日")),
        *((one, None) for one in ("TRUE", "none", "NaN", "null", "N/A", "--", "无")),
    ],
)
def test_a_number_that_a_spreadsheet_ruined_is_refused(
    written: str, found: str | None
) -> None:
    mistake = mistakes(number=written)["number"]
    assert found in (None, mistake.found)


@pytest.mark.parametrize("written", ["N/A", "none", "NULL", "-", "无"])
def test_a_word_for_an_empty_cell_is_no_other_permit(written: str) -> None:
    assert read(replaces=written, holder_code=written) == read()


@pytest.mark.parametrize("name", ["holder", "rule", "status", "replaces"])
def test_an_error_of_a_spreadsheet_is_no_value(name: str) -> None:
    assert name in mistakes(**{name: "#REF!"})


def test_marks_that_nobody_sees_are_no_part_of_a_code_or_date() -> None:
    hidden = {"rule", "authority", "number", "expires_on"}
    marked = {name: f"\u202d{GOOD[name][:3]}\u200b{GOOD[name][3:]}" for name in hidden}
    assert read(**marked) == read()


def test_the_authority_of_the_settings_stands_in() -> None:
    fields = {**GOOD, "authority": ""}
    assert permit_from(fields, "x", default_authority="us-nyc").authority == "us-nyc"
    assert permit_from(GOOD, "x", default_authority="us-nyc") == read()
    assert mistakes(authority=None)["authority"].found == "nothing"


def test_all_mistakes_are_reported_at_once() -> None:
    found = mistakes(
        rule="",
        number=None,
        holder=7,
        expires_on="31.12.2026",
        issued_on="2026-02-30",
        status="Active",
        language="fr",
        phones=8,
        expiry="2026-12-31",
    )
    assert {name: mistake.found for name, mistake in found.items()} == {
        "rule": "nothing",
        "number": "nothing",
        "holder": "7",
        "expires_on": "'31.12.2026'",
        "issued_on": "'2026-02-30'",
        "status": "'Active'",
        "language": "'fr'",
        "phones": "8",
        "expiry": "an unknown field",
    }
    assert found["status"].expected == "active or suspended or withdrawn"


@pytest.mark.parametrize(
    "written",
    [
        *(0, 46387, 2026.5, True, [], {}, date(2026, 12, 31)),
        *("20261231", "2026-W01-1", "2026-1-1", "2026-12-31T00:00:00"),
        *("２０２６-12-31", "2026-02-29", "2026-13-01", "1949-12-31", "2201-01-01"),
    ],
)
def test_a_date_is_written_in_one_way_only(written: object) -> None:
    assert list(mistakes(expires_on=written)) == ["expires_on"]


@pytest.mark.parametrize("written", ["1950-01-01", "2200-12-31", "2028-02-29"])
def test_the_first_and_last_dates_are_taken(written: str) -> None:
    assert read(expires_on=written).expires_on == date.fromisoformat(written)


@pytest.mark.parametrize(
    ("field", "rounded"),
    [
        ("holder_code", "919900000000026000"),
        ("holder_code", "110101199003070000"),
        ("number", "110101199003070000"),
        ("replaces", "110101199003070000"),
    ],
)
def test_a_code_that_a_spreadsheet_has_rounded_is_refused(
    field: str, rounded: str
) -> None:
    found = mistakes(**{field: rounded})[field].found
    assert found.startswith("a code that a spreadsheet has rounded")


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("holder_code", "919900000000025000"),
        ("holder_code", "110101199003010000"),
        ("number", "919900000000026000"),
    ],
)
def test_a_code_that_ends_in_three_zeros_by_itself_is_taken(
    field: str, code: str
) -> None:
    assert getattr(read(**{field: code}), field) == code


def test_a_permit_is_not_issued_after_it_expires() -> None:
    assert read(issued_on="2026-12-31").issued_on == date(2026, 12, 31)
    assert mistakes(issued_on="2027-01-01")["issued_on"].found == "2027-01-01"
    assert list(mistakes(issued_on="2027-01-01", expires_on="")) == ["expires_on"]


@pytest.mark.parametrize(
    ("written", "phones"),
    [
        ("(212) 555-0142", ["(212) 555-0142"]),
        ("+1 212 555 0142", ["+1 212 555 0142"]),
        ("12125550142 16465550143", ["12125550142", "16465550143"]),
        ("2125550142;2125550143", ["2125550142", "2125550143"]),
        ("2125550142, 2125550143,", ["2125550142", "2125550143"]),
        ("212-555-0142/646 555 0143", ["212-555-0142", "646 555 0143"]),
        (
            "2125550142、2125550143；2125550144",
            ["2125550142", "2125550143", "2125550144"],
        ),
        ("2125550142\n2125550142", ["2125550142"]),
        ("ask at the services", ["ask at the services"]),
        (
            ["646-555-0143", " 2125550142 ", "646-555-0143"],
            ["646-555-0143", "2125550142"],
        ),
        (["2125550142;2125550143"], ["2125550142;2125550143"]),
        ("212-555-0142, ext. 12", ["212-555-0142, ext. 12"]),
        ("2125550142;ext=5;2125550143", ["2125550142;ext=5", "2125550143"]),
        ("212-555-0142 / x12", ["212-555-0142 / x12"]),
        ("212-555-0142, 12", ["212-555-0142, 12"]),
        ("010-12345678；转801", ["010-12345678；转801"]),
        ("2125550142 (Mary, owner)", ["2125550142 (Mary, owner)"]),
        (
            "2125550142（张三，经理），2125550143",
            ["2125550142（张三，经理）", "2125550143"],
        ),
        ("Fax/Tel: 2125550142", ["Fax/Tel: 2125550142"]),
        ("2125550142; fax", ["2125550142; fax"]),
        ("Tel 2125550142, Fax 2125550143", ["Tel 2125550142", "Fax 2125550143"]),
        ("none; 2125550142", ["none", "2125550142"]),
        ("\u202d2125550142\u202c", ["2125550142"]),
        ("(212\t555\u00a00142", ["(212 555\u00a00142"]),
        ([], []),
    ],
)
def test_phones_keep_their_order_and_stand_once(
    written: object, phones: list[str]
) -> None:
    assert read(phones=written).phones == tuple(phones)


@pytest.mark.parametrize(
    "written",
    [[12125550142], 12125550142, [None], {"a": 1}, "2125550142" * 7, ["2\x005550142"]],
)
def test_phones_of_the_wrong_shape_are_masked_in_the_mistake(written: object) -> None:
    mistake = mistakes(phones=written)["phones"]
    assert "5550142" not in str(mistake)


def test_more_than_ten_phones_are_no_list_of_preferences() -> None:
    numbers = [f"+1212555{last:04d}" for last in range(100, 111)]
    assert read(phones=numbers[:10]).phones == tuple(numbers[:10])
    assert mistakes(phones=numbers)["phones"].found == "11 numbers"


@pytest.mark.parametrize("filler", ["fax", "（", "a=", "1;"])
def test_a_text_too_long_for_phones_is_not_taken_apart(filler: str) -> None:
    """To take it apart would outlast the time-out."""
    written = f"+12125550142;{filler * 100_000} 1!"
    found = mistakes(phones=written)["phones"]
    assert (found.found, found.expected) == (
        f"{len(written)} characters",
        "at most 2000",
    )


def test_a_holder_whose_name_has_a_phone_in_it_keeps_it() -> None:
    # Renewals are matched by the name: with its middle masked, two holders were one.
    names = ["212-555-0142 Taxi LLC", "212-777-0142 Taxi LLC"]
    assert [read(holder=name).holder for name in names] == names


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        ("number", 64),
        ("holder", 200),
        ("rule", 64),
        ("authority", 64),
        ("replaces", 64),
    ],
)
def test_a_value_may_be_long_but_not_endless(name: str, longest: int) -> None:
    assert getattr(read(**{name: "许" * longest}), name) == "许" * longest
    found = mistakes(**{name: "许" * (longest + 1)})[name].found
    assert found == f"'{'许' * 40}…'"


@pytest.mark.parametrize("sign", ["\n", "\0", "\x1b", "\u202e", "\u2028", "\ud800"])
def test_a_value_with_control_characters_is_refused(sign: str) -> None:
    mistake = mistakes(holder=f"ACME{sign}Ltd")["holder"]
    assert sign not in mistake.found
    assert mistake.expected.endswith(f"without the character U+{ord(sign):04X}")


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("2125550142", "'212***0142'"),
        ("(212) 555-0142", "'212***0142'"),
        ("110101199001011234", "'110***********1234'"),
        ("2026-12-31 09:30:00", "'2026-12-31 09:30:00'"),
        ("31/12/2026", "'31/12/2026'"),
    ],
)
def test_a_shifted_column_does_not_show_a_phone(written: str, found: str) -> None:
    assert mistakes(expires_on=written)["expires_on"].found == found


MISTYPED = (
    *("138000001420", "11010519491332002X", "75588881234", "13800000142wang"),
    *("wx13800000142", "8675588881234", "110105491331002", "138-0000-01420"),
    *("138/0000/01420", "١٣٨٠٠٠٠٠١٤٢٠"),
)


def shown_digits(mistake: Mistake) -> str:
    return "".join(filter(str.isdecimal, mistake.found))


@pytest.mark.parametrize("written", MISTYPED)
def test_a_mistyped_phone_or_identity_number_is_masked_by_its_field(
    written: str,
) -> None:
    """What no rule for the look of phones knows is still no business of an error."""
    found = [
        mistakes(phones={written: 1})["phones"],
        mistakes(phones=[f"{written}\0"])["phones"],
        mistakes(holder_code=f"{written}\0")["holder_code"],
        mistakes(holder=f"{written}\0")["holder"],
        *(
            mistakes(**{name: written})[name]
            for name in ("expires_on", "status", "language")
        ),
    ]
    assert max(len(shown_digits(one)) for one in found) <= 9  # of 13 to 20
    [unknown] = mistakes(**{written: 1}).values()
    assert len("".join(filter(str.isdecimal, unknown.field))) <= 8


def test_a_phone_given_as_a_number_is_masked() -> None:
    for value in (138000001420, [138000001420], 75588881234.0):
        assert len(shown_digits(mistakes(phones=value)["phones"])) <= 7


@pytest.mark.parametrize("name", ["number", "replaces"])
def test_a_permits_number_stays_readable_in_its_error(name: str) -> None:
    assert mistakes(**{name: 240000000001})[name].found == "240000000001"
    damaged = mistakes(**{name: "240000000001\0"})[name].found
    assert damaged.startswith("'240000000001")


@pytest.mark.parametrize(
    "written",
    [
        *("2026-12-32 09:30:00", "31.12.2026 21:25", "2026年12月31日 10:20:30"),
        *("20261231 093000", "2026-12-31 2027-12-31", "2026/12/31T09:30:00.123456"),
    ],
)
def test_a_wrong_date_stays_readable(written: str) -> None:
    assert mistakes(expires_on=written)["expires_on"].found == f"'{written}'"


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(), json))
@settings(deadline=None)
def test_any_fields_make_a_permit_or_an_error_with_a_line_for_each_mistake(
    fields: dict[str, object],
) -> None:
    error: InvalidError | None = None
    try:
        permit_from(fields, "line 2", default_authority="us-nyc")
    except InvalidError as caught:
        error = caught
    if error is not None:
        first, *others = str(error).splitlines()
        assert len(error.mistakes) == (len(others) or 1)
        assert first.startswith("line 2:")
