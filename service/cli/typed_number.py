"""A permit number as it was typed: who typed it has to see what is wrong with it."""

from collections.abc import Iterator
from contextlib import contextmanager

from service.domain.errors import PermitRemindersError, UnknownError


class UnknownNumberError(PermitRemindersError):
    """No permit has the number that was typed; the only error that is not masked."""

    def __init__(self, number: str) -> None:
        super().__init__(f"unknown permit number {number!r}")


@contextmanager
def showing_typed(number: str) -> Iterator[None]:
    """Let the error of an unknown number show it; the flow masks it, for logs."""
    try:
        yield
    except UnknownError:
        raise UnknownNumberError(number) from None
