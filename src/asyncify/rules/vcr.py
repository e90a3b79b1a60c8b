"""vcrpy: its decorator awaits a coroutine function, and the cassette is open meanwhile."""

from asyncify.rules.hooks import Framework, Hook

framework = Framework(
    "vcr",
    hooks=(
        Hook(("vcr.use_cassette", "vcr.config.VCR.use_cassette", "vcr.VCR.use_cassette"), "awaits"),
    ),
)
