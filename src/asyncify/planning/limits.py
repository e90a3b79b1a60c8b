"""What can never become async, and why: one table, one code each."""

from __future__ import annotations

from collections.abc import Callable

from asyncify.model.attributes import CONSTRUCTORS, DISPATCHERS
from asyncify.model.facts import Function, FunctionId, Role
from asyncify.model.graph import Reference
from asyncify.planning.accessors import (
    CACHED_PROPERTY,
    PROPERTY,
    is_accessor,
    is_property,
    read_by_name,
)
from asyncify.planning.class_attributes import overriding_attributes
from asyncify.planning.colour import Limit
from asyncify.planning.companions import lambda_form
from asyncify.planning.decorators import (
    CACHES,
    cache_limit,
    cached_property_helper,
    dispatch_limit,
    project_decorator_limit,
    registers,
)
from asyncify.planning.factories import factory_limit
from asyncify.planning.frameworks import AWAITS, STARTS, decorator_hook, method_hook
from asyncify.planning.interceptors import patches_of
from asyncify.planning.lambdas import LambdaForm
from asyncify.planning.project import Project
from asyncify.planning.returned import returning_limit

# special methods that another special method replaces in the async protocol
RENAMED = {
    "__enter__": "__aenter__",
    "__exit__": "__aexit__",
    "__iter__": "__aiter__",
    "__next__": "__anext__",
    **CONSTRUCTORS,
}

# special methods that may simply be awaited where they are used
AWAITABLE = frozenset({"__call__"})

# decorators that hand the function on unchanged, or await what they call
TRANSPARENT = frozenset(
    {
        "builtins.staticmethod",
        "builtins.classmethod",
        "abc.abstractmethod",
        "typing.override",
        "typing.final",
        "typing.overload",
        "typing.no_type_check",
        "typing_extensions.override",
        "typing_extensions.final",
        "typing_extensions.overload",
        "typing_extensions.deprecated",
        "warnings.deprecated",
        "functools.wraps",
        "unittest.mock.patch",
        "unittest.mock.patch.object",
        "unittest.mock.patch.dict",
        "unittest.mock.patch.multiple",
        "unittest.case.skip",
        "unittest.case.skipIf",
        "unittest.case.skipUnless",
        "unittest.case.expectedFailure",
        "unittest.skip",
        "unittest.skipIf",
        "unittest.skipUnless",
        "unittest.expectedFailure",
        "pytest.fixture",
        # they make coroutine functions of coroutine functions: parameterized 0.9.0, ddt 1.7.2
        "parameterized.parameterized.expand",
        "ddt.data",
        "ddt.file_data",
        "ddt.idata",
        "ddt.named_data",
        "ddt.unpack",
        "tenacity.retry",
        "backoff.on_exception",
        "backoff.on_predicate",
    }
)
TRANSPARENT_PREFIXES = (
    "pytest.mark.",
    "pytest.MarkDecorator",
    "_pytest.mark.",
    "unittest.mock.",
    "mock.patch",
    "mock.mock.patch",
)
MANAGER = frozenset({"contextlib.contextmanager"})
STACK = ("contextlib.ExitStack", "contextlib._BaseExitStack")  # the checker names the base
PUSHES = frozenset(f"{name}.push" for name in STACK)
CALLBACKS = frozenset(f"{name}.callback" for name in STACK)
# an exit stack calls what it decorates, and gives it back; an asynchronous one awaits it
STACKING = PUSHES | CALLBACKS
FIXTURE = frozenset({"pytest.fixture"})

_DECORATING = "contextlib.ContextDecorator"

# decorators with a reason of their own
REFUSED = {
    "atexit.register": ("ASY907", "atexit calls it without await"),
    "contextlib.asynccontextmanager": (
        "ASY906",
        "an async context manager cannot hold a plain def",
    ),
}


def is_special(name: str) -> bool:
    """Whether a name is one that Python itself calls."""
    return len(name) > 4 and name.startswith("__") and name.endswith("__")


def nature_limit(project: Project, function: Function) -> Limit | None:
    """The limit that lies in what the function is, whoever calls it."""
    definition = Reference(function.module, 0) if function.kind == "module" else None
    if function.kind == "module":
        return Limit(
            "ASY913", "module-level code runs at import, where nothing can be awaited", definition
        )
    if function.kind == "lambda":
        fixed = lambda_form(project, function) is LambdaForm.FIXED
        return Limit("ASY901", "a lambda cannot await") if fixed else None
    if function.is_async:
        return None
    name = function.name
    if is_special(name) and function.owner is not None:
        if name in CONSTRUCTORS and (limit := factory_limit(project, function)) is not None:
            return limit
        if name not in RENAMED and name not in AWAITABLE:
            return Limit("ASY902", f"{name} cannot be async")
    return returning_limit(project, function) or decorator_limit(project, function)


def decorator_limit(project: Project, function: Function) -> Limit | None:
    """The limit that a decorator sets: unless it is known to pass the function on, it calls it synchronously."""
    decorators = project.decorators(function)
    for reference, name in ((r, n) for r, n in decorators if not registers(project, function, r)):
        if is_accessor(project, function):
            return Limit("ASY903", "setting or deleting a property cannot be awaited", reference)
        if name is None or name in CACHES or name in DISPATCHERS:
            limit = _checks(name)(project, function, reference)
            if limit is not None:
                return limit
            continue
        if name in REFUSED:
            code, message = REFUSED[name]
            return Limit(code, message, reference)
        if name in PROPERTY or name in CACHED_PROPERTY:
            limit = property_limit(project, function, reference)
            if name in CACHED_PROPERTY and limit is None:
                limit = cached_property_limit(project, function, reference)
            if limit is not None:
                return limit
            continue
        if name in STACKING or name in MANAGER or _is_transparent(project, name):
            continue
        return Limit("ASY906", f"decorator {name} may call it without await", reference)
    return None


def _checks(name: str | None) -> Callable[[Project, Function, Reference], Limit | None]:
    if name is None:
        return project_decorator_limit
    return cache_limit if name in CACHES else dispatch_limit


def property_limit(project: Project, function: Function, site: Reference) -> Limit | None:
    """The limit of a property that is read where it cannot be awaited, or where nobody knows whose attribute it is."""
    if function.owner is None:
        return Limit("ASY903", "nobody sees which class has the property", site)
    module = project.graph.modules[function.module]
    same = [
        other
        for other in module.functions
        if other.owner == function.owner and other.name == function.name and other.id != function.id
    ]
    if any(not is_accessor(project, other) for other in same):
        return Limit("ASY903", "the property is defined more than once", site)
    for reader, place in read_by_name(project, function):
        return Limit("ASY903", f"`{reader}` reads the property", place)
    replaced = _replaced_property(project, function)
    if replaced is not None:
        return replaced
    known = {edge.site for edge in project.reaching(function.id)}
    writing = {edge.site for other in same for edge in project.reaching(other.id)}
    for read in project.attributes(function.name):
        if read in writing and project.statement(read).kind == "AugAssign":
            return Limit("ASY903", "an augmented assignment reads the property", read)
        if read in known or read in writing:
            continue
        receiver = project.child(read, Role.RECEIVER)
        if receiver is not None and receiver not in project.graph.types:
            if read not in project.graph.names:
                message = f".{function.name} is read on an object of unknown type"
                return Limit("ASY903", message, read)
    return None


def _replaced_property(project: Project, function: Function) -> Limit | None:
    """The limit of a property that may be another attribute: by a class of its line, or by a test."""
    plain = next(overriding_attributes(project, function), None)
    if plain is not None:
        return Limit("ASY903", "another attribute may be in its place", plain)
    for patch in patches_of(project, function):
        made = project.callee_names(patch.replacement) if patch.replacement is not None else ()
        if PROPERTY.isdisjoint(made):
            return Limit("ASY918", "a test puts something in the place of the property", patch.call)
    return None


def cached_property_limit(project: Project, function: Function, site: Reference) -> Limit | None:
    """Why a cached property cannot be one of an async function."""
    if function.is_generator:
        return Limit("ASY910", "the cache would keep an async generator", site)
    if cached_property_helper(project, function.module) is None:
        return Limit("ASY910", "the module has another _cached_property", site)
    for read in project.attributes("__dict__"):
        statement = project.expression(read).statement
        inside = project.module(read).expressions
        if any(e.statement == statement and e.text == repr(function.name) for e in inside):
            return Limit("ASY910", "somebody looks for its value in __dict__", read)
    names = [name for _, name in project.decorators(function)]
    if len(names) > 1:
        return Limit("ASY910", "cached_property would store a coroutine", site)
    return None


def decorated_by(project: Project, function: Function, names: frozenset[str]) -> Reference | None:
    """The decorator of a function that is one of these."""
    for reference, name in project.decorators(function):
        if name in names:
            return reference
    return None


def override_limit(project: Project, function: Function) -> Limit | None:
    """The limit of a method that overrides, or is overridden by, what nobody can make async."""
    if function.name in ("__enter__", "__exit__") and function.owner in project.memory(
        "decorating", _decorating
    ):
        return Limit("ASY904", "its class is a ContextDecorator, which enters it without await")
    site = project.graph.replaced.get(function.id)
    if site is not None and not function.is_async:
        message = f"something else may be put in place of {function.name} here"
        return Limit("ASY919", message, site)
    for place in () if is_property(project, function) else overriding_attributes(project, function):
        made = (origin for _, origin in project.origins(place))
        if any(not PROPERTY.isdisjoint(project.callee_names(origin)) for origin in made):
            return Limit("ASY919", "a class has a property in its place", place)
    outside = project.graph.outside.get(function.id)
    if outside is None or (is_special(function.name) and function.name != "__call__"):
        return None
    hook = method_hook(project, function)
    if hook is not None and hook.runs == AWAITS:
        return None
    if outside == "?":
        return _unknown_base_limit(project, function)
    if outside.startswith("unittest."):
        return None  # planning.testing knows these
    return Limit("ASY904", f"it overrides {outside}, which is called without await")


def _unknown_base_limit(project: Project, function: Function) -> Limit | None:
    """The limit of a method that a base which nobody knows may call."""
    asked = project.memory("asked bases", _asked_bases).get(function.id)
    if asked is not None:
        message = "a base outside the project has it as well, and may call it without await"
        return Limit("ASY904", message, asked)
    if project.reaching(function.id):
        return None
    return Limit(
        "ASY904", "its class has a base outside the project, which may call it without await"
    )


def _asked_bases(project: Project) -> dict[FunctionId, Reference]:
    """The methods that ask a base for what they override themselves, where that is not the project's: `super().load()`."""
    found = {}
    for name, module in project.graph.modules.items():
        for item in module.expressions:
            own = project.functions.get(item.function)
            if item.role is not Role.CALLEE or own is None or own.owner is None:
                continue
            site = Reference(name, item.id)
            receiver = project.child(site, Role.RECEIVER) if item.text == own.name else None
            callee = project.child(receiver, Role.CALLEE) if receiver is not None else None
            if callee is None or project.expression(callee).text != "super":
                continue
            edge = project.call_edge(Reference(name, item.parent))
            if edge is None or not any(target.function for target in edge.targets):
                found[own.id] = site
    return found


def _decorating(project: Project) -> frozenset[str]:
    """The classes of which objects can decorate functions that they then surround, and their bases."""
    return frozenset(
        each
        for cls, bases in project.graph.bases.items()
        if _DECORATING in bases
        for each in (cls, *bases)
    )


def starts_loop(project: Project, function: Function) -> bool:
    """Whether a framework calls what the decorators make without a loop.

    The decorators below those of the framework get a function that stays synchronous: they may call it as before.
    """
    started = False
    for _, name in project.decorators(function):
        hook = decorator_hook(project, name) if name is not None else None
        if hook is not None and hook.runs == STARTS:
            started = True
        elif (not started and (name is None or not _is_transparent(project, name))) or (
            hook is not None and hook.runs != AWAITS
        ):
            return False
    return started


def _is_transparent(project: Project, name: str) -> bool:
    """Whether a decorator hands the function on unchanged, or awaits what it calls."""
    hook = decorator_hook(project, name)
    known = name in TRANSPARENT or name.startswith(TRANSPARENT_PREFIXES)
    return known or (hook is not None and hook.runs == AWAITS)
