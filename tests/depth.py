"""How deep the random and the exhaustive tests look: `make test`, `make test-deep`."""

from typing import TypeVar

from hypothesis import settings

T = TypeVar("T")


def by_depth(*, quick: T, deep: T) -> T:
    """Choose what `make test` does, or `make test-deep`."""
    return deep if settings.get_current_profile_name() == "deep" else quick
