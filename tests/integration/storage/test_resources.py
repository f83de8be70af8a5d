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


async def test_a_connection_that_the_server_closed_meanwhile_is_not_lent_again(database: Database) -> None:
    async with database.look() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
    assert driver is not None
    driver.terminate()
    await database.ping()


@pytest.mark.parametrize("seen", [True, False], ids=["seen before", "seen by the statement"])
async def test_a_look_is_made_again_when_its_connection_died(database: Database, *, seen: bool) -> None:
    found = await database.find_row("SELECT pg_backend_pid() AS pid")
    assert found is not None
    if seen:
        database._looks._idle[0].terminate()
    else:
        async with database.begin() as connection:
            await connection.execute(text(f"SELECT pg_terminate_backend({found['pid']})"))
    again = await database.find_row("SELECT pg_backend_pid() AS pid")
    assert again is not None
    assert again["pid"] != found["pid"]


async def test_what_is_wrong_with_a_statement_stays_an_error_of_ours(database: Database) -> None:
    with pytest.raises(DBAPIError):
        await _raise(database, "check_violation")
