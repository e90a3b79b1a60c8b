"""argparse keeps functions for later: `set_defaults(func=run)`, and the project calls `args.func(args)`.

Whatever it finds there it calls without await, so each of them starts a loop of its own.
"""

from asyncify.rules.hooks import Framework, Hook

framework = Framework(
    "argparse",
    hooks=(
        Hook(
            ("argparse.*set_defaults",),
            "starts",
            arguments=("[a-z_]*",),
            stored=True,
            why="it is called as an attribute of the parsed arguments",
        ),
    ),
)
