from dataclasses import dataclass
from datetime import UTC, datetime

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.domain.masking import mask_number, mask_phone
from service.domain.permits.phone import (
    ContactRole,
    Phone,
    PhoneLine,
    choose_phone,
    choose_texted,
    country_code,
    find_textless_roles,
)

MOBILE, FIXED, INVALID = PhoneLine
REPRESENTATIVE, MANAGER, AGENT = ContactRole
SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stored:
    """A phone as it is stored."""

    line: PhoneLine
    unreachable_at: datetime | None = None


@pytest.mark.parametrize(
    ("phones", "texted", "chosen"),
    [
        ([], None, None),
        ([Stored(MOBILE), Stored(MOBILE)], 0, 0),
        ([Stored(FIXED), Stored(INVALID), Stored(MOBILE)], 2, 2),
        ([Stored(MOBILE, SINCE), Stored(MOBILE)], 1, 1),
        ([Stored(FIXED), Stored(MOBILE, SINCE)], None, 1),
        ([Stored(INVALID), Stored(FIXED)], None, 0),
    ],
)
def test_the_first_phone_that_can_receive_a_text_is_texted(
    phones: list[Stored], texted: int | None, chosen: int | None
) -> None:
    assert choose_texted(phones) is (None if texted is None else phones[texted])
    assert choose_phone(phones) is (None if chosen is None else phones[chosen])


@pytest.mark.parametrize(
    ("roles", "lines", "textless"),
    [
        ([AGENT, REPRESENTATIVE], [MOBILE, MOBILE], []),
        ([AGENT, REPRESENTATIVE], [FIXED, MOBILE], [AGENT]),
        ([AGENT, AGENT], [FIXED, MOBILE], []),
        ([AGENT, None, MANAGER], [INVALID, MOBILE, FIXED], [MANAGER, AGENT]),
    ],
)
def test_a_role_is_textless_if_none_of_its_phones_receives_texts(
    roles: list[ContactRole | None],
    lines: list[PhoneLine],
    textless: list[ContactRole],
) -> None:
    assert find_textless_roles(roles, lines) == textless


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("+12125550142", "+1212***0142"),
        ("+1 (212) 555-0142", "+1212***0142"),
        ("＋１２１２５５５０１４２", "+1212***0142"),
        ("12125550142", "121****0142"),
        ("2125550142", "212***0142"),
        ("555-0142", "*****42"),
        ("50142", "***42"),
        ("0142", "****"),
        ("call reception", "***"),
        ("", "***"),
    ],
)
def test_a_masked_phone_shows_its_first_and_last_digits(text: str, masked: str) -> None:
    assert mask_phone(text) == masked


@given(st.text(alphabet="+0123456789 -()", max_size=30))
@settings(deadline=None)
def test_a_masked_phone_always_hides_three_digits(text: str) -> None:
    shown = sum(one.isdigit() for one in mask_phone(text))
    assert shown <= max(0, sum(one.isdigit() for one in text) - 3)


@pytest.mark.parametrize(
    ("number", "tail", "masked"),
    [
        ("110101199001011234", 4, "***1234"),
        ("SC-0142", 4, "***142"),
        ("0142", 4, "***42"),
        ("7", 4, "***"),
        ("", 4, "***"),
        ("SC-0142", 0, "***"),
        ("SC-0142", -3, "***"),
    ],
)
def test_a_masked_number_shows_its_tail_and_never_more_than_half(
    number: str, tail: int, masked: str
) -> None:
    assert mask_number(number, tail) == masked


def test_the_repr_of_a_phone_does_not_show_the_number() -> None:
    assert "0142" not in repr(Phone("+12125550142", PhoneLine.MOBILE))


@pytest.mark.parametrize("code", sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
def test_the_country_of_a_phone_is_its_code(code: int) -> None:
    assert country_code(f"+{code}912345678") == f"+{code}"


@pytest.mark.parametrize("text", ["", "12125550142", "+", "+x", "whatsapp:+1"])
def test_a_text_without_a_country_code_is_a_country_of_its_own(text: str) -> None:
    assert country_code(text) == text
