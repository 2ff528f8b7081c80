import pytest

from tests.cli.server.backstage import Backstage


@pytest.fixture
def backstage(sandbox: str) -> Backstage:
    return Backstage(sandbox)
