"""Classes of the standard library that call methods by names which they put together.

No base declares ``do_GET``, so that overriding says nothing: `BaseHTTPRequestHandler` looks for ``do_`` and
the method of the request, `cmd.Cmd` for ``do_`` and the command, `NodeVisitor` for ``visit_`` and the class of
the node, an `OpenerDirector` for the protocol and ``_open``. All of them take what they get as the result.
"""

from asyncify.rules.hooks import Framework, Hook

OPENERS = ("*_open", "*_request", "*_response", "http_error_*", "*_error_*")

framework = Framework(
    "dispatch",
    hooks=(
        Hook(
            ("http.server.BaseHTTPRequestHandler",),
            "never",
            methods=("do_*",),
            why="the HTTP server calls it without await",
        ),
        Hook(
            ("cmd.Cmd",),
            "never",
            methods=("do_*", "help_*", "complete_*"),
            why="the command loop calls it without await",
        ),
        Hook(
            ("ast.NodeVisitor",),
            "never",
            methods=("visit_*",),
            why="the visitor calls it without await",
        ),
        Hook(
            ("urllib.request.BaseHandler",),
            "never",
            methods=OPENERS,
            why="the opener calls it without await",
        ),
    ),
)
