"""respx: its decorator awaits a coroutine function."""

from asyncify.rules.hooks import Framework, Hook

framework = Framework("respx", hooks=(Hook(("respx.mock", "respx.router.MockRouter*"), "awaits"),))
