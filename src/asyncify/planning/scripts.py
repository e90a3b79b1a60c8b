"""Scripts: a module level, or the body of a main guard, that becomes one async function when asked.

What the statements bind stays a global name only where somebody else may read it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, count

from asyncify.model.attributes import NAMESPACES
from asyncify.model.facts import Class, Function, FunctionId, Kind, Module, Place, Role, Statement
from asyncify.model.graph import Access, Reference
from asyncify.model.modules import imported_names
from asyncify.model.plan import AddImport, Edit, Insert, Wrap
from asyncify.planning.colour import Limit
from asyncify.planning.project import Project

INNER_NAMES = ("_main", "_amain", "_async_main", "_run_main")
_NAMES = ("main", *INNER_NAMES)
_IMPORTS = frozenset({"Import", "ImportFrom"})
DEFINITIONS = frozenset({"FunctionDef", "AsyncFunctionDef", "ClassDef"})
_FIXED = DEFINITIONS | {"TypeAlias", "AnnAssign"}
# what may stay before the function: it calls nobody
_CONSTANTS = frozenset({"Assign", "Expr"})
# files that a tool imports or runs in its own way
_TOOL_FILES = frozenset(
    {"setup.py", "conf.py", "conftest.py", "noxfile.py", "fabfile.py", "tasks.py", "__init__.py"}
)


def is_script(project: Project, module: Module) -> bool:
    """Whether a file is only ever run: outside every package, imported by nobody, no file of a known tool."""
    directory, _, name = module.path.rpartition("/")
    if name in _TOOL_FILES or name.startswith("test_") or name.endswith("_test.py"):
        return False
    if f"{directory}/__init__.py".lstrip("/") in project.memory("paths", _paths):
        return False
    stem = name.removesuffix(".py")
    return project.memory("imported", _imported).isdisjoint((module.name, stem))


def _paths(project: Project) -> frozenset[str]:
    return frozenset(module.path for module in project.graph.modules.values())


def _imported(project: Project) -> frozenset[str]:
    return frozenset().union(*map(imported_names, project.graph.modules.values()))


def script_body(project: Project, module: Module) -> tuple[Statement, ...]:
    """The statements that become the async function; none where that is not asked for, or cannot be."""
    if not project.wrap_scripts:
        return ()
    return project.memory("script bodies", _bodies).get(module.name, ())


def in_script(project: Project, site: Reference) -> bool:
    """Whether an expression at module level is part of a script that becomes an async function."""
    body = script_body(project, project.module(site))
    around = project.ancestry(project.module(site), project.statement(site))
    return bool(body) and any(statement in body for statement in around)


def program(project: Project, site: Reference) -> FunctionId | None:
    """The function for which statements at module level are known to become an async one, with the place in them."""
    expression = project.expression(site)
    if project.functions[expression.function].kind != "module":
        return None
    line, found = project.statement(site).span.line, project.programs.get(site.module, ())
    return next((needed for start, end, needed in found if start <= line <= end), None)


def outside_limit(project: Project, site: Reference) -> Limit | None:
    """What holds an expression that stays at the module level of a script of which the rest moves."""
    function = project.functions[project.expression(site).function]
    if function.kind != "module" or not script_body(project, project.module(site)):
        return None
    if in_script(project, site):
        return None
    return Limit("ASY913", "it stands before the part of the script that can move", site)


def script_edits(project: Project, module: Module) -> list[tuple[str, Edit]] | None:
    """Makes the body of a script an async function, and runs it; None where that cannot be."""
    body = script_body(project, module)
    if not body:
        return None
    space = "" if body[0].parent >= 0 else "\n\n"  # as around every function at the top of a file
    edits = function_edits(project, module, body, _shared(module, body), space)
    return [(module.path, edit) for edit in edits]


def function_edits(
    project: Project,
    module: Module,
    body: Sequence[Statement],
    shared: Collection[str],
    space: str = "",
    names: Sequence[str] = _NAMES,
) -> Iterator[Edit]:
    """Makes statements at module level the body of one async function, which is run in their place.

    `shared` are the names that stay global, `space` the blank lines before the function and its call,
    `names` those that the function may get.
    """
    first, last = min(body, key=lambda s: s.span).span, max(body, key=lambda s: s.span).span
    taken = {e.text for e in module.expressions if e.kind is Kind.NAME}
    taken |= project.functions[f"{module.name}:"].names
    numbered = map("_main_{}".format, count(2))
    name = next(each for each in chain(names, numbered) if each not in taken)
    if shared:
        yield Insert(first, "before", f"global {', '.join(sorted(shared))}")
    yield Wrap(first, last, f"{space}async def {name}():")
    yield Insert(last, "after", f"{space}asyncio.run({name}())")
    yield AddImport("import asyncio")


def is_movable(project: Project, site: Reference) -> bool:
    """Whether the statements from the first that calls the project may stand in a function.

    Its names are global there, but for those with an annotation: who else reads one of these would not find it.
    """
    module, guard = project.module(site), project.guard(site)
    return project.memory(
        ("movable", module.name, guard and guard.id), lambda one: _is_movable(one, module, guard)
    )


def _is_movable(project: Project, module: Module, guard: Statement | None) -> bool:
    own, parent = f"{module.name}:", guard.id if guard is not None else -1
    lines = project.memory("calls of programs", _calls).get((module.name, parent))
    if lines is None:
        return True
    start = lines[0]
    starred = [one for one in module.imports if one.name == "*" and one.span.line >= start]
    names = annotated_names(module, start, module.statements[-1].span.end_line)
    if starred or not names.isdisjoint(module.exports or ()):
        return False
    for item in module.expressions if names else ():
        if item.kind is Kind.NAME and item.text in NAMESPACES:
            return False
        if item.kind is Kind.NAME and item.text in names and item.variable == (own, item.text):
            around = project.ancestry(module, module.statements[item.statement])
            if item.function != own or all(each.parent != parent for each in around):
                return False
    return True


def entry(project: Project, site: Reference) -> tuple[str, int]:
    """The main guard that an expression stands in, by its module and its number; -1 for the module level."""
    guard = project.guard(site)
    return site.module, guard.id if guard is not None else -1


def is_alone(project: Project, site: Reference) -> bool:
    """Whether an expression at module level is the only one that calls the project there."""
    return len(project.memory("calls of programs", _calls).get(entry(project, site), ())) < 2


def _calls(project: Project) -> dict[tuple[str, int], list[int]]:
    """The lines of the statements that call the project, in order and one for each call, by module and main guard."""
    found: dict[tuple[str, int], list[int]] = {}
    for edge in project.graph.edges:
        expression = project.expression(edge.site)
        if expression.function != f"{edge.site.module}:" or edge.access is Access.DECORATE:
            continue
        if any(target.function is not None for target in edge.targets):
            key = entry(project, edge.site)
            around = project.ancestry(project.module(edge.site), project.statement(edge.site))
            line = min(each.span.line for each in around if each.id != key[1])
            found.setdefault(key, []).append(line)
    return {key: sorted(lines) for key, lines in found.items()}


def annotated_names(module: Module, start: int, end: int) -> set[str]:
    """The names with an annotation that statements at module level bind, from one line to another."""
    return {
        item.text
        for item in module.expressions
        if item.role is Role.TARGET and item.kind is Kind.NAME and item.place is Place.BODY
        if item.function == f"{module.name}:" and start <= item.span.line <= end
        if module.statements[item.statement].kind == "AnnAssign"
    }


def bound_names(module: Module, start: int, end: int) -> set[str]:
    """The names that statements at module level bind, from one line to another."""
    body = f"{module.name}:"
    names = {
        e.text
        for e in module.expressions
        if e.kind is Kind.NAME
        and e.role in (Role.TARGET, Role.DELETED)
        and e.variable == (body, e.text)
        and start <= e.span.line <= end
    }
    names.update(
        one.name for one in module.imports if one.scope == body and start <= one.span.line <= end
    )
    definitions: list[Function | Class] = [
        *(f for f in module.functions if f.kind == "def" and f.owner is None),
        *module.classes,
    ]
    names.update(d.name for d in definitions if d.parent == body and start <= d.span.line <= end)
    return names


def _bodies(project: Project) -> dict[str, tuple[Statement, ...]]:
    found = {}
    for name, module in project.graph.modules.items():
        body = _body(project, module)
        if body and not any(
            _is_unmovable(module, statement) for statement in _within(module, body)
        ):
            found[name] = tuple(body)
    return found


def _body(project: Project, module: Module) -> Sequence[Statement]:
    """The body of the only guard; without one, what comes behind the definitions of a script."""
    guards = project.guards(module)
    if guards:
        guard, *others = guards
        inner = [s for s in module.statements if s.parent == guard and s.block == "body"]
        return [] if others else inner
    if not is_script(project, module):
        return []
    tops = [s for s in module.statements if s.parent < 0]
    needed = {one.statement for one in module.imports if one.name == "asyncio"}
    kept = (n + 1 for n, s in enumerate(tops) if s.kind in _FIXED or s.id in needed)
    calling = {e.statement for e in module.expressions if e.kind is Kind.CALL}
    rest = tops[max(kept, default=0) :]
    while rest and (
        rest[0].kind in _IMPORTS or (rest[0].kind in _CONSTANTS and rest[0].id not in calling)
    ):
        rest = rest[1:]
    return rest


def _within(module: Module, body: Sequence[Statement]) -> list[Statement]:
    first, last = body[0].span, body[-1].span
    own = f"{module.name}:"
    return [
        s
        for s in module.statements
        if s.function == own and first.line <= s.span.line and s.span.end_line <= last.end_line
    ]


def _is_unmovable(module: Module, statement: Statement) -> bool:
    """Whether a statement may not stand in a function whose names are global, or would mean something else."""
    if statement.kind in _FIXED:
        return True
    return any(one.name == "*" and one.statement == statement.id for one in module.imports)


def _shared(module: Module, body: Sequence[Statement]) -> set[str]:
    """The names that stay global: somebody else may read them, or they are imported."""
    first, last = body[0].span.line, body[-1].span.end_line
    own = f"{module.name}:"
    bound = bound_names(module, first, last)
    if any(e.kind is Kind.NAME and e.text in NAMESPACES for e in module.expressions):
        return bound
    elsewhere = {
        e.text
        for e in module.expressions
        if e.kind is Kind.NAME
        and e.variable == (own, e.text)
        and not (e.function == own and first <= e.span.line <= last)
    }
    imported = {one.name for one in module.imports if one.scope == own}
    special = {name for name in bound if name.startswith("__")}
    return bound & (elsewhere | imported | special | set(module.exports or ()))
