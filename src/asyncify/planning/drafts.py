"""What is known while the tests of a library are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from asyncify.model.facts import FlowKind, FunctionId, Kind, Module, Role
from asyncify.model.graph import Reference
from asyncify.model.plan import AddImport, Edit, Replace
from asyncify.planning.arguments import constant
from asyncify.planning.project import Project
from asyncify.rules.registry import Rules

_HOLE = re.compile(r"\{(\d+)\}")


@dataclass(frozen=True, slots=True)
class Interception:
    """How the tests of a library's calls follow; `problem` says why they cannot.

    `tests` are functions that answer requests: they have to reach converted calls. `exceptions` are the
    places at which tests make exceptions of the old library.
    """

    edits: tuple[tuple[str, Edit], ...] = ()
    requires: tuple[str, ...] = ()
    tests: frozenset[FunctionId] = frozenset()
    exceptions: frozenset[Reference] = frozenset()
    problem: str = ""


class Unfaithful(Exception):
    """A use that has no counterpart."""


@dataclass(slots=True)
class Draft:
    """What is known while the uses are read."""

    project: Project
    rules: Rules
    edits: list[tuple[str, Edit]] = field(default_factory=list)
    requires: set[str] = field(default_factory=set)
    tests: set[FunctionId] = field(default_factory=set)
    exceptions: set[Reference] = field(default_factory=set)

    def where(self, site: Reference) -> str:
        """A place, for people."""
        line = self.project.expression(site).span.line
        return f"{self.project.module(site).path}:{line}"

    def refuse(self, site: Reference, reason: str) -> Unfaithful:
        """The exception for a use."""
        return Unfaithful(f"{reason} ({self.where(site)})")

    def replace(
        self, site: Reference, template: str, holes: Iterable[Reference] = (), *imports: str
    ) -> None:
        """Replaces an expression; holes that the template does not use are given up."""
        path = self.project.module(site).path
        spans = [self.project.expression(hole).span for hole in holes]
        used = sorted({int(number) for number in _HOLE.findall(template)})
        for new, old in enumerate(used):
            template = template.replace(f"{{{old}}}", f"{{{new}}}")
        edit = Replace(
            self.project.expression(site).span, template, tuple(spans[old] for old in used)
        )
        self.edits.append((path, edit))
        self.edits.extend((path, AddImport(text)) for text in imports)

    def done(self) -> Interception:
        """The result."""
        return Interception(
            tuple(dict.fromkeys(self.edits)),
            tuple(sorted(self.requires)),
            frozenset(self.tests),
            frozenset(self.exceptions),
        )


def constant_of(project: Project, reference: Reference) -> str:
    """The constant that an expression is, or that a variable of a module always holds; else nothing."""
    module = project.module(reference)
    expression = project.expression(reference)
    if expression.kind is not Kind.NAME or expression.variable is None:
        return constant(expression)
    for one in module.imports:
        if one.name == expression.text and one.attribute is not None:
            other = project.graph.modules.get(one.module)
            return _held(other, one.attribute) if other is not None else ""
    if expression.variable[0] != f"{module.name}:":
        return ""
    return _held(module, expression.text)


def _held(module: Module, name: str) -> str:
    variable = (f"{module.name}:", name)
    targets = [e.id for e in module.expressions if e.variable == variable and e.role is Role.TARGET]
    sources = [f.source for f in module.flows if f.target in targets and f.kind is FlowKind.VALUE]
    if len(targets) != 1 or len(sources) != 1:
        return ""
    return constant(module.expressions[sources[0]])
