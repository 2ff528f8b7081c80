from service.adapters.store.db.schema import metadata
from service.adapters.store.db.types import FreeJson, FreeText

FREE = {
    *("by", "applied_by", "approved_by", "confirmed_by", "saved_by"),
    *("reason", "hold_reason", "detail"),
}
NAMES = {"api_keys", "registers", "staff"}
"""Tables whose `name` is what a person or a file is called."""


def test_every_column_for_free_text_masks_phones() -> None:
    columns = [column for table in metadata.tables.values() for column in table.c]
    free = [
        column
        for column in columns
        if column.name in FREE or (column.name == "name" and column.table.name in NAMES)
    ]
    assert len(free) > len(FREE)
    plain = [one for one in free if not isinstance(one.type, FreeText | FreeJson)]
    assert not plain
