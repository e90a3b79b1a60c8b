"""Stand-ins for asyncify: each one breaks one promise, or none."""

from __future__ import annotations

import sys
from pathlib import Path

SCRIPT = """\
import json, pathlib, sys
modes = [flag for flag in ("--check", "--diff", "--write") if flag in sys.argv]
mode = modes[0] if modes else "--version"
path = pathlib.Path("pkg/core.py")
old = "import time\\ndef f():\\n    time.sleep(0)\\n    return 1\\ndef g():\\n    return f() + 1\\n"
new = "import asyncio\\nasync def f():\\n    await asyncio.sleep(0)\\n    return 1\\nasync def g():\\n    return await f() + 1\\n"
fault = {fault!r}
if fault == "lost-coroutine":
    new = new.replace("await f()", "f()")
if fault == "not-compiling":
    new = new.replace("async def g", "def g")
if mode == "--version":
    print("asyncify 9.9.9")
    sys.exit()
if fault == "crash":
    raise SystemError("boom")
text = path.read_text()
if mode == "--check" and fault == "check-wrote":
    path.write_text(text + "#\\n")
if mode == "--diff" and text == old:
    import difflib
    shown = new + "#\\n" if fault == "diff-differs" else new
    lines = difflib.unified_diff(
        old.splitlines(True), shown.splitlines(True), "a/pkg/core.py", "b/pkg/core.py"
    )
    sys.stdout.writelines(lines)
if mode == "--write":
    path.write_text(new if text == old else text + "#\\n" * (fault == "unstable"))
if mode != "--diff":
    findings = [
        {{"code": "ASY201", "path": "pkg/core.py", "span": [3, 5, 3, 18], "safety": "safe"}},
        {{"code": "ASY101", "path": "pkg/core.py", "span": [6, 12, 6, 15], "safety": "safe"}},
        {{"code": "ASY902", "path": "pkg/core.py", "span": [9, 1, 9, 5], "safety": "manual"}},
    ]
    print(json.dumps({{"schema": 1, "findings": findings, "async_functions": ["pkg.core:f"]}}))
sys.exit(1 if text == old else 0)
"""


def command(folder: Path, fault: str = "") -> tuple[str, ...]:
    """A command that behaves like asyncify on the project of :func:`project`."""
    script = folder / f"fake_{fault or 'good'}.py"
    script.write_text(SCRIPT.format(fault=fault), encoding="utf-8")
    return (sys.executable, str(script))


def project(folder: Path) -> Path:
    """A project of one package and one file that is none of asyncify's business."""
    top = folder / "demo"
    (top / "pkg").mkdir(parents=True)
    (top / "pkg" / "__init__.py").write_text("", encoding="utf-8")
    (top / "pkg" / "core.py").write_text(
        "import time\ndef f():\n    time.sleep(0)\n    return 1\ndef g():\n    return f() + 1\n",
        encoding="utf-8",
    )
    (top / "README").write_text("demo\n", encoding="utf-8")
    return top
