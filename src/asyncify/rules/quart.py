"""Quart and aiohttp await their handlers; Quart runs the ones that are not async in threads."""

from asyncify.rules.hooks import Framework, Hook

VIEWS = (
    "route",
    "get",
    "post",
    "put",
    "delete",
    "patch",
    "errorhandler",
    "before_request",
    "after_request",
    "teardown_request",
    "before_serving",
    "after_serving",
)

framework = Framework(
    "quart",
    one_loop=True,
    hooks=(
        Hook(
            tuple(f"quart.*{made}.{name}" for made in ("Quart", "Blueprint") for name in VIEWS),
            "awaits",
            pooled=True,
        ),
    ),
)
