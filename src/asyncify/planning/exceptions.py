"""Handlers of a library's exceptions follow the calls that leave the library."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from asyncify.model.facts import FlowKind, FunctionId, Kind, Role, Statement
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Edit, Replace
from asyncify.planning.companions import expecting
from asyncify.planning.hooks import in_test_file
from asyncify.planning.project import Project
from asyncify.planning.scoping import is_free
from asyncify.planning.units import import_text
from asyncify.rules.registry import Rules
from asyncify.rules.spec import Library, Raises

_SUPPRESS = frozenset({"contextlib.suppress"})


def caught(project: Project) -> Iterable[tuple[Reference, list[Reference]]]:
    """Every except type as a whole, with the single names in it.

    What a test expects (`pytest.raises(E)`) and what `contextlib.suppress(E)` takes is caught as well.
    """
    return project.memory("caught", lambda project: tuple(_caught(project)))


def _caught(project: Project) -> Iterator[tuple[Reference, list[Reference]]]:
    for whole in sorted({*_handled(project), *_expected(project)}):
        if project.expression(whole).kind is Kind.CONTAINER:
            yield whole, [inner for inner, _ in project.children(whole)]
        else:
            yield whole, [whole]


def _handled(project: Project) -> Iterator[Reference]:
    """What `except` clauses name."""
    for name, module in project.graph.modules.items():
        for expression in module.expressions:
            if expression.role is Role.CAUGHT:
                yield Reference(name, expression.id)


def _expected(project: Project) -> frozenset[Reference]:
    """The arguments of calls that catch what these name."""
    return project.memory("expected exceptions", lambda one: frozenset(_arguments(one)))


def _arguments(project: Project) -> Iterator[Reference]:
    for call in project.calls_to(*_SUPPRESS):
        yield from (r for r, e in project.children(call) if e.role is Role.ARGUMENT)
    for call in expecting(project):
        first = project.child(call, Role.ARGUMENT, "0")
        if first is not None:
            yield first


def handler_edits(
    project: Project,
    rules: Rules,
    left: Mapping[str, Library],
    stays: frozenset[str],
    raising: Mapping[str, frozenset[FunctionId]],
    sites: Mapping[str, frozenset[Reference]],
) -> list[tuple[str, str, Edit]]:
    """Rewrites except types; each edit with the library that it is for.

    Args:
        left: libraries that at least one converted call leaves.
        stays: those of them that other calls still use; their handlers catch both kinds.
        raising: by library, the functions that may raise its new exceptions.
        sites: by library, its converted calls.
    """
    edits: list[tuple[str, str, Edit]] = []
    for whole, names in caught(project):
        handler = _Handler(project, rules, whole, names)
        for index, inner in enumerate(names):
            found = _exception(project, rules, inner)
            if found is not None and found[0].name in left:
                handler.translate(index, *found, both=found[0].name in stays)
                continue
            handler.parts.append(f"{{{index}}}")
            for library in left.values():
                more = library.also_raises.get(project.graph.names.get(inner, ""), ())
                if more and _guards(project, whole, library, raising, sites):
                    handler.add(library, more)
        edits.extend(handler.edits())
    for whole, names in _as_values(project, rules):
        handler = _Handler(project, rules, whole, names)
        for index, inner in enumerate(names):
            found = _exception(project, rules, inner)
            if found is None or found[0].name not in left:
                handler.parts.append(f"{{{index}}}")
                continue
            if found[0].name in stays:
                handler.parts.append(f"{{{index}}}")
            handler.add(found[0], found[1].to)
        edits.extend(handler.edits())
    return edits


def _as_values(project: Project, rules: Rules) -> Iterable[tuple[Reference, list[Reference]]]:
    """Exceptions that are handed on as classes, to `isinstance`, to a decorator, into a tuple of handlers.

    Each as a whole with the single names in it.
    """
    seen: set[Reference] = set()
    for reference in project.graph.names:
        if _exception(project, rules, reference) is None:
            continue
        if in_test_file(project.module(reference).path):
            continue  # what a test gives to stand-ins follows them
        expression, outer = project.expression(reference), project.parent(reference)
        whole = reference
        if expression.role is Role.ELEMENT and outer is not None and outer[1].text == "tuple":
            whole, expression = outer
        elif expression.role not in (Role.ARGUMENT, Role.KEYWORD, Role.ASSIGNED):
            continue
        if expression.role is Role.CAUGHT or expression.detail == "side_effect" or whole in seen:
            continue
        if whole not in _expected(project):
            seen.add(whole)
            inner = [each for each, _ in project.children(whole)]
            yield whole, [reference] if whole == reference else inner


@dataclass(slots=True)
class _Handler:
    """The types that one handler catches from now on."""

    project: Project
    rules: Rules
    whole: Reference
    names: Sequence[Reference]
    parts: list[str] = field(default_factory=list)
    changed: dict[str, str] = field(default_factory=dict)  # new name -> library
    reads: list[tuple[str, Replace]] = field(default_factory=list)

    def add(self, library: Library, new: Sequence[str]) -> None:
        """Catches these too."""
        self.parts.extend(new)
        self.changed.update(dict.fromkeys(new, library.name))

    def translate(self, index: int, library: Library, raises: Raises, *, both: bool) -> None:
        """Catches what the new library raises, instead of one name or beside it."""
        if both:
            self.parts.append(f"{{{index}}}")
        self.add(library, [*raises.to, *_through(self.project, self.whole, self.names, raises)])
        reads = _reads(self.project, self.rules, self.whole, raises, both)
        self.reads.extend((library.name, edit) for edit in reads)

    def edits(self) -> Iterable[tuple[str, str, Edit]]:
        """The edits, each with its library; none if nothing changes."""
        if not self.changed:
            return
        path = self.project.module(self.whole).path
        parts = list(dict.fromkeys(self.parts))
        kept = [index for index in range(len(self.names)) if f"{{{index}}}" in parts]
        holes = tuple(self.project.expression(self.names[index]).span for index in kept)
        renumbered = {f"{{{index}}}": f"{{{n}}}" for n, index in enumerate(kept)}
        parts = [renumbered.get(part, part) for part in parts]
        whole = self.project.expression(self.whole)
        template = parts[0] if len(parts) == 1 else f"({', '.join(parts)})"
        if whole.kind is Kind.CONTAINER and len(parts) == 1 and whole.role is not Role.CAUGHT:
            template = f"({parts[0]},)"
        for library in dict.fromkeys(self.changed.values()):
            yield library, path, Replace(whole.span, template, holes)
        for library, edit in self.reads:
            yield library, path, edit
        for name, library in self.changed.items():
            if "." in name:
                yield library, path, AddImport(import_text(name))


def _reads(
    project: Project, rules: Rules, whole: Reference, raises: Raises, both: bool
) -> Iterable[Replace]:
    """Reads of attributes that the new exception has not, of the variable of a handler.

    Attributes of such an attribute follow its type; if `both` kinds of exceptions arrive, that of each.
    """
    module = project.module(whole)
    handler = module.expressions[whole.expression].statement
    variables = {
        module.expressions[flow.target].variable
        for flow in module.flows
        if flow.kind is FlowKind.CAUGHT and flow.source == whole.expression
    }
    for expression in module.expressions:
        if expression.role is not Role.RECEIVER or expression.variable not in variables - {None}:
            continue
        read = module.expressions[expression.parent]
        template = raises.attributes.get(read.text)
        inside = any(
            s.id == handler for s in project.ancestry(module, module.statements[read.statement])
        )
        if template is not None and inside and read.role is not Role.TARGET:
            yield Replace(read.span, template, (expression.span,))
        kind = raises.types.get(read.text)
        if kind is not None and inside and read.role is Role.RECEIVER:
            further = module.expressions[read.parent]
            found = rules.attribute(f"{kind}.{further.text}")
            if found is not None and found[1].template and further.role is not Role.TARGET:
                template = found[1].template
                if both:
                    template = f"({template} if {_is_new(rules, kind)} else {{0}}.{further.text})"
                yield Replace(further.span, template, (read.span,))


def _is_new(rules: Rules, kind: str) -> str:
    """The template that asks whether an object of a kind is one of the new library."""
    found = rules.resource(kind)
    assert found is not None, kind
    return f"isinstance({{0}}, {found[1].to})"


def _through(
    project: Project, whole: Reference, names: Sequence[Reference], raises: Raises
) -> Iterable[str]:
    """What the calls in the try body raise, that was of the old exception and is not of the new one."""
    caught_names = {project.graph.names.get(name) for name in names}
    for callee, new in raises.through:
        if caught_names & {new, "builtins.ValueError", "builtins.Exception"}:
            continue
        functions = _callers(project, callee)
        for site in _calls_in_try(project, whole):
            edge = project.call_edge(site)
            targets = edge.targets if edge is not None else ()
            if any(t.external == callee or t.function in functions for t in targets):
                yield new if is_free(project, whole, new.partition(".")[0]) else "ValueError"
                break


def _callers(project: Project, callee: str) -> set[FunctionId]:
    """The functions that reach an external one, by whatever way."""
    edges = (e for e in project.graph.edges if any(t.external == callee for t in e.targets))
    return project.users(project.expression(edge.site).function for edge in edges)


def raised_by_hand(project: Project, rules: Rules, made: Set[Reference]) -> frozenset[str]:
    """Libraries whose exceptions the project raises itself: their handlers have to catch both kinds.

    `made` are places at which the new exceptions are made.
    """
    found = set()
    for reference in project.graph.names:
        exception = _exception(project, rules, reference)
        if exception is None or reference in made:
            continue
        expression = project.expression(reference)
        outer = project.parent(reference)
        raised = expression.role is Role.RAISED or (
            expression.role is Role.CALLEE and outer is not None
        )
        if raised or expression.role is Role.BASE:
            found.add(exception[0].name)
    return frozenset(found)


def _exception(
    project: Project, rules: Rules, reference: Reference
) -> tuple[Library, Raises] | None:
    name = project.graph.names.get(reference)
    return rules.exception(name) if name is not None else None


def _guards(
    project: Project,
    whole: Reference,
    library: Library,
    raising: Mapping[str, frozenset[FunctionId]],
    sites: Mapping[str, frozenset[Reference]],
) -> bool:
    """Whether the try body of a handler may raise the new exceptions of a library."""
    functions = raising.get(library.name, frozenset())
    for site in _calls_in_try(project, whole):
        if site in sites.get(library.name, ()):
            return True
        edge = project.call_edge(site)
        if edge is not None and any(target.function in functions for target in edge.targets):
            return True
    return False


def _calls_in_try(project: Project, whole: Reference) -> Iterable[Reference]:
    """The calls in the try body that a handler, given by its except type, belongs to."""
    module = project.module(whole)
    statement = project.statement(whole)
    handles = statement.kind == "ExceptHandler"
    attempt = statement.parent if handles else statement.id
    for expression in module.expressions:
        if expression.kind is Kind.CALL:
            if _in_body(module.statements, expression.statement, attempt):
                yield Reference(whole.module, expression.id)


def _in_body(statements: Sequence[Statement], number: int, attempt: int) -> bool:
    while number >= 0:
        statement = statements[number]
        if statement.parent == attempt:
            return statement.block == "body"
        number = statement.parent
    return False
