from typing import Any

class Retry:
    def __init__(
        self,
        total: Any = ...,
        connect: Any = ...,
        read: Any = ...,
        redirect: Any = ...,
        status: Any = ...,
        other: Any = ...,
        allowed_methods: Any = ...,
        status_forcelist: Any = ...,
        backoff_factor: float = ...,
        backoff_max: float = ...,
        raise_on_redirect: bool = ...,
        raise_on_status: bool = ...,
        history: Any = ...,
        respect_retry_after_header: bool = ...,
        remove_headers_on_redirect: Any = ...,
        backoff_jitter: float = ...,
    ) -> None: ...
    def new(self, **kw: Any) -> Retry: ...
    def get_backoff_time(self) -> float: ...
    def sleep(self, response: Any = ...) -> None: ...
    def increment(
        self,
        method: Any = ...,
        url: Any = ...,
        response: Any = ...,
        error: Any = ...,
        _pool: Any = ...,
        _stacktrace: Any = ...,
    ) -> Retry: ...
    def is_retry(self, method: str, status_code: int, has_retry_after: bool = ...) -> bool: ...
    def is_exhausted(self) -> bool: ...
    @classmethod
    def from_int(cls, retries: Any, redirect: Any = ..., default: Any = ...) -> Retry: ...
