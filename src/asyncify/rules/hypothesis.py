"""hypothesis runs a test many times; pytest-asyncio and anyio put a synchronous wrapper around an async one.

unittest has no such wrapper, and neither has what a test calls: there hypothesis refuses a coroutine function.
"""

from asyncify.rules.hooks import Framework, Hook

framework = Framework(
    "hypothesis",
    hooks=(
        Hook(
            ("hypothesis.given", "hypothesis.core.given"),
            "awaits",
            outside=("unittest.TestCase", "unittest.case.TestCase"),
            collected=True,
            why="hypothesis runs no async function itself, and none of a unittest.TestCase",
        ),
        Hook(
            (
                "hypothesis.settings",
                "hypothesis._settings.settings",
                "hypothesis.example",
                "hypothesis.core.example",
                "hypothesis.seed",
                "hypothesis.core.seed",
                "hypothesis.reproduce_failure",
                "hypothesis.core.reproduce_failure",
            ),
            "awaits",
        ),
    ),
)
