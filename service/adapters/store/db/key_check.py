"""Whether the encryption key is the one that this database was created with."""

from service.adapters.store.db.database import Database
from service.adapters.store.db.facts import get_fact
from service.adapters.store.db.schema import facts
from service.adapters.store.db.upsert import insert_into
from service.domain.errors import SetUpError
from service.flow.ports import Vault

_KEY_FACT = "key"
"""Key of the fact that stores the MAC of a fixed text under the encryption key."""


async def has_key(database: Database) -> bool:
    """Whether the database has an encryption key already, which must not change."""
    async with database.read() as connection:
        return await get_fact(connection, _KEY_FACT) is not None


async def refuse_other_key(database: Database, vault: Vault) -> str:
    """Raise `SetUpError` for another key than the database's own; its MAC.

    With another key no phone could be looked up. The first key used is its own.
    """
    mac = vault.compute_mac(["the key of this database"]).hex()
    async with database.read() as connection:
        known = await get_fact(connection, _KEY_FACT)
    if known is None:
        known = await _store_first(database, mac)
    if known != mac:
        raise SetUpError(
            f"{database.shown_url}: begun with another key; restore its key file, or "
            "set PERMIT_REMINDERS_KEY to the key it was begun with"
        )
    return mac


async def _store_first(database: Database, mac: str) -> str:
    """Store a MAC unless another process was faster; the one that is stored."""
    async with database.write() as connection:
        fresh = insert_into(connection, facts).values(key=_KEY_FACT, value=mac)
        await connection.execute(fresh.on_conflict_do_nothing())
        return str(await get_fact(connection, _KEY_FACT))
