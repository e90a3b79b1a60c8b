from typing import Any

from typing_extensions import Self

from urllib3.poolmanager import RequestMethods
from urllib3.response import BaseHTTPResponse

class ConnectionPool:
    host: str
    port: int | None
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: Any) -> bool: ...
    def close(self) -> None: ...

class HTTPConnectionPool(ConnectionPool, RequestMethods):
    def __init__(
        self,
        host: str,
        port: int | None = ...,
        timeout: Any = ...,
        maxsize: int = ...,
        block: bool = ...,
        headers: Any = ...,
        retries: Any = ...,
        **conn_kw: Any,
    ) -> None: ...
    def urlopen(
        self,
        method: str,
        url: str,
        body: Any = ...,
        headers: Any = ...,
        retries: Any = ...,
        **response_kw: Any,
    ) -> BaseHTTPResponse: ...

class HTTPSConnectionPool(HTTPConnectionPool): ...

def connection_from_url(url: str, **kw: Any) -> HTTPConnectionPool: ...
