"""FastAPI and Starlette await what is async, and run what is not in a pool of threads.

One blocking call that is left in an `async def` stops every other request, in a `def` it stops none: so
these become async only when nothing in them blocks any more. `TestClient` stays synchronous either way.
"""

from asyncify.rules.hooks import Framework, Hook

METHODS = (
    "get",
    "put",
    "post",
    "delete",
    "options",
    "head",
    "patch",
    "trace",
    "api_route",
    "route",
)

framework = Framework(
    "fastapi",
    one_loop=True,
    hooks=(
        Hook(
            tuple(
                f"{package}.{made}.{name}"
                for package in ("fastapi", "starlette")
                for made in ("*APIRouter", "*FastAPI", "*Starlette", "*Router")
                for name in METHODS
            ),
            "awaits",
            pooled=True,
        ),
        Hook(
            ("fastapi.*exception_handler", "starlette.*exception_handler"),
            "awaits",
            pooled=True,
        ),
        Hook(("fastapi.*on_event", "starlette.*on_event"), "awaits"),
        Hook(
            (
                "fastapi.Depends",
                "fastapi.param_functions.Depends",
                "fastapi.Security",
                "fastapi.param_functions.Security",
            ),
            "awaits",
            arguments=("0", "dependency"),
            generators=True,
            pooled=True,
        ),
        Hook(
            ("fastapi.*add_api_route", "starlette.*add_route", "starlette.routing.Route"),
            "awaits",
            arguments=("1", "endpoint", "route"),
            pooled=True,
        ),
        Hook(
            ("fastapi.*BackgroundTasks.add_task", "starlette.*BackgroundTasks.add_task"),
            "awaits",
            arguments=("0", "func"),
            pooled=True,
        ),
        Hook(
            ("fastapi.*add_event_handler", "starlette.*add_event_handler"),
            "awaits",
            arguments=("1", "func"),
        ),
    ),
)
