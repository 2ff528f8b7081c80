"""Values inside values: how deep they may be before they are walked by recursion."""

from collections.abc import Iterable, Mapping
from typing import Final

MOST_LEVELS: Final = 50
"""Levels of lists and tables; no file or request of ours needs ten of them."""


def is_too_deep(value: object) -> bool:
    """Whether a value of TOML or JSON has more than `MOST_LEVELS` levels."""
    level = [value]
    for _ in range(MOST_LEVELS):
        level = [inner for one in level for inner in _values_in(one)]
    return any(isinstance(one, Mapping | list) for one in level)


def _values_in(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list) else ()
