"""What a person reads of an error: one line, or one for each mistake."""

import pytest

from service.domain.errors import ConflictError, InvalidError, Mistake

WRONG = Mistake("colour", '"red"', "no colour")
MISSING = Mistake("size", "nothing", "a number")
IN_A = Mistake("colour", '"red"', "no colour", file="a.toml")
IN_B = Mistake("size", "nothing", "a number", file="b.toml")


@pytest.mark.parametrize(
    ("mistakes", "lines"),
    [
        ([WRONG], ['x.toml: colour: found "red", expected no colour']),
        (
            [WRONG, MISSING],
            [
                "x.toml:",
                '  colour: found "red", expected no colour',
                "  size: found nothing, expected a number",
            ],
        ),
        ([IN_A], ['x.toml: a.toml: colour: found "red", expected no colour']),
        (
            [IN_A, IN_B],
            [
                "x.toml:",
                "  a.toml:",
                '    colour: found "red", expected no colour',
                "  b.toml:",
                "    size: found nothing, expected a number",
            ],
        ),
    ],
)
def test_every_mistake_has_a_line_of_its_own(
    mistakes: list[Mistake], lines: list[str]
) -> None:
    error = InvalidError("x.toml", mistakes)
    assert str(error).splitlines() == lines
    assert "\n" not in error.in_one_line
    for mistake in mistakes:
        assert str(mistake) in error.in_one_line


def test_every_reason_of_a_conflict_has_a_line_of_its_own() -> None:
    error = ConflictError("twice", "too late", remedy="mend it")
    assert str(error).splitlines() == ["refused:", "  twice", "  too late", "  mend it"]
    assert error.in_one_line == "twice; too late; mend it"


def test_a_single_reason_of_a_conflict_stays_on_the_line_of_its_remedy() -> None:
    error = ConflictError("too late", remedy="mend it")
    assert str(error) == error.in_one_line == "too late; mend it"
