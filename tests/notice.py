"""A notice of China's days off in 2027 as it might come, for it is not out yet."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Final

_BLOCKS: Final = (
    ("元旦", date(2027, 1, 1), 1),
    ("春节", date(2027, 2, 5), 7),
    ("清明节", date(2027, 4, 5), 1),
    ("劳动节", date(2027, 5, 1), 5),
    ("端午节", date(2027, 6, 9), 1),
    ("中秋节", date(2027, 9, 15), 1),
    ("国庆节", date(2027, 10, 1), 7),
)


def _off() -> Iterator[dict[str, str]]:
    for name, first, length in _BLOCKS:
        for at in range(length):
            yield {"day": str(first + timedelta(days=at)), "name": name}


NOTICE: Final[dict[str, Any]] = {
    "published": True,
    "source": "a notice made up",
    "off": list(_off()),
    "worked": ["2027-01-31", "2027-02-20", "2027-05-08", "2027-10-09"],
}
"""As the body of a request; with calendar and year, a file."""
