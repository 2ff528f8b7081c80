"""What all tests share: how deep they look, and what they do not pay for twice."""

import gc
import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import is_hypothesis_test, settings
from sqlalchemy.dialects import registry

from tests.databases import on_server
from tests.postgres import REQUIRED, NoServerError, Server, run_server

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As a shell starts what runs in the background: the commands under test would
    # inherit it, and hear no Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)


settings.register_profile("quick", deadline=None, max_examples=10)
settings.register_profile("deep", deadline=None, max_examples=100)
settings.load_profile("quick")

registry.register("sqlite.aiosqlite", "tests.engines", "CachingDialect")

gc.set_threshold(50_000, 20, 50)  # a test process ends before its garbage counts


def pytest_addoption(parser: pytest.Parser) -> None:
    """Choose the databases that tests run on."""
    parser.addoption("--database", choices=["sqlite", "postgres"], default="sqlite")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server."""
    try:
        with run_server() as server:
            yield server
    except NoServerError as error:
        reason = f"no PostgreSQL here, only SQLite is tested: {error}"
        if os.environ.get(REQUIRED) == "required":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.fixture(scope="session", autouse=True)
def _chosen_database(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let databases be on the chosen kind of server."""
    if request.config.getoption("--database") == "sqlite":
        yield
        return
    with on_server(request.getfixturevalue("postgres")):
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every hypothesis test as one that `make test-deep` runs."""
    for item in items:
        if is_hypothesis_test(getattr(item, "obj", None)):
            item.add_marker("deep")


def pytest_collection_finish() -> None:
    """Leave modules and collected tests out of every garbage collection to come."""
    gc.freeze()
