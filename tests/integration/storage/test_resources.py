"""A server that has no room says so in its own way; what was asked is not at fault."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from formscout.domain.errors import StoreUnavailableError
from formscout.storage.database import Database


async def _raise(database: Database, condition: str) -> None:
    async with database.begin() as connection:
        await connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{condition}'; END $$"))


@pytest.mark.parametrize("condition", ["disk_full", "out_of_memory", "too_many_connections", "io_error"])
async def test_a_server_without_room_counts_as_away(database: Database, condition: str) -> None:
    with pytest.raises(StoreUnavailableError, match="Make room"):
        await _raise(database, condition)


async def test_what_is_wrong_with_a_statement_stays_an_error_of_ours(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await _raise(database, "check_violation")
