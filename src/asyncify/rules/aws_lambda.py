"""The runtime of AWS Lambda turns what a handler returns into JSON: a coroutine is none. It runs no loop."""

from asyncify.rules.hooks import Framework, Hook

framework = Framework(
    "aws-lambda",
    hooks=(Hook(("lambda_handler", "handler"), "starts", parameters=("event", "context")),),
)
