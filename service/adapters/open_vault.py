"""Which key encrypts what is personal: that of the settings, or the database's file."""

from service.adapters.store.copy.progress import refuse_unfinished_copy
from service.adapters.store.db.database import Database
from service.adapters.store.db.key_check import has_key, refuse_other_key
from service.adapters.vault import Vault
from service.domain.errors import SetUpError
from service.settings import Settings


async def open_vault(settings: Settings, database: Database) -> Vault:
    """Open the key of a database.

    Raises `SetUpError` without a key, with another key than the database's, and for a
    database that is copied in part only.
    """
    await refuse_unfinished_copy(database)
    vault = await _open_key(settings, database)
    await refuse_other_key(database, vault)
    return vault


async def _open_key(settings: Settings, database: Database) -> Vault:
    if settings.key is not None:
        return Vault.from_keys(settings.key.get_secret_value())
    if database.file is None:
        raise SetUpError(
            "PERMIT_REMINDERS_KEY: set it to base64 of 32 random bytes; only an SQLite "
            "database can keep its key in a file beside it"
        )
    return Vault.from_key_file(database.file, create=not await has_key(database))
