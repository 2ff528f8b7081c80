"""`python -m service.sandbox --dir DIR`: run the simulated Twilio in the foreground."""

import argparse
import sys
from collections.abc import Sequence

from service.sandbox.options import FLAGS, Options
from service.sandbox.server import run


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; print the usage and exit with 2 if it is invalid."""
    parser = argparse.ArgumentParser(
        prog="sandbox", description=__doc__, argument_default=argparse.SUPPRESS
    )
    for flag in FLAGS:
        required = flag.field == "directory"
        parser.add_argument(
            flag.name,
            dest=flag.field,
            type=flag.read,
            required=required,
            help=flag.help,
        )
    return Options(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    sys.exit(run(parse(sys.argv[1:])))
