"""Parts of the rule for requests: what streams, what logs in, and the names of the types."""

from asyncify.rules.spec import Attribute, Call, Derived, Entry, Parameter, Refuse, Resource, Use

SESSION = "requests.sessions.Session"
RESPONSE = "requests.models.Response"
SENT = "requests.models.PreparedRequest"
ADAPTER = "requests.adapters.HTTPAdapter"
STREAMED = "requests.response that is read piece by piece"
PIECES = "requests.body that is read piece by piece"
BASIC, DIGEST = "requests.auth.HTTPBasicAuth", "requests.auth.HTTPDigestAuth"
AUTH = "requests.auth.AuthBase"
LOGINS = ("tuple", BASIC, DIGEST, f"derived from {AUTH}")  # what `auth` may be
JAR = "requests.cookies.RequestsCookieJar"
HEADERS = "requests.structures.CaseInsensitiveDict"
SIGNATURES = {
    "get": ("url", "params"),
    "options": ("url",),
    "head": ("url",),
    "post": ("url", "data", "json"),
    "put": ("url", "data"),
    "patch": ("url", "data"),
    "delete": ("url",),
    "request": ("method", "url"),
}
KEEP, DROP = "{0}", ""


def of_response(kind: str) -> tuple[Entry, ...]:
    """What a response tells, whether its body is read or not."""
    return (
        *(Attribute(f"{kind}.{name}") for name in ("links", "status_code")),
        Attribute(f"{kind}.encoding", store=("any",)),
        Attribute(f"{kind}.headers", returns=HEADERS),
        Attribute(f"{kind}.cookies", returns=JAR),
        Attribute(f"{kind}.ok", "not {0}.is_error", opposite="{0}.is_error"),
        Attribute(f"{kind}.reason", "{0}.reason_phrase"),
        Attribute(f"{kind}.url", "str({0}.url)"),
        Attribute(f"{kind}.is_redirect", "{0}.has_redirect_location"),
        Attribute(
            f"{kind}.is_permanent_redirect",
            "_is_permanent_redirect({0})",
            helpers=("_is_permanent_redirect",),
        ),
        Attribute(f"{kind}.request", returns=SENT),
        Attribute(
            f"{kind}.raise_for_status",
            call="_raise_for_status({0})",
            helpers=("_raise_for_status",),
        ),
        Use(kind, "test", "not {0}.is_error", opposite="{0}.is_error"),
        Use(kind, "builtins.bool:0", "not {0}.is_error"),
        Call(f"{kind}.close", "aclose", waits=False),
    )


def pieces(kind: str, chunks: str, lines: str, returns: str = "") -> tuple[Entry, ...]:
    """The body of a response by pieces, and by lines: a method, or a helper that gets the response."""
    size = Parameter("chunk_size", positional=True)
    helper = bool(returns)
    return (
        Call(
            f"{kind}.iter_content",
            chunks,
            awaited=False,
            signature=("chunk_size",),
            parameters=(size, Parameter("decode_unicode", DROP, forms=(("false", KEEP),))),
            last=() if helper else ("chunk_size=1",),
            receiver=helper,
            helpers=(chunks,) if helper else (),
            returns=returns,
            fetches=True,
        ),
        Call(
            f"{kind}.iter_lines",
            lines,
            awaited=False,
            signature=("chunk_size", "decode_unicode", "delimiter"),
            parameters=(
                size,
                Parameter("decode_unicode", positional=True, forms=(("false", KEEP),)),
                Parameter("delimiter", positional=True, forms=(("none", KEEP),)),
            ),
            receiver=True,
            helpers=(lines,),
            returns=returns,
            fetches=True,
        ),
    )


_READ_NOW = "the body of a streamed response is read at once"
STREAMS: tuple[Entry, ...] = (
    Resource(STREAMED, "httpx.Response", enter="async", of=RESPONSE, must_enter=True, fallback="thread"),
    *of_response(STREAMED),
    *pieces(STREAMED, "_http_chunks", "_http_stream_lines", returns=PIECES),
    Resource(PIECES, "aiter_bytes", iterate="async", fallback="thread"),
    *(Refuse(_READ_NOW, f"{STREAMED}.{name}") for name in ("content", "json", "text")),
    Refuse("httpx gives no access to the raw stream", f"{STREAMED}.raw"),
    Refuse("httpx knows it when the body is read", f"{STREAMED}.elapsed"),
)  # fmt: skip


def _auth(kind: str, new: str) -> tuple[Entry, ...]:
    """A login of requests as the one of httpx."""
    made = tuple(
        Parameter(name, positional=True, forms=forms, helper=helper)
        for name in ("username", "password")
        for forms, helper in (
            ((("str", KEEP), ("bytes", KEEP)), ""),
            ((("any", "_http_credential({0})"),), "_http_credential"),
        )
    )
    return (
        Resource(kind, new, annotation=new, fallback="thread"),
        Call(
            kind,
            new,
            awaited=False,
            signature=("username", "password"),
            parameters=made,
            returns=kind,
        ),
        *(
            Use(kind, f"{owner}.{verb}:auth", plain=True)
            for owner in ("requests.api", SESSION)
            for verb in SIGNATURES
        ),
    )


OWN = Derived(
    AUTH,
    "_HttpAuth",
    "__call__",
    SENT,
    "httpx.Request",
    {"headers": "", "method": "", "url": "str({0})"},
    {"headers": ("get", "pop", "setdefault", "update")},
    ("async_auth_flow", "auth_flow", "requires_request_body", "requires_response_body", "sync_auth_flow"),
)  # fmt: skip
AUTHS = (OWN, *_auth(BASIC, "httpx.BasicAuth"), *_auth(DIGEST, "httpx.DigestAuth"))
