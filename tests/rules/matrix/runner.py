"""Runs the modules of a directory: what each prints, and the exception that escapes, as JSON.

``python runner.py DIRECTORY URL TLS_URL``; the names of modules that get the second one begin with tls.
"""

import asyncio
import contextlib
import importlib
import inspect
import io
import json
import signal
import sys
import warnings
from pathlib import Path


def run(name: str, url: str) -> dict[str, object]:
    """Import one module and call its `main`."""
    printed = io.StringIO()
    escaped: list[str] = []
    text = ""
    with contextlib.redirect_stdout(printed), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        signal.alarm(20)  # a row that hangs fails alone
        try:
            made = importlib.import_module(name).main(f"{url}/{name}")
            if inspect.iscoroutine(made):
                asyncio.run(made)
        except Exception as error:  # noqa: BLE001 - whatever escapes is compared
            escaped = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
            text = str(error)
        finally:
            signal.alarm(0)
    told = [str(each.message) for each in warned]
    return {
        "printed": printed.getvalue(),
        "escaped": escaped,
        "text": text,
        "lost": [each for each in told if "never awaited" in each],
    }


def _stop(*_: object) -> None:
    raise TimeoutError("the row hangs")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, _stop)
    directory, *addresses = sys.argv[1:]
    sys.path.insert(0, directory)
    names = sorted(path.stem for path in Path(directory).glob("*.py"))
    sys.__stdout__.write(
        json.dumps({name: run(name, addresses[name.startswith("tls")]) for name in names})
    )
