from collections.abc import AsyncIterator, Iterator, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import timedelta
from enum import IntEnum
from http.cookiejar import CookieJar
from typing import Any

from typing_extensions import Self

__version__: str
USE_CLIENT_DEFAULT: Any

class URL:
    def __init__(self, url: Any = ..., **kwargs: Any) -> None: ...
    @property
    def scheme(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int | None: ...
    @property
    def path(self) -> str: ...
    @property
    def query(self) -> bytes: ...
    @property
    def params(self) -> QueryParams: ...
    def copy_with(self, **kwargs: Any) -> URL: ...
    def copy_merge_params(self, params: Any) -> URL: ...
    def join(self, url: Any) -> URL: ...

class QueryParams(Mapping[str, str]):
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def __getitem__(self, key: str) -> str: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...

class Headers(MutableMapping[str, str]):
    def __init__(self, headers: Any = ..., encoding: str | None = ...) -> None: ...
    def __getitem__(self, key: str) -> str: ...
    def __setitem__(self, key: str, value: str) -> None: ...
    def __delitem__(self, key: str) -> None: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def multi_items(self) -> list[tuple[str, str]]: ...
    def get_list(self, key: str, split_commas: bool = ...) -> list[str]: ...
    def copy(self) -> Headers: ...

class Cookies(MutableMapping[str, str]):
    jar: CookieJar
    def __init__(self, cookies: Any = ...) -> None: ...
    def set(self, name: str, value: str, domain: str = ..., path: str = ...) -> None: ...
    def delete(self, name: str, domain: str | None = ..., path: str | None = ...) -> None: ...
    def __getitem__(self, name: str) -> str: ...
    def __setitem__(self, name: str, value: str) -> None: ...
    def __delitem__(self, name: str) -> None: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...

class SyncByteStream:
    def __iter__(self) -> Iterator[bytes]: ...
    def close(self) -> None: ...

class AsyncByteStream:
    def __aiter__(self) -> AsyncIterator[bytes]: ...
    async def aclose(self) -> None: ...

class ByteStream(AsyncByteStream, SyncByteStream):
    def __init__(self, stream: bytes) -> None: ...

class Request:
    method: str
    url: URL
    headers: Headers
    extensions: dict[str, Any]
    stream: Any
    def __init__(
        self,
        method: Any,
        url: Any,
        *,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        stream: Any = ...,
        extensions: Any = ...,
    ) -> None: ...
    @property
    def content(self) -> bytes: ...
    def read(self) -> bytes: ...
    async def aread(self) -> bytes: ...

class Response:
    status_code: int
    headers: Headers
    history: list[Response]
    extensions: dict[str, Any]
    next_request: Request | None
    default_encoding: Any
    stream: Any
    is_closed: bool
    is_stream_consumed: bool
    def __init__(
        self,
        status_code: int,
        *,
        headers: Any = ...,
        content: Any = ...,
        text: Any = ...,
        html: Any = ...,
        json: Any = ...,
        stream: Any = ...,
        request: Any = ...,
        extensions: Any = ...,
        history: Any = ...,
        default_encoding: Any = ...,
    ) -> None: ...
    @property
    def elapsed(self) -> timedelta: ...
    @property
    def request(self) -> Request: ...
    @property
    def http_version(self) -> str: ...
    @property
    def reason_phrase(self) -> str: ...
    @property
    def url(self) -> URL: ...
    @property
    def content(self) -> bytes: ...
    @property
    def text(self) -> str: ...
    @property
    def encoding(self) -> str | None: ...
    @encoding.setter
    def encoding(self, value: str) -> None: ...
    @property
    def charset_encoding(self) -> str | None: ...
    @property
    def is_informational(self) -> bool: ...
    @property
    def is_success(self) -> bool: ...
    @property
    def is_redirect(self) -> bool: ...
    @property
    def is_client_error(self) -> bool: ...
    @property
    def is_server_error(self) -> bool: ...
    @property
    def is_error(self) -> bool: ...
    @property
    def has_redirect_location(self) -> bool: ...
    @property
    def cookies(self) -> Cookies: ...
    @property
    def links(self) -> dict[str | None, dict[str, str]]: ...
    @property
    def num_bytes_downloaded(self) -> int: ...
    def raise_for_status(self) -> Response: ...
    def json(self, **kwargs: Any) -> Any: ...
    def read(self) -> bytes: ...
    def iter_bytes(self, chunk_size: int | None = ...) -> Iterator[bytes]: ...
    def iter_text(self, chunk_size: int | None = ...) -> Iterator[str]: ...
    def iter_lines(self) -> Iterator[str]: ...
    def iter_raw(self, chunk_size: int | None = ...) -> Iterator[bytes]: ...
    def close(self) -> None: ...
    async def aread(self) -> bytes: ...
    def aiter_bytes(self, chunk_size: int | None = ...) -> AsyncIterator[bytes]: ...
    def aiter_text(self, chunk_size: int | None = ...) -> AsyncIterator[str]: ...
    def aiter_lines(self) -> AsyncIterator[str]: ...
    def aiter_raw(self, chunk_size: int | None = ...) -> AsyncIterator[bytes]: ...
    async def aclose(self) -> None: ...

class Timeout:
    connect: float | None
    read: float | None
    write: float | None
    pool: float | None
    def __init__(
        self,
        timeout: Any = ...,
        *,
        connect: Any = ...,
        read: Any = ...,
        write: Any = ...,
        pool: Any = ...,
    ) -> None: ...

class Limits:
    def __init__(
        self,
        *,
        max_connections: int | None = ...,
        max_keepalive_connections: int | None = ...,
        keepalive_expiry: float | None = ...,
    ) -> None: ...

class Proxy:
    def __init__(
        self, url: Any, *, ssl_context: Any = ..., auth: Any = ..., headers: Any = ...
    ) -> None: ...

class Auth:
    requires_request_body: bool
    requires_response_body: bool
    def auth_flow(self, request: Request) -> Any: ...
    def sync_auth_flow(self, request: Request) -> Any: ...
    def async_auth_flow(self, request: Request) -> Any: ...

class BasicAuth(Auth):
    def __init__(self, username: Any, password: Any) -> None: ...

class DigestAuth(Auth):
    def __init__(self, username: Any, password: Any) -> None: ...

class NetRCAuth(Auth):
    def __init__(self, file: str | None = ...) -> None: ...

class BaseTransport:
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: Any) -> None: ...
    def handle_request(self, request: Request) -> Response: ...
    def close(self) -> None: ...

class AsyncBaseTransport:
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *args: Any) -> None: ...
    async def handle_async_request(self, request: Request) -> Response: ...
    async def aclose(self) -> None: ...

class HTTPTransport(BaseTransport):
    def __init__(
        self,
        verify: Any = ...,
        cert: Any = ...,
        trust_env: bool = ...,
        http1: bool = ...,
        http2: bool = ...,
        limits: Limits = ...,
        proxy: Any = ...,
        uds: Any = ...,
        local_address: Any = ...,
        retries: int = ...,
        socket_options: Any = ...,
    ) -> None: ...

class AsyncHTTPTransport(AsyncBaseTransport):
    def __init__(
        self,
        verify: Any = ...,
        cert: Any = ...,
        trust_env: bool = ...,
        http1: bool = ...,
        http2: bool = ...,
        limits: Limits = ...,
        proxy: Any = ...,
        uds: Any = ...,
        local_address: Any = ...,
        retries: int = ...,
        socket_options: Any = ...,
    ) -> None: ...

class MockTransport(AsyncBaseTransport, BaseTransport):
    handler: Any
    def __init__(self, handler: Any) -> None: ...

class WSGITransport(BaseTransport):
    def __init__(
        self,
        app: Any,
        raise_app_exceptions: bool = ...,
        script_name: str = ...,
        remote_addr: str = ...,
        wsgi_errors: Any = ...,
    ) -> None: ...

class ASGITransport(AsyncBaseTransport):
    def __init__(
        self, app: Any, raise_app_exceptions: bool = ..., root_path: str = ..., client: Any = ...
    ) -> None: ...

class BaseClient:
    timeout: Timeout
    event_hooks: dict[str, list[Any]]
    auth: Any
    base_url: URL
    headers: Headers
    cookies: Cookies
    params: QueryParams
    follow_redirects: bool
    max_redirects: int
    @property
    def is_closed(self) -> bool: ...
    @property
    def trust_env(self) -> bool: ...
    def build_request(
        self,
        method: str,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Request: ...

class Client(BaseClient):
    def __init__(
        self,
        *,
        auth: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        verify: Any = ...,
        cert: Any = ...,
        trust_env: bool = ...,
        http1: bool = ...,
        http2: bool = ...,
        proxy: Any = ...,
        mounts: Any = ...,
        timeout: Any = ...,
        follow_redirects: bool = ...,
        limits: Any = ...,
        max_redirects: int = ...,
        event_hooks: Any = ...,
        base_url: Any = ...,
        transport: Any = ...,
        default_encoding: Any = ...,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: Any) -> None: ...
    def request(
        self,
        method: str,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    def stream(
        self,
        method: str,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> AbstractContextManager[Response]: ...
    def send(
        self, request: Request, *, stream: bool = ..., auth: Any = ..., follow_redirects: Any = ...
    ) -> Response: ...
    def get(
        self,
        url: Any,
        *,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    def options(
        self,
        url: Any,
        *,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    def head(
        self,
        url: Any,
        *,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    def delete(
        self,
        url: Any,
        *,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    def post(
        self,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    def put(
        self,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    def patch(
        self,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    def close(self) -> None: ...

class AsyncClient(BaseClient):
    def __init__(
        self,
        *,
        auth: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        verify: Any = ...,
        cert: Any = ...,
        trust_env: bool = ...,
        http1: bool = ...,
        http2: bool = ...,
        proxy: Any = ...,
        mounts: Any = ...,
        timeout: Any = ...,
        follow_redirects: bool = ...,
        limits: Any = ...,
        max_redirects: int = ...,
        event_hooks: Any = ...,
        base_url: Any = ...,
        transport: Any = ...,
        default_encoding: Any = ...,
    ) -> None: ...
    async def __aenter__(self) -> Self: ...
    async def __aexit__(self, *args: Any) -> None: ...
    async def request(
        self,
        method: str,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    def stream(
        self,
        method: str,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> AbstractAsyncContextManager[Response]: ...
    async def send(
        self, request: Request, *, stream: bool = ..., auth: Any = ..., follow_redirects: Any = ...
    ) -> Response: ...
    async def get(
        self,
        url: Any,
        *,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    async def options(
        self,
        url: Any,
        *,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    async def head(
        self,
        url: Any,
        *,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    async def delete(
        self,
        url: Any,
        *,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    async def post(
        self,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    async def put(
        self,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    async def patch(
        self,
        url: Any,
        *,
        content: Any = ...,
        data: Any = ...,
        files: Any = ...,
        json: Any = ...,
        params: Any = ...,
        headers: Any = ...,
        cookies: Any = ...,
        auth: Any = ...,
        follow_redirects: Any = ...,
        timeout: Any = ...,
        extensions: Any = ...,
    ) -> Response: ...
    async def aclose(self) -> None: ...

def request(
    method: str,
    url: Any,
    *,
    content: Any = ...,
    data: Any = ...,
    files: Any = ...,
    json: Any = ...,
    params: Any = ...,
    headers: Any = ...,
    cookies: Any = ...,
    auth: Any = ...,
    follow_redirects: Any = ...,
    timeout: Any = ...,
    proxy: Any = ...,
    verify: Any = ...,
    trust_env: bool = ...,
) -> Response: ...
def stream(
    method: str,
    url: Any,
    *,
    content: Any = ...,
    data: Any = ...,
    files: Any = ...,
    json: Any = ...,
    params: Any = ...,
    headers: Any = ...,
    cookies: Any = ...,
    auth: Any = ...,
    follow_redirects: Any = ...,
    timeout: Any = ...,
    proxy: Any = ...,
    verify: Any = ...,
    trust_env: bool = ...,
) -> AbstractContextManager[Response]: ...
def get(
    url: Any,
    *,
    params: Any = ...,
    headers: Any = ...,
    cookies: Any = ...,
    auth: Any = ...,
    follow_redirects: Any = ...,
    timeout: Any = ...,
    proxy: Any = ...,
    verify: Any = ...,
    trust_env: bool = ...,
) -> Response: ...
def options(
    url: Any,
    *,
    params: Any = ...,
    headers: Any = ...,
    cookies: Any = ...,
    auth: Any = ...,
    follow_redirects: Any = ...,
    timeout: Any = ...,
    proxy: Any = ...,
    verify: Any = ...,
    trust_env: bool = ...,
) -> Response: ...
def head(
    url: Any,
    *,
    params: Any = ...,
    headers: Any = ...,
    cookies: Any = ...,
    auth: Any = ...,
    follow_redirects: Any = ...,
    timeout: Any = ...,
    proxy: Any = ...,
    verify: Any = ...,
    trust_env: bool = ...,
) -> Response: ...
def delete(
    url: Any,
    *,
    params: Any = ...,
    headers: Any = ...,
    cookies: Any = ...,
    auth: Any = ...,
    follow_redirects: Any = ...,
    timeout: Any = ...,
    proxy: Any = ...,
    verify: Any = ...,
    trust_env: bool = ...,
) -> Response: ...
def post(
    url: Any,
    *,
    content: Any = ...,
    data: Any = ...,
    files: Any = ...,
    json: Any = ...,
    params: Any = ...,
    headers: Any = ...,
    cookies: Any = ...,
    auth: Any = ...,
    follow_redirects: Any = ...,
    timeout: Any = ...,
    proxy: Any = ...,
    verify: Any = ...,
    trust_env: bool = ...,
) -> Response: ...
def put(
    url: Any,
    *,
    content: Any = ...,
    data: Any = ...,
    files: Any = ...,
    json: Any = ...,
    params: Any = ...,
    headers: Any = ...,
    cookies: Any = ...,
    auth: Any = ...,
    follow_redirects: Any = ...,
    timeout: Any = ...,
    proxy: Any = ...,
    verify: Any = ...,
    trust_env: bool = ...,
) -> Response: ...
def patch(
    url: Any,
    *,
    content: Any = ...,
    data: Any = ...,
    files: Any = ...,
    json: Any = ...,
    params: Any = ...,
    headers: Any = ...,
    cookies: Any = ...,
    auth: Any = ...,
    follow_redirects: Any = ...,
    timeout: Any = ...,
    proxy: Any = ...,
    verify: Any = ...,
    trust_env: bool = ...,
) -> Response: ...
def create_ssl_context(verify: Any = ..., cert: Any = ..., trust_env: bool = ...) -> Any: ...
def main() -> None: ...

class HTTPError(Exception):
    request: Request
    def __init__(self, message: str) -> None: ...

class RequestError(HTTPError):
    def __init__(self, message: str, *, request: Request | None = ...) -> None: ...

class TransportError(RequestError): ...
class TimeoutException(TransportError): ...
class ConnectTimeout(TimeoutException): ...
class ReadTimeout(TimeoutException): ...
class WriteTimeout(TimeoutException): ...
class PoolTimeout(TimeoutException): ...
class NetworkError(TransportError): ...
class ReadError(NetworkError): ...
class WriteError(NetworkError): ...
class ConnectError(NetworkError): ...
class CloseError(NetworkError): ...
class ProxyError(TransportError): ...
class UnsupportedProtocol(TransportError): ...
class ProtocolError(TransportError): ...
class LocalProtocolError(ProtocolError): ...
class RemoteProtocolError(ProtocolError): ...
class DecodingError(RequestError): ...
class TooManyRedirects(RequestError): ...

class HTTPStatusError(HTTPError):
    response: Response
    def __init__(self, message: str, *, request: Request, response: Response) -> None: ...

class InvalidURL(Exception): ...
class CookieConflict(Exception): ...
class StreamError(RuntimeError): ...
class StreamConsumed(StreamError): ...
class StreamClosed(StreamError): ...
class ResponseNotRead(StreamError): ...
class RequestNotRead(StreamError): ...

class codes(IntEnum):
    @classmethod
    def get_reason_phrase(cls, value: int) -> str: ...
    @classmethod
    def is_error(cls, value: int) -> bool: ...
    @classmethod
    def is_success(cls, value: int) -> bool: ...
    CONTINUE = 100
    SWITCHING_PROTOCOLS = 101
    PROCESSING = 102
    EARLY_HINTS = 103
    OK = 200
    CREATED = 201
    ACCEPTED = 202
    NON_AUTHORITATIVE_INFORMATION = 203
    NO_CONTENT = 204
    RESET_CONTENT = 205
    PARTIAL_CONTENT = 206
    MULTI_STATUS = 207
    ALREADY_REPORTED = 208
    IM_USED = 226
    MULTIPLE_CHOICES = 300
    MOVED_PERMANENTLY = 301
    FOUND = 302
    SEE_OTHER = 303
    NOT_MODIFIED = 304
    USE_PROXY = 305
    TEMPORARY_REDIRECT = 307
    PERMANENT_REDIRECT = 308
    BAD_REQUEST = 400
    UNAUTHORIZED = 401
    PAYMENT_REQUIRED = 402
    FORBIDDEN = 403
    NOT_FOUND = 404
    METHOD_NOT_ALLOWED = 405
    NOT_ACCEPTABLE = 406
    PROXY_AUTHENTICATION_REQUIRED = 407
    REQUEST_TIMEOUT = 408
    CONFLICT = 409
    GONE = 410
    LENGTH_REQUIRED = 411
    PRECONDITION_FAILED = 412
    REQUEST_ENTITY_TOO_LARGE = 413
    REQUEST_URI_TOO_LONG = 414
    UNSUPPORTED_MEDIA_TYPE = 415
    REQUESTED_RANGE_NOT_SATISFIABLE = 416
    EXPECTATION_FAILED = 417
    IM_A_TEAPOT = 418
    MISDIRECTED_REQUEST = 421
    UNPROCESSABLE_ENTITY = 422
    LOCKED = 423
    FAILED_DEPENDENCY = 424
    TOO_EARLY = 425
    UPGRADE_REQUIRED = 426
    PRECONDITION_REQUIRED = 428
    TOO_MANY_REQUESTS = 429
    REQUEST_HEADER_FIELDS_TOO_LARGE = 431
    UNAVAILABLE_FOR_LEGAL_REASONS = 451
    INTERNAL_SERVER_ERROR = 500
    NOT_IMPLEMENTED = 501
    BAD_GATEWAY = 502
    SERVICE_UNAVAILABLE = 503
    GATEWAY_TIMEOUT = 504
    HTTP_VERSION_NOT_SUPPORTED = 505
    VARIANT_ALSO_NEGOTIATES = 506
    INSUFFICIENT_STORAGE = 507
    LOOP_DETECTED = 508
    NOT_EXTENDED = 510
    NETWORK_AUTHENTICATION_REQUIRED = 511
