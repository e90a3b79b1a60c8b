"""The helpers of the sqlite3 rule: transactions as in sqlite3, and a program that always ends."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import aiosqlite
import pytest
from rules.helpers import helpers

HELPERS = helpers("sqlite3")
open_database = HELPERS["_open_database"]
transaction = HELPERS["_transaction"]
database = HELPERS["_database"]
closing = HELPERS["_closing"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database with one empty table."""
    path = tmp_path / "test.db"
    connection = sqlite3.connect(path)
    connection.execute("create table numbers (n unique)")
    connection.close()
    return path


def stored(path: Path) -> list[int]:
    connection = sqlite3.connect(path)
    try:
        return [n for (n,) in connection.execute("select n from numbers")]
    finally:
        connection.close()


async def add(connection: aiosqlite.Connection, *numbers: int) -> None:
    await connection.executemany("insert into numbers values (?)", [(n,) for n in numbers])


async def test_transaction_commits_and_leaves_the_connection_open(path: Path) -> None:
    connection = await open_database(path)
    async with transaction(connection) as entered:
        assert entered is connection
        await add(connection, 1)
    assert stored(path) == [1]
    async with transaction(connection):
        await add(connection, 2)
    assert stored(path) == [1, 2]
    await connection.close()


async def test_transaction_rolls_back(path: Path) -> None:
    connection = await open_database(path)
    await add(connection, 1)

    async def fail() -> None:
        async with transaction(connection):
            await add(connection, 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not connection.in_transaction
    await connection.commit()
    await connection.close()
    assert stored(path) == []  # sqlite3 also rolls back what came before the block


async def test_transaction_rolls_back_when_cancelled(path: Path) -> None:
    connection = await open_database(path)

    async def work() -> None:
        async with transaction(connection):
            await add(connection, 1)
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    while not connection.in_transaction:
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not connection.in_transaction
    await connection.close()
    assert stored(path) == []


async def test_database_commits_and_closes(path: Path) -> None:
    async with database(path, timeout=1) as connection:
        await add(connection, 1)
    assert stored(path) == [1]
    with pytest.raises(ValueError, match="no active connection"):
        await connection.commit()


async def test_database_rolls_back_and_closes(path: Path) -> None:
    with pytest.raises(aiosqlite.IntegrityError):
        async with database(path) as connection:
            await add(connection, 1, 1)
    assert stored(path) == []
    with pytest.raises(ValueError, match="no active connection"):
        await connection.commit()


async def test_closing_does_not_commit(path: Path) -> None:
    async with closing(await open_database(path)) as connection:
        await add(connection, 1)
    assert stored(path) == []


async def test_a_file_that_cannot_be_opened_is_the_same_error(tmp_path: Path) -> None:
    missing = tmp_path / "missing" / "test.db"
    with pytest.raises(sqlite3.OperationalError) as theirs:
        sqlite3.connect(missing)
    with pytest.raises(sqlite3.OperationalError) as ours:
        await open_database(missing)
    assert str(ours.value) == str(theirs.value)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("raise ValueError", 1),
        ("sys.exit(3)", 3),
        ("KEPT.append(connection)", 0),
        ("await connection.execute('nonsense')", 1),
        ("await connection.close(); await open_database('missing/x.db')", 1),
    ],
)
def test_an_open_connection_does_not_keep_the_program_alive(
    tmp_path: Path, body: str, status: int
) -> None:
    """With `aiosqlite.connect` alone, all but the last of these programs never end."""
    program = f"""\
import asyncio, sys
from rules.helpers import helpers

open_database = helpers("sqlite3")["_open_database"]
KEPT = []

async def main():
    connection = await open_database("test.db")
    {body}

asyncio.run(main())
"""
    paths = [str(Path(__file__).parents[1]), *sys.path]
    code = f"import sys; sys.path[:] = {paths!r}\n{program}"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == status, done.stderr
    assert "Exception in thread" not in done.stderr
