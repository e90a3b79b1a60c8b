from typing import Any

from urllib3 import exceptions as exceptions, util as util
from urllib3.connectionpool import (
    HTTPConnectionPool as HTTPConnectionPool,
    HTTPSConnectionPool as HTTPSConnectionPool,
    connection_from_url as connection_from_url,
)
from urllib3.poolmanager import (
    PoolManager as PoolManager,
    ProxyManager as ProxyManager,
    proxy_from_url as proxy_from_url,
)
from urllib3.response import BaseHTTPResponse as BaseHTTPResponse, HTTPResponse as HTTPResponse
from urllib3.util.retry import Retry as Retry
from urllib3.util.timeout import Timeout as Timeout

def request(
    method: str,
    url: str,
    *,
    body: Any = ...,
    fields: Any = ...,
    headers: Any = ...,
    preload_content: bool = ...,
    decode_content: bool = ...,
    redirect: bool = ...,
    retries: Any = ...,
    timeout: Any = ...,
    json: Any = ...,
) -> BaseHTTPResponse: ...
def make_headers(
    keep_alive: Any = ...,
    accept_encoding: Any = ...,
    user_agent: Any = ...,
    basic_auth: Any = ...,
    proxy_basic_auth: Any = ...,
    disable_cache: Any = ...,
) -> dict[str, str]: ...
def encode_multipart_formdata(fields: Any, boundary: Any = ...) -> tuple[bytes, str]: ...
def disable_warnings(category: type[Warning] = ...) -> None: ...
def add_stderr_logger(level: int = ...) -> Any: ...
