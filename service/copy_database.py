"""What moves an installation: its database copied into an empty one."""

from collections.abc import Callable

from service.adapters.open_vault import open_vault
from service.adapters.store.copy.copy_database import (
    copy_database,
    count_rows,
    refuse_source_in_use,
)
from service.adapters.store.db.database import Database
from service.adapters.store.db.key_check import refuse_other_key
from service.settings import Settings


async def copy_to(
    target_url: str,
    settings: Settings,
    start: Callable[[int], Callable[[str, int], None]],
) -> int:
    """Copy the database of these settings; how many rows it has.

    `start` gets the number of rows, and returns a function for progress: each row is
    copied, and read again on both sides. Raises `SetUpError` where one of the
    two cannot be used, and says what to do.
    """
    source, target = Database(settings.database_url), Database(target_url)
    try:
        await source.check()
        mark = await refuse_other_key(source, await open_vault(settings, source))
        await refuse_source_in_use(source)
        if await target.current_migration() is None:
            await target.upgrade()
        await target.check()
        report = start(3 * await count_rows(source))
        return await copy_database(source, target, mark, report)
    finally:
        await source.dispose()
        await target.dispose()
