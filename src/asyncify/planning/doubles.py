"""Test doubles: what tests put in place of a class of the project, or of an object of one.

``patch("app.Client")`` makes a plain mock, whose methods cannot be awaited: it gets mocks of coroutine functions
where the class has those. A class of the tests changes colour with the class that it stands for, as if it were
derived from it. Nobody can tell what anything else would give.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from asyncify.model.facts import ClassId, FunctionId, Kind, Role
from asyncify.model.graph import Reference, Source, SourceKind
from asyncify.planning.class_attributes import is_akin, methods_of
from asyncify.planning.hooks import in_test_file
from asyncify.planning.interceptors import Patch, definitions, patches
from asyncify.planning.mock_names import (
    GIVEN,
    MOCKS,
    RESULT,
    SPECIFICATIONS,
    Made,
    given_back,
    mock_at,
    takes_after,
    told,
)
from asyncify.planning.project import Project

_FORMS = frozenset({"patch", "object", "setattr", "multiple"})
_STUBS = frozenset({"pretend.stub", "types.SimpleNamespace"})
_SETTINGS = frozenset({"new_callable", "wraps", ""})  # "" is **settings


@dataclass(frozen=True, slots=True)
class Double:
    """What one patch puts in place of a class or a function that gives its objects (`called`), or of an object."""

    patch: Patch
    cls: ClassId
    called: bool
    function: FunctionId | None = None

    @property
    def way(self) -> tuple[str, ...]:
        """How the stand-in of an object is found in that of what is replaced."""
        return (RESULT,) if self.called else ()


@dataclass(slots=True)
class Contents:
    """What stands in for objects of a class.

    Args:
        made: the patch makes a plain mock of all.
        specified: it makes one that takes after the class.
        makers: calls that make a mock of the class, whose result nobody sets.
        mocks: calls that make a mock of an object.
        classes: of the project, of which an object stands there.
        strange: the place of something that nobody knows.
    """

    made: bool = False
    specified: bool = False
    makers: list[Reference] = field(default_factory=list)
    mocks: list[Reference] = field(default_factory=list)
    classes: set[ClassId] = field(default_factory=set)
    strange: Reference | None = None

    @property
    def plain(self) -> bool:
        """Whether there is a mock that knows nothing of the class."""
        return bool(self.made or self.makers or self.mocks)

    def stand_ins(self, double: Double) -> set[Made]:
        """The mocks of objects, as tests find them."""
        patched = self.made or self.specified
        made = {Made(double.patch.call, double.way)} if patched else set()
        made |= {Made(maker, double.way) for maker in self.makers}
        return made | {Made(mock) for mock in self.mocks}


def doubles(project: Project) -> Sequence[Double]:
    """Every double in the tests, in source order."""
    return project.memory("doubles", lambda project: tuple(_doubles(project)))


def doubles_of(project: Project, owner: ClassId | None) -> Sequence[Double]:
    """The doubles of a class and of those that derive from it, or of their objects."""
    return project.memory("doubles by class", _by_class).get(owner or "", ())


def contents(project: Project, double: Double) -> Contents:
    """What a double stands in with."""
    return project.memory(("contents", double), lambda project: _contents(project, double))


def is_method_of_double(project: Project, owner: Reference, name: str) -> bool:
    """Whether an object in a test stands in for one of a class that has such a method, or for the class itself."""
    return bool(_classes_at(project, owner, name))


def mentions(project: Project, double: Double, name: str) -> Iterator[Reference]:
    """The places in tests that name an attribute of what stands in for an object of a class."""
    for attribute in project.attributes(name):
        owner = project.child(attribute, Role.RECEIVER)
        if owner is not None and in_test_file(project.module(attribute).path):
            if double.cls in _classes_at(project, owner, name):
                yield attribute


def _classes_at(project: Project, owner: Reference, name: str) -> Sequence[ClassId]:
    """The classes for which an object in a test stands in, where they have such a method."""
    made = mock_at(project, owner) if doubles(project) else None
    return _classes_of(project, made, name)


def _classes_of(project: Project, made: Made | None, name: str) -> Sequence[ClassId]:
    return [
        cls
        for cls, of_class in project.memory("stand-ins", _stand_ins).get(made, ())
        for method in [methods_of(project, cls).get(name)]
        if method is not None and (not of_class or is_of_class(project, method))
    ]


def tells(project: Project, mock: Reference, path: str, name: str) -> bool:
    """Whether a setting of a mock (``"return_value.fetch.side_effect"``) says what a stand-in's method gives."""
    made = mock_at(project, mock)
    way = tuple(RESULT if each == "return_value" else each for each in path.split("."))
    if made is None or way[-2:-1] != (name,):
        return False
    return bool(_classes_of(project, Made(made.call, (*made.way, *way[:-2])), name))


def _stand_ins(project: Project) -> dict[Made | None, list[tuple[ClassId, bool]]]:
    """The classes for whose objects mocks stand in; or for the class itself (True)."""
    found: dict[Made | None, list[tuple[ClassId, bool]]] = {}
    for double in doubles(project):
        own = contents(project, double)
        for made in own.stand_ins(double):
            found.setdefault(made, []).append((double.cls, False))
        is_class = double.called and double.function is None
        for call in (double.patch.call, *own.makers) if is_class else ():
            found.setdefault(Made(call), []).append((double.cls, True))
    return found


def is_of_class(project: Project, method: FunctionId) -> bool:
    """Whether a method can be called on its class."""
    decorators = project.decorators(project.functions[method])
    return any(name in ("builtins.classmethod", "builtins.staticmethod") for _, name in decorators)


def joined_families(project: Project) -> list[frozenset[FunctionId]]:
    """The methods that change colour together because one class stands for another in the tests."""
    return [
        frozenset({method, other})
        for double in doubles(project)
        for cls in contents(project, double).classes
        for name, method in methods_of(project, double.cls).items()
        if not is_akin(project, (cls,), project.functions[method])
        for other in [methods_of(project, cls).get(name)]
        if other is not None and (name == "__call__" or not name.startswith("__"))
    ]


def _doubles(project: Project) -> Iterator[Double]:
    for patch in patches(project):
        if not in_test_file(project.module(patch.call).path):
            continue
        form = _form(project, patch)
        if form == "multiple":
            for _, e in project.arguments(patch.call):
                yield from _replaced(project, patch, f"{patch.path}.{e.detail}")
        elif form in _FORMS:
            yield from _replaced(project, patch, patch.path)


def makes_plain_mock(project: Project, patch: Patch) -> bool:
    """Whether a patch makes its mock itself, and says nothing of what that is like."""
    told = {e.detail for _, e in project.arguments(patch.call) if e.role is Role.KEYWORD}
    by_itself = patch.replacement is None and _form(project, patch) in ("patch", "object")
    return by_itself and told.isdisjoint((*SPECIFICATIONS, *_SETTINGS))


def _form(project: Project, patch: Patch) -> str:
    """The name of the function that patches."""
    callee = project.child(patch.call, Role.CALLEE)
    return project.expression(callee).text if callee is not None else "setattr"


def _replaced(project: Project, patch: Patch, path: str) -> Iterator[Double]:
    for found in definitions(project, path):
        if found in project.graph.classes:
            yield Double(patch, found, called=True)
            return
        if found in project.functions:
            for cls in _results(project, found):
                yield Double(patch, cls, called=True, function=found)
            return
    owner, _, name = path.rpartition(".")
    places = project.memory("objects by name", _objects)
    module = project.written_module(owner)
    own = places.get((f"{module.name}:", name), ()) if module is not None else ()
    yield from (Double(patch, cls, False) for cls in own or places.get(("", name), ()))


def _results(project: Project, function: FunctionId) -> dict[ClassId, None]:
    """The classes of the project of which a function gives objects."""
    return {
        source.name: None
        for edge in project.reaching(function)
        for source in project.sources(edge.site)
        if source.kind is SourceKind.INSTANCE and source.name in project.graph.classes
    }


def _objects(project: Project) -> dict[tuple[str, str], tuple[ClassId, ...]]:
    """The classes of which a global variable, or an attribute of any object, holds an object."""
    found: dict[tuple[str, str], dict[ClassId, None]] = {}
    for value in project.graph.values:
        held = [s.name for s in value.sources if s.kind is SourceKind.INSTANCE]
        held = [cls for cls in held if cls in project.graph.classes]
        for place in value.occurrences if held else ():
            e = project.expression(place)
            if in_test_file(project.module(place).path):
                continue
            if e.kind is Kind.ATTRIBUTE:
                found.setdefault(("", e.text), {}).update(dict.fromkeys(held))
            elif e.variable is not None and e.variable[0] == f"{place.module}:":
                found.setdefault(e.variable, {}).update(dict.fromkeys(held))
    return {key: tuple(classes) for key, classes in found.items()}


def _by_class(project: Project) -> dict[ClassId, list[Double]]:
    found: dict[ClassId, list[Double]] = {}
    for double in doubles(project):
        for cls in (double.cls, *project.graph.bases.get(double.cls, ())):
            found.setdefault(cls, []).append(double)
    return found


def _contents(project: Project, double: Double) -> Contents:
    found, patch = Contents(), double.patch
    keywords = {e.detail: r for r, e in project.arguments(patch.call) if e.role is Role.KEYWORD}
    if _form(project, patch) == "multiple":
        found.strange = patch.call
    elif patch.replacement is not None and double.called:
        _add_makers(project, found, patch.replacement)
    elif patch.replacement is not None:
        _add_objects(project, found, patch.replacement)
    elif keywords.keys() & set(SPECIFICATIONS):
        found.specified = True
    else:
        strange = (keywords[name] for name in _SETTINGS & keywords.keys())
        found.strange = next((one for one in strange if not _are_told(project, one)), None)
        found.made = True
        if double.called:
            _add_told(project, found, patch.call)
    return found


def _are_told(project: Project, settings: Reference) -> bool:
    """Whether settings only say what methods give: ``**{"return_value.fetch.return_value": 1}``."""
    keys = [e.string for _, e in project.children(settings) if e.detail == "key"]
    told = (key.rpartition(".")[2] in GIVEN and key.count(".") > 1 for key in keys)
    return project.expression(settings).kind is Kind.CONTAINER and bool(keys) and all(told)


def _add_told(project: Project, found: Contents, mock: Reference) -> bool:
    """What a test says that the mock of a class gives in place of a mock of its own, if it says that."""
    keywords = {e.detail: r for r, e in project.arguments(mock) if e.role is Role.KEYWORD}
    given = [*told(project, mock), *((name, keywords[name]) for name in GIVEN if name in keywords)]
    for name, value in given:
        found.made = False
        if name == "return_value":
            _add_objects(project, found, value)
        elif not _raises(project, value):
            found.strange = value
    return bool(given)


def _raises(project: Project, effect: Reference) -> bool:
    """Whether a mock with this effect surely gives nothing: it raises."""
    made = project.callee_names(effect) or (project.graph.names.get(effect, ""),)
    return all(name.rpartition(".")[2].endswith(("Error", "Exception")) for name in made)


def _add_makers(project: Project, found: Contents, replacement: Reference) -> None:
    """What is called in place of a class."""
    sources = project.sources(replacement)
    if not sources:
        found.strange = replacement
    for source in sources:
        function = project.functions.get(source.name)
        if source.kind is SourceKind.CLASS and source.name in project.graph.classes:
            found.classes.add(source.name)
        elif source.kind is SourceKind.FUNCTION and function is not None:
            for result in given_back(project, function.id):
                _add_objects(project, found, result)
        elif source.name in MOCKS and source.site is not None:
            _add_mock_of_class(project, found, source.site)
        elif source.kind is not SourceKind.CONSTANT and not _is_spec(source.name):
            found.strange = replacement


def _add_mock_of_class(project: Project, found: Contents, mock: Reference) -> None:
    if takes_after(project, mock):
        return
    if not _SETTINGS.isdisjoint(e.detail for _, e in project.arguments(mock)):
        found.strange = mock
    if not _add_told(project, found, mock):
        found.makers.append(mock)


def _add_objects(project: Project, found: Contents, given: Reference) -> None:
    """What stands there in place of an object."""
    sources = project.sources(given)
    if not sources and project.expression(given).kind is not Kind.CONSTANT:
        found.strange = given
    for source in sources:
        if source.name in MOCKS and source.site is not None:
            if not takes_after(project, source.site):
                found.mocks.append(source.site)
        elif source.kind is SourceKind.INSTANCE and source.name in project.graph.classes:
            found.classes.add(source.name)
        elif source.kind is not SourceKind.CONSTANT and not (
            _is_spec(source.name) or _is_stub(project, source)
        ):
            found.strange = given


def _is_stub(project: Project, source: Source) -> bool:
    """Whether an object has what is written where it is made (``stub(fetch=lambda: 1)``): see `mocks.mock_edits`."""
    if source.name not in _STUBS or source.site is None:
        return False
    return all(e.role is Role.KEYWORD and e.detail for _, e in project.arguments(source.site))


def _is_spec(name: str) -> bool:
    return name.rpartition(".")[2] == "create_autospec"
