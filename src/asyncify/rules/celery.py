"""Workers call tasks without await: Celery would store the coroutine, huey refuses it.

A worker runs no event loop around a task, so a task may start one.
"""

from asyncify.rules.hooks import Framework, Hook

framework = Framework(
    "celery",
    hooks=(Hook(("celery.*", "rq.*", "huey.*", "luigi.*", "dramatiq.actor"), "starts"),),
)
