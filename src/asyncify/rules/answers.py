"""Decorators with which tests answer requests, and that await a coroutine function.

httpretty, requests_mock and moto call what they decorate without `await`: they are left out on purpose.
"""

from asyncify.rules.spec import Framework, Hook

framework = Framework(
    "answers",
    hooks=(
        Hook(
            (
                "responses.activate",
                "respx.mock",
                "respx.router.MockRouter*",
                "vcr.use_cassette",
                "vcr.config.VCR.use_cassette",
                "vcr.VCR.use_cassette",
            ),
            "awaits",
        ),
    ),
)
