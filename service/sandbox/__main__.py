"""`python -m service.sandbox --dir DIR`: our Twilio double in the foreground."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from service.sandbox.application import Options
from service.sandbox.server import run


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; exit with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        prog="sandbox", description=__doc__, argument_default=argparse.SUPPRESS
    )
    add = parser.add_argument
    add("--dir", dest="directory", type=Path, required=True, help="account and log")
    add("--host")
    add("--port", type=int, help="0, the default, takes a free one")
    add("--idle", type=float, help="stop after so many seconds without a request")
    add("--pace", type=float, help="seconds between two statuses of a message")
    add("--inbound-url", help="where the answers of phones are posted")
    add("--faults", type=Path, help="a JSON list of faults, as PUT /_sandbox/faults")
    return Options(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
