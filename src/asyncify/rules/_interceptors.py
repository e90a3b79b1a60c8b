"""The part of the vocabulary that is about tests: libraries that answer the calls of another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncify.rules.spec import CallSite, Refuse


@dataclass(frozen=True, slots=True)
class Answer:
    """What a test lets an interceptor answer to one kind of request.

    `url` is the index of an argument; `parts` are the keywords of the response and `raises` an exception
    in its place, as templates in which ``{0}``, ``{1}`` ... are all arguments of the call by index.
    """

    method: str
    url: int
    parts: tuple[tuple[str, str], ...] = ()
    raises: str = ""


@dataclass(frozen=True, slots=True)
class Interceptor:
    """A library with which tests answer the calls of library `of`, and how `to` does the same.

    What answers is a *router*: the module itself, an object that one of `routers` makes (canonical name of
    a callable -> keyword -> keyword of ``{to}.mock``), or the pytest fixture `fixture`. `answers` register
    an answer, by method of a router. `reads` say what becomes of an attribute, as ``kind.name`` -> template
    (``{0}`` is the object) and kind of the result; kinds are "router", "calls" (a list of call), "call",
    "requests" (a list of request), "request", "response", "answer" and "" (anything else). A name in
    `names` is replaced wherever it stands.
    """

    module: str
    of: str
    to: str
    requires: tuple[str, ...]
    answers: Mapping[str, Callable[[CallSite], Answer | Refuse]]
    reads: Mapping[str, tuple[str, str]]
    names: Mapping[str, str] = field(default_factory=dict)
    routers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    defaults: tuple[str, ...] = ()  # arguments of a router that is made
    fixture: str = ""
    constants: tuple[str, ...] = ()  # attributes of a router that only name a method
    match: str = ""  # the argument that lists matchers
    matchers: Mapping[str, str] = field(
        default_factory=dict
    )  # canonical name -> keyword of a route
    queues: bool = False  # a second answer to the same request waits for its turn
    unanswered: tuple[str, ...] = ()  # what a request raises that nobody answers, then its bases
