import pytest

from service.domain.law.step_order import StepNames, StepOrder

OPEN, PREPARE, LAST = ("open",), ("prepare",), ("last-call",)
EARLY = ("early", "prepare")
"""A step in the place of "prepare"."""


@pytest.mark.parametrize(
    ("ladders", "step", "later"),
    [
        ([[OPEN, PREPARE, LAST]], "open", {"prepare", "last-call"}),
        ([[OPEN, PREPARE, LAST]], "last-call", set()),
        ([[OPEN, PREPARE, LAST]], "correction-1", set()),
        ([[OPEN, EARLY]], "open", {"early", "prepare"}),
        ([[OPEN], [OPEN, LAST]], "open", {"last-call"}),
        ([[OPEN, EARLY], [PREPARE, LAST]], "early", {"last-call"}),
        ([[LAST, OPEN], [OPEN, LAST]], "open", set()),
        ([[OPEN], [LAST]], "open", set()),
    ],
    ids=[
        "all that follow",
        "nothing follows the last",
        "no rule has a correction",
        "what a later step replaces",
        "a step that is gone, by the version that had both",
        "a step that is gone, after the one replaced here",
        "the version itself decides on its own steps",
        "no version has both",
    ],
)
def test_a_step_is_later_by_its_version_or_else_by_one_that_has_both(
    ladders: list[list[StepNames]], step: str, later: set[str]
) -> None:
    versions = {f"food.{number}": steps for number, steps in enumerate(ladders)}
    assert StepOrder(versions).later_than(step, "food.0") == later
