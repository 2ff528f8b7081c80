"""What registering permits would do, without storing it."""

from contextlib import AbstractAsyncContextManager

from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.store.permits.register import SqlRegisterStore


class RegisterRehearsal(SqlRegisterStore):
    """Does what a `SqlRegisterStore` does, and rolls each transaction back.

    A chunk is judged by what is stored, not by the chunks before it. Other writers wait
    no longer than for a chunk that is stored.
    """

    def _transaction(self) -> AbstractAsyncContextManager[AsyncConnection]:
        return self._database.dry_run()
