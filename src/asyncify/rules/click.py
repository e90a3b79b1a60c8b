"""click and typer call commands, groups and callbacks without await: an async one silently does nothing.

So do other runners of commands. Each is called once, before anything else runs: it may start the loop. Where
another command (`ctx.invoke`, `ctx.forward`, `command.main`) or a test (`CliRunner.invoke`) runs one, a loop may run.
"""

from asyncify.rules.hooks import Framework, Hook

framework = Framework(
    "click",
    hooks=(
        Hook(("click.*", "typer.*", "rich_click.*", "invoke.*", "nox.*"), "starts", program=True),
        Hook(("typer.run", "typer.main.run"), "starts", arguments=("0",)),
        Hook(("fire.Fire", "fire.core.Fire"), "starts", arguments=("0", "component")),
    ),
)
