"""Annotations follow the objects that they describe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from asyncify.model.facts import FunctionId, Kind, Module, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import Edit
from asyncify.planning.annotated import Annotated, Slot
from asyncify.planning.docstrings import Renamed, docstring_edits
from asyncify.planning.handed import is_cast
from asyncify.planning.imports import unused_imports
from asyncify.planning.project import Project
from asyncify.planning.spelling import Change, Expand, Rename, Wrap, spell, written
from asyncify.planning.stubs import alone, declaration_edits
from asyncify.planning.terms import Spot, Term, contents, denoted, members, read
from asyncify.planning.wishes import Owner, Want, Wanted, Wishes
from asyncify.rules.registry import Rules

Changes = dict[Reference, dict[Change, dict[Owner, None]]]  # by annotation, with who wants them
ITERATORS = {
    f"{module}.{name}": f"Async{name}"
    for module in ("typing", "collections.abc", "typing_extensions")
    for name in ("Iterator", "Iterable", "Generator")
}
MANAGERS = {
    "typing.ContextManager": "AsyncContextManager",
    "typing_extensions.ContextManager": "AsyncContextManager",
    "contextlib.AbstractContextManager": "AbstractAsyncContextManager",
    "contextlib._GeneratorContextManager": "_AsyncGeneratorContextManager",
}
_CALLABLES = ("typing.Callable", "collections.abc.Callable")
# what stays true of a coroutine
_AWAITABLE = frozenset({"Any", "Awaitable", "Coroutine"})


def annotation_edits(
    project: Project,
    rules: Rules,
    translated: frozenset[int],
    coloured: frozenset[FunctionId],
    expressions: Mapping[Reference, Owner],
    twins: Iterable[FunctionId],
) -> Iterator[tuple[list[Owner], str, list[Edit]]]:
    """The edits of every annotation that would not be true any more, with the functions (and libraries) behind it.

    Args:
        translated: the values whose objects become those of another library.
        coloured: the functions that become async.
        expressions: the generator expressions that become async, each with its owner.
        twins: the functions that get an async one beside them.
    """
    annotated = Annotated(project)
    terms = _Terms(project, annotated)
    moved = _moved_types(project, rules, translated)
    changes = _renamed_types(rules, moved, terms)
    wishes = Wishes(project, annotated, coloured, expressions, twins)
    wishes.collect()
    applied = _Applied(project, terms, changes)
    for slot, wanted in wishes.wanted.items():
        for root in annotated.annotations.get(slot, ()):
            applied.change(root, wanted)
    applied.aliases()
    for owner, base, want in wishes.bases():
        applied.change(base, {(want, 0): {owner: None}})
    for stub in project.graph.stubs.values():
        yield from _stub_edits(project, rules, moved, coloured, wishes, stub)
    yield from _docstrings(project, rules, moved, coloured, wishes)
    for root, found in sorted(changes.items()):
        owners = dict.fromkeys(owner for own in found.values() for owner in own)
        yield list(owners), project.module(root).path, list(spell(project, found))


def _stub_edits(
    project: Project,
    rules: Rules,
    moved: frozenset[str],
    coloured: frozenset[FunctionId],
    wishes: Wishes,
    stub: Module,
) -> Iterator[tuple[list[Owner], str, list[Edit]]]:
    """What the stub beside a module declares about it."""
    own = alone(stub)
    annotated = Annotated(own)
    terms = _Terms(own, annotated)
    changes = _renamed_types(rules, moved, terms)
    applied = _Applied(own, terms, changes)
    slots: dict[Slot, list[Reference]] = {}
    for (kind, scope, name), roots in annotated.annotations.items():
        slots.setdefault((kind, scope.partition("~")[0], name), []).extend(roots)
    for (kind, scope, name), wanted in wishes.wanted.items():
        for root in slots.get((kind, scope.partition("~")[0], name), ()):
            applied.change(root, wanted)
            if kind == "result":  # a stub may name what the decorator makes of a generator
                managers = {(Want("manager"), depth): own for (_, depth), own in wanted.items()}
                applied.change(root, managers)
    applied.aliases()
    edits: list[tuple[str, Edit]] = []
    owners: dict[Owner, None] = {}
    for owner, edit in declaration_edits(project, own, stub, coloured):
        owners[owner] = None
        edits.append((stub.path, edit))
    for found in changes.values():
        owners.update((owner, None) for each in found.values() for owner in each)
        edits.extend((stub.path, edit) for edit in spell(own, found))
    if edits:
        edits.extend(unused_imports(own, edits))
        yield list(owners), stub.path, [edit for _, edit in edits]


def _docstrings(
    project: Project,
    rules: Rules,
    moved: frozenset[str],
    coloured: frozenset[FunctionId],
    wishes: Wishes,
) -> Iterator[tuple[list[Owner], str, list[Edit]]]:
    """What the functions that become async say about their results."""

    def dotted(name: str) -> str | None:
        found = rules.resource(name)
        return found[1].annotation if found is not None and found[1].name in moved else None

    for identifier in sorted(coloured):
        function = project.functions[identifier]
        renamed = Renamed(wishes.gives_iterator(function), dotted)
        if not renamed.iterator and not moved:
            continue
        edits = list(docstring_edits(project, function, renamed))
        if edits:
            yield [identifier], project.path(identifier), edits


# -- types of libraries --------------------------------------------------------------------------


def _renamed_types(rules: Rules, moved: frozenset[str], terms: _Terms) -> Changes:
    """Renames the types of translated objects.

    An annotation is renamed if every object of its type in the project is translated: an annotation
    is read by people and type checkers only, so a rest of doubt leaves it alone.
    """
    changes: Changes = {}
    for root, term in terms.all() if moved else ():
        for part in term.walk():
            found = rules.resource(part.name) if part.name and part.named is not None else None
            if found is not None and found[1].annotation and found[1].name in moved:
                change = Rename(part, found[1].annotation, dotted=True)
                changes.setdefault(root, {}).setdefault(change, {})["library", found[0].name] = None
    return changes


def _moved_types(project: Project, rules: Rules, translated: frozenset[int]) -> frozenset[str]:
    """Resource types of which an object was translated, and none stays what it was."""
    seen: set[str] = set()
    rest: set[str] = set()
    for value in project.graph.values if translated else ():
        if all(is_cast(project, occurrence, "0") for occurrence in value.occurrences):
            continue  # a type that is only named
        names = {
            project.graph.types[occurrence]
            for occurrence in value.occurrences
            if occurrence in project.graph.types
        }
        names |= {source.name for source in value.sources}
        for name in names:
            found = rules.resource(name)
            if found is not None:
                (seen if value.id in translated else rest).add(found[1].name)
    return frozenset(seen - rest)


# -- carrying it out -----------------------------------------------------------------------------


class _Terms:
    """The annotations of a project, each read when somebody asks."""

    def __init__(self, project: Project, annotated: Annotated) -> None:
        self.project, self.annotated = project, annotated
        self._read: dict[Reference, Term] = {}

    def at(self, root: Reference) -> Term:
        """The annotation at a place."""
        if root not in self._read:
            self._read[root] = read(self.project, root)
        return self._read[root]

    def all(self) -> Iterator[tuple[Reference, Term]]:
        """Every annotation, with its place."""
        return ((root, self.at(root)) for root in self.annotated.roots())


class _Applied:
    """Turns wishes into changes of terms; those about an alias go to where it is defined."""

    def __init__(
        self,
        project: Project,
        terms: _Terms,
        changes: Changes,
    ) -> None:
        self.project = project
        self.terms = terms
        self.found = changes
        # alias -> what is wanted of it -> where, and because of whom
        self._of_alias: dict[tuple[str, str], dict[Want, dict[Spot, dict[Owner, None]]]] = {}

    def change(self, root: Reference, wanted: Wanted) -> None:
        """Change one annotation."""
        term = self.terms.at(root)
        for (want, depth), owners in wanted.items():
            for part in contents(term) if depth else members(term):
                for change in self._changes(part, want, owners):
                    self.found.setdefault(root, {}).setdefault(change, {}).update(owners)

    def _changes(self, term: Term, want: Want, owners: dict[Owner, None]) -> Iterator[Change]:
        if term.variable is not None and term.named is not None:
            spots = self._of_alias.setdefault(term.variable, {}).setdefault(want, {})
            spots.setdefault(term.named, {}).update(owners)
            return
        if want.called:
            if term.name in _CALLABLES and len(term.arguments) == 2:
                given, result = term.arguments
                if want.kind == "decorator":
                    for part in (*given.arguments, result):
                        yield from self._changes(part, Want("awaitable", called=True), owners)
                elif want.kind not in ("awaitable", "either"):
                    for part in members(result):
                        yield from self._changes(part, Want(want.kind), owners)
                elif result.short not in _AWAITABLE:
                    yield Wrap(result, "Awaitable", term, beside=want.kind == "either")
            return
        table = ITERATORS if want.kind == "iterator" else MANAGERS
        if term.name in table and term.named is not None:
            third = term.short == "Generator" and len(term.arguments) == 3
            yield Rename(term, table[term.name], keep=2 if third else 0)

    def aliases(self) -> None:
        """Change the definition of an alias if every place that names it wants the same."""
        done: set[tuple[str, str]] = set()
        uses: Callable[[tuple[str, str]], set[Spot]] = _Uses(self.project, self.terms).of
        while todo := sorted(set(self._of_alias) - done):
            for alias in todo:
                done.add(alias)
                root = self._definition(alias)
                wants = self._of_alias[alias]
                if root is None or len(wants) != 1:
                    continue
                ((want, spots),) = wants.items()
                definition = read(self.project, root)
                if set(spots) == uses(alias):
                    owners = {owner: None for own in spots.values() for owner in own}
                    self.change(root, {(want, 0): owners})
                elif want == Want("awaitable", called=True) and self._is_plain(definition):
                    for spot, own in spots.items():
                        self._expand(spot, definition, own)

    def _is_plain(self, definition: Term) -> bool:
        """Whether an alias is that of one function type, which can be written again elsewhere."""
        return (
            definition.name in _CALLABLES
            and len(definition.arguments) == 2
            and definition.arguments[1].short not in _AWAITABLE
            and written(self.project, definition.spot.reference) != ""
        )

    def _expand(self, spot: Spot, definition: Term, owners: dict[Owner, None]) -> None:
        for root, term in self.terms.all():
            if spot.in_string or root.module != definition.spot.reference.module:
                continue
            for part in term.walk():
                if part.spot == spot and part.kind == "name":
                    change = Expand(part, definition)
                    self.found.setdefault(root, {}).setdefault(change, {}).update(owners)

    def _definition(self, alias: tuple[str, str]) -> Reference | None:
        """The type that a name of a module stands for, if it is only assigned once."""
        module, name = alias
        facts = self.project.graph.modules[module]
        targets = [
            e
            for e in facts.expressions
            if e.kind is Kind.NAME and e.role is Role.TARGET and e.variable == (f"{module}:", name)
        ]
        if len(targets) != 1:
            return None
        statement = facts.statements[targets[0].statement]
        wanted = Role.ANNOTATION if statement.kind == "TypeAlias" else Role.ASSIGNED
        found = [
            e.id
            for e in facts.expressions
            if e.statement == statement.id and e.role is wanted and e.parent < 0
        ]
        return Reference(module, found[0]) if len(found) == 1 else None


class _Uses:
    """Every place that names an alias."""

    def __init__(self, project: Project, terms: _Terms) -> None:
        self.project = project
        self.terms = terms

    def of(self, alias: tuple[str, str]) -> set[Spot]:
        """The places, without the definition and the imports."""
        found = {
            part.named
            for _, term in self.terms.all()
            for part in term.walk()
            if part.variable == alias and part.named is not None
        }
        for name, module in self.project.graph.modules.items():
            for expression in module.expressions:
                if expression.text == alias[1] and expression.role is not Role.TARGET:
                    if expression.kind in (Kind.NAME, Kind.ATTRIBUTE):
                        reference = Reference(name, expression.id)
                        if denoted(self.project, reference)[1] == alias:
                            found.add(Spot(reference))
        return found
