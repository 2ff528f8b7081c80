"""The options of a sandbox process, and their command-line flags."""

from argparse import ArgumentTypeError
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of one sandbox; times are in seconds.

    `directory` holds its account and log. `port` 0 chooses a free one. `idle` 0 never
    stops. `users` is a file: the sandbox stops once no process holds a lock on it.
    `pace` is the time between two statuses of a message. `faults` is a JSON file of the
    faults active from the start.
    """

    directory: Path
    host: str = "127.0.0.1"
    port: int = 0
    idle: float = 0.0
    users: Path | None = None
    pace: float = 0.02
    inbound_url: str | None = None
    faults: Path | None = None


class Flag(NamedTuple):
    """One command-line flag, and the field of `Options` that it sets.

    `most` is the greatest number that it takes; the least is 0.
    """

    name: str
    field: str
    type: type[Path | str | int | float]
    help: str
    most: int | None = None

    def read(self, text: str) -> Path | str | int | float:
        """Read the value; raises `ArgumentTypeError` for no number of its range."""
        expected = f"found {text!r}, expected a number from 0 to {self.most}"
        try:
            value = self.type(text)
        except ValueError:
            raise ArgumentTypeError(expected) from None
        if isinstance(value, int | float) and not 0 <= value <= (self.most or 0):
            raise ArgumentTypeError(expected)
        return value


FLAGS: Final = (
    Flag("--dir", "directory", Path, "Folder of its account and its log."),
    Flag("--host", "host", str, "Address to listen on."),
    Flag("--port", "port", int, "Port to listen on; 0 chooses a free one.", 65_535),
    Flag(
        "--idle",
        "idle",
        float,
        "Stop after this many seconds without a request.",
        86_400,
    ),
    Flag("--users", "users", Path, "File; stop once no process holds a lock on it."),
    Flag("--pace", "pace", float, "Seconds between two statuses of a message.", 86_400),
    Flag("--inbound-url", "inbound_url", str, "URL to which inbound texts are posted."),
    Flag("--faults", "faults", Path, "JSON file of the faults active from the start."),
)
