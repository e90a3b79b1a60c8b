"""time-machine leaves the clock of the event loop alone, and awaits the coroutine functions that it decorates."""

from asyncify.rules.hooks import Framework, Hook

framework = Framework("time_machine", hooks=(Hook(("time_machine.travel",), "awaits"),))
