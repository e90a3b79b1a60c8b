"""freezegun stops the clock of the event loop too, and with it everything that waits: `real_asyncio` lets it run.

Without it ``await asyncio.sleep(0.1)`` never ends (measured with freezegun 1.5). The fixture of pytest-freezer
takes no such argument.
"""

from asyncify.rules.hooks import Framework, Hook

NAMES = ("freezegun.freeze_time", "freezegun.api.freeze_time")
STOPPED = "freezegun stops the clock of the event loop"

framework = Framework(
    "freezegun",
    hooks=(
        Hook(
            NAMES, "awaits", last=("real_asyncio=True",), requires=("freezegun>=1.5",), why=STOPPED
        ),
        Hook(("pytest.mark.freeze_time",), "never", why=STOPPED),
        Hook(("test*",), "never", fixtures=("freezer",), why=STOPPED),
    ),
)
