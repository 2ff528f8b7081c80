"""Processes that start together on a fresh database, with one key or with several."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from service.adapters.store.db.database import Database
from service.adapters.store.db.key_check import has_key, refuse_other_key
from service.adapters.vault import Vault
from service.domain.errors import SetUpError


@pytest.fixture
async def databases(tmp_path: Path) -> AsyncIterator[list[Database]]:
    """One file, opened by as many as would start at once."""
    async with AsyncExitStack() as stack:
        opened = [Database(f"sqlite:///{tmp_path / 'test.db'}") for _ in range(4)]
        for one in opened:
            stack.push_async_callback(one.dispose)
        await opened[0].upgrade()
        yield opened


async def test_processes_with_the_same_key_start_together(
    databases: list[Database],
) -> None:
    vault = Vault({1: b"k" * 32})
    await asyncio.gather(*(refuse_other_key(one, vault) for one in databases))
    assert await has_key(databases[0])


async def test_of_processes_with_different_keys_only_one_can_open_the_database(
    databases: list[Database],
) -> None:
    vaults = [Vault({1: bytes([at]) * 32}) for at in range(len(databases))]
    ends = await asyncio.gather(
        *map(refuse_other_key, databases, vaults), return_exceptions=True
    )
    refused = [one for one in ends if isinstance(one, BaseException)]
    assert len(refused) == len(databases) - 1
    assert all(isinstance(one, SetUpError) for one in refused)
