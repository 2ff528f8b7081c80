"""The known codes or words that an unknown one was probably meant to be."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

MOST_SHOWN: Final = 5
"""Codes that an error lists at most: more of them hide the one that was meant."""

_LIKENESS: Final = 0.5
"""Likeness in `get_close_matches`, of 1, from which a code counts as near."""


def find_nearest(unknown: str, known: Collection[str], most: int = 3) -> list[str]:
    """The known codes that look like or hold an unknown one, the likeliest first.

    Codes with the same first part, "cn" in cn-x, come before others.
    """
    asked = unknown.lower()
    by_lower = {one.lower(): one for one in sorted(known)}
    close = get_close_matches(asked, by_lower, n=3 * most, cutoff=_LIKENESS)
    holding = [one for one in by_lower if asked and asked in one]
    first_part = asked.partition("-")[0]
    ranked = sorted(
        dict.fromkeys([*close, *holding]),
        key=lambda one: one.partition("-")[0] != first_part,
    )
    return [by_lower[one] for one in ranked[:most]]


def show_known(unknown: str, known: Collection[str]) -> str:
    """What was expected instead of an unknown word: all known ones, or the nearest."""
    if len(known) <= MOST_SHOWN:
        return f"one of {', '.join(known)}"
    nearest = find_nearest(unknown, known) or sorted(known)[:MOST_SHOWN]
    return f"one of {', '.join(nearest)} or {len(known) - len(nearest)} others"
