from contextlib import AbstractAsyncContextManager
from typing import Any

from aiofiles.threadpool import AsyncBase

def TemporaryFile(mode: str = ..., **kwargs: Any) -> AbstractAsyncContextManager[AsyncBase]: ...
def NamedTemporaryFile(
    mode: str = ..., **kwargs: Any
) -> AbstractAsyncContextManager[AsyncBase]: ...
def SpooledTemporaryFile(
    max_size: int = ..., mode: str = ..., **kwargs: Any
) -> AbstractAsyncContextManager[AsyncBase]: ...
def TemporaryDirectory(
    suffix: Any = ..., prefix: Any = ..., dir: Any = ..., **kwargs: Any
) -> AbstractAsyncContextManager[str]: ...
