import datetime
from collections.abc import Iterator
from typing import Any

from typing_extensions import Self

from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

REDIRECT_STATI: tuple[int, ...]
DEFAULT_REDIRECT_LIMIT: int
CONTENT_CHUNK_SIZE: int
ITER_CHUNK_SIZE: int

class RequestEncodingMixin:
    @property
    def path_url(self) -> str: ...

class RequestHooksMixin:
    def register_hook(self, event: Any, hook: Any) -> None: ...
    def deregister_hook(self, event: Any, hook: Any) -> bool: ...

class Request(RequestHooksMixin):
    hooks: Any
    method: Any
    url: Any
    headers: Any
    files: Any
    data: Any
    json: Any
    params: Any
    auth: Any
    cookies: Any
    def __init__(
        self,
        method: Any = ...,
        url: Any = ...,
        headers: Any = ...,
        files: Any = ...,
        data: Any = ...,
        params: Any = ...,
        auth: Any = ...,
        cookies: Any = ...,
        hooks: Any = ...,
        json: Any = ...,
    ) -> None: ...
    def prepare(self) -> PreparedRequest: ...

class PreparedRequest(RequestEncodingMixin, RequestHooksMixin):
    method: str | None
    url: str | None
    headers: CaseInsensitiveDict
    body: Any
    hooks: Any
    def __init__(self) -> None: ...
    def prepare(
        self,
        method: Any = ...,
        url: Any = ...,
        headers: Any = ...,
        files: Any = ...,
        data: Any = ...,
        params: Any = ...,
        auth: Any = ...,
        cookies: Any = ...,
        hooks: Any = ...,
        json: Any = ...,
    ) -> None: ...
    def copy(self) -> PreparedRequest: ...
    def prepare_method(self, method: Any) -> None: ...
    def prepare_url(self, url: Any, params: Any) -> None: ...
    def prepare_headers(self, headers: Any) -> None: ...
    def prepare_body(self, data: Any, files: Any, json: Any = ...) -> None: ...
    def prepare_content_length(self, body: Any) -> None: ...
    def prepare_auth(self, auth: Any, url: Any = ...) -> None: ...
    def prepare_cookies(self, cookies: Any) -> None: ...
    def prepare_hooks(self, hooks: Any) -> None: ...

class Response:
    status_code: int
    headers: CaseInsensitiveDict
    raw: Any
    url: str
    encoding: str | None
    history: list[Response]
    reason: str
    cookies: RequestsCookieJar
    elapsed: datetime.timedelta
    request: PreparedRequest
    connection: Any
    def __init__(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *args: Any) -> None: ...
    def __bool__(self) -> bool: ...
    def __iter__(self) -> Iterator[bytes]: ...
    @property
    def ok(self) -> bool: ...
    @property
    def is_redirect(self) -> bool: ...
    @property
    def is_permanent_redirect(self) -> bool: ...
    @property
    def next(self) -> PreparedRequest | None: ...
    @property
    def apparent_encoding(self) -> str: ...
    def iter_content(
        self, chunk_size: int | None = ..., decode_unicode: bool = ...
    ) -> Iterator[Any]: ...
    def iter_lines(
        self, chunk_size: int | None = ..., decode_unicode: bool = ..., delimiter: Any = ...
    ) -> Iterator[Any]: ...
    @property
    def content(self) -> bytes: ...
    @property
    def text(self) -> str: ...
    def json(self, **kwargs: Any) -> Any: ...
    @property
    def links(self) -> dict[Any, Any]: ...
    def raise_for_status(self) -> None: ...
    def close(self) -> None: ...
