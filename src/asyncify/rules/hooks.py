"""The vocabulary of frameworks: which functions they call, and what they would do with an async one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hook:
    """Functions that a framework calls, and what it would do with one that is async.

    `names` are patterns (``flask.*.route``) of decorators; with `arguments` (positions and keywords), of
    callables that get the function; with `methods`, of the base classes that declare it; with
    `parameters`, they are names of functions at module level that have just these parameters.

    `runs`: "awaits": the framework awaits it; "starts": plain code calls it where no event loop runs; "never":
    nobody awaits it, and a loop may run. `pooled`: a plain one runs in a thread, an async one must not block.
    `together`: the methods of one class are all async, or none of them. `stored`: the project itself calls it
    later, as an attribute with the name of the keyword. `requires` is what awaiting needs. `fixtures`: tests
    with these names that get one. `outside`: not in classes with one of these bases. `collected`: only what
    pytest collects and nobody calls. `last`: what its calls in async tests are given, unless they say it. `program`:
    it is run by who calls, or hands on, what the decorator makes, or what the decorator belongs to; with `eager`
    only in a project that says one of these names, or by one of the methods `at_once`. `clients`: methods that give
    what tests run it with, in a loop of its own. `runners`: functions that run it, by the name of its module or as
    an object.
    """

    names: tuple[str, ...]
    runs: str
    arguments: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    generators: bool = False  # async generators are welcome too
    pooled: bool = False
    together: bool = False
    stored: bool = False
    requires: tuple[str, ...] = ()
    fixtures: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    collected: bool = False
    last: tuple[str, ...] = ()
    program: bool = False
    eager: tuple[str, ...] = ()
    at_once: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    runners: tuple[str, ...] = ()
    why: str = "it is called without await"


@dataclass(frozen=True, slots=True)
class Framework:
    """A framework: its hooks, and the modules whose use means that code must not run in an event loop."""

    name: str
    hooks: tuple[Hook, ...]
    refuses_loop: tuple[str, ...] = ()
    one_loop: bool = False  # all that it awaits runs in the same event loop
