"""Who puts something else in place of an object: what stands in for a library must still be there afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from asyncify.model.facts import Expression, FlowKind, Function, FunctionId, Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.modules import is_within, named_module
from asyncify.planning.accessors import is_accessor, is_property
from asyncify.planning.drafts import constant_of
from asyncify.planning.hooks import in_test_file
from asyncify.planning.project import Project
from asyncify.rules.spec import Library

_PATCHERS = frozenset({"patch", "object", "dict", "multiple", "setattr", "delattr", "spy"})


@dataclass(frozen=True, slots=True)
class Patch:
    """A call that replaces an object: by a dotted path, or as an attribute of another object.

    `path` is the dotted path as written (or as far as it is known), `target` the expression of the
    path or of the object, `attribute` that of the attribute's name. Where an attribute is assigned to
    (``module.fetch = fake``), that is the `call`.
    """

    call: Reference
    target: Reference
    path: str
    attribute: Reference | None
    replacement: Reference | None


def patches(project: Project) -> tuple[Patch, ...]:
    """Every call that patches something, in source order."""
    return project.memory("patches", lambda project: tuple(_patches(project)))


def is_put_back(project: Project, source: Reference) -> bool:
    """Whether an assignment gives an attribute the function that it had, or one that changes colour with it."""
    own = {s.name for s in project.sources(source) if s.kind is SourceKind.FUNCTION}
    places = (patch.path for patch in patches(project) if own and patch.replacement == source)
    named = (named_function(project, path) for path in places)
    return any(name is not None and own <= project.family(name) for name in named)


def replaced_by(project: Project, site: Reference) -> tuple[FunctionId, ...]:
    """The functions in the place of which a patch, or an assignment, puts what stands here."""
    return project.memory("replaced functions", _replaced_functions).get(site, ())


def _replaced_functions(project: Project) -> dict[Reference, tuple[FunctionId, ...]]:
    found: dict[Reference, tuple[FunctionId, ...]] = {}
    for patch in patches(project):
        function = named_function(project, patch.path) if patch.replacement is not None else None
        if function is not None and patch.replacement is not None:
            found[patch.replacement] = (*found.get(patch.replacement, ()), function)
    return found


def patched_names(project: Project) -> Mapping[str, frozenset[str]]:
    """What tests replace: names, each with those of the classes or modules that have them."""
    return project.memory("patched", _patched_names)


def is_patched(project: Project, function: Function) -> bool:
    """Whether a test seems to replace a function: by its name, in a class of its line or in a module."""
    return any(True for _ in patches_of(project, function))


def patches_of(project: Project, function: Function) -> Iterator[Patch]:
    """The patches that seem to replace a function."""
    found = patches_named(project, function.name)
    if function.owner is None or not found:
        return iter(found)
    line = (project.functions[one].owner or "" for one in project.line(function.id))
    names = {re.split("[:.]", owner)[-1] for owner in line} | {"?"}
    return (patch for patch in found if _owner(patch) in names)


def patches_named(project: Project, name: str) -> Sequence[Patch]:
    """The patches of something that has this name."""
    return project.memory("patches by name", _by_name).get(name, ())


def _by_name(project: Project) -> dict[str, list[Patch]]:
    found: dict[str, list[Patch]] = {}
    for patch in patches(project):
        found.setdefault(patch.path.rpartition(".")[2], []).append(patch)
    return found


def _owner(patch: Patch) -> str:
    return patch.path.rpartition(".")[0].rpartition(".")[2]


def _patched_names(project: Project) -> dict[str, frozenset[str]]:
    found = project.memory("patches by name", _by_name)
    return {name: frozenset(map(_owner, own)) for name, own in found.items()}


def _patches(project: Project) -> Iterable[Patch]:
    names = {function.name for function in project.functions.values()}
    for name, module in project.graph.modules.items():
        for flow in module.flows:
            target, source = module.expressions[flow.target], Reference(name, flow.source)
            if flow.kind is not FlowKind.VALUE:
                continue
            place, known = Reference(name, target.id), target.text in names
            if target.kind is Kind.ATTRIBUTE:
                yield from _assignment(project, place, source, known=known)
            elif known and target.variable is not None:
                yield from _override(project, place, source, target.variable[0])
                yield from _rebound(project, place, source)
        for expression in module.expressions:
            if expression.kind is Kind.CALL and module.children[expression.id]:
                callee = module.expressions[module.children[expression.id][0]]
                if callee.text in _PATCHERS:
                    found = _patch(project, Reference(name, expression.id), callee)
                    if found is not None:
                        yield found


def _assignment(
    project: Project, target: Reference, source: Reference, *, known: bool
) -> Iterator[Patch]:
    """``module.fetch = fake``, ``Client.fetch = fake``, ``client.fetch = fake``: an attribute has another value.

    `known` says whether a function of the project has this name.
    """
    receiver, name = project.child(target, Role.RECEIVER), project.expression(target).text
    if receiver is None:
        return
    own = named_module(project.graph.modules, receiver)
    in_module = receiver in project.graph.names or own is not None
    if not (known or in_module):
        return
    path = f"{_path(project, receiver)}.{name}"
    function = named_function(project, path)
    if function is not None or in_module:
        yield Patch(target, receiver, path, None, source)
        return
    for one in project.sources(receiver):
        for owner in (one.name, *project.graph.bases.get(one.name, ())):
            joint = ":" if one.kind is SourceKind.MODULE else "."
            method = project.functions.get(f"{owner}{joint}{name}")
            if method is not None and not _is_set(project, method):
                path = f"{owner}.{name}".replace(":", ".")
                yield Patch(target, receiver, path, None, source)
                return


def _override(
    project: Project, target: Reference, source: Reference, owner: str
) -> Iterator[Patch]:
    """``fetch = fake`` in the body of a class that derives from one with such a method."""
    for base in project.graph.bases.get(owner, ()):
        path = f"{base}.{project.expression(target).text}"
        method = project.functions.get(path)
        if method is not None and not _is_set(project, method):
            yield Patch(target, target, path.replace(":", "."), None, source)
            return


def _rebound(project: Project, target: Reference, source: Reference) -> Iterator[Patch]:
    """``fetch = fake`` in the module that defines `fetch`, or under `global`: unless it is made of itself."""
    expression = project.expression(target)
    owner, name = expression.variable or ("", "")
    if owner not in project.functions or f"{owner}{name}" not in project.functions:
        return
    module = project.module(target)
    same = {e.id for e in module.expressions if e.variable == (owner, name)}
    if not any(inner.expression in same for inner in project.inside(source)):
        yield Patch(target, target, f"{owner[:-1]}.{name}", None, source)


def _path(project: Project, place: Reference) -> str:
    """The dotted path that an expression spells, from outside of its module; ``?`` if it starts with a variable."""
    if place in project.graph.names:
        return project.graph.names[place]
    expression, module = project.expression(place), project.module(place)
    receiver = project.child(place, Role.RECEIVER)
    if receiver is not None:
        return f"{_path(project, receiver)}.{expression.text}"
    for one in module.imports:
        if one.name == expression.text:
            return f"{one.module}.{one.attribute}" if one.attribute else one.dotted or one.module
    at_top = expression.variable is not None and expression.variable[0] == f"{module.name}:"
    return f"{module.name}.{expression.text}" if at_top else "?"


def _is_set(project: Project, function: Function) -> bool:
    """Whether assigning to the attribute sets a property."""
    return is_property(project, function) or is_accessor(project, function)


def _patch(project: Project, call: Reference, callee: Expression) -> Patch | None:
    arguments = project.arguments(call)
    positional = [(r, e) for r, e in arguments if e.role is Role.ARGUMENT]
    named = {e.detail: r for r, e in arguments if e.role is Role.KEYWORD}
    if not positional:
        return None
    target, expression = positional[0]
    alone = len(positional) == 2 and not {"name", "value"} & named.keys()
    if text := expression.string or _composed(project, target, callee, alone=alone):
        new = positional[1][0] if len(positional) > 1 else named.get("new", named.get("value"))
        return Patch(call, target, text, None, new)
    if callee.text not in ("object", "setattr", "delattr", "spy") or len(positional) < 2:
        return None
    attribute, second = positional[1]
    name = second.string
    owner = denoted(project, target)
    if not name:
        return None
    new = positional[2][0] if len(positional) > 2 else named.get("new", named.get("value"))
    return Patch(call, target, f"{owner}.{name}", attribute, new)


def _composed(project: Project, target: Reference, callee: Expression, *, alone: bool) -> str:
    """The path in a string that is not written out, with ``?`` in place of what nobody knows; else nothing.

    `alone` says whether `monkeypatch.setattr` gets a path with a value, and no object with a name.
    """
    expression, maker = project.expression(target), Reference(target.module, callee.id)
    if callee.text == "setattr":
        if not alone or callee.kind is not Kind.ATTRIBUTE:
            return ""
    elif callee.text != "patch" or not _makes_patches(project, maker):
        return ""
    if path := constant_of(project, target).strip("'\""):
        return path
    if not expression.is_f_string:
        return "?"
    shape = expression.text.partition(":")[2] or "{}"
    parts = [part for part, e in project.children(target) if e.role is Role.FORMATTED]
    known = constant_of(project, parts[0]).strip("'\"") if len(parts) == 1 else ""
    return shape.replace("{}", known) if known else f"?{shape.rpartition('{}')[2]}"


def _makes_patches(project: Project, callee: Reference) -> bool:
    """Whether something is the `patch` of `unittest.mock` or of pytest-mock: not a method of an HTTP client."""
    receiver = project.child(callee, Role.RECEIVER)
    name = project.graph.names.get(callee, "").rpartition(".")[0]
    known = receiver is not None and project.expression(receiver).text in ("mock", "mocker")
    return known or name in ("unittest.mock", "mock", "mock.mock")


def named_function(project: Project, path: str) -> FunctionId | None:
    """The function of the project that a dotted path names, where imports may lead to it."""
    return next((each for each in definitions(project, path) if each in project.functions), None)


def definitions(project: Project, path: str) -> Iterator[str]:
    """What a dotted path may name in the project (``module:Class.name``), import for import that leads there."""
    seen: set[str] = set()
    following: str | None = path
    while following is not None and following not in seen:  # imports may go in a circle
        seen.add(following)
        found, following = _one_step(project, following)
        if found is not None:
            yield found


def _one_step(project: Project, path: str) -> tuple[str | None, str | None]:
    """What a dotted path names in its module, and the path that an import of that name leads to."""
    parts = path.split(".")
    for index in range(len(parts) - 1, 0, -1):
        known = project.written_module(".".join(parts[:index]))
        if known is None:
            continue
        following = (
            ".".join((one.module, one.attribute, *parts[index + 1 :]))
            for one in known.imports
            if one.name == parts[index] and one.attribute is not None
        )
        return f"{known.name}:{'.'.join(parts[index:])}", next(following, None)
    return None, None


def denoted(project: Project, reference: Reference) -> str:
    """What an object is called from outside: a module, a class of the project or of a library."""
    if reference in project.graph.names:
        return project.graph.names[reference]
    value = project.value(reference)
    if value is not None:
        for source in value.sources:
            if source.name in project.graph.classes or source.kind is SourceKind.MODULE:
                return source.name.replace(":", ".")
    return _path(project, reference)


def interceptor(project: Project, library: Library) -> str | None:
    """Where and with what the project replaces a library; None if nobody does."""
    for name in library.interceptors:
        if place := intercepted_by(project, name):
            return place
    if place := replaced_whole(project, library.name):
        return place
    for patch in patches(project):
        if replaces(project, patch.path, library.name):
            line = project.expression(patch.call).span.line
            return f"{project.module(patch.call).path}:{line} patches it"
    return None


def intercepted_by(project: Project, name: str) -> str:
    """Where the project uses an interceptor: it imports it, or asks for the pytest fixture of that name."""
    for module in project.graph.modules.values():
        for one in module.imports:
            if one.module.partition(".")[0] == name:
                return f"{module.path}:{one.span.line} intercepts it with {name}"
    own = {function.name for function in project.functions.values()}
    for function in project.functions.values():
        path = project.path(function.id)
        if name not in own and in_test_file(path) and _asks(project, function, name):
            return f"{path}:{function.header.line} intercepts it with {name}"
    return ""


def _asks(project: Project, function: Function, name: str) -> bool:
    """Whether pytest hands a fixture to a function: not what the test is parametrized with."""
    if not any(parameter.name == name for parameter in function.parameters):
        return False
    if not function.name.startswith("test") and not function.decorators:
        return False
    texts = [
        inner.text
        for decorator, _ in project.decorators(function)
        for _, inner in project.children(decorator)
    ]
    return not any(name in re.split(r"\W+", text) for text in texts if text[:1] in "'\"")


def replaces(project: Project, path: str, name: str) -> bool:
    """Whether a patched path goes through a library: ``requests.get``, ``pkg.mod.requests.get``."""
    parts = path.split(".")
    for index, part in enumerate(parts):
        before = ".".join(parts[:index])
        if part == name and (
            not before or before in ("?", "builtins", "io") or project.written_module(before)
        ):
            return True
    return patched_name(project, path, name) is not None


def patched_name(project: Project, path: str, library: str) -> str | None:
    """What of a library a path patches, by its public name; None for anything else.

    A path may go through a module of the project that imports the library, or something of it.
    """
    if is_within(path, library):
        return path
    parts = path.split(".")
    for index in range(len(parts) - 1, 0, -1):
        module = project.written_module(".".join(parts[:index]))
        if module is None:
            continue
        for one in module.imports:
            if one.name == parts[index]:
                owner = f"{one.module}.{one.attribute}" if one.attribute else one.module
                name = ".".join((owner, *parts[index + 1 :]))
                return name if is_within(name, library) else None
        return None
    return None


def replaced_whole(project: Project, name: str) -> str:
    """Where the project puts another module in place of a library, in `sys.modules`; "" if nowhere."""
    places = project.memory("replaced modules", lambda project: dict(_replaced(project)))
    return places.get(name, "")


def _replaced(project: Project) -> Iterable[tuple[str, str]]:
    for patch in patches(project):
        if patch.path == "sys.modules" and patch.replacement is not None:
            for _, element in project.children(patch.replacement):
                yield from _named(element.string, project, patch.call)
        elif patch.path.startswith("sys.modules."):
            name = patch.path.removeprefix("sys.modules.").partition(".")[0]
            yield from _named(name, project, patch.call)
    for name, module in project.graph.modules.items():
        if any(one.module == "sys" for one in module.imports):
            for expression in module.expressions:
                if expression.kind is Kind.CONSTANT and expression.parent >= 0:
                    place = Reference(name, expression.parent)
                    if _is_key(project, place, expression):
                        yield from _named(expression.string, project, place)


def _is_key(project: Project, place: Reference, key: Expression) -> bool:
    """Whether a constant is the key under which something is put into `sys.modules`."""
    owner = None
    if key.role is Role.INDEX and project.expression(place).role is Role.TARGET:
        owner = project.child(place, Role.SUBSCRIPTED)
    elif key.role is Role.ARGUMENT and key.detail == "1" and _sets_item(project, place):
        owner = project.arguments(place)[0][0]
    return owner is not None and project.expression(owner).text == "modules"


def _sets_item(project: Project, call: Reference) -> bool:
    callee = project.child(call, Role.CALLEE)
    return callee is not None and project.expression(callee).text in ("setitem", "delitem")


def _named(name: str, project: Project, place: Reference) -> Iterable[tuple[str, str]]:
    if name:
        line = project.expression(place).span.line
        yield name, f"{project.module(place).path}:{line} puts another module in its place"
