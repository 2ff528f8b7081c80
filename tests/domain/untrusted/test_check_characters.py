import pytest

from service.domain.untrusted.check_characters import (
    has_wrong_check,
    is_credit_code,
    is_identity_number,
)


@pytest.mark.parametrize(
    "code",
    # The standard's own example, and codes of a division that does not exist.
    ["91350100M000100Y43", "91990000MA0001000F", "91990000ma0001001j"],
)
def test_a_credit_code_is_proved_by_its_check_character(code: str) -> None:
    assert is_credit_code(code)


@pytest.mark.parametrize(
    "text",
    [
        "91990000MA0001000G",
        "19990000MA0001000F",
        "91990000MA000100F",
        "91990000MI0001000F",
        "110101180106051016",
        "JY19901100001000",
        "",
    ],
)
def test_anything_else_is_no_credit_code(text: str) -> None:
    assert not is_credit_code(text)


def test_an_identity_number_is_proved_by_its_check_character() -> None:
    number = "110101180106051016"  # nobody of that birthday lives
    assert is_identity_number(number)
    others = {number[:17] + last for last in "0123456789X"} - {number}
    assert not any(map(is_identity_number, others))


@pytest.mark.parametrize("text", ["110101180113051016", "91990000MA0001000F", "", "1"])
def test_without_a_birthday_it_is_no_identity_number(text: str) -> None:
    assert not is_identity_number(text)


@pytest.mark.parametrize(
    ("text", "is_wrong"),
    [
        ("91990000MA0001000F", False),
        ("91990000ma0001000f", False),
        ("91990000MA0001000G", True),
        ("110101180106051016", False),
        ("110101180113051016", True),  # a credit code by its form, with another check
        ("110101199003070135", True),
        ("91990000MI0001000F", False),  # of neither form
        ("NY-12345", False),
        ("", False),
    ],
)
def test_only_a_code_of_a_known_form_can_have_a_wrong_check_character(
    text: str, *, is_wrong: bool
) -> None:
    assert has_wrong_check(text) is is_wrong
