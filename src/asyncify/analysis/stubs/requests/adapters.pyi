from typing import Any

from requests.models import PreparedRequest, Response
from urllib3 import PoolManager

DEFAULT_POOLBLOCK: bool
DEFAULT_POOLSIZE: int
DEFAULT_RETRIES: int
DEFAULT_POOL_TIMEOUT: float | None

class BaseAdapter:
    def __init__(self) -> None: ...
    def send(
        self,
        request: PreparedRequest,
        stream: bool = ...,
        timeout: Any = ...,
        verify: Any = ...,
        cert: Any = ...,
        proxies: Any = ...,
    ) -> Response: ...
    def close(self) -> None: ...

class HTTPAdapter(BaseAdapter):
    max_retries: Any
    config: dict[Any, Any]
    proxy_manager: dict[Any, Any]
    poolmanager: PoolManager
    def __init__(
        self,
        pool_connections: int = ...,
        pool_maxsize: int = ...,
        max_retries: Any = ...,
        pool_block: bool = ...,
    ) -> None: ...
    def send(
        self,
        request: PreparedRequest,
        stream: bool = ...,
        timeout: Any = ...,
        verify: Any = ...,
        cert: Any = ...,
        proxies: Any = ...,
    ) -> Response: ...
    def close(self) -> None: ...
    def init_poolmanager(
        self, connections: Any, maxsize: Any, block: bool = ..., **pool_kwargs: Any
    ) -> None: ...
    def proxy_manager_for(self, proxy: Any, **proxy_kwargs: Any) -> Any: ...
    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None: ...
    def build_response(self, req: PreparedRequest, resp: Any) -> Response: ...
    def get_connection_with_tls_context(
        self, request: PreparedRequest, verify: Any, proxies: Any = ..., cert: Any = ...
    ) -> Any: ...
    def get_connection(self, url: Any, proxies: Any = ...) -> Any: ...
    def request_url(self, request: PreparedRequest, proxies: Any) -> str: ...
    def add_headers(self, request: PreparedRequest, **kwargs: Any) -> None: ...
    def proxy_headers(self, proxy: Any) -> dict[str, str]: ...
