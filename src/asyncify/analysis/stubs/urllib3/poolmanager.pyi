from typing import Any

from typing_extensions import Self

from urllib3.response import BaseHTTPResponse

class RequestMethods:
    headers: Any
    def request(
        self,
        method: str,
        url: str,
        body: Any = ...,
        fields: Any = ...,
        headers: Any = ...,
        json: Any = ...,
        **urlopen_kw: Any,
    ) -> BaseHTTPResponse: ...
    def request_encode_url(
        self, method: str, url: str, fields: Any = ..., headers: Any = ..., **urlopen_kw: Any
    ) -> BaseHTTPResponse: ...
    def request_encode_body(
        self,
        method: str,
        url: str,
        fields: Any = ...,
        headers: Any = ...,
        encode_multipart: bool = ...,
        multipart_boundary: Any = ...,
        **urlopen_kw: Any,
    ) -> BaseHTTPResponse: ...

class PoolManager(RequestMethods):
    connection_pool_kw: dict[str, Any]
    def __init__(
        self, num_pools: int = ..., headers: Any = ..., **connection_pool_kw: Any
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: Any) -> bool: ...
    def clear(self) -> None: ...
    def connection_from_host(
        self, host: Any, port: Any = ..., scheme: Any = ..., pool_kwargs: Any = ...
    ) -> Any: ...
    def connection_from_url(self, url: str, pool_kwargs: Any = ...) -> Any: ...
    def urlopen(
        self, method: str, url: str, redirect: bool = ..., **kw: Any
    ) -> BaseHTTPResponse: ...

class ProxyManager(PoolManager):
    def __init__(
        self,
        proxy_url: str,
        num_pools: int = ...,
        headers: Any = ...,
        proxy_headers: Any = ...,
        **connection_pool_kw: Any,
    ) -> None: ...

def proxy_from_url(url: str, **kw: Any) -> ProxyManager: ...
