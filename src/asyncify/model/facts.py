"""Facts about one module: what `analysis.index` reads out of its syntax tree, without any opinion.

Expressions and statements are numbered in source order within their module; a number of -1 means
"none". A function is named by its `FunctionId`, ``pkg.mod:Class.method`` or ``pkg.mod:outer.inner``;
a second definition of the same name gets ``~2``. ``pkg.mod:`` is the module body itself, and a
lambda is ``pkg.mod:outer.<lambda>`` with its own ``~2`` and so on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from asyncify.model.span import Span

FunctionId = str
ClassId = str


class Kind(StrEnum):
    """What an expression is."""

    NAME = "name"
    ATTRIBUTE = "attribute"
    CALL = "call"
    SUBSCRIPT = "subscript"
    LAMBDA = "lambda"  # text: its FunctionId
    AWAIT = "await"
    COMPREHENSION = "comprehension"  # text: list, set or dict
    GENERATOR = "generator"
    CHOICE = "choice"  # text: if, and, or: one of its branches is the value
    WALRUS = "walrus"
    CONTAINER = "container"  # text: list, tuple, set or dict
    STARRED = "starred"
    YIELD = "yield"
    YIELD_FROM = "yield from"
    CONSTANT = "constant"  # text: repr of the value
    OTHER = "other"  # operators, comparisons, f-strings, slices: text is the ast class


class Role(StrEnum):
    """What the parent does with an expression. `Expression.detail` says which one, where there are several."""

    CALLEE = "callee"
    ARGUMENT = "argument"  # detail: position, from "0"
    KEYWORD = "keyword"  # detail: the keyword; "" for **mapping
    RECEIVER = "receiver"  # of an attribute access
    SUBSCRIPTED = "subscripted"
    INDEX = "index"
    AWAITED = "awaited"
    ITERATED = (
        "iterated"  # by a for statement, or a comprehension clause (detail: "0" or "async 0")
    )
    ENTERED = "entered"  # by a with statement; detail: the item, from "0"
    BRANCH = "branch"  # of a CHOICE: the value passes through
    TESTED = "tested"  # if, while, assert, not, comprehension condition, test of a conditional expression
    OPERAND = "operand"  # of an arithmetic or string operator
    COMPARED = "compared"
    FORMATTED = "formatted"  # detail: "spec" in a format spec, "=" if its own text is printed too
    ELEMENT = "element"  # of a container or comprehension; detail: "key", "value" or the position
    UNPACKED = "unpacked"  # *x, or with detail "**" a mapping in a dict: **x
    ASSIGNED = "assigned"  # detail: "augmented" for += and so on
    TARGET = "target"
    RETURNED = "returned"  # also the body of a lambda
    YIELDED = "yielded"
    DELEGATED = "delegated"  # yield from
    DISCARDED = "discarded"  # an expression statement
    RAISED = "raised"  # detail: "cause" after from
    CAUGHT = "caught"
    MATCHED = "matched"  # detail: "subject", or in a pattern the attributes that a class has to have: ".a.b"
    DELETED = "deleted"
    DECORATOR = "decorator"  # detail: position
    DEFAULT = "default"  # detail: the parameter
    ANNOTATION = "annotation"  # detail: the parameter, or "return"
    BASE = "base"  # of a class; detail: position, or the keyword
    OTHER = "other"


class Place(StrEnum):
    """Where an expression is evaluated, when that is not the plain body of its function."""

    BODY = "body"
    COMPREHENSION = "comprehension"  # await is legal if the function is async
    GENERATOR = "generator"  # inside a generator expression, its first iterable excepted
    DECORATOR = "decorator"
    DEFAULT = "default"
    ANNOTATION = "annotation"
    CLASS_BODY = "class body"


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression, who evaluates it and what becomes of its value.

    `variable` is set on names: ``(FunctionId of the owning scope, name)``; the owner is ``"builtins"``
    for a builtin, the class id for a name of a class body, and the comprehension's own scope
    (``f.<comprehension>~N``) for its targets.
    """

    id: int
    kind: Kind
    span: Span
    parent: int
    role: Role
    detail: str
    text: str
    function: FunctionId
    statement: int
    place: Place = Place.BODY
    variable: tuple[str, str] | None = None

    @property
    def string(self) -> str:
        """What stands between the quotes of a plain string; nothing for any other expression."""
        quoted = self.kind is Kind.CONSTANT and self.text[:1] in ("'", '"')
        return self.text[1:-1] if quoted else ""

    @property
    def is_f_string(self) -> bool:
        """Whether it is an f-string."""
        return self.kind is Kind.OTHER and self.text.startswith("JoinedStr")


LOOPS = frozenset({"For", "AsyncFor", "While"})  # statements by kind
LEAVING = frozenset({"Return", "Raise", "Continue", "Break"})


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement and its place in the nesting; decorators are not in its span.

    `kind` is its ast class, `ExceptHandler` and `match_case` included.
    """

    id: int
    kind: str
    span: Span
    parent: int
    block: (
        str  # the ast field of the parent that holds it: body, orelse, finalbody, handlers, cases
    )
    function: FunctionId  # who executes it


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function; the span is its name with the annotation."""

    name: str
    kind: str  # "positional", "positional-only", "keyword", "*", "**"
    span: Span
    annotation: int = -1
    default: int = -1


@dataclass(frozen=True, slots=True)
class Function:
    """A function, a lambda or a module body.

    `span` is the whole statement from its decorators on, `header` starts at ``def`` (or ``async``) and
    has the same end; LibCST and `ast` both know the latter. `parent` is the enclosing function (the
    module body at least, and "" of a module body), `owner` the class whose body holds the definition.
    """

    id: FunctionId
    module: str
    name: str
    kind: str  # "def", "lambda" or "module"
    span: Span
    header: Span
    name_span: Span
    statement: int
    parent: FunctionId
    owner: ClassId | None = None
    is_async: bool = False
    is_generator: bool = False
    returns_value: bool = False
    decorators: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    returns: int = -1
    names: frozenset[str] = frozenset()  # every name bound in its scope

    @property
    def qualname(self) -> str:
        """The dotted name inside the module."""
        return self.id.partition(":")[2]


def short(function: FunctionId) -> str:
    """A function as people call it, without its module."""
    return function.partition(":")[2] or function


@dataclass(frozen=True, slots=True)
class Class:
    """A class and the expressions of its header."""

    id: ClassId
    module: str
    name: str
    span: Span
    name_span: Span
    statement: int
    parent: FunctionId
    bases: tuple[int, ...] = ()  # positional ones; keywords are expressions with role BASE too
    decorators: tuple[int, ...] = ()
    methods: tuple[tuple[str, FunctionId], ...] = ()  # name -> last definition


class FlowKind(StrEnum):
    """How a value gets from one expression into another."""

    VALUE = "value"  # target = source, also `x: T = source`, `x := source`
    ELEMENT = "element"  # target is one element of the source: for, comprehension clause, unpacking
    ENTER = "enter"  # target is what the context manager returns
    CAUGHT = "caught"  # `except source as target` (target has no expression: a NAME is made for it)


@dataclass(frozen=True, slots=True)
class Flow:
    """A value that moves between two expressions of one module."""

    kind: FlowKind
    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name. `import a.b` binds ``a`` (`attribute` None, `module` "a" , `dotted` "a.b")."""

    statement: int
    scope: str  # FunctionId or ClassId that gets the name
    name: str  # the local name; "*" for a star import
    module: str  # absolute, relative imports resolved
    attribute: str | None
    span: Span  # of the alias
    dotted: str = ""
    type_checking: bool = False


@dataclass(frozen=True, slots=True)
class Directive:
    """An ``# asyncify:`` comment: skip, skip-file, ignore[CODES] or TODO[CODES].

    What is not understood has the kind "unknown", and its text as the only code. `text` is the whole
    comment, and `column` its place, for a TODO that has its line to itself.
    """

    line: int
    kind: str
    codes: tuple[str, ...] = ()
    text: str = ""
    column: int = 0


@dataclass(frozen=True, slots=True)
class Module:
    """Everything that analysis knows about one file before it looks at others."""

    name: str
    path: str  # relative to the root, posix
    is_package: bool
    functions: tuple[Function, ...] = ()
    classes: tuple[Class, ...] = ()
    expressions: tuple[Expression, ...] = ()
    statements: tuple[Statement, ...] = ()
    flows: tuple[Flow, ...] = ()
    imports: tuple[Import, ...] = ()
    directives: tuple[Directive, ...] = ()
    exports: tuple[str, ...] | None = None  # __all__, where it is a literal
    children: tuple[tuple[int, ...], ...] = field(default=(), repr=False)  # by expression id

    def expression(self, identifier: int) -> Expression:
        """The expression with this number."""
        return self.expressions[identifier]
