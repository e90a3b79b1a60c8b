from typing import Any

from psycopg2 import (
    errors as errors,
    extensions as extensions,
    extras as extras,
    pool as pool,
    sql as sql,
)
from psycopg2.extensions import connection

apilevel: str
threadsafety: int
paramstyle: str
__version__: str

def connect(
    dsn: str | None = ..., connection_factory: Any = ..., cursor_factory: Any = ..., **kwargs: Any
) -> connection: ...
def Binary(obj: Any) -> Any: ...

class Warning(Exception): ...

class Error(Exception):
    pgcode: str | None
    pgerror: str | None
    cursor: Any
    diag: Any

class InterfaceError(Error): ...
class DatabaseError(Error): ...
class DataError(DatabaseError): ...
class OperationalError(DatabaseError): ...
class IntegrityError(DatabaseError): ...
class InternalError(DatabaseError): ...
class ProgrammingError(DatabaseError): ...
class NotSupportedError(DatabaseError): ...
