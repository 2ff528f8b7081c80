"""What a sandbox can be told at its start, and the flags that tell it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Where to listen and what to keep; times are seconds, `idle` 0 means for ever.

    `port` 0 takes a free one. `pace` is the time between two statuses of a message.
    `faults` is a JSON file of those in force from the start.
    """

    directory: Path
    host: str = "127.0.0.1"
    port: int = 0
    idle: float = 0.0
    pace: float = 0.02
    inbound_url: str | None = None
    faults: Path | None = None


class Flag(NamedTuple):
    """One flag of a command line: the field of `Options` it fills, and how."""

    name: str
    field: str
    type: type[Path | str | int | float]
    help: str


FLAGS: Final = (
    Flag("--dir", "directory", Path, "Where its account and its log are."),
    Flag("--host", "host", str, "Where to listen."),
    Flag("--port", "port", int, "0 takes a free one."),
    Flag("--idle", "idle", float, "Stop after so many seconds without a request."),
    Flag("--pace", "pace", float, "Seconds between two statuses of a message."),
    Flag("--inbound-url", "inbound_url", str, "Where answers of phones are posted."),
    Flag("--faults", "faults", Path, "A JSON list of faults in force from the start."),
)
