"""What two processes of ours say to each other over a pipe, object by object."""

import pickle
from asyncio import IncompleteReadError, StreamReader
from struct import Struct
from typing import Any, Final

_LENGTH: Final = Struct("!I")


def framed(said: object) -> bytes:
    """An object, and how long it is."""
    packed = pickle.dumps(said, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(packed)) + packed


async def heard(reader: StreamReader) -> Any:  # noqa: ANN401 - whatever was said
    """The next object; raises `EOFError` where the other process is no more."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        packed = await reader.readexactly(length)
    except (IncompleteReadError, ConnectionError) as error:
        raise EOFError from error
    return pickle.loads(packed)  # noqa: S301 - the pipe is between us alone
