from typing import Any

import click.testing
from click.testing import Result as Result

class CliRunner(click.testing.CliRunner):
    def invoke(self, app: Any, args: Any = ..., input: Any = ..., env: Any = ..., catch_exceptions: Any = ..., color: bool = ..., **extra: Any) -> Result: ...  # type: ignore
