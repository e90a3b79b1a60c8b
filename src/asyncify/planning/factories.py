"""Factories: ``await Class.create_async(...)`` in place of ``Class(...)``, where `__init__` has to await.

Python calls `__init__` itself and awaits nothing, so it becomes an async method of another name that the
factory calls, and every place that makes an object calls the factory. That takes two things: all those
places are known, and nothing but `__init__` makes the object. Where the constructor has to stay, a twin may
still stand beside it (`planning.twins`).

The `__init__` of a dataclass is made by Python, and calls `__post_init__` in the end. Without a method of that
name it does not, so the factory calls the class, and then what took the place of `__post_init__`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from asyncify.model.attributes import CONSTRUCTORS, FACTORY, INITIAL, POST_INIT
from asyncify.model.facts import Class, ClassId, Function, FunctionId, Role
from asyncify.model.graph import Access, Edge, Reference, SourceKind, Value
from asyncify.model.plan import Edit, Insert, Replace
from asyncify.planning.appliers import called_here
from asyncify.planning.colour import Limit
from asyncify.planning.declarations import is_overload
from asyncify.planning.interceptors import patched_names
from asyncify.planning.named import named_in_string
from asyncify.planning.post_inits import (
    DATACLASS,
    holders,
    is_dataclass,
    is_generated,
    replaced_objects,
)
from asyncify.planning.project import PASSING_ROLES, UNSEEN, Project
from asyncify.planning.steps import Step

# bases outside the project of which `cls.__new__(cls)` makes an object, as calling the class does
_PLAIN_BASES = ("builtins.object", "abc.ABC", "typing.", "typing_extensions.", "collections.abc.")
_TUPLES = ("typing.NamedTuple", "typing_extensions.NamedTuple")
# decorators of classes that leave `__init__` alone
_TRANSPARENT = frozenset({"typing.final", "typing.runtime_checkable", "functools.total_ordering"})
_HARMLESS = PASSING_ROLES | {
    Role.BASE,
    Role.BRANCH,
    Role.COMPARED,
    Role.ELEMENT,
    Role.FORMATTED,
    Role.MATCHED,
    Role.RECEIVER,
    Role.TESTED,
}
# who gets a class and makes no object of it
_LOOKERS = frozenset(
    {
        *(
            f"builtins.{name}"
            for name in (
                "callable",
                "hasattr",
                "hash",
                "id",
                "isinstance",
                "issubclass",
                "print",
                "repr",
                "str",
                "super",
                "type",
            )
        ),
        *(
            f"unittest.case.TestCase.assert{name}"
            for name in (
                "Equal",
                "In",
                "Is",
                "IsInstance",
                "IsNot",
                "IsNotNone",
                "NotEqual",
                "NotIn",
                "NotIsInstance",
            )
        ),
        "dataclasses.fields",
        "dataclasses.is_dataclass",
        "inspect.getfile",
        "inspect.getmodule",
        "typing.cast",
        "typing.get_type_hints",
    }
)


def factory_limit(project: Project, function: Function) -> Limit | None:
    """Why objects of a class, and of those that derive from it, cannot all come from a factory."""
    key = "factory", function.id
    return project.memory(key, lambda one: next(_limits(one, function), None))


def making_problem(project: Project, function: Function) -> str | None:
    """What else than its constructor has a say in how the objects of a class are made; nothing if all is well."""
    return next(
        filter(None, (_problem(project, each, function) for each in _classes(project, function))),
        None,
    )


def factory_edits(project: Project, function: Function) -> Iterable[Edit]:
    """The factory below an initial method, unless it only declares one or a base class has a factory."""
    if not is_overload(project, function) and not _inherits_factory(project, function):
        yield Insert(function.header, "after", _factory(function))


def construction(project: Project, site: Reference) -> list[Edit] | None:
    """What makes a call of a class one of its factory; None where it is no call (a decorator)."""
    callee = project.child(site, Role.CALLEE)
    if callee is None:
        return None
    span = project.expression(callee).span
    return [Replace(span, f"{{0}}.{FACTORY}", (span,))]


def handed_classes(project: Project, function: Function) -> Iterator[Step]:
    """What the places need that hand a class with this constructor to what calls it: `map(Box, rows)`."""
    values = project.memory("values of classes", _values_of_classes)
    for cls in _classes(project, function):
        for value in values.get(cls, ()):
            for place in value.places_of(SourceKind.CLASS, cls):
                step = _handed_class(project, place, function)
                if step is not None:
                    yield step


def _handed_class(project: Project, place: Reference, function: Function) -> Step | None:
    """What a place needs that hands a class to what calls it; None at any other."""
    expression, outer = project.expression(place), project.parent(place)
    if expression.role not in (Role.ARGUMENT, Role.KEYWORD) or outer is None:
        return None
    sources = project.sources(place)
    if any(source.kind is not SourceKind.CLASS for source in sources):
        return None
    if not _all_have(project, {source.name for source in sources}, project.family(function.id)):
        return None
    names = project.callee_names(outer[0])
    step = called_here(project, place, function.id, outer[0], names)
    if step is None or step.limit is not None:
        return None
    edit = Replace(expression.span, f"{{0}}.{FACTORY}", (expression.span,))
    return step.with_edits([(project.module(place).path, edit)])


def _all_have(project: Project, classes: set[ClassId], family: frozenset[FunctionId]) -> bool:
    """Whether each of some classes, or a base of it, has a constructor of the family."""
    owners = {project.functions[each].owner for each in family}
    lines = [
        {cls, *project.graph.bases.get(cls, ())} for cls in classes & project.graph.classes.keys()
    ]
    return not any(owners.isdisjoint(line) for line in lines)


def unclear(project: Project, initial: FunctionId, edge: Edge) -> str | None:
    """What is said of a place that may make objects of other classes as well; nothing if it does not."""
    family = project.family(initial)
    targets = [t for t in edge.targets if not is_generated(project, t)]
    others = [t for t in targets if t.function is None or t.function not in family]
    calls = [e for e in project.edges_at(edge.site) if e.access in (Access.CALL, Access.CONSTRUCT)]
    if edge.open or others or len(calls) > 1:
        return "this call may make something else"
    callee = project.child(edge.site, Role.CALLEE)
    if callee is None:
        return "the class is used as a decorator"
    sources = project.sources(callee)
    if any(source.kind is not SourceKind.CLASS for source in sources):
        return "what is called here may be no class"
    made = {source.name for source in sources}.union(t.receiver or "" for t in edge.targets)
    if not _all_have(project, made, family):
        return "what is called here may be a class without a constructor"
    return None


def _factory(function: Function) -> str:
    first = function.parameters[0].name if function.parameters else "self"
    made, given = "cls.__new__(cls)", "*args, **kwargs"
    if function.name == POST_INIT:
        made, given = f"cls({given})", ""
    return (
        "\n@classmethod\n"
        f"async def {FACTORY}(cls, *args, **kwargs):\n"
        f'    """Like the constructor, for async code."""\n'
        f"    {first} = {made}\n"
        f"    await {first}.{CONSTRUCTORS[function.name]}({given})\n"
        f"    return {first}\n"
    )


def _inherits_factory(project: Project, function: Function) -> bool:
    """Whether a base class of the project has a factory as well: its `__init__` is in the same family."""
    bases = project.graph.bases.get(function.owner or "", ())
    return any(
        other != function.id and project.functions[other].owner in bases
        for other in project.family(function.id)
    )


# -- limits ----------------------------------------------------------------------------------------


def _classes(project: Project, function: Function) -> list[ClassId]:
    """A class and those that derive from it."""
    owner = function.owner or ""
    return [owner, *(cls for cls, bases in project.graph.bases.items() if owner in bases)]


def _limits(project: Project, function: Function) -> Iterator[Limit]:
    for message, site in _reasons(project, function):
        yield Limit("ASY902", f"{function.name} cannot be async: {message}", site)


def _reasons(project: Project, function: Function) -> Iterator[tuple[str, Reference | None]]:
    if (site := project.memory("classes nobody knows", _unknown_class)) is not None:
        yield "this makes an object of a class that nobody knows", site
    if problem := making_problem(project, function):
        yield problem, None
    for edge in project.reaching(function.id):
        if edge.access is Access.CONSTRUCT and (problem := unclear(project, function.id, edge)):
            yield problem, edge.site
    for cls in _classes(project, function):
        if (site := named_in_string(project, cls)) is not None:
            yield f"a string names {cls}, and somebody may find it by that", site
        for value in project.memory("values of classes", _values_of_classes).get(cls, ()):
            yield from _value_reasons(project, value, cls, function)
        if function.name == POST_INIT:
            yield from _made_otherwise(project, cls)


def _made_otherwise(project: Project, cls: ClassId) -> Iterator[tuple[str, Reference]]:
    """The places that make objects of a dataclass, and do not call it."""
    yield from replaced_objects(project, cls)
    values = project.memory("values of classes", _values_of_classes)
    for other in holders(project, cls):
        for value in values.get(other, ()):
            for message, site in _value_reasons(project, value, other, None):
                yield f"a field of {other.rpartition(':')[2]} has it, and {message}", site


def _problem(project: Project, cls: ClassId, function: Function) -> str | None:
    known = project.graph.classes.get(cls)
    name, initial = cls.rpartition(":")[2], function.name
    if known is None:
        return f"{name} is not known"
    bases = project.graph.bases.get(cls, ())
    others = (base for base in bases if base not in project.graph.classes)
    if strange := [o for o in others if not o.startswith(_PLAIN_BASES) or o in _TUPLES]:
        return f"{name} has a base outside the project ({strange[0]})"
    own = [each for each in (cls, *bases) if each in project.graph.classes]
    if problem := _decoration(project, known, own, initial):
        return problem
    methods = {method for each in own for method, _ in project.graph.classes[each].methods}
    if taken := methods & ({"__new__", INITIAL, CONSTRUCTORS[initial], FACTORY} - {initial}):
        return f"{name} has a method {min(taken)}"
    if any(_takes_cls(project, each, initial) for each in own):
        return f"the {initial} of {name} has a parameter `cls`, which is the factory's own"
    if not project.memory("metaclasses", _with_metaclass).isdisjoint(own):
        return f"{name} has a metaclass"
    if len(_lines(project, own, initial)) > 1:
        return f"{name} has several bases with an {initial}"
    patched = patched_names(project)
    if known.name in patched or known.name in patched.get(initial, ()):
        return f"a test replaces {name}"
    return None


def _decoration(project: Project, cls: Class, own: list[ClassId], initial: str) -> str | None:
    """What the decorators of a class have to say about how its objects are made."""
    made = initial == POST_INIT
    if made and not any(is_dataclass(project, project.graph.classes[each]) for each in own):
        return f"{cls.name} is no dataclass"
    if made and any(_takes_more(project, each) for each in own):
        return f"the {initial} of {cls.name} takes arguments"
    for number in cls.decorators:
        name = project.denoted(Reference(cls.module, number))
        if name not in _TRANSPARENT and not (made and name == DATACLASS):
            return f"a decorator may change {cls.name}"
    return None


def _takes_more(project: Project, cls: ClassId) -> bool:
    initial = dict(project.graph.classes[cls].methods).get(POST_INIT)
    return initial is not None and len(project.functions[initial].parameters) != 1


def _takes_cls(project: Project, cls: ClassId, name: str) -> bool:
    initial = dict(project.graph.classes[cls].methods).get(name, "")
    parameters = project.functions[initial].parameters if initial else ()
    return any(parameter.name == "cls" for parameter in parameters)


def _with_metaclass(project: Project) -> frozenset[ClassId]:
    """The classes that say what makes them: any keyword in a header counts, but for that of `abc`."""
    statements = {(cls.module, cls.statement): cls.id for cls in project.graph.classes.values()}
    return frozenset(
        statements[name, expression.statement]
        for name, module in project.graph.modules.items()
        for expression in module.expressions
        if expression.role is Role.BASE and not expression.detail.isdigit()
        if (name, expression.statement) in statements
        if project.graph.names.get(Reference(name, expression.id)) != "abc.ABCMeta"
    )


def _unknown_class(project: Project) -> Reference | None:
    """A place that calls the class of an object of which nothing is known: `type(other)(...)`."""
    asked = [*project.calls_to("builtins.type"), *project.attributes("__class__")]
    for place in asked:
        outer = project.parent(place)
        if outer is not None and project.expression(place).role is Role.CALLEE:
            edge = project.call_edge(outer[0])
            if edge is None or not edge.targets or edge.open:
                return outer[0]
    return None


def _lines(project: Project, own: list[ClassId], initial: str) -> list[ClassId]:
    """The classes with a constructor that are no base of another one with a constructor."""
    having = [c for c in own if initial in dict(project.graph.classes[c].methods)]
    kept: list[ClassId] = []
    for cls in having:  # in the order of method resolution: bases behind what derives from them
        if not any(cls in project.graph.bases.get(other, ()) for other in kept):
            kept.append(cls)
    return kept


def _values_of_classes(project: Project) -> dict[ClassId, list[Value]]:
    found: dict[ClassId, list[Value]] = {}
    for value in project.graph.values:
        for name in dict.fromkeys(s.name for s in value.sources if s.kind is SourceKind.CLASS):
            found.setdefault(name, []).append(value)
    return found


def _value_reasons(
    project: Project, value: Value, cls: ClassId, function: Function | None
) -> Iterator[tuple[str, Reference]]:
    """The places that see a class and may make objects of it where nobody awaits; its constructor, if it is called."""
    name = cls.rpartition(":")[2]
    if value.lost is not None:
        yield f"{name}: {UNSEEN}", value.lost
    for place in value.places_of(SourceKind.CLASS, cls):
        role = project.expression(place).role
        outer = project.parent(place)
        if role in (Role.ARGUMENT, Role.KEYWORD, Role.CALLEE) and outer is not None:
            edge = project.call_edge(outer[0])
            targets = edge.targets if edge is not None else ()
            ours = bool(targets) and all(t.function or is_generated(project, t) for t in targets)
            names = project.callee_names(outer[0])
            looks = role is not Role.CALLEE and bool(names) and _LOOKERS.issuperset(names)
            called = function is not None and _handed_class(project, place, function) is not None
            if not ours and not looks and not called:
                yield f"{name} is handed to {', '.join(names) or 'nobody knows whom'}", place
        elif role not in _HARMLESS:
            yield f"{name} is used as {role}", place
