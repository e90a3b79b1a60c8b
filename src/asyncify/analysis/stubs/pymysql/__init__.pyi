from pymysql import (
    connections as connections,
    constants as constants,
    converters as converters,
    cursors as cursors,
    err as err,
)
from pymysql.connections import (
    Connection as Connection,
    Connection as Connect,
    Connection as connect,
)
from pymysql.err import (
    DatabaseError as DatabaseError,
    DataError as DataError,
    Error as Error,
    IntegrityError as IntegrityError,
    InterfaceError as InterfaceError,
    InternalError as InternalError,
    MySQLError as MySQLError,
    NotSupportedError as NotSupportedError,
    OperationalError as OperationalError,
    ProgrammingError as ProgrammingError,
    Warning as Warning,
)

apilevel: str
threadsafety: int
paramstyle: str

def install_as_MySQLdb() -> None: ...
