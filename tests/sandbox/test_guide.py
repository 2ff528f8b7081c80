"""The code that docs/sandbox.md gives to others is run here."""

import json
import re
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import aiohttp
import pytest

from tests.sandbox.client import sandbox_client

GUIDE = Path(__file__).parents[2] / "docs/sandbox.md"
CODE = re.findall(
    r"^```python\n(.*?)^```", GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE
)


def run(code: str) -> dict[str, Any]:
    """Run a block of the guide; return the names it defines."""
    named: dict[str, Any] = {}
    exec(compile(code, GUIDE.name, "exec"), named)  # noqa: S102 - our own guide
    return named


def health(url: str) -> dict[str, str]:
    with urlopen(f"{url}/_sandbox/health") as answer:  # noqa: S310 - our own URL
        told: dict[str, str] = json.load(answer)
        return told


def test_the_fixture_of_the_guide_starts_and_ends_a_sandbox(tmp_path: Path) -> None:
    code = CODE[0].replace("@pytest.fixture\n", "@contextlib.contextmanager\n")
    fixture = run(f"import contextlib\n{code}")["twilio"]
    with fixture(tmp_path) as told:
        assert health(told["url"])["account_sid"] == told["account_sid"]
    with pytest.raises(URLError):
        health(told["url"])


async def test_the_classes_of_the_guide_make_trouble(
    http: aiohttp.ClientSession,
) -> None:
    await run(CODE[1])["trouble"](sandbox_client(http).url)
