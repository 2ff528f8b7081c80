from sqlalchemy import Index
from sqlalchemy.schema import ColumnCollectionConstraint

from service.adapters.store.db.schema import metadata
from service.adapters.store.db.types import FreeJson, FreeText

FREE = {
    *("by", "applied_by", "approved_by", "confirmed_by", "saved_by"),
    *("reason", "hold_reason", "detail"),
}
NAMES = {"api_keys", "staff"}
"""Tables whose `name` is what a person is called."""


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


def test_no_key_and_no_reference_is_masked() -> None:
    # Two keys that differ only in masked digits would be one row.
    columns = [column for table in metadata.tables.values() for column in table.c]
    compared = [one for one in columns if one.primary_key or one.foreign_keys]
    for table in metadata.tables.values():
        for rule in (*table.constraints, *table.indexes):
            if isinstance(rule, ColumnCollectionConstraint | Index):
                compared += rule.columns
    masked = [one for one in compared if isinstance(one.type, FreeText | FreeJson)]
    assert not masked
