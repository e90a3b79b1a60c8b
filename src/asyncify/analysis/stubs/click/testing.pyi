from typing import Any

class Result:
    exit_code: int
    exception: BaseException | None
    exc_info: Any
    return_value: Any
    stdout_bytes: bytes
    @property
    def output(self) -> str: ...
    @property
    def stdout(self) -> str: ...
    @property
    def stderr(self) -> str: ...

class CliRunner:
    def __init__(
        self, charset: str = ..., env: Any = ..., echo_stdin: bool = ..., **kwargs: Any
    ) -> None: ...
    def invoke(
        self,
        cli: Any,
        args: Any = ...,
        input: Any = ...,
        env: Any = ...,
        catch_exceptions: Any = ...,
        color: bool = ...,
        **extra: Any,
    ) -> Result: ...
    def isolated_filesystem(self, temp_dir: Any = ...) -> Any: ...
    def isolation(self, input: Any = ..., env: Any = ..., color: bool = ...) -> Any: ...
