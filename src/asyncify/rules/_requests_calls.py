"""The calls of requests: what becomes of their arguments, for a function and for a method of a session.

A session may have three forms (`spec.Call.wider`): a client of httpx; one with a `_HttpTransport`, for which a
request may have options of its own; and a `_HttpSession`, whose methods take what those of requests take.
"""

from dataclasses import replace

from asyncify.rules._requests_parts import (
    ADAPTER,
    DROP,
    KEEP,
    LOGINS,
    RESPONSE,
    SESSION,
    SIGNATURES,
    STREAMED,
)
from asyncify.rules.spec import (
    Adaptation,
    Argument,
    Call,
    CallSite,
    Option,
    Parameter,
    Refuse,
)

REQUEST = (
    "method url params data headers cookies files auth timeout allow_redirects proxies hooks stream "
    "verify cert json"
)
BODYLESS = ("get", "options", "head", "delete")  # httpx sends a body with these by `request` only
SIMPLE = {"constant", "name"}  # expressions that may be evaluated earlier or later
UNPACKED = (
    "method",
    "url",
    "params",
    "data",
    "json",
    "headers",
    "auth",
    "timeout",
    "allow_redirects",
)
ALWAYS_NONE = ("files", "hooks")
OF_CLIENT = ("cert", "cookies", "proxies")

PARAMETERS = (
    Parameter("method", positional=True),
    Parameter("url", positional=True),
    Parameter("params", forms=(("none", KEEP), ("mapping", KEEP))),
    Parameter("data", forms=(("none", KEEP), ("mapping", KEEP))),
    Parameter("data", "content", forms=(("str", KEEP), ("bytes", KEEP))),
    Parameter("data", "**", forms=(("any", "_http_body({0})"),), helper="_http_body"),
    Parameter("json"),
    Parameter("headers", forms=(("none", KEEP), ("ascii", KEEP))),
    Parameter("headers", forms=(("any", "_http_headers({0})"),), helper="_http_headers"),
    Parameter("auth", DROP, forms=(("none", KEEP),)),
    Parameter("auth", forms=tuple((shape, KEEP) for shape in LOGINS)),
    Parameter("timeout", forms=(("none", KEEP), ("tuple", KEEP))),
    Parameter("timeout", forms=(("number", "httpx.Timeout({0}, pool=None)"),)),
    Parameter("timeout", forms=(("any", "_http_timeout({0})"),), helper="_http_timeout"),
    Parameter("allow_redirects", "follow_redirects"),
    Parameter("stream", DROP, forms=tuple((shape, KEEP) for shape in ("none", "false", "true"))),
    *(Parameter(name, DROP, forms=(("none", KEEP),)) for name in ALWAYS_NONE),
)
OF_FUNCTION = (
    *PARAMETERS,
    *(Parameter(name, DROP, forms=(("none", KEEP),)) for name in OF_CLIENT),
    *(Parameter(name, client=True) for name in ("verify", *OF_CLIENT)),
)
OF_METHOD = (
    *PARAMETERS,
    *(Parameter(name, DROP, forms=(("none", KEEP),)) for name in OF_CLIENT),
    Parameter("verify", DROP, forms=(("true", KEEP), ("none", KEEP))),
)
_VERIFY = Option(
    "verify",
    ("verify", "cert"),
    "_http_verify({verify}, {cert})",
    (("True", "_SSL_CONTEXT"), ("None", "_SSL_CONTEXT"), ("False", "False")),
    "_http_verify",
)
OPTIONS = (
    _VERIFY,
    Option(
        "mounts",
        ("proxies",),
        "_http_mounts({proxies}, {verify}, {cert})",
        (("{}", "None"),),
        "_http_mounts",
    ),
)
OPTIONS_OF_SESSION = (
    _VERIFY,
    Option(
        "mounts",
        ("proxies",),
        "_http_mounts({proxies}, {verify}, {cert}, {trust_env})",
        (("{}", "None"),),
        "_http_mounts",
    ),
)
MOUNTED = (
    Parameter("prefix", positional=True),
    Parameter("adapter", positional=True, forms=((ADAPTER, KEEP),)),
)
LATE = ("cert", "proxies", "trust_env", "verify")
OF_TRANSPORT = (
    Option(
        "transport",
        ("verify", "cert", "proxies", "trust_env"),
        "_HttpTransport({verify}, {cert}, {proxies}, {trust_env})",
        (("True", "_HttpTransport()"), ("False", "_HttpTransport(False)")),
        "_HttpTransport",
    ),
)
EXTENDED = ("verify", "cert", "proxies")  # what `_HttpTransport` takes for one request
ADAPTED = (
    Parameter("pool_connections", positional=True),
    Parameter("pool_maxsize", positional=True),
    Parameter(
        "max_retries", positional=True, unless_defined="sleep"
    ),  # one of its own may wait as it likes
    Parameter("pool_block", positional=True, forms=(("false", KEEP),)),
)
AS_IT_IS = (  # for a method of `_HttpSession`, which takes what those of requests take
    *(
        Parameter(name, positional=True)
        for name in REQUEST.split()
        if name not in ("auth", "hooks", "stream")
    ),
    Parameter("auth", forms=tuple((shape, KEEP) for shape in ("none", *LOGINS))),
    Parameter("hooks", forms=(("none", KEEP),)),
    Parameter("stream", forms=(("none", KEEP), ("false", KEEP))),
    Parameter("**"),
)


def _request(call: CallSite) -> Adaptation | Refuse:
    """Puts `params` into the URL, and a body into the verbs that have none in httpx."""
    verb = call.name.rpartition(".")[2]
    if call.argument("**") is not None:
        return _unpacked(call, verb)
    headers = call.argument("headers")
    if headers is not None and "holding none" in headers.shapes and SESSION in call.name:
        return Refuse("httpx cannot leave out a header of the client")
    given = {a.name: a for a in call.arguments if "none" not in a.shapes}
    if "data" in given and "json" in given:
        return Refuse("requests sends data or json, and httpx refuses to choose")
    to: str | None = None
    first: tuple[str, ...] = ()
    if "stream" in given and "true" in given["stream"].shapes:
        to, first = ("stream", () if verb == "request" else (f'"{verb.upper()}"',))
    elif verb in BODYLESS and given.keys() & {"data", "json", "files"}:
        to, first = ("request", (f'"{verb.upper()}"',))
    url, params = given.get("url"), given.get("params")
    if url is None or params is None:
        return Adaptation(to=to, first=first)
    if "mapping" in params.shapes and "text" in url.shapes and "query" not in url.shapes:
        return Adaptation(to=to, first=first)
    low, high = sorted((url.index, params.index))
    passed = [a for a in call.arguments if low < a.index < high or (a is url and url.index == high)]
    if not (params.shapes & SIMPLE or all(a.shapes & SIMPLE for a in passed)):
        return Refuse("the parameters would be evaluated before other arguments")
    made = f"_http_url({{{url.index}}}, {{{params.index}}})"
    return Adaptation(
        (params.index,), values=((url.index, made),), first=first, helpers=("_http_url",), to=to
    )


def _unpacked(call: CallSite, verb: str) -> Adaptation | Refuse:
    """Leaves the arguments to a helper at run time, if none is known to have no place in httpx."""
    stars = [a for a in call.arguments if a.name in ("*", "**")]
    rest = [a for a in call.arguments if a not in stars and a.name != "method"]
    keys = {a.name for a in rest} | {
        shape.removeprefix("key ") for a in stars for shape in a.shapes
    }
    auth = call.argument("auth")
    if auth is not None:
        keys = keys - {"auth?"} if auth.shapes & {"none", *LOGINS} else keys | {"auth?"}
    for name in ("auth?", *REQUEST.split()):
        if name in keys and name not in UNPACKED:
            return Refuse(f"argument {name.rstrip('?')!r} has no faithful form")
    if verb == "head" or [a.name for a in stars] != ["**"] or call.argument("url") is None:
        return Refuse("what is unpacked here has no faithful form")
    (star,) = stars
    texts = [f"{{{a.index}}}" if a.name == "url" else f"{a.name}={{{a.index}}}" for a in rest]
    made = f"_http_arguments({', '.join([*texts, f'**{{{star.index}}}'])})"
    first = () if verb == "request" else (f'"{verb.upper()}"',)
    helpers = ("_http_arguments", "_http_url", "_http_body", "_http_headers", "_http_timeout")
    drop = tuple(a.index for a in rest)
    return Adaptation(
        drop, values=((star.index, made),), first=first, helpers=helpers, to="request"
    )


def _as_it_is(call: CallSite) -> Refuse | None:
    """What is unpacked may hold anything but what a method of `_HttpSession` has no place for."""
    refused = {"key hooks", "key stream", *(() if call.argument("auth") else ("key auth?",))}
    for shape in (shape for a in call.arguments if a.name == "**" for shape in a.shapes):
        if shape in refused:
            name = shape.removeprefix("key ").rstrip("?")
            return Refuse(f"argument {name!r} has no faithful form")
    return None


def _wider(name: str, verb: str, signature: tuple[str, ...]) -> tuple[Call, Call]:
    """The method where the client has a `_HttpTransport`, and the one of a `_HttpSession`."""
    if verb == "request":
        signature = tuple(REQUEST.split())
    last = ("follow_redirects=False",) if verb == "head" else ()
    return (
        Call(name, verb, signature=signature, parameters=OF_METHOD, last=last, returns=RESPONSE, adapt=_extended),
        Call(name, signature=signature, parameters=AS_IT_IS, returns=RESPONSE, adapt=_as_it_is),
    )  # fmt: skip


def _extended(call: CallSite) -> Adaptation | Refuse:
    """Options of the transport go into `extensions`, where the last of them stands."""
    made = _request(call)
    own = [a for a in call.arguments if a.name in EXTENDED and "none" not in a.shapes]
    if isinstance(made, Refuse) or not own:
        return made
    if not _stay_in_order(call, own):
        return Refuse("the options of a request would be evaluated in another order")
    parts = ", ".join(f'"{a.name}": {{{a.index}}}' for a in own)
    *others, last = (a.index for a in own)
    return replace(
        made,
        drop=(*made.drop, *others),
        rename=(*made.rename, (last, "extensions")),
        values=(*made.values, (last, f"{{{{{parts}}}}}")),
    )


def _stay_in_order(call: CallSite, own: list[Argument]) -> bool:
    """Whether arguments may all be evaluated where the last of them stands."""
    between = [a for a in call.arguments if own[0].index < a.index < own[-1].index and a not in own]
    return any(all(a.shapes & SIMPLE for a in some) for some in (own, between))


def _with_files(call: CallSite) -> Adaptation | Refuse:
    """A form with files is made at once, with the headers that name its type."""
    made, files = _request(call), call.argument("files")
    if isinstance(made, Refuse) or files is None or "none" in files.shapes:
        return made
    own = [a for a in call.arguments if a.name in ("files", "data", "headers")]
    if call.argument("json") is not None or not _stay_in_order(call, own):
        return Refuse("what a form with files is made of would be evaluated in another order")
    texts = (f"{a.name}={{{a.index}}}" for a in own)
    *others, last = (a.index for a in own)
    return replace(
        made,
        drop=(*made.drop, *others),
        rename=(*made.rename, (last, "**")),
        values=(*made.values, (last, f"_http_form({', '.join(texts)})")),
        helpers=(*made.helpers, "_http_form"),
    )


def calls(owner: str, method: bool) -> tuple[Call, ...]:
    return tuple(
        Call(
            f"{owner}.{verb}",
            verb,
            client="" if method else "requests",
            signature=tuple(REQUEST.split()) if method and verb == "request" else signature,
            parameters=OF_METHOD if method else OF_FUNCTION,
            last=("follow_redirects=False",) if verb == "head" else (),
            returns=RESPONSE,
            adapt=_request if method else _with_files,
            unread="stream",
            variants=(("stream", "False", STREAMED),),
            wider=_wider(f"{owner}.{verb}", verb, signature) if method else (),
        )
        for verb, signature in SIGNATURES.items()
    )
