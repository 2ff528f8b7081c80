import gc

from service.cli.server.garbage import spare_loaded


def test_what_is_loaded_is_left_out_of_collections() -> None:
    loaded, before = [object()], gc.get_freeze_count()
    gc.collect()  # what it keeps is in the oldest generation
    assert any(one is loaded for one in gc.get_objects())
    spare_loaded()
    assert gc.get_freeze_count() > before
    assert not any(one is loaded for one in gc.get_objects())
