"""The helpers of the requests rule do what requests does, whatever they are given."""

import io

import httpx
import pytest
import requests
from rules.helpers import helpers

HELPERS = helpers("requests")
http_url = HELPERS["_http_url"]
http_body = HELPERS["_http_body"]
http_headers = HELPERS["_http_headers"]
http_timeout = HELPERS["_http_timeout"]
raise_for_status = HELPERS["_raise_for_status"]

URLS = (
    "http://host/path",
    "http://host/path?",
    "http://host/path?x=1",
    "http://host/path?x=1&",
    "http://host/path?x=1&x=2#part",
    "http://host/path#part",
    "http://host/path#part?not=query",
    "http://host/?a=b?c",
    "http://host/p%20a/th?q=%C3%A9",
    "http://user:pw@host:8080/path",
    "  http://host/path",
    b"http://host/path?x=1",
)
PARAMS = (
    None,
    {},
    [],
    "",
    b"",
    "a=1&b=2",
    b"a=1",
    {"a": 1, "b": "two", "c": 2.5},
    {"a": None},
    {"a": None, "b": "", "c": 0},
    {"a": True, "b": False},
    {"a": [1, None, "x"], "b": ()},
    {"a": ("x", True)},
    {"a": {"b": 1}},
    {"a": {1}},
    {"a": range(3)},
    {"a": b"\xff", b"b": "é"},
    {"é": "ü & = + / ? # ~ *"},
    {1: 2},
    [("a", 1), ("b", 2), ("a", 3)],
    (("a", None), ("b", "x")),
    [("a", [1, 2]), ("a", None)],
    {"a": "a b+c"},
)


def prepared(**arguments) -> requests.PreparedRequest:
    return requests.Request(**arguments).prepare()


@pytest.mark.parametrize("params", PARAMS, ids=repr)
@pytest.mark.parametrize("url", URLS, ids=repr)
def test_url_is_the_one_of_requests(url, params) -> None:
    expected = prepared(method="GET", url=url, params=params).path_url
    assert httpx.URL(http_url(url, params)).raw_path.decode() == expected


def test_url_objects_are_texts() -> None:
    assert http_url(httpx.URL("http://host/a"), {"b": 1}) == "http://host/a?b=1"


DATA = (
    None,
    {},
    [],
    "",
    b"",
    "text é",
    b"\x00\xff",
    {"a": 1, "b": "two", "c": 2.5},
    {"a": None, "b": ""},
    {"a": None},
    {"a": []},
    {"a": True},
    {"a": [1, None, "x"], "b": (2,)},
    {"a": {"b": 1}},
    {"a": b"bytes", b"k": "v"},
    {"é": "ü &=+"},
    [("a", 1), ("b", 2)],
    (("a", 1), ("a", 2)),
)
FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("data", DATA, ids=repr)
def test_body_is_the_one_of_requests(data) -> None:
    expected = prepared(method="POST", url="http://host/", data=data)
    request = httpx.Client().build_request("POST", "http://host/", **http_body(data))
    body = expected.body or b""
    assert request.content == (body.encode() if isinstance(body, str) else body)
    assert request.headers.get("content-type") == expected.headers.get("content-type")
    length = expected.headers.get("content-length", "0")  # http.client adds the last one
    assert request.headers["content-length"] == length


def test_repeated_fields_of_a_form_stay_in_order() -> None:
    request = httpx.Request("POST", "http://h/", **http_body([("a", 1), ("b", 2), ("a", 3)]))
    assert request.content == b"a=1&b=2&a=3"


def test_body_is_read_from_a_file() -> None:
    assert http_body(io.BytesIO(b"text")) == {"content": b"text"}


async def test_body_is_streamed_from_a_generator() -> None:
    content = http_body(part for part in (b"a", b"b"))["content"]
    assert [part async for part in content] == [b"a", b"b"]
    assert httpx.Request("POST", "http://h/", content=content).headers["transfer-encoding"]


@pytest.mark.parametrize(
    "headers",
    [
        None,
        {},
        {"A": "b"},
        {"A": "b", "C": None},
        {"A": "é"},
        {"A": b"\xc3"},
        [("A", "b")],
        pytest.param(requests.structures.CaseInsensitiveDict({"A": "b"}), id="ignoring case"),
    ],
    ids=repr,
)
def test_headers_are_those_of_requests(headers) -> None:
    session = requests.Session()
    session.headers.clear()
    given = dict(headers) if isinstance(headers, list) else headers
    expected = session.prepare_request(requests.Request("GET", "http://host/", headers=given))
    sent = httpx.Request("GET", "http://host/", headers=http_headers(headers)).headers.raw
    ours = {name.decode(): value for name, value in sent if name.lower() != b"host"}
    theirs = {
        name: value.encode("latin-1") if isinstance(value, str) else value
        for name, value in expected.headers.items()
    }
    assert ours == theirs


@pytest.mark.parametrize(
    ("timeout", "connect", "read"),
    [(None, None, None), (3, 3, 3), (0.5, 0.5, 0.5), ((1, 2), 1, 2), ((None, 2), None, 2)],
)
def test_timeout_is_for_connecting_and_reading(timeout, connect, read) -> None:
    made = http_timeout(timeout)
    assert (made.connect, made.read, made.pool) == (connect, read, None)


@pytest.mark.parametrize("status", [*range(100, 104), *range(200, 309), *range(400, 419), 500, 599])
def test_status_errors_are_those_of_requests(status: int) -> None:
    theirs = requests.Response()
    theirs.status_code, theirs.url, theirs.reason = status, "http://host/", "reason"
    ours = httpx.Response(status, request=httpx.Request("GET", "http://host/"))
    assert (not ours.is_error) == theirs.ok
    assert ours.has_redirect_location is theirs.is_redirect
    if theirs.ok:
        assert raise_for_status(ours) is theirs.raise_for_status() is None
        return
    with pytest.raises(requests.HTTPError):
        theirs.raise_for_status()
    with pytest.raises(httpx.HTTPStatusError):
        raise_for_status(ours)


def test_tls_settings_are_made_once() -> None:
    assert isinstance(httpx.AsyncClient(verify=HELPERS["_SSL_CONTEXT"]), httpx.AsyncClient)


def test_unpacked_arguments_are_those_of_httpx() -> None:
    made = HELPERS["_http_arguments"](
        "http://h/?x=1", params={"a": None, "b": True}, timeout=None, allow_redirects=False, json=[]
    )
    assert made.pop("timeout") == httpx.Timeout(None)
    assert made == {"url": "http://h/?x=1&b=True", "follow_redirects": False, "json": []}


@pytest.mark.parametrize(
    "given", [{"verify": True}, {"verify": None}, {"stream": False}, {"files": {}}]
)
def test_unpacked_arguments_that_say_nothing_are_left_out(given) -> None:
    assert HELPERS["_http_arguments"]("http://h/", **given) == {"url": "http://h/"}


@pytest.mark.parametrize(
    "given", [{"verify": False}, {"stream": True}, {"cert": "c"}, {"auth": print}]
)
def test_unpacked_arguments_without_place_are_errors(given) -> None:
    with pytest.raises(TypeError, match=next(iter(given))):
        HELPERS["_http_arguments"]("http://h/", **given)
