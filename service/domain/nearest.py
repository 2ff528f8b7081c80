"""The known codes or words that an unknown one was probably meant to be."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

MOST_SHOWN: Final = 5
"""Codes that an error lists at most: more of them hide the one that was meant."""

_LIKENESS: Final = 0.5
"""Likeness in `get_close_matches`, of 1, from which a code counts as near."""


def find_nearest(unknown: str, known: Collection[str], most: int = 3) -> list[str]:
    """The known codes that look like or hold an unknown one, the likeliest first."""
    by_lower = {one.lower(): one for one in sorted(known)}
    close = get_close_matches(unknown.lower(), by_lower, n=most, cutoff=_LIKENESS)
    holding = [one for one in by_lower if unknown and unknown.lower() in one]
    return [by_lower[one] for one in dict.fromkeys([*close, *holding])][:most]


def show_known(unknown: str, known: Collection[str]) -> str:
    """What was expected instead of an unknown word: all known ones, or the nearest."""
    if len(known) <= MOST_SHOWN:
        return f"one of {', '.join(known)}"
    nearest = find_nearest(unknown, known) or sorted(known)[:MOST_SHOWN]
    return f"one of {', '.join(nearest)} or {len(known) - len(nearest)} others"
