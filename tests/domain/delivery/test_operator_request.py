import pytest

from service.domain.delivery.operator_request import parse_operator_request
from service.domain.errors import InvalidError


@pytest.mark.parametrize(
    ("values", "scope"),
    [
        ({"reason": "r"}, "all"),
        ({"reason": "r", "scope": None}, "all"),
        ({"reason": "r", "scope": " all "}, "all"),
        ({"reason": "r", "scope": "rule:cn-x"}, "rule:cn-x"),
        ({"reason": "r", "scope": "authority:990000"}, "authority:990000"),
        ({"reason": "r", "scope": "office:990000"}, "office:990000"),
    ],
)
def test_a_request_has_a_scope_and_a_reason(
    values: dict[str, object], scope: str
) -> None:
    read = parse_operator_request(values, "scope", "reason")
    assert read == {"scope": scope, "reason": "r"}


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({}, "reason: found nothing, expected why, in one line"),
        ({"reason": " "}, "reason: found nothing, expected why, in one line"),
        ({"reason": "a\nb"}, "reason: found 'a\\nb', expected text in one line"),
        ({"reason": "x" * 201}, "expected text, one line of at most 200 characters"),
        ({"reason": 3}, "reason: found 3, expected text"),
        ({"reason": "r", "scope": "everything"}, "scope: found 'everything', expected"),
        (
            {"reason": "r", "scope": "rule:"},
            "expected all, rule:CODE, authority:CODE, office:CODE or resend:PROVIDER",
        ),
        ({"reason": "r", "scope": ""}, "scope: found nothing, expected all, rule:CODE"),
        (
            {"reason": "r", "scope": " "},
            "scope: found nothing, expected all, rule:CODE",
        ),
        ({"reason": "r", "scope": ["all"]}, "scope: found a list, expected text"),
        (
            {"reason": "r", "until": "noon"},
            "until: found an unknown field, expected one",
        ),
    ],
)
def test_a_wrong_request_is_refused_and_says_why(
    values: dict[str, object], error: str
) -> None:
    with pytest.raises(InvalidError) as refused:
        parse_operator_request(values, "scope", "reason")
    assert error in str(refused.value)


def test_an_unknown_field_of_a_request_is_not_ignored() -> None:
    with pytest.raises(InvalidError, match="reason: found an unknown field"):
        parse_operator_request({"scope": "all", "reason": "r"}, "scope")
