"""`responses` and `requests_mock` -> `respx`: what answers the requests of a test.

What differs, and what is done about it (measured with responses 0.26, requests-mock 1.12, respx 0.23):

- respx answers every path of a host where the URL has none: `_with_path`.
- A second answer to the same request replaces the first in respx, and waits for its turn in responses: `_then`.
- responses and respx compare the whole query if the URL has one; requests_mock wants only a part of it.
- A request that nobody answers is an AssertionError in respx, and a ConnectionError in the other two: nothing
  follows where a test wants that, a base of it or what the code under test raises in its place, and no answer of
  it raises; nor where code goes on behind such an error and is called by a test that answers nothing itself.
- The last answer that fits wins in requests_mock, the first one in respx.

Callbacks, other matchers than those of query, body and headers, registries and pass-through have no faithful form here.
"""

from collections.abc import Mapping

from asyncify.rules.hooks import Framework, Hook
from asyncify.rules.spec import Answer, Argument, CallSite, Helper, Interceptor, Library, Refuse

UNANSWERED = (
    "requests.exceptions.ConnectionError",
    "requests.exceptions.RequestException",
    "builtins.OSError",
    "builtins.IOError",
    "builtins.EnvironmentError",
)
VERBS = ("get", "options", "head", "post", "put", "patch", "delete")

WITH_PATH = Helper(
    "_with_path",
    '''\
def _with_path(url):
    """The URL with a path: without one, every path of the host would be answered."""
    parts = urllib.parse.urlsplit(url)
    return parts._replace(path=parts.path or "/").geturl()
''',
    ("import urllib.parse",),
)
THEN = Helper(
    "_then",
    '''\
def _then(route, answer):
    """One more answer of a route: each is given once, the last one again and again."""
    queue = route.__dict__.setdefault("queue", [])
    if route.__dict__.get("done"):
        queue.clear()
    queue.append(answer)
    route.done = False

    def give(request):
        route.done = len(queue) == 1
        given = queue[0] if route.done else queue.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    route.side_effect = give
    return route
''',
)
# what an httpx request has in place of a prepared one
REQUEST = {
    "request.url": ("str({0}.url)", ""),
    "request.method": ("{0}.method", ""),
    "request.headers": ("{0}.headers", ""),
}
CALLS = {
    "calls.[]": ("{0}", "call"),
    "calls.len": ("{0}", ""),
    "calls.test": ("{0}", ""),
    "call.request": ("{0}.request", "request"),
    "call.response": ("{0}.response", "response"),
    "response.status_code": ("{0}.status_code", ""),
    "response.text": ("{0}.text", ""),
    "response.content": ("{0}.content", ""),
    "response.json": ("{0}.json", ""),
}


# keyword of an answer, shapes of which it needs one, keyword of a respx response
Table = Mapping[str, tuple[tuple[str, str], ...]]
OF_RESPONSES: Table = {
    "status": (("any", "status_code"),),
    "json": (("any", "json"),),
    "body": (("exception", ""), ("str", "text"), ("bytes", "content")),
    "headers": (("any", "headers"),),
    "adding_headers": (("any", "headers"),),
    "content_type": (("string", "content_type"),),
}
OF_REQUESTS_MOCK: Table = {
    "status_code": (("any", "status_code"),),
    "json": (("any", "json"),),
    "text": (("str", "text"),),
    "content": (("bytes", "content"),),
    "headers": (("any", "headers"),),
    "exc": (("exception", ""),),
}


def _method(call: CallSite) -> str:
    """The method that a call names: itself, a constant, or an attribute such as ``responses.GET``."""
    verb = call.name.rpartition(".")[2]
    method = call.argument("method")
    text = method.text.strip("'\"").lower() if method is not None else verb
    return text if text in VERBS else ""


def _part(argument: Argument, table: Table) -> str | Refuse:
    """The keyword that an argument becomes, "" for an exception."""
    for shape, keyword in table.get(argument.name, ()):
        if shape in argument.shapes and "function" not in argument.shapes:
            return keyword
    return Refuse(f"respx has no counterpart of {argument.name!r}, or not of this value")


def _answer(call: CallSite, table: Table, ignored: tuple[str, ...] = ()) -> Answer | Refuse:
    method, url = _method(call), call.argument("url")
    if not method or any(argument.name in ("*", "**") for argument in call.arguments):
        return Refuse("the method is not known")
    if url is None or "regex" in url.shapes or not url.shapes & {"str", "url"}:
        return Refuse("the URL is not known")
    parts: dict[str, str] = {}
    for argument in call.arguments:
        if argument.name in ("url", "method", *ignored):
            continue
        keyword, hole = _part(argument, table), f"{{{argument.index}}}"
        if isinstance(keyword, Refuse):
            return keyword
        if not keyword:
            return Answer(method, url.index, raises=hole)
        if keyword in parts:
            return Refuse(f"{keyword!r} is given twice")
        parts[keyword] = hole
    return Answer(method, url.index, tuple(parts.items()))


def _responses(call: CallSite) -> Answer | Refuse:
    """``responses.add(responses.GET, url, json=..., status=...)`` and ``responses.get(url, ...)``."""
    return _answer(call, OF_RESPONSES, ("auto_calculate_content_length",))


def _requests_mock(call: CallSite) -> Answer | Refuse:
    """``requests_mock.get(url, text=..., status_code=...)`` and ``register_uri``."""
    url = call.argument("url")
    if url is not None and "?" in url.text:
        return Refuse("requests_mock compares only a part of the query")
    return _answer(call, OF_REQUESTS_MOCK)


RESPONSES = Interceptor(
    "responses",
    of="requests",
    to="respx",
    requires=("respx>=0.21",),
    answers=dict.fromkeys(("add", *VERBS), _responses),
    reads={
        **CALLS,
        **REQUEST,
        "router.calls": ("{0}.calls", "calls"),
        "router.start": ("{0}.start", ""),
        "router.stop": ("{0}.stop", ""),
        "answer.call_count": ("{0}.call_count", ""),
        "answer.calls": ("{0}.calls", "calls"),
    },
    names={"responses.activate": "respx.mock"},
    routers={"responses.RequestsMock": {"assert_all_requests_are_fired": "assert_all_called"}},
    constants=tuple(verb.upper() for verb in VERBS),
    match="match",
    matchers={
        "responses.matchers.query_param_matcher": "params__eq",
        "responses.matchers.json_params_matcher": "json",
        "responses.matchers.urlencoded_params_matcher": "data",
        "responses.matchers.header_matcher": "headers",
    },
    queues=True,
    unanswered=UNANSWERED,
)
REQUESTS_MOCK = Interceptor(
    "requests_mock",
    of="requests",
    to="respx",
    requires=("respx>=0.21",),
    answers=dict.fromkeys(("register_uri", *VERBS), _requests_mock),
    reads={
        **CALLS,
        **REQUEST,
        "requests.[]": ("{0}.request", "request"),
        "requests.len": ("{0}", ""),
        "requests.test": ("{0}", ""),
        "router.called": ("{0}.calls.called", ""),
        "router.call_count": ("{0}.calls.call_count", ""),
        "router.last_request": ("{0}.calls.last.request", "request"),
        "router.request_history": ("{0}.calls", "requests"),
        "answer.called": ("{0}.called", ""),
        "answer.call_count": ("{0}.call_count", ""),
        "answer.last_request": ("{0}.calls.last.request", "request"),
        "request.text": ("{0}.content.decode()", ""),
        "request.json()": ("json.loads({0}.content)", ""),
    },
    routers={"requests_mock.Mocker": {}, "requests_mock.mocker.Mocker": {}},
    defaults=("assert_all_called=False",),
    fixture="requests_mock",
    unanswered=UNANSWERED,
)

library = Library(
    "responses",
    code="ASY314",
    target="respx",
    helpers=(WITH_PATH, THEN),
    entries=(RESPONSES, REQUESTS_MOCK),
)

# the decorator of requests_mock calls what it decorates without `await`
framework = Framework("responses", hooks=(Hook(("responses.activate",), "awaits"),))
