"""Workers call tasks without await: Celery would store the coroutine, huey refuses it.

A worker runs no event loop around a task, so a task may start one. Tests often let who sends a task run it at once.
"""

from asyncify.rules.hooks import Framework, Hook

EAGER = (
    "task_always_eager",
    "CELERY_TASK_ALWAYS_EAGER",
    "CELERY_ALWAYS_EAGER",
    "immediate",  # of huey
    "is_async",  # of rq
)

framework = Framework(
    "celery",
    hooks=(
        Hook(
            ("celery.*", "rq.*", "huey.*", "luigi.*", "dramatiq.actor"),
            "starts",
            program=True,
            eager=EAGER,
            at_once=("apply", "run", "call_local"),
        ),
    ),
)
