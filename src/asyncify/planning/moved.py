"""Functions of libraries that get another name, ``time.sleep`` -> ``asyncio.sleep``, and the patches of them.

A patch reaches one name only. So where a test replaces such a function, its calls move if all of them do,
nothing else uses the old name, and every patch has a counterpart. Otherwise they keep the library, in threads,
and the patches stay what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from asyncify.model.facts import Kind, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Edit, Replace
from asyncify.planning.interceptors import Patch, denoted, patched_name, patches, replaced_whole
from asyncify.planning.mock_names import ASYNC_MOCKS, MOCKS
from asyncify.planning.project import Project
from asyncify.planning.units import Seed, Site, import_text

_FORMS = frozenset({"patch", "object", "setattr", "delattr", "spy"})


def moved_names(applied: Sequence[Seed], sites: Sequence[Site]) -> dict[str, str]:
    """The functions of libraries of which every call was converted, with their new names."""
    moved = dict(move for seed in applied for move in seed.moves)
    gone = _gone(applied)
    for site in sites:  # a function that is still called somewhere has not moved
        if site.reference not in gone:
            moved.pop(site.name, None)
    return moved


def unmoved(project: Project, applied: Sequence[Seed], sites: Sequence[Site]) -> dict[str, str]:
    """The functions that keep their names although calls of them would move, each with the reason."""
    found: dict[str, str] = {}
    gone = _gone(applied)
    for name in {name for seed in applied for name, _ in seed.moves}:
        if is_replaced(project, name):
            if reason := replaced_whole(project, name.rpartition(".")[0]):
                found[name] = reason
            elif (place := _without_counterpart(project, name)) is not None:
                found[name] = f"{_where(project, place)} replaces {name}"
            elif (place := _user(project, sites, name, gone)) is not None:
                found[name] = f"{_where(project, place)} keeps {name}"
    return found


def is_replaced(project: Project, name: str) -> bool:
    """Whether a test puts something in place of a function of a library, or of what it is found in."""
    return project.memory(
        ("is replaced", name),
        lambda project: any(target_of(project, patch, name) for patch in patches(project))
        or _without_counterpart(project, name) is not None
        or bool(replaced_whole(project, name.rpartition(".")[0])),
    )


def target_of(project: Project, patch: Patch, name: str) -> str:
    """What a patch of a function names, without the function's own name; "" for any other patch."""
    if patch.path == name:
        return "."
    if patch.path.endswith(f".{name}"):
        owner = patch.path.removesuffix(f".{name}")
        return owner if project.written_module(owner) is not None else ""
    library = name.rpartition(".")[0]
    return "." if patched_name(project, patch.path, library) == name else ""


def retargeted(project: Project, patch: Patch, moved: Mapping[str, str]) -> Iterable[Edit] | None:
    """The edits of a patch that follows a moved function; None for any other patch."""
    for old, new in moved.items():
        if owner := target_of(project, patch, old):
            return _retarget(project, patch, owner, old, new)
    return None


def _retarget(project: Project, patch: Patch, owner: str, old: str, new: str) -> Iterator[Edit]:
    """Through a module of the project the new function is found where it is called."""
    target = project.expression(patch.target)
    if patch.attribute is None:
        module = project.written_module(owner.removesuffix(f".{old}"))
        called = module is not None and any(
            site.module == module.name for site in project.calls_to(old)
        )
        yield Replace(target.span, f'"{owner}.{new}"' if called else f'"{new}"')
        return
    library, _, name = new.rpartition(".")
    written = project.expression(patch.attribute)
    yield Replace(target.span, library)
    yield AddImport(import_text(new))
    if written.text[1:-1] != name:
        yield Replace(written.span, f'"{name}"')


def _gone(applied: Sequence[Seed]) -> frozenset[Reference]:
    """The calls that get another name."""
    moving = (seed for seed in applied if seed.moves)
    return frozenset(site.reference for seed in moving for site in seed.sites)


def _without_counterpart(project: Project, name: str) -> Reference | None:
    """Where the project replaces a function, or what it is found in, in a way that cannot follow."""
    return project.memory(
        ("replaced without counterpart", name),
        lambda project: next(_strange(project, name), None),
    )


def _strange(project: Project, name: str) -> Iterator[Reference]:
    library, _, own = name.rpartition(".")
    for patch in patches(project):
        if target_of(project, patch, name):
            if not _has_counterpart(project, patch) or not _reaches_all(project, patch, name):
                yield patch.call
        elif _replaces_owner(project, patch, library, own):
            yield patch.call
    for attribute in (*project.attributes(own), *project.attributes(library.rpartition(".")[2])):
        owner, expression = project.child(attribute, Role.RECEIVER), project.expression(attribute)
        if owner is not None and expression.role in (Role.TARGET, Role.DELETED):
            path = f"{denoted(project, owner)}.{expression.text}"
            if patched_name(project, path, library) in (library, name):
                yield attribute


def _has_counterpart(project: Project, patch: Patch) -> bool:
    """Whether a patch does the same to the moved function."""
    callee = project.child(patch.call, Role.CALLEE)
    if callee is None or project.expression(callee).text not in _FORMS:
        return False
    for argument, e in project.arguments(patch.call):
        if e.detail == "new_callable":
            return project.graph.names.get(argument) in MOCKS | ASYNC_MOCKS
        if e.role is Role.UNPACKED:
            return False
    return True


def _reaches_all(project: Project, patch: Patch, name: str) -> bool:
    """Whether a patch reaches every call of a function: one of an imported name those of its module only."""
    everywhere = patch.path == name or patch.path.endswith(f".{name}")
    module = project.written_module(patch.path.rpartition(".")[0])
    for site in project.calls_to(name):
        callee = project.child(site, Role.CALLEE)
        imported = callee is not None and project.expression(callee).kind is Kind.NAME
        if imported is everywhere or (imported and (module is None or site.module != module.name)):
            return False
    return True


def _replaces_owner(project: Project, patch: Patch, library: str, own: str) -> bool:
    """Whether a patch replaces the module of a function, or it may be the function of an unknown one."""
    unknown = ("?", f"?.{own}", f"?.{library}", f"?.{library}.{own}")
    if patch.path in unknown:
        return True
    if patched_name(project, patch.path, library) != library:
        return False
    callee = project.child(patch.call, Role.CALLEE)
    several = callee is not None and project.expression(callee).text == "multiple"
    names = {e.detail for _, e in project.arguments(patch.call) if e.role is Role.KEYWORD}
    return not several or own in names or "" in names


def _user(
    project: Project, sites: Sequence[Site], name: str, gone: Set[Reference]
) -> Reference | None:
    """A place that goes on to use a function under its old name."""
    for site in sites:
        if site.name == name and site.reference not in gone:
            return site.reference
    for place in project.memory("places of names", _places).get(name, ()):
        outer = project.parent(place)
        called = project.expression(place).role is Role.CALLEE and outer is not None
        if not (called and outer is not None and outer[0] in gone):
            return place
    return None


def _places(project: Project) -> dict[str, list[Reference]]:
    found: dict[str, list[Reference]] = {}
    for place, name in project.graph.names.items():
        found.setdefault(name, []).append(place)
    return found


def _where(project: Project, place: Reference) -> str:
    return f"{project.module(place).path}:{project.expression(place).span.line}"
