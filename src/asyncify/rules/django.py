"""Django awaits async views, but its database, sessions and users refuse to work inside an event loop.

`SynchronousOnlyOperation` is raised by every query, also by one that a lazy attribute makes
(`request.user`): what a project with a database does in a view or a command stays outside of loops. In a class-based view all
handlers have to be async, or none.
"""

from asyncify.rules.hooks import Framework, Hook

HANDLERS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")
RUNNERS = (
    "django.core.management.call_command",
    *(f"django.core.management.base.BaseCommand.{name}" for name in ("execute", "run_from_argv")),
)
NEVER = "Django calls it without await"

framework = Framework(
    "django",
    hooks=(
        Hook(
            ("django.views.View", "django.views.generic.View", "django.views.generic.base.View"),
            "awaits",
            methods=HANDLERS,
            together=True,
        ),
        Hook(("django.views.*", "rest_framework.*"), "never", methods=("*",), why=NEVER),
        Hook(
            ("django.core.management.*BaseCommand", "django.core.management.BaseCommand"),
            "starts",
            methods=("handle",),
            runners=RUNNERS,
        ),
        Hook(("django.*",), "never", methods=("*",), why=NEVER),
        Hook(("django.views.decorators.http.require_*",), "awaits"),
        Hook(
            (
                "django.urls.path",
                "django.urls.re_path",
                "django.urls.conf.path",
                "django.urls.conf.re_path",
            ),
            "awaits",
            arguments=("1", "view"),
        ),
        Hook(
            ("rest_framework.decorators.*", "django.dispatch.*receiver", "django.template.*"),
            "never",
            why=NEVER,
        ),
    ),
    refuses_loop=(
        "django.db",
        "django.contrib.auth",
        "django.contrib.sessions",
        "django.contrib.contenttypes",
        "rest_framework",
    ),
)
