"""Whether the key at hand is the one this database was begun with."""

from service.adapters.store.db.database import Database
from service.adapters.store.db.facts import get_fact
from service.adapters.store.db.schema import facts
from service.adapters.store.db.upsert import insert_into
from service.domain.errors import SetUpError
from service.flow.ports import Vault

_KEY_FACT = "key"


async def has_key(database: Database) -> bool:
    """Whether anything in the database was encrypted: then its key must not change."""
    async with database.read() as connection:
        return await get_fact(connection, _KEY_FACT) is not None


async def refuse_other_key(database: Database, vault: Vault) -> None:
    """Raise `SetUpError` for another key: with it no phone would be found again.

    The first key a database meets is the one it keeps.
    """
    mark = vault.compute_mac(["the key of this database"]).hex()
    async with database.read() as connection:
        known = await get_fact(connection, _KEY_FACT)
    if known is None:
        known = await _first(database, mark)
    if known != mark:
        raise SetUpError(
            f"{database.shown_url}: begun with another key; restore its key file, or "
            "set PERMIT_REMINDERS_KEY to the key it was begun with"
        )


async def _first(database: Database, mark: str) -> str:
    """Keep a key's mark, unless another process was faster; the one that is kept."""
    async with database.write() as connection:
        fresh = insert_into(connection, facts).values(key=_KEY_FACT, value=mark)
        await connection.execute(fresh.on_conflict_do_nothing())
        return str(await get_fact(connection, _KEY_FACT))
