"""Time zones, as people name them."""

import errno
from typing import Final
from zoneinfo import ZoneInfo

from service.domain.errors import StorageError

_TOO_MANY_FILES: Final = (errno.EMFILE, errno.ENFILE)
"""What is wrong with the process or the machine, and not with the name of a zone."""


def read_zone(name: str) -> ZoneInfo:
    """A zone of the IANA database.

    Raises `LookupError` if there is none of this name, and `StorageError` where no more
    files can be opened.
    """
    try:
        return ZoneInfo(name)
    except OSError as error:
        if error.errno not in _TOO_MANY_FILES:
            raise LookupError(name) from None
        why = f"the files of time zones: {error.strerror}"
        raise StorageError(f"{why}; raise the limit on open files") from None
    except ValueError:
        raise LookupError(name) from None
