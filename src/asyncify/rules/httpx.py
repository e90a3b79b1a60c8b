"""httpx.Client -> httpx.AsyncClient.

The two clients take the same arguments and give the same responses, read or not. What differs: a body
that is read piece by piece has to come from an async iterator, an `Auth` of one's own needs
`async_auth_flow` (a synchronous one is ignored without a word), transports and event hooks have to be
async, and a response is closed by `aclose`. Those calls, and streams, stay in a worker thread.
"""

from asyncify.rules.spec import Attribute, Call, Client, Library, Parameter, Refuse, Resource

CLIENT = "httpx.Client"
RESPONSE = "httpx.Response"
VERBS = ("get", "options", "head", "post", "put", "patch", "delete", "request")
KEEP = "{0}"

PARAMETERS = (
    Parameter("method", positional=True),
    Parameter("url", positional=True),
    *(Parameter(name) for name in ("params", "headers", "json", "files", "follow_redirects", "timeout")),
    Parameter("content", forms=(("none", KEEP), ("str", KEEP), ("bytes", KEEP))),
    Parameter("data", forms=(("none", KEEP), ("mapping", KEEP))),
    Parameter("auth", forms=(("none", KEEP), ("tuple", KEEP))),
)  # fmt: skip
OF_CLIENT = ("cookies", "proxy", "trust_env", "verify")
OF_FUNCTION = (*PARAMETERS, *(Parameter(name, client=True) for name in OF_CLIENT))
OF_METHOD = (*PARAMETERS, Parameter("cookies"), Parameter("extensions"))
CONSTRUCTOR = (
    "auth", "base_url", "cert", "cookies", "default_encoding", "follow_redirects", "headers", "http1", "http2",
    "limits", "max_redirects", "params", "proxy", "timeout", "trust_env", "verify",
)  # fmt: skip
ATTRIBUTES = (
    "charset_encoding", "content", "cookies", "elapsed", "encoding", "extensions", "has_redirect_location",
    "headers", "history", "http_version", "is_client_error", "is_closed", "is_error", "is_informational",
    "is_redirect", "is_server_error", "is_success", "iter_bytes", "iter_lines", "iter_text", "json", "links",
    "next_request", "num_bytes_downloaded", "raise_for_status", "read", "reason_phrase", "request",
    "status_code", "text", "url",
)  # fmt: skip
_STREAM = "a stream has other methods on an async client"


def _calls(owner: str, method: bool) -> tuple[Call, ...]:
    return tuple(
        Call(
            f"{owner}.{verb}",
            verb,
            client="" if method else "httpx",
            signature=("method", "url") if verb == "request" else ("url",),
            parameters=OF_METHOD if method else OF_FUNCTION,
            returns=RESPONSE,
        )
        for verb in VERBS
    )


library = Library(
    "httpx",
    code="ASY320",
    target="httpx",
    requires=("httpx>=0.27",),
    triggers=("httpx",),
    entries=(
        Client("httpx", "httpx.AsyncClient", reset="{client}.cookies.clear()"),
        *_calls("httpx", method=False),
        *_calls(CLIENT, method=True),
        Resource(
            CLIENT,
            "httpx.AsyncClient",
            enter="async",
            annotation="httpx.AsyncClient",
            fallback="thread",
        ),
        Call(
            CLIENT,
            "httpx.AsyncClient",
            awaited=False,
            parameters=(
                *(Parameter(name) for name in CONSTRUCTOR if name != "auth"),
                Parameter("auth", forms=(("none", KEEP), ("tuple", KEEP))),
                *(
                    Parameter(name, forms=(("none", KEEP),))
                    for name in ("event_hooks", "mounts", "transport")
                ),
            ),
            returns=CLIENT,
        ),
        Call(f"{CLIENT}.close", "aclose"),
        *(
            Attribute(f"{CLIENT}.{name}", store=("any",))
            for name in (
                "base_url",
                "cookies",
                "headers",
                "max_redirects",
                "params",
                "timeout",
                "trust_env",
            )
        ),
        Attribute(f"{CLIENT}.follow_redirects", store=("any",)),
        Attribute(f"{CLIENT}.is_closed"),
        Attribute(f"{CLIENT}.auth", store=("none", "tuple")),
        Attribute(f"{CLIENT}.build_request"),
        Refuse("the hooks of an async client are async", f"{CLIENT}.event_hooks"),
        Refuse(_STREAM, f"{CLIENT}.stream"),
        Refuse(_STREAM, "httpx.stream"),
        Refuse("the request may have a body that cannot be read asynchronously", f"{CLIENT}.send"),
        Resource(RESPONSE, RESPONSE, fallback="thread"),
        *(
            Attribute(f"{RESPONSE}.{name}", store=("any",) * (name == "encoding"))
            for name in ATTRIBUTES
        ),
        Refuse("the raw bytes of a response that is read already are gone", f"{RESPONSE}.iter_raw"),
        Call(f"{RESPONSE}.close", "aclose"),
    ),
)
