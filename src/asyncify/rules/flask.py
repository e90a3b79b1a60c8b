"""Flask awaits async views, if `flask[async]` is installed: each call in an event loop of its own.

That is the same event loop per request as `asyncio.run` in the view, and fails as well where a loop runs: in an
async test, `app.test_client().get(...)`. Generators are streamed by WSGI, which
iterates them synchronously; commands of `app.cli` are commands of click.
"""

from asyncify.rules.hooks import Framework, Hook

MADE = ("flask.*Flask", "flask.*Blueprint")
VIEWS = (
    "route",
    "get",
    "post",
    "put",
    "delete",
    "patch",
    "endpoint",
    "errorhandler",
    "app_errorhandler",
)
AROUND = (
    "before_request",
    "after_request",
    "teardown_request",
    "before_app_request",
    "after_app_request",
    "teardown_app_request",
)
CLIENTS = ("test_client", "test_cli_runner")

HANDLERS = ("get", "post", "put", "patch", "delete", "head", "options", "trace")

framework = Framework(
    "flask",
    hooks=(
        Hook(
            tuple(f"{made}.{name}" for made in MADE for name in (*VIEWS, *AROUND)),
            "awaits",
            requires=("flask[async]",),
            clients=CLIENTS,
        ),
        Hook(
            ("flask.views.MethodView",),
            "never",
            methods=("dispatch_request",),
            why="it gives each handler an event loop of its own",
        ),
        Hook(
            ("flask.views.View", "flask.views.MethodView"),
            "awaits",
            methods=(*HANDLERS, "dispatch_request"),
            requires=("flask[async]",),
            clients=CLIENTS,
        ),
        Hook(
            tuple(f"{made}.add_url_rule" for made in MADE),
            "awaits",
            arguments=("2", "view_func"),
            requires=("flask[async]",),
            clients=CLIENTS,
        ),
        Hook(
            tuple(f"{made}.cli.command" for made in MADE), "starts", program=True, clients=CLIENTS
        ),
        Hook(
            ("flask.*cli.with_appcontext", "flask.*cli.AppGroup.command"),
            "starts",
            program=True,
            clients=CLIENTS,
        ),
    ),
)
