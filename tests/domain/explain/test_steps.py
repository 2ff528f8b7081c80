from datetime import time
from typing import Any

import pytest

from tests.domain.explain.traces import explain, step, version


@pytest.mark.parametrize(
    ("at", "office", "line"),
    [
        (
            "44 days before closing",
            {},
            "2026-10-05; not a sending day (National Day), moved to 2026-10-08; due ",
        ),
        (
            "6 days before closing",
            {"sending_days": frozenset({3})},
            (
                "2026-11-12; not a sending day of 990000 (a Thursday), moved to "
                "2026-11-18; due "
            ),
        ),
        (
            "on closing",
            {"sending_days": frozenset({1})},
            (
                "2026-11-18; not a sending day of 990000 (a Wednesday), and there is "
                "none until 2026-11-18, moved back to 2026-11-16; due "
            ),
        ),
        (
            "10 calendar days before expiry",
            {},
            "2026-12-21; after its last day 2026-11-18, moved back to 2026-11-18; due ",
        ),
        (
            "33 working days before closing",
            {},
            (
                "2026-09-28, not counting weekends and 2026-10-01 to 2026-10-07 "
                "National Day, Day off; due "
            ),
        ),
        (
            "30 working days before expiry",
            {"sends_from": time(8)},
            (
                "2026-11-19; after its last day 2026-11-18, moved back to 2026-11-18; "
                "due 2026-11-18 08:00 Asia/Shanghai (2026-11-18 00:00 UTC); current "
            ),
        ),
    ],
)
def test_a_step_explains_its_day_and_why_it_moved(
    at: str, office: dict[str, Any], line: str
) -> None:
    of = version(steps=(step("one", at),))
    (found,) = explain(of, "2026-12-31", f"step one, {at}", **office)
    assert found.startswith(line)


def test_a_step_counted_from_the_opening_is_explained() -> None:
    after = step("one", "5 working days after opening")
    of = version("on expiry", opens="60 calendar days before expiry", steps=(after,))
    (found,) = explain(of, "2026-11-20", "step one")
    assert (
        "after opening: 2026-09-29, not counting weekends and 2026-09-25 Mid" in found
    )


def test_a_step_that_the_next_one_overtakes_is_explained_as_left_out() -> None:
    steps = (
        step("early", "32 days before expiry"),
        step("late", "31 days before expiry"),
    )
    of = version("10 days before expiry", steps=steps)
    early, late = explain(of, "2026-11-05", "step")
    assert early.endswith(
        "moved to 2026-10-08; left out, because late is not due later"
    )
    assert late.endswith("current until the end of 2026-10-26")
