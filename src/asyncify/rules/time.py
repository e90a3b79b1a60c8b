"""time.sleep -> asyncio.sleep.

A negative delay raises ValueError in `time.sleep` and returns at once in `asyncio.sleep`.
"""

from asyncify.rules.spec import Call, Library

library = Library(
    "time",
    code="ASY201",
    target="asyncio",
    triggers=("sleep",),
    entries=(Call("time.sleep", "asyncio.sleep"),),
)
