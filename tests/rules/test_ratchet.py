"""The tables of the rules and the installed libraries name the same things."""

import asyncio
import builtins
import http.client
import importlib
import importlib.util
import inspect
import io
import re
import sqlite3
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.message import Message
from typing import Any

import aiofiles.threadpool
import aiosqlite
import httpx
import pytest
import requests
import urllib3

from asyncify.codes import find
from asyncify.rules.registry import Rules, load_rules
from asyncify.rules.spec import (
    Attribute,
    Call,
    Client,
    Hazard,
    Interceptor,
    Library,
    Raises,
    Refuse,
    Resource,
    Thread,
    Use,
)

RULES = Rules.select()
FILES = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)


class _FromCache:
    """What requests_cache adds to a response."""

    created_at = expires = from_cache = is_expired = revalidated = None


class _Socket:
    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(b"HTTP/1.0 200 OK\r\n\r\n")


def _response() -> http.client.HTTPResponse:
    response = http.client.HTTPResponse(_Socket())  # type: ignore[arg-type]
    response.begin()
    response.url = "http://host/"
    return response


def _ended() -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process


_REQUEST = httpx.Request("GET", "http://host/")
_FAILED = httpx.HTTPStatusError("", request=_REQUEST, response=httpx.Response(404))

# Objects of the old types, and the types that stand for them afterwards. An attribute exists if one
# of the objects has it.
OLD: dict[str, tuple[object, ...]] = {
    "requests.sessions.Session": (requests.Session(),),
    "requests.models.Response": (requests.Response(),),
    "requests.models.PreparedRequest": (requests.PreparedRequest(),),
    "http.client.HTTPResponse": (_response(),),
    "urllib.error.HTTPError": (
        urllib.error.HTTPError("http://host/", 404, "", Message(), io.BytesIO()),
        io.BytesIO,  # what it passes on to its file
    ),
    "urllib3.response.BaseHTTPResponse": (urllib3.HTTPResponse(),),
    "urllib3.stream": (urllib3.HTTPResponse().stream(),),
    "requests.pieces of a response": (),
    "httpx.Client": (httpx.Client(),),
    "httpx.Response": (httpx.Response(200, request=_REQUEST),),
    "httpx.Request": (_REQUEST,),
    "httpx.HTTPStatusError": (_FAILED,),
    "httpx.iterator": (),
    "requests.response that is read piece by piece": (requests.Response(),),
    "requests.body that is read piece by piece": (),
    "file": FILES,
    "subprocess.Popen": (_ended(),),
    "subprocess.stdin": FILES,
    "subprocess.stdout": FILES,
    "os._wrap_close": FILES,
    "threading.Lock": (threading.Lock(),),
    "threading.RLock": (threading.RLock(),),
    "threading.Condition": (threading.Condition(),),
}
_URLLIB3 = {name: OLD[name] for name in OLD if name.startswith("urllib3.")}  # in a thread
NEW: dict[str, tuple[object, ...]] = {
    "requests.sessions.Session": (httpx.AsyncClient(),),
    "requests.models.Response": (httpx.Response(200, request=_REQUEST),),
    "requests.models.PreparedRequest": (_REQUEST,),
    "httpx.Client": (httpx.AsyncClient(),),
    "httpx.Response": (httpx.Response(200, request=_REQUEST),),
    **_URLLIB3,
    "httpx.Request": (_REQUEST,),
    "httpx.HTTPStatusError": (_FAILED,),
    "httpx.HTTPTransport": (httpx.AsyncHTTPTransport(),),
    "requests.cookies.RequestsCookieJar": (httpx.Cookies,),
    "requests.structures.CaseInsensitiveDict": (httpx.Headers,),
    "sqlite3.Connection": (aiosqlite.Connection,),
    "sqlite3.Cursor": (aiosqlite.Cursor,),
    "threading.Lock": (asyncio.Lock,),
    "threading.RLock": (asyncio.Lock,),
    "threading.Condition": (asyncio.Condition(),),
    "threading.Semaphore": (asyncio.Semaphore,),
    "threading.BoundedSemaphore": (asyncio.BoundedSemaphore,),
    "file": (
        aiofiles.threadpool.AsyncTextIOWrapper,
        aiofiles.threadpool.binary.AsyncBufferedReader,
        aiofiles.threadpool.binary.AsyncFileIO,
    ),
}
NEW_IN = {
    "sqlite3.Connection.autocommit": (3, 12),
    "sqlite3.Connection.getconfig": (3, 12),
    "sqlite3.Connection.setconfig": (3, 12),
    "sqlite3.Connection.load_extension": (99,),  # left out of some builds
    "sqlite3.Connection.enable_load_extension": (99,),
    "requests_cache.CachedSession.cache": (99,),  # set when it is made
    "cloudscraper.CloudScraper.user_agent": (99,),
    "urllib.request.URLopener.open": (99,),  # gone in 3.14
    "urllib.request.URLopener.retrieve": (99,),
}


for _, _entry in RULES.entries.values():
    if isinstance(_entry, Resource) and _entry.of:  # a state of objects that are there already
        OLD[_entry.name] = OLD[_entry.of]
        NEW[_entry.name] = NEW[_entry.of]
_STAYS = "requests.models.Response that stays"
OLD[_STAYS] = NEW[_STAYS] = (requests.Response(), _FromCache)


def entries(*kinds: type) -> list[Any]:
    return list(_entries(kinds))


def _entries(kinds: tuple[type, ...]) -> Iterator[Any]:
    for library in RULES.libraries:
        for entry in library.entries:
            if isinstance(entry, kinds):
                label = getattr(entry, "name", "") or getattr(entry, "module", "")
                label = label or f"{entry.type} {entry.role}"
                yield pytest.param(library, entry, id=f"{type(entry).__name__} {label}")


def has(thing: object, name: str) -> bool:
    """Whether a type or an object has an attribute, without reading it."""
    try:
        inspect.getattr_static(thing, name)
    except AttributeError:
        return False
    return True


def resolve(name: str) -> object:
    """The object with a dotted name; the test is skipped if its library is not installed."""
    parts = name.split(".")
    if importlib.util.find_spec(parts[0]) is None:
        pytest.skip(f"{parts[0]} is not installed")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AttributeError(name)


@pytest.mark.parametrize(("library", "entry"), entries(Call, Thread, Attribute, Refuse))
def test_name_exists(library: Library, entry: Call | Thread | Attribute | Refuse) -> None:
    owner, _, last = entry.name.rpartition(".")
    if entry.name in NEW_IN:
        return
    if owner in OLD:
        assert any(has(each, last) for each in OLD[owner])
    elif library.name == "requests-sessions" and RULES.resource(owner):
        assert has(requests.Session(), last) or has(resolve(owner), last)
    else:
        resolve(entry.name)


@pytest.mark.parametrize(("library", "entry"), entries(Resource))
def test_type_exists(library: Library, entry: Resource) -> None:
    if entry.name not in OLD:
        resolve(entry.name)
    if "." in entry.to:
        assert isinstance(resolve(entry.to), type)
    for name in (*entry.helpers, *entry.made_helpers):
        RULES.helper(library, name)


@pytest.mark.parametrize(("library", "entry"), entries(Call))
def test_new_call_exists(library: Library, entry: Call) -> None:
    owner, _, last = entry.name.rpartition(".")
    if entry.client:
        client = Rules.client(library, entry.client)
        assert hasattr(resolve(client.to), entry.to)
    elif "." in entry.to:
        resolve(entry.to)
    elif not entry.to and not entry.awaited:
        assert known(entry.name)  # it stays
    elif owner in NEW and not entry.receiver:
        assert any(hasattr(each, entry.to or last) for each in NEW[owner])
    else:
        assert entry.to in [helper.name for helper in library.helpers]


@pytest.mark.parametrize(("library", "entry"), entries(Attribute))
def test_new_attribute_exists(library: Library, entry: Attribute) -> None:
    owner, _, last = entry.name.rpartition(".")
    if owner not in NEW:
        return  # a type that stays as it is
    texts = [entry.template, entry.opposite, entry.call]
    names = [name for text in texts for name in re.findall(r"\{0\}\.(\w+)", text)]
    if entry.option:
        made = next(e for e in library.entries if isinstance(e, Call) and e.name == owner).made
        new = {name: option.name for option in made for name in option.of}
        taken = inspect.signature(resolve("httpx.AsyncClient")).parameters
        assert new.get(entry.option, entry.option) in taken
        return
    if not any(texts):
        names = [last]
    for name in names:
        assert any(has(each, name) for each in NEW[owner])


@pytest.mark.parametrize(("library", "entry"), entries(Use))
def test_consumer_exists(library: Library, entry: Use) -> None:
    if entry.role != "test":
        name, _, position = entry.role.partition(":")
        pytest.importorskip(name.partition(".")[0])  # a parser that is not installed here
        assert callable(resolve(name))
        if position.isdigit():
            assert int(position) < entry.arguments
        else:
            taken = set(inspect.signature(resolve(name)).parameters)  # type: ignore[arg-type]
            call = RULES.call(name)  # it may pass keywords on
            taken.update(p.name for p in (call[1].parameters or () if call is not None else ()))
            assert position in taken
    for helper in entry.helpers:
        RULES.helper(library, helper)


@pytest.mark.parametrize(("library", "entry"), entries(Hazard))
def test_hazards_exist(library: Library, entry: Hazard) -> None:
    package = entry.name.partition(".")[0]
    pytest.importorskip(package)  # a library that is not installed here
    if "windows" not in entry.name and "._" not in entry.name:
        resolve(entry.name)
    assert find(entry.code) is not None


@pytest.mark.parametrize(("library", "entry"), entries(Raises))
def test_exceptions_exist(library: Library, entry: Raises) -> None:
    old = resolve(entry.name)
    assert isinstance(old, type)
    assert issubclass(old, Exception)
    for name in entry.to:
        new = resolve(name)
        assert isinstance(new, type)
        assert issubclass(new, Exception)


@pytest.mark.parametrize(("library", "entry"), entries(Raises))
def test_exceptions_can_be_made(library: Library, entry: Raises) -> None:
    if entry.made:
        text = entry.made.format('"message"', request=None, response=None)
        made = eval(text, {"httpx": httpx})
        assert isinstance(made, resolve(entry.made.partition("(")[0]))
        caught = tuple(resolve(name) for name in entry.to)
        assert isinstance(made, caught), "the handler of the old one would not catch it"


@pytest.mark.parametrize(("library", "entry"), entries(Interceptor))
def test_interceptors_exist(library: Library, entry: Interceptor) -> None:
    module, new = importlib.import_module(entry.module), importlib.import_module(entry.to)
    for name in (*entry.names, *entry.matchers, *entry.routers):
        importlib.import_module(entry.module)
        if "matchers" in name:
            importlib.import_module(name.rpartition(".")[0])
        assert resolve(name)
    routers = [resolve(name)() for name in entry.routers]
    for name in (*entry.answers, *entry.constants):
        assert any(hasattr(router, name) for router in (module, *routers))
    for name in entry.names.values():
        assert resolve(name)
    for verb in set(entry.answers) - {"add", "register_uri"}:
        assert callable(getattr(new, verb))
    assert entry.of in {each.name for each in load_rules()}
    assert library.name


@pytest.mark.parametrize("library", load_rules(), ids=lambda library: library.name)
def test_library_is_complete(library: Library) -> None:
    assert find(library.code) is not None
    if all(isinstance(e, Hazard) for e in library.entries):
        return  # nothing of it blocks
    kinds = [e for e in library.entries if isinstance(e, Resource)]
    locks = bool(kinds) and all(kind.hold for kind in kinds)
    bare = all(isinstance(e, Interceptor) for e in library.entries)
    assert library.triggers or locks or bare
    names = {entry.name for entry in library.entries if isinstance(entry, Client)}
    for entry in library.entries:
        assert getattr(entry, "client", "") in {"", *names}
        if returned := getattr(entry, "returns", ""):
            assert RULES.resource(returned) is not None
        for parameter in getattr(entry, "parameters", None) or ():
            if parameter.helper:
                RULES.helper(library, parameter.helper)
    for canonical in library.modules.values():
        if canonical not in OLD and canonical.partition(".")[0] != "file":
            resolve(canonical)


def known(name: str) -> bool:
    """Whether a rule says anything about a name."""
    return any(find(name) for find in (RULES.call, RULES.thread, RULES.attribute, RULES.refusal))


def public(kind: object, *, functions: bool = False) -> list[str]:
    return [
        name
        for name in dir(kind)
        if not name.startswith("_")
        and (not functions or callable(inspect.getattr_static(kind, name)))
    ]


COMPLETE = {
    "requests.models.Response": requests.Response(),
    "requests.sessions.Session": requests.Session(),
    "sqlite3.Connection": sqlite3.Connection,
    "sqlite3.Cursor": sqlite3.Cursor,
    "httpx.Client": httpx.Client,
}


@pytest.mark.parametrize("name", COMPLETE)
def test_every_attribute_has_an_entry(name: str) -> None:
    missing = [n for n in public(COMPLETE[name]) if not known(f"{name}.{n}")]
    assert missing == []


def test_every_function_of_requests_has_an_entry() -> None:
    functions = [name for name in public(requests.api, functions=True) if name != "Response"]
    assert [name for name in functions if not known(f"requests.api.{name}")] == []


def test_every_method_of_a_file_has_an_entry() -> None:
    methods = {name for kind in FILES for name in public(kind, functions=True)}
    assert [name for name in sorted(methods) if not known(f"file.{name}")] == []


def test_every_method_of_a_response_of_urllib_has_an_entry() -> None:
    methods = public(_response(), functions=True)
    assert [name for name in methods if not known(f"http.client.HTTPResponse.{name}")] == []


@pytest.mark.parametrize(
    ("module", "name"),
    [(builtins, "open"), (io, "open"), (sqlite3, "connect"), (urllib.request, "urlopen")],
)
def test_public_names_are_known(module: Any, name: str) -> None:
    assert known(f"{module.__name__}.{name}")


@pytest.mark.parametrize("name", [n for n in dir(requests) if hasattr(requests.api, n)])
def test_public_names_of_requests_are_known(name: str) -> None:
    name = f"requests.{name}"
    assert known(name) or RULES.resource(name) or not callable(resolve(name))


def test_every_exception_of_requests_is_known() -> None:
    """Except those that httpx has nothing for, and those that are not errors."""
    left = {
        "RetryError",
        "StreamConsumedError",
        "UnrewindableBodyError",
        "URLRequired",
        "InvalidProxyURL",
    }
    for name, kind in vars(requests.exceptions).items():
        if isinstance(kind, type) and issubclass(kind, requests.RequestException):
            found = RULES.exception(f"requests.exceptions.{name}")
            assert (found is None) == (name in left), name
