import asyncio
from pathlib import Path

import pytest

from service.adapters.store.db.database import Database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with its tables, made once."""
    file = tmp_path_factory.mktemp("migrated") / "ledger.db"

    async def migrate() -> None:
        opened = Database(f"sqlite:///{file}")
        await opened.upgrade()
        await opened.dispose()

    asyncio.run(migrate())
    return file
