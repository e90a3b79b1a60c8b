"""Objects that a call gets as an argument: who works on them whole, who only looks, and who would wait."""

from __future__ import annotations

from collections.abc import Sequence

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.plan import AddImport, Await, Edit, HandOver, MakeAsync, Replace
from asyncify.planning.arguments import shapes, takes_all
from asyncify.planning.consumers import need_async
from asyncify.planning.groups import STACKS, Group
from asyncify.planning.limits import PUSHES
from asyncify.planning.project import Project
from asyncify.planning.units import TO_THREAD
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Attribute, Library, Resource, Use

# who gets an object and does no more than hold it, or look at what it is
HOLDERS = frozenset(
    {
        *(
            f"builtins.{name}"
            for name in ("bool", "callable", "getattr", "hasattr", "id", "isinstance")
        ),
        *(f"builtins.{name}" for name in ("print", "repr", "setattr", "str", "type")),
        *(f"builtins.list.{name}" for name in ("append", "insert", "index", "remove", "count")),
        *(f"builtins.dict.{name}" for name in ("get", "pop", "setdefault")),
        *(f"builtins.set.{name}" for name in ("add", "discard", "remove")),
        *(
            "contextlib.closing",
            "contextlib.nullcontext",
            "typing.assert_type",
            "typing.cast",
            "copy.copy",
            "weakref.ref",
        ),
        *(STACKS | PUSHES),
        *("builtins.BaseException", "builtins.Exception", "os.fstat", "os.isatty", "os.lseek"),
        *(f"subprocess.{name}" for name in ("run", "call", "check_call", "check_output", "Popen")),
    }
)
_VALUES = ("builtins.", "pathlib.")  # where types live that are plain values
_TEXTS = frozenset(
    {"constant", "none", "true", "false", "string", "text", "str", "number", "bytes"}
)
_PICKLING = frozenset(
    {
        "__getstate__",
        "__setstate__",
        "__reduce__",
        "__reduce_ex__",
        "__getnewargs__",
        "__getnewargs_ex__",
    }
)
_ASKING = ("builtins.getattr", "builtins.hasattr")
_CASTS = frozenset({"typing.cast", "typing_extensions.cast"})
_VAGUE = frozenset({"builtins.object", "builtins.type"})


def handed_over(kind: str, names: Sequence[str]) -> str:
    """What is said of an object that a function gets."""
    what = names[0].removeprefix("builtins.") if names else "a function that is not known"
    return f"a {kind.rpartition('.')[2]} is handed to {what}()"


def is_cast(project: Project, site: Reference, position: str) -> bool:
    """Whether an expression is an argument of `typing.cast`: "0" its type, "1" its value."""
    expression, outer = project.expression(site), project.parent(site)
    if expression.role is not Role.ARGUMENT or expression.detail != position or outer is None:
        return False
    return bool(_CASTS.intersection(project.callee_names(outer[0])))


def called_again(project: Project, method: Reference) -> Reference | None:
    """The iterator that calls a method for each of its items: ``iter(pipe.readline, b"")``, maybe with arguments."""
    expression, outer = project.expression(method), project.parent(method)
    if expression.role is not Role.ARGUMENT or expression.detail != "0" or outer is None:
        return None
    names = project.callee_names(outer[0])
    if names == ("functools.partial",):
        return called_again(project, outer[0])
    twice = len(project.arguments(outer[0])) == 2
    return outer[0] if twice and names == ("builtins.iter",) else None


def asks_for_others(project: Project, site: Reference) -> bool:
    """Whether `isinstance` asks an object for types that none of a library has, before and after."""
    expression, outer = project.expression(site), project.parent(site)
    if expression.role is not Role.ARGUMENT or expression.detail != "0" or outer is None:
        return False
    classes = project.child(outer[0], Role.ARGUMENT, "1")
    if project.callee_names(outer[0]) != ("builtins.isinstance",) or classes is None:
        return False
    asked = [classes]
    if project.expression(classes).kind is Kind.CONTAINER:
        asked = [reference for reference, _ in project.children(classes)]
    names = [project.graph.names.get(reference, "") for reference in asked]
    return all(name.startswith(_VALUES) and name not in _VAGUE for name in names)


def asked_attribute(project: Project, site: Reference) -> tuple[str, bool] | None:
    """The attribute that `getattr` or `hasattr` asks an object for, and whether it may be missing."""
    expression, outer = project.expression(site), project.parent(site)
    if expression.role is not Role.ARGUMENT or expression.detail != "0" or outer is None:
        return None
    arguments = project.arguments(outer[0])
    names = project.callee_names(outer[0])
    if len(names) != 1 or names[0] not in _ASKING or len(arguments) < 2:
        return None
    name = arguments[1][1].string
    return (name, len(arguments) > 2 or names != _ASKING[:1]) if name else None


def answers_as_before(rules: Rules, resource: Resource, attribute: str, optional: bool) -> bool:
    """Whether an object answers as before to who asks for an attribute of it."""
    name = f"{resource.name}.{attribute}"
    found = rules.attribute(name)
    if found is not None:
        return found[1] == Attribute(found[1].name)
    known = rules.blocking(name) is not None or rules.refusal(name) is not None
    return optional and not resource.to and not known  # it has none, and stays what it is


def lend(
    project: Project,
    group: Group,
    value: int,
    site: Reference,
    used: Sequence[tuple[str, tuple[Library, Use] | None]],
) -> None:
    """Notes a call that gets an object of which every use waits, for where it stays what it is.

    Args:
        project: the project.
        group: the group of the object.
        value: the id of its value.
        site: the argument.
        used: who is called, by name, each with what the rules know of it.
    """
    outer = project.parent(site)
    strangers = [name for name, found in used if found is None and name not in HOLDERS]
    for name, found in used:
        if found is None or found[1].enter or outer is None:
            continue
        if found[1].plain:
            group.entered.append((site, outer[0]))
        elif _runs_code(project, outer[0], found[1]):
            strangers.append(name)
        else:
            group.whole[outer[0]] = found
    if strangers or not used:
        kind = next(name for name, (_, made) in group.types.items() if made.always_waits)
        group.lent.setdefault(value, (site, handed_over(kind, strangers)))


def _runs_code(project: Project, call: Reference, use: Use) -> bool:
    """Whether what a call does with its other arguments may be code of the project: not in a thread."""
    for argument, expression in project.arguments(call):
        if use.texts and expression.detail != use.role.rpartition(":")[2]:
            if not shapes(project, argument) & _TEXTS:
                return True
        for source in project.sources(argument):
            own = source.kind in (SourceKind.FUNCTION, SourceKind.CLASS, SourceKind.GENERATOR)
            if own or (source.kind is SourceKind.INSTANCE and ":" in source.name):
                return True
    methods = project.memory("pickled by hand", _pickled)
    return methods and "pickle" in use.role


def _pickled(project: Project) -> bool:
    """Whether a class of the project says itself how it is pickled."""
    return any(f.name in _PICKLING for f in project.functions.values() if f.owner is not None)


def use_whole(project: Project, group: Group, call: Reference, library: Library, use: Use) -> bool:
    """A call that consumes an object: its edits, if it has just the arguments that the rule knows."""
    arguments = project.arguments(call)
    rest = arguments[use.arguments :]
    if use.template and not takes_all(use, [e for _, e in arguments]):
        return False
    expression = project.expression(call)
    if use.enter and expression.role is not Role.ENTERED:
        return False
    more = "".join(f", {e.detail}={{{index}}}" for index, (_, e) in enumerate(rest, use.arguments))
    template, helpers = use.template.replace("{*}", more), use.helpers
    first = arguments[0][0]
    if use.made and first in group.calls:
        group.made[first] = use.made
        template, helpers = "{0}", ()
    span = expression.span
    edits: list[Edit] = [Replace(span, template, tuple(e.span for _, e in arguments))]
    if not use.template:
        edits = [HandOver(span, TO_THREAD), AddImport("import asyncio")]
    if use.awaited or not use.template:
        edits.append(Await(span))
    if use.enter:
        edits.append(MakeAsync(span, "item"))
    edits.extend(AddImport(f"import {name}") for name in use.imports)
    for helper in helpers:
        group.helpers[(call.module, helper)] = (library, helper)
    group.steps.append(need_async(project, call, "", edits))
    return True
