"""The vocabulary of rules: small frozen dataclasses.

Names are canonical: the module that defines the object, as the type checker reports it
(``requests.sessions.Session.get``). `Library.modules` lists where users may also find a name.

A *template* is an expression text in which ``{0}`` stands for the original expression (doubled
braces for literal ones). A dotted name in `Call.to`, `Raises.to` or `imports` brings its own import.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from asyncify.model.plan import Safety
from asyncify.rules._interceptors import Answer, Interceptor
from asyncify.rules._readers import READERS

__all__ = [
    "READERS",
    "Adaptation",
    "Answer",
    "Argument",
    "Attribute",
    "Call",
    "CallSite",
    "Client",
    "Derived",
    "Entry",
    "Hazard",
    "Helper",
    "Hold",
    "Interceptor",
    "Library",
    "Option",
    "Parameter",
    "Raises",
    "Refuse",
    "Resource",
    "Safety",
    "Thread",
    "Use",
]


@dataclass(frozen=True, slots=True)
class Helper:
    """A function or constant that the new text needs at module level."""

    name: str
    text: str
    imports: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()  # what else has to be installed for it


@dataclass(frozen=True, slots=True)
class Refuse:
    """Known, and never translated: the reason is told to the user.

    As an entry of a library, `name` is the callable, attribute or type that has no faithful
    translation; as the answer of an `adapt` function, it is left empty. `code` is what a call of it is
    reported with; without one it is not, for it does not block.
    """

    reason: str
    name: str = ""
    code: str = "ASY919"


@dataclass(frozen=True, slots=True)
class Parameter:
    """How one argument of a call is carried over.

    `forms` pairs a shape with the template of the value; the first shape that fits is used (the
    parameters of one name are tried in turn), and an argument that fits none makes the call unfaithful. Shapes: "any", "constant", "none", "true",
    "false", "string", "number", "text" (a str literal or f-string), "query" (one with a question mark in it), "bytes", "name" (a plain variable),
    "tuple", "mapping" (a dict display of string keys with plain str or number values), "ascii" (one of which
    nothing that is written out is beyond ASCII), "display" (any dict or list display), "holding none" (one
    with a None in it); of an unpacked mapping "key NAME" for every keyword that it is known to hold.
    "str" and "number" add everything that the type checker knows to be one (and never None). The canonical
    name of a type is the shape of everything that the type checker knows to be one; "derived from NAME" that of an
    object of a class of the project.
    No shape fits if the project defines a method of the name `unless_defined`, which the new library would
    not call.
    `to` is the new keyword ("" drops the argument, "**" unpacks the new value, a mapping of keywords);
    `client` moves it to the client around the call, if its value is the same there (`planning.settled`);
    a `positional` argument may stay where it is, every other one gets its keyword.
    """

    name: str
    to: str | None = None
    forms: tuple[tuple[str, str], ...] = (("any", "{0}"),)
    client: bool = False
    positional: bool = False
    helper: str = ""
    unless_defined: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument as written, for `adapt` functions."""

    index: int
    name: str  # keyword, or the positional parameter's name; "*" and "**" for unpacking
    positional: bool
    shapes: frozenset[str]  # every shape that fits
    text: str = ""  # of a constant


@dataclass(frozen=True, slots=True)
class CallSite:
    """A call that a rule looks at."""

    name: str
    arguments: tuple[Argument, ...]

    def argument(self, name: str) -> Argument | None:
        """The argument with this (parameter) name."""
        return next((argument for argument in self.arguments if argument.name == name), None)


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What an `adapt` function wants beside the table: more arguments, other values, helpers.

    `values` maps argument indices to templates in which ``{0}``, ``{1}`` ... are all arguments of
    the call by index.
    """

    drop: tuple[int, ...] = ()
    rename: tuple[tuple[int, str], ...] = ()
    values: tuple[tuple[int, str], ...] = ()
    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    to: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a client that is made of options which the old library takes one by one.

    It is given if one of `of` is. `template` has their names in braces; one that is not given is None.
    Where the first one alone is given, and is written as a key of `plain`, that value stands for it;
    else the text calls `helper`.
    """

    name: str
    of: tuple[str, ...]
    template: str
    plain: tuple[tuple[str, str], ...] = ()
    helper: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A blocking function or method, and the awaited one that does the same.

    For a function `to` is a dotted name, or with `client` the name of a method of the client that is
    opened around the call. For a method `to` is the new method name ("" keeps it). `template`, if
    given, replaces the whole awaited call: ``{0}`` is the call after its argument edits. A method that
    becomes a function gets its `receiver` as first argument.

    `wider` take its place where its object has a wider form, one with more of what the old library has: the
    narrowest first. The constructor makes that form, whose objects work in any event loop.
    """

    name: str
    to: str = ""
    awaited: bool = True
    client: str = ""  # name of a `Client` of the library
    signature: tuple[str, ...] = ()  # names of the positional parameters
    parameters: tuple[Parameter, ...] | None = None  # None: every argument is carried over as it is
    last: tuple[str, ...] = ()  # arguments that are added, unless the call has that keyword
    returns: str = ""  # canonical type of a resource
    template: str = "{0}"
    receiver: bool = False
    adapt: Callable[[CallSite], Adaptation | Refuse | None] | None = None
    imports: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()
    variants: tuple[tuple[str, str, str], ...] = ()  # as those of `Thread`
    must_enter: bool = False  # only where a with statement enters what it returns
    enters: bool = False  # entered at once, it needs no `enter_template` of what it returns
    waits: bool = True  # whether the old call goes to a thread where the library stays
    unread: str = ""  # the keyword that leaves the rest of the object to be fetched later
    made: tuple[Option, ...] = ()  # of a constructor: what becomes of attributes that it takes
    fetches: bool = False  # gives an iterator that waits for the rest
    wider: tuple[Call, ...] = ()
    unless: tuple[
        str, ...
    ] = ()  # it has no faithful form where the project has a use for one of these names


@dataclass(frozen=True, slots=True)
class Thread:
    """A blocking function or method without an async twin: kept, and run in a worker thread.

    `variants` are other types that it returns: a keyword, its usual value, and the type if it has another.
    """

    name: str
    returns: str = ""
    variants: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """A client that calls need: opened by `async with` around the smallest run of statements that uses it.

    `reset` is a statement that undoes what one call leaves behind for the next one.
    """

    name: str
    to: str
    options: tuple[tuple[str, str], ...] = ()
    variable: str = "client"
    reset: str = ""
    helpers: tuple[str, ...] = ()
    made: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """What somebody holds while others wait for it: a lock.

    A thread that waits for one stops the event loop, and with it the task that would give it back. So no
    `await` may come between `takes` (or entering a with statement) and `gives`. Its `Resource` is
    translated where one would, and nowhere else; where that cannot be, the chain is held with this
    `code`. `reenters`: who holds it may take it again, but not the object that takes its place.
    """

    code: str
    takes: tuple[str, ...] = ("acquire",)
    gives: tuple[str, ...] = ("release",)
    reenters: bool = False
    why: str = ""  # there is nothing to take its place


@dataclass(frozen=True, slots=True)
class Buffer:
    """What an object holds back until somebody closes it.

    `fills` are methods, and roles of `Use` entries, of which a part may arrive only with one of the methods
    `empties`. Python closes an object that is dropped at once; a thread that worked on it may keep it a moment
    longer, so that whoever looks next does not find that part yet.
    """

    fills: tuple[str, ...]
    empties: tuple[str, ...] = ("close",)


@dataclass(frozen=True, slots=True)
class Resource:
    """A type whose objects change: how they are made, entered, iterated and named.

    `enter` and `iterate` are "async" (the protocol becomes async), "plain" (nothing changes), "thread"
    (`iterate` only: every item is fetched in a worker thread) or "" (no faithful form); `enter_template` wraps an entered object, and `enter_made` is called in place of the call that makes one, if every use of it
    lies in that with statement. Every attribute that is not listed in the library makes its users unfaithful.

    Objects come from calls that return the type; a `Call` of the same name translates its constructor.
    A resource without `to` stays what it is: its methods are `Thread` entries, and it does no harm if
    something else may be in its place. With a `fallback` it may also be handed to anybody.
    """

    name: str
    to: str = ""
    enter: str = ""
    enter_template: str = "{0}"
    enter_made: str = ""
    iterate: str = ""
    annotation: str = ""
    helpers: tuple[str, ...] = ()  # of `enter_template`
    made_helpers: tuple[str, ...] = ()  # of `enter_made`
    roles: tuple[str, ...] = ()  # further roles in which nothing changes ("subscripted")
    must_enter: bool = False  # only objects that live in a with statement are translated
    one_loop: bool = False  # its objects work only in the event loop that they were used in first
    ends: tuple[
        str, ...
    ] = ()  # methods, beside leaving a with statement, after which only the old object goes on
    always_waits: bool = False  # every use of one waits: in the fallback too nobody may get one
    lendable: bool = False  # ... but others may, and its calls go to threads all the same
    of: str = ""  # a state of this type: type checkers know no difference
    fallback: str = ""  # "thread": when its users are unfaithful, blocking calls go to a thread
    hold: Hold | None = None
    buffer: Buffer | None = None

    @property
    def is_harmless(self) -> bool:
        """Whether its objects stay what they are, whoever gets them."""
        return bool(self.fallback) and not (self.to or self.always_waits)

    @property
    def waits(self) -> tuple[bool, bool]:
        """How surely every use of one goes to a thread."""
        return self.lendable, self.always_waits

    @property
    def stays(self) -> bool:
        """Whether its blocking calls can go to threads one by one, and nobody has to know of the object."""
        return self.always_waits or self.is_harmless


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute (or a method that does not block): `template` rewrites a read, ``{0}`` is the object.

    `opposite` replaces ``not`` and the read, if given. `store` names the shapes of values that may be assigned to it; `returns` is the canonical type of a
    resource that a read gives. What is assigned to an `option` right after the object is made (or what
    ``.update`` gets) moves to the call that makes it; the widest form of the object takes it where it is.
    `wide` says why only that form has the attribute.
    """

    name: str
    template: str = ""
    opposite: str = ""
    store: tuple[str, ...] = ()
    returns: str = ""
    call: str = ""  # template of a call of it, ``{0}`` is the object; "" keeps the call
    helpers: tuple[str, ...] = ()
    option: str = ""
    wide: str = ""


@dataclass(frozen=True, slots=True)
class Derived:
    """A class from which projects derive classes, for the library to call their `method` with an object.

    Their base becomes the helper `to`, if the method does nothing with the object but return it and use
    `attributes` of it, each with a template for what means the same with the old library and the new one;
    those in `through` only by subscripts and by some methods. The base has use for the names `taken`. The object
    is a `gives`, which an annotation names `annotation` from then on.
    """

    name: str
    to: str
    method: str
    gives: str
    annotation: str
    attributes: Mapping[str, str]
    through: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    taken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Use:
    """A place that consumes a resource whole: ``test`` (truth value), or an argument of a function.

    `role` is "test", or "callee:position" such as ``json.load:0``; `template` replaces the test (and
    `opposite` a ``not`` with it), or the call, where ``{0}`` ... are its arguments; a call without
    template runs in a worker thread, or with `plain` stays as it is. `arguments` is the number of arguments it is made for;
    further ones may be among `keywords` and go where the template says ``{*}``. `enter` says that the
    call is itself entered by a with statement, which becomes async; `made` is then called in place of
    both the call and the one that makes the object in its argument. `stays`: only of objects that stay.
    """

    type: str
    role: str
    template: str = ""
    opposite: str = ""
    arguments: int = 1
    awaited: bool = False
    keywords: tuple[str, ...] = ()
    enter: bool = False
    made: str = ""
    plain: bool = False
    stays: bool = False
    texts: bool = False  # only beside texts and numbers: of anything else it would call methods
    imports: tuple[str, ...] = ()
    helpers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Raises:
    """An exception of the old library, and what the new one raises in its place.

    `through` names calls that raise it too, each with what it raises in its new form. `attributes` are
    templates for reads that differ, `types` the resource types of attributes. `made` is the template of
    an instance in tests, ``{0}`` is its message and ``{name}`` a keyword argument.
    """

    name: str
    to: tuple[str, ...]
    through: tuple[tuple[str, str], ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    made: str = ""


@dataclass(frozen=True, slots=True)
class Hazard:
    """What is right with threads and may be wrong with tasks; it is told, and the code converted all the same.

    `name` is a type whose objects hold something for each thread; or with `across`, something that is
    called (or entered), and whose effect should not last across an `await`.
    """

    name: str
    code: str
    reason: str
    across: bool = False


Entry = (
    Call
    | Thread
    | Client
    | Resource
    | Attribute
    | Derived
    | Use
    | Raises
    | Refuse
    | Interceptor
    | Hazard
)


@dataclass(frozen=True, slots=True)
class Library:
    """One library: its entries, its finding code and what the new text depends on."""

    name: str
    code: str
    target: str
    entries: tuple[Entry, ...]
    requires: tuple[str, ...] = ()
    modules: Mapping[str, str] = field(default_factory=dict)  # public name -> canonical name
    helpers: tuple[Helper, ...] = ()
    triggers: tuple[str, ...] = ()  # identifiers; a file without any cannot hold a blocking call
    interceptors: tuple[
        str, ...
    ] = ()  # modules (and fixtures) with which tests replace its network
    data: tuple[str, ...] = ()  # methods that give what JSON has, and never an object of a class
    threads: bool = False  # what takes its place runs in the worker threads of the event loop
    # bases of the old exceptions that users may catch instead, with the new ones that have them no more
    also_raises: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
