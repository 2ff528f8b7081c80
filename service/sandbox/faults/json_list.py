"""Lists of faults as JSON, from a request or from a file."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from service.sandbox.errors import SandboxError
from service.sandbox.faults import answers, callbacks, lists, messages, requests
from service.sandbox.faults.fault import Fault

_AnyFault = Annotated[
    requests.Latency
    | requests.Busy
    | requests.Refusal
    | requests.Broken
    | requests.Hang
    | requests.Reset
    | answers.LostAnswer
    | answers.TruncatedAnswer
    | answers.BloatedAnswer
    | answers.EndlessHeaders
    | answers.WrongSid
    | messages.Ending
    | messages.StuckQueue
    | messages.Unlisted
    | lists.HiddenMessages
    | lists.RewrittenNumbers
    | callbacks.DuplicatedCallbacks
    | callbacks.ShuffledCallbacks
    | callbacks.LostCallbacks
    | callbacks.LateCallbacks
    | callbacks.CallbackFormat,
    Field(discriminator="fault"),
]
FAULT_LIST: TypeAdapter[list[_AnyFault]] = TypeAdapter(
    list[_AnyFault], config=ConfigDict(defer_build=True)
)
_SHOWN = 60


def parse_faults(text: bytes, where: str) -> list[Fault]:
    """Read a JSON list; raises SandboxError with all mistakes, prefixed by `where`."""
    try:
        return [*FAULT_LIST.validate_json(text)]
    except ValidationError as wrong:
        raise SandboxError.bad_faults(where, [*_mistakes(wrong)]) from wrong


def load_faults(path: Path | None) -> list[Fault]:
    """Read a file of faults, or none without a path; raises OSError, SandboxError."""
    if path is None:
        return []
    if path.exists() and not path.is_file():  # a pipe or a device may never end
        raise SandboxError.bad_faults(str(path), ["found no file"])
    return parse_faults(path.read_bytes(), str(path))


def _mistakes(wrong: ValidationError) -> Iterator[str]:
    for one in wrong.errors(include_url=False):
        place = [str(part) for part in one["loc"]]
        if place:
            place[0] = f"fault {int(place[0]) + 1}"
        found = repr(one["input"]).removeprefix("b")
        shown = found if len(found) <= _SHOWN else f"{found[:_SHOWN]}…"
        yield f"{'.'.join(place) or 'list'}: found {shown}: {one['msg']}"
