"""API keys: shown once, stored as a digest."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, or_, select, update

from service.adapters.store.db.action_log import log_action
from service.adapters.store.db.database import Database
from service.adapters.store.db.schema import api_keys
from service.domain.errors import ConflictError, UnknownError
from service.flow.ports import ApiKey, ApiKeyStore

_PREFIX_LENGTH = 12
"""Characters of a key that are stored in plain, so that lists can name it."""


class SqlApiKeyStore(ApiKeyStore):
    """Creates, revokes and checks keys; each act is logged."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, name: str, by: str, now: datetime) -> str:
        """Create a key and return it: it cannot be read again."""
        key = f"pr_{secrets.token_urlsafe(32)}"
        async with self._database.write(confirmed=True) as connection:
            await connection.execute(
                insert(api_keys).values(
                    prefix=key[:_PREFIX_LENGTH],
                    name=name,
                    digest=_digest(key),
                    created_at=now,
                )
            )
            await log_action(connection, now, by, "create key", {"name": name})
        return key

    async def revoke(self, start: str, by: str, now: datetime) -> ApiKey:
        """Revoke the valid key that begins with `start`, or is it; return the key.

        Raises `UnknownError` if there is none, `ConflictError` if there are several.
        """
        its = api_keys.c
        wanted = select(its.prefix, its.name, its.created_at, its.revoked_at).where(
            or_(
                func.substr(its.prefix, 1, len(start)) == start,
                its.digest == _digest(start),
            ),
            its.revoked_at.is_(None),
        )
        async with self._database.write(confirmed=True) as connection:
            found = [ApiKey(*row) for row in await connection.execute(wanted)]
            if not found:
                raise UnknownError("key", start[:_PREFIX_LENGTH])
            if len(found) > 1:
                listed = ", ".join(f"{one.prefix} {one.name}" for one in found)
                raise ConflictError(f"several keys begin with {start}: {listed}")
            prefix = found[0].prefix
            await connection.execute(
                update(api_keys).where(its.prefix == prefix).values(revoked_at=now)
            )
            await log_action(connection, now, by, "revoke key", {"prefix": prefix})
        return found[0]

    async def caller_of(self, key: str) -> str | None:
        """The name of a valid key's owner; None for a key made up or revoked."""
        wanted = select(api_keys).where(
            api_keys.c.prefix == key[:_PREFIX_LENGTH], api_keys.c.revoked_at.is_(None)
        )
        async with self._database.read() as connection:
            row = (await connection.execute(wanted)).first()
        if row is None or not hmac.compare_digest(row.digest, _digest(key)):
            return None
        return str(row.name)

    async def list_keys(self) -> Sequence[ApiKey]:
        """Return every key ever created, oldest first."""
        its = api_keys.c
        wanted = select(its.prefix, its.name, its.created_at, its.revoked_at)
        async with self._database.read() as connection:
            rows = await connection.execute(wanted.order_by(its.created_at))
            return [ApiKey(*row) for row in rows]


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
