"""sqlite3 -> aiosqlite.

aiosqlite runs sqlite3 in a thread of its own per connection. What differs (measured with 0.22.1):

- That thread keeps the program alive: after an uncaught error or `sys.exit`, a program with an open
  connection never ends. `_open_database` makes it a daemon. A connection that nobody closes is closed
  with the last reference to it, as in sqlite3, and with the ResourceWarning of Python 3.13.
- `with connection:` of sqlite3 commits or rolls back and leaves the connection open; `async with` of
  aiosqlite closes and does not commit: `_transaction`. Where `with sqlite3.connect(...)` holds every use
  of the connection, `_database` also closes it, which nobody can tell.
- `iterdump` reads all lines ahead of the loop: it stays. `load_extension` takes a path and nothing else.
- A loop over a cursor fetches 64 rows at a time: changes to the rows to come are not seen.
- `isolation_level = None` fails after the connection is made (it commits, in the wrong thread).
- Row factories, adapters and functions run in the thread. Using a closed connection is a ValueError.

A connection may not move between threads: what cannot be translated stays, with all that shares its
connection.
"""

from asyncify.rules.spec import Attribute, Call, Helper, Library, Parameter, Refuse, Resource, Use

CONNECTION = "sqlite3.Connection"
CURSOR = "sqlite3.Cursor"
CONNECT = (
    "timeout", "detect_types", "isolation_level", "check_same_thread", "factory", "cached_statements", "uri",
)  # fmt: skip
VALUE = Parameter("value", positional=True)
QUERIES = ("execute", "executemany", "executescript")
CALLBACKS = (
    "create_aggregate", "create_collation", "create_window_function", "set_authorizer",
    "set_progress_handler", "set_trace_callback",
)  # fmt: skip
GAPS = (
    "autocommit", "blobopen", "deserialize", "getconfig", "getlimit", "interrupt", "iterdump", "serialize",
    "setconfig", "setlimit",
    "Warning", "Error", "InterfaceError", "DatabaseError", "DataError", "IntegrityError", "InternalError",
    "NotSupportedError", "OperationalError", "ProgrammingError",
)  # fmt: skip
TAKERS = ("tuple", "set", "frozenset", "dict", "sorted")

_MANAGER = ("import contextlib", "import aiosqlite", "from collections.abc import AsyncIterator")
_ANY = ("from typing import Any", "import aiosqlite")
HELPERS = (
    Helper(
        "_open_database",
        '''\
async def _open_database(*arguments: Any, **options: Any) -> aiosqlite.Connection:
    """Connect; as in sqlite3, an open connection does not keep the program alive."""
    connection = aiosqlite.connect(*arguments, **options)
    worker = getattr(connection, "_thread", connection)
    worker.daemon = True
    try:
        return await connection
    except BaseException:
        worker.join()
        raise
''',
        _ANY,
    ),
    Helper(
        "_transaction",
        '''\
@contextlib.asynccontextmanager
async def _transaction(connection: aiosqlite.Connection) -> AsyncIterator[aiosqlite.Connection]:
    """Commit at the end, roll back after an error, and leave the connection open, as sqlite3 does."""
    try:
        yield connection
        await connection.commit()
    except BaseException:
        await connection.rollback()
        raise
''',
        _MANAGER,
    ),
    Helper(
        "_database",
        '''\
@contextlib.asynccontextmanager
async def _database(*arguments: Any, **options: Any) -> AsyncIterator[aiosqlite.Connection]:
    """Connect, commit at the end or roll back after an error, and close."""
    async with aiosqlite.connect(*arguments, **options) as connection:
        async with _transaction(connection):
            yield connection
''',
        (*_MANAGER, *_ANY),
    ),
    Helper(
        "_closing",
        '''\
@contextlib.asynccontextmanager
async def _closing(connection: aiosqlite.Connection) -> AsyncIterator[aiosqlite.Connection]:
    """Close at the end."""
    try:
        yield connection
    finally:
        await connection.close()
''',
        _MANAGER,
    ),
)

library = Library(
    "sqlite3",
    code="ASY240",
    target="aiosqlite",
    requires=("aiosqlite>=0.20",),
    triggers=("sqlite3",),
    modules={
        "_sqlite3.connect": "sqlite3.connect",
        "sqlite3.dbapi2": "sqlite3",
        "_sqlite3.Connection": CONNECTION,
        "_sqlite3.Cursor": CURSOR,
    },
    helpers=HELPERS,
    entries=(
        Call(
            "sqlite3.connect",
            "_open_database",
            signature=("database", *CONNECT),
            parameters=(
                Parameter("database", positional=True),
                *(Parameter(name) for name in (*CONNECT, "autocommit") if name != "factory"),
            ),
            returns=CONNECTION,
            helpers=("_open_database",),
        ),
        Resource(
            CONNECTION,
            "aiosqlite.Connection",
            enter="async",
            enter_template="_transaction({0})",
            enter_made="_database",
            annotation="aiosqlite.Connection",
            helpers=("_transaction",),
            made_helpers=("_transaction", "_database"),
            roles=("tested",),
        ),
        *(Call(f"{CONNECTION}.{name}", returns=CURSOR) for name in QUERIES),
        Call(f"{CONNECTION}.cursor", parameters=(), returns=CURSOR),
        *(
            Call(f"{CONNECTION}.{name}")
            for name in ("backup", "close", "commit", "create_function", "rollback")
        ),
        *(
            Call(f"{CONNECTION}.{name}", signature=("value",), parameters=(VALUE,))
            for name in ("enable_load_extension", "load_extension")
        ),
        Use(CONNECTION, f"{CONNECTION}.backup:0", plain=True),
        *(
            Attribute(f"{CONNECTION}.{name}", store=("any",))
            for name in ("row_factory", "text_factory")
        ),
        *(Attribute(f"{CONNECTION}.{name}") for name in ("in_transaction", "total_changes")),
        Attribute(f"{CONNECTION}.isolation_level", store=("string",)),
        *(
            Refuse("aiosqlite would call it in another thread", f"{CONNECTION}.{name}")
            for name in CALLBACKS
        ),
        *(Refuse("aiosqlite has no faithful form of it", f"{CONNECTION}.{name}") for name in GAPS),
        Use(
            CONNECTION,
            "contextlib.closing:0",
            "_closing({0})",
            enter=True,
            made="aiosqlite.connect",
            helpers=("_closing",),
        ),
        Resource(
            CURSOR,
            "aiosqlite.Cursor",
            iterate="async",
            annotation="aiosqlite.Cursor",
            roles=("tested",),
        ),
        *(Call(f"{CURSOR}.{name}", returns=CURSOR) for name in QUERIES),
        *(Call(f"{CURSOR}.{name}") for name in ("fetchone", "fetchmany", "fetchall", "close")),
        *(Attribute(f"{CURSOR}.{name}") for name in ("description", "lastrowid", "rowcount")),
        *(Attribute(f"{CURSOR}.{name}", store=("any",)) for name in ("arraysize", "row_factory")),
        Refuse("aiosqlite gives the connection of sqlite3", f"{CURSOR}.connection"),
        Refuse("aiosqlite has no such method", f"{CURSOR}.setinputsizes"),
        Refuse("aiosqlite has no such method", f"{CURSOR}.setoutputsize"),
        Use(CURSOR, "contextlib.closing:0", "{0}", enter=True),
        Use(CURSOR, "builtins.list:0", "{0}.fetchall()", awaited=True),
        *(Use(CURSOR, f"builtins.{name}:0", f"{name}(await {{0}}.fetchall())") for name in TAKERS),
    ),
)
