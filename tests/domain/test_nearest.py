import pytest

from service.domain.errors import UnknownError
from service.domain.nearest import find_nearest, show_known

CODES = [f"cn-{name}-license" for name in ("food", "drug", "tea", "film", "fire")]
MANY = [*CODES, "us-tea-licence", *(f"gb-{at:03}" for at in range(60))]


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("cn-food-licence", "cn-food-license"),
        ("CN-Food-License", "cn-food-license"),
        ("cn-tea-licence", "cn-tea-license"),
        ("film", "cn-film-license"),
    ],
)
def test_the_code_that_was_meant_comes_first(unknown: str, nearest: str) -> None:
    assert find_nearest(unknown, MANY)[0] == nearest
    assert f"known: {nearest}" in str(UnknownError("rule", unknown, MANY))


def test_an_error_lists_all_codes_or_a_few_and_how_many_more() -> None:
    few = "cn-drug-license, cn-film-license, cn-fire-license, cn-food-license"
    assert str(UnknownError("rule", "@", MANY)).endswith(
        f"known: {few}, cn-tea-license and 61 more"
    )
    assert str(UnknownError("rule", "@", ["b", "a"])) == "unknown rule '@'; known: a, b"


def test_many_codes_are_not_all_listed() -> None:
    shown = show_known("cn-food-licence", MANY)
    assert shown.startswith("one of cn-food-license, ")
    assert shown.endswith("or 63 others")
    assert show_known("x", ["a", "b"]) == "one of a, b"
    assert find_nearest("@", MANY) == []
