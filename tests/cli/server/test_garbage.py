import gc
from collections.abc import Iterator

import pytest

from service.cli.server.garbage import spare_loaded


@pytest.fixture(autouse=True)
def _same_threshold_after() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_what_is_loaded_is_left_out_of_collections() -> None:
    loaded, before = [object()], gc.get_freeze_count()
    gc.collect()  # what it keeps is in the oldest generation
    assert any(one is loaded for one in gc.get_objects())
    spare_loaded()
    assert gc.get_freeze_count() > before
    assert not any(one is loaded for one in gc.get_objects())


def test_new_objects_are_looked_at_later_than_python_does() -> None:
    gc.set_threshold(700)
    spare_loaded()
    assert gc.get_threshold()[0] > 700
