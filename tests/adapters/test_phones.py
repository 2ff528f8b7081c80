import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.adapters.phones import Libphonenumber, read_phone
from service.domain.permits.phone import Phone, PhoneLine

MOBILE = Phone("+12125550142", PhoneLine.MOBILE)


@pytest.mark.parametrize(
    "written",
    [
        "2125550142",
        "(212) 555-0142",
        "212.555.0142",
        "1-212-555-0142",
        "+1 212 555 0142",
        "+1（212）555－0142",
        "２１２５５５０１４２",
        "tel:+1-212-555-0142",
        " 212 555 0142\u3000",
        "2125550142.0",
        "12125550142.00",
        "+12125550142.0",
        "'2125550142",
        '="2125550142"',
        "\u202d(212)\u00a0555\u20110142\u202c",
        "\u200e212\u200b555\ufe0f0142",
        "212–555–0142",
        "212•555·0142",
        "<212-555-0142>",
        "212-555-0142 (Mary)",
        "(Mary, owner) 212-555-0142",
        "(212) 555-0142 [cell]",
        "Mary 212-555-0142",
        "Mary: (212) 555-0142",
        "212-555-0142 - Mary",
        "212-555-0142 (unit 5)",
        "Tel212-555-0142",
        "手机：2125550142",
        "张三2125550142（经理）",
    ],
)
def test_one_number_is_read_however_it_is_written(written: str) -> None:
    assert read_phone(written, "US") == MOBILE


@pytest.mark.parametrize(
    "written", ["+12125550142", "0012125550142", "001 212 555 0142"]
)
def test_a_number_with_its_country_is_read_in_any_region(written: str) -> None:
    assert read_phone(written, "CN") == MOBILE


@pytest.mark.parametrize("last", range(10))
def test_magic_numbers_of_twilio_take_texts(last: int) -> None:
    number = f"+1500555000{last}"
    assert read_phone(number, "CN") == Phone(number, PhoneLine.MOBILE)


@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("010-12345678", "CN", "+861012345678"),
        ("86 10 1234 5678", "CN", "+861012345678"),
        ("0086-10-12345678", "CN", "+861012345678"),
        ("800-555-0142", "US", "+18005550142"),
        ("900-555-0142", "US", "+19005550142"),
        ("212-555-0142 ext. 5", "US", "+12125550142;ext=5"),
        ("2125550142;ext=5", "US", "+12125550142;ext=5"),
        ("212-555-0142, ext. 12", "US", "+12125550142;ext=12"),
        ("tel:+1-212-555-0142;ext=12", "US", "+12125550142;ext=12"),
        ("212-555-0142 / x12", "US", "+12125550142;ext=12"),
        ("212-555-0142x12 (Mary)", "US", "+12125550142;ext=12"),
        ("212-555-0142 (ext 12) (Mary)", "US", "+12125550142;ext=12"),
        ("212-555-0142,,12", "US", "+12125550142;ext=12"),
        ("212-555-0142, 12", "US", "+12125550142;ext=12"),
        ("010-12345678转801", "CN", "+861012345678;ext=801"),
        ("010-12345678（分机801）", "CN", "+861012345678;ext=801"),
    ],
)
def test_what_no_mobile_answers_is_a_fixed_line(
    written: str, region: str, number: str
) -> None:
    assert read_phone(written, region) == Phone(number, PhoneLine.FIXED)


@pytest.mark.parametrize(
    "written",
    [
        *("12345", "0", "", " ", "none", "看门口", "5550142"),
        *("2.125550142E+09", "2125550142.5", "212555014", "21255501420"),
        *("2125550142 6465550143", "+999 12345678", "-" * 300, "1" + " (" * 400),
        *("2.12556E+09", "#REF!", "########", "unknown"),
        *("212-555-XXXX", "212-555-01XX", "212-555-NONE", "212-XXX-XXXX"),
        *("212-555 (Mary)", "1-800-FLOWERS", "1-212-555-0142-NOW", "M2125550142"),
        *("212-***-0142", "212-555-0142*", "212-555-0142 xxx", "212-555-0142 (XXX)"),
        *("212••5550142", "212_555_0142", "212-555-0142?", "x 212-555-0142"),
        *("Fax 212-555-0142", "FAX: 212-555-0142", "212-555-0142 fax"),
        *("212-555-0142 (do not text)", "212-555-0142 wrong number"),
        *("传真：212-555-0142", "2125550142（空号）", "2125550142 勿发短信"),
        *("212-555-0142 or 646-555-0143", "212-555-0142 (cell 646-555-0143)"),
    ],
)
def test_what_is_no_number_keeps_its_text(written: str) -> None:
    assert read_phone(written, "US") == Phone(written, PhoneLine.INVALID)


@pytest.mark.parametrize("region", ["", "XX", "ZZ", "cn"])
def test_an_unknown_region_leaves_only_international_numbers(region: str) -> None:
    assert read_phone("+12125550142", region) == MOBILE
    assert read_phone("2125550142", region).line is PhoneLine.INVALID


@pytest.mark.parametrize(
    "written",
    ["138****8000", "138XXXX8000", "1380013XXXX", "13800138000-1234", "138····8000"],
)
def test_a_masked_chinese_number_is_no_number(written: str) -> None:
    assert read_phone(written, "CN").line is PhoneLine.INVALID


@given(
    st.lists(st.tuples(st.integers(0, 13), st.sampled_from("Xx*#?_NE张 .-()x,;/传")))
)
def test_what_is_written_into_a_number_never_makes_it_another(
    changes: list[tuple[int, str]],
) -> None:
    written = list("(212) 555-0142")
    for at, sign in changes:
        written[at] = sign
    found = read_phone("".join(written), "US")
    assert found == MOBILE or found.line is not PhoneLine.MOBILE


@given(st.text("0123456789+-() .,;/xetXAB*#张传真空号\u200b", max_size=40))
@settings(deadline=None)
def test_a_number_that_is_texted_stands_in_the_text(written: str) -> None:
    for region in ("US", "CN"):
        found = read_phone(written, region)
        digits = "".join(filter(str.isdecimal, written))
        assert found.line is PhoneLine.INVALID or found.without_extension[-7:] in digits


def test_the_port_reads_the_same() -> None:
    assert Libphonenumber().parse("(212) 555-0142", "US") == MOBILE
