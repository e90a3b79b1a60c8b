"""Sessions of others that derive from `requests.Session`: the same calls, each in a worker thread.

`requests_oauthlib`, `requests_cache`, `requests_toolbelt`, `cachecontrol` and `cloudscraper` hook into the
adapters, prepared requests and responses of requests, for which httpx has nothing of the same kind. Their
sessions, and the responses they give, stay what they are.
"""

from asyncify.rules.spec import Attribute, Call, Entry, Library, Resource, Thread, Use

OAUTH_1, OAUTH_2 = "requests_oauthlib.OAuth1Session", "requests_oauthlib.OAuth2Session"
CACHED = "requests_cache.CachedSession"
BASED = "requests_toolbelt.sessions.BaseUrlSession"
CONTROLLED = "cachecontrol.CacheControl"
SCRAPER = "cloudscraper.CloudScraper"
RESPONSE = "requests.models.Response that stays"
PIECES = "requests.pieces of a response"
VERBS = ("delete", "get", "head", "options", "patch", "post", "put", "request", "send")
PLAIN = (
    "adapters", "auth", "cert", "close", "cookies", "get_adapter", "headers", "hooks", "max_redirects", "mount", "params",
    "prepare_request", "proxies", "stream", "trust_env", "verify",
)  # fmt: skip
OF_RESPONSE = (
    "apparent_encoding", "close", "content", "cookies", "created_at", "elapsed", "encoding", "expires",
    "from_cache", "headers", "history", "is_expired", "is_permanent_redirect", "is_redirect", "json", "links",
    "next", "ok", "raise_for_status", "raw", "reason", "request", "revalidated", "status_code", "text", "url",
)  # fmt: skip
# type -> its own methods that wait, its own attributes that do not
SESSIONS = {
    OAUTH_1: (
        ("fetch_access_token", "fetch_request_token"),
        ("authorization_url", "authorized", "parse_authorization_response", "token"),
    ),
    OAUTH_2: (
        ("fetch_token", "refresh_token"),
        (
            "access_token",
            "authorization_url",
            "authorized",
            "new_state",
            "register_compliance_hook",
            "token",
            "token_from_fragment",
        ),
    ),
    CACHED: (
        (),
        ("cache", "cache_disabled", "expire_after", "settings"),
    ),
    BASED: ((), ("base_url", "create_url")),
    CONTROLLED: ((), ()),
    SCRAPER: ((), ("user_agent",)),
}
MAKERS = {"cloudscraper.create_scraper": SCRAPER, "cloudscraper.session": SCRAPER}
FUNCTIONS = (
    "cloudscraper.get_cookie_string",
    "cloudscraper.get_tokens",
    "requests_toolbelt.downloadutils.stream.stream_response_to_file",
    "requests_toolbelt.threaded.map",
)


def _session(kind: str, waiting: tuple[str, ...], plain: tuple[str, ...]) -> tuple[Entry, ...]:
    return (
        Resource(kind, enter="plain", fallback="thread"),
        Call(kind, awaited=False, returns=kind),
        *(Thread(f"{kind}.{name}", returns=RESPONSE) for name in VERBS),
        *(Thread(f"{kind}.{name}") for name in waiting),
        *(Attribute(f"{kind}.{name}", store=("any",)) for name in (*PLAIN, *plain)),
    )


library = Library(
    "requests-sessions",
    code="ASY311",
    target="thread",
    triggers=(
        "requests_oauthlib",
        "requests_cache",
        "requests_toolbelt",
        "cachecontrol",
        "cloudscraper",
    ),
    modules={
        "requests_oauthlib.oauth1_session.OAuth1Session": OAUTH_1,
        "requests_oauthlib.oauth2_session.OAuth2Session": OAUTH_2,
        "requests_cache.session.CachedSession": CACHED,
        "cachecontrol.wrapper.CacheControl": CONTROLLED,
    },
    entries=(
        *(entry for kind, own in SESSIONS.items() for entry in _session(kind, *own)),
        *(Call(name, awaited=False, returns=kind) for name, kind in MAKERS.items()),
        *(Thread(name) for name in FUNCTIONS),
        Resource(RESPONSE, enter="plain", iterate="thread", of="requests.models.Response", fallback="thread"),
        *(Attribute(f"{RESPONSE}.{name}", store=("any",)) for name in OF_RESPONSE),
        *(
            Call(f"{RESPONSE}.{name}", awaited=False, returns=PIECES)
            for name in ("iter_content", "iter_lines")
        ),
        Resource(PIECES, iterate="thread", fallback="thread"),
        *(Use(PIECES, f"{name}:0") for name in ("builtins.list", "builtins.bytes.join")),
    ),
)  # fmt: skip
