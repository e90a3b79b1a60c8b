"""A call that reaches functions which become async, and plain ones of Python: `handlers = [self.notify, log.info]`.

What it gives is awaited if it can be, in the same place and order.
"""

from __future__ import annotations

from asyncify.model.attributes import gives_data
from asyncify.model.facts import Function, Role
from asyncify.model.graph import Access, Edge, Reference
from asyncify.model.plan import AddImport, Edit, Replace
from asyncify.planning.annotated import Annotated
from asyncify.planning.frontier import starts_program
from asyncify.planning.helpers import helper
from asyncify.planning.project import Project
from asyncify.planning.terms import read

_ASK = "awaited"


def asked_callees(project: Project, function: Function, edge: Edge) -> frozenset[str]:
    """The functions of Python that a call may reach in place of one that becomes async, where it can ask which it was."""
    found = frozenset(
        target.external
        for target in edge.targets
        if target.external is not None
        and target.external not in project.waiting
        and gives_data(target.external)
    )
    if not found or edge.access is not Access.CALL or function.is_generator:
        return frozenset()
    callee = project.child(edge.site, Role.CALLEE)
    if callee is None or project.expression(callee).text == function.name:
        return frozenset()  # a method: annotations say that all objects have the same
    around = project.functions[project.expression(edge.site).function]
    if around.kind == "lambda" or starts_program(project, edge.site):
        return frozenset()
    if helper(project, edge.site.module, _ASK) is None or _is_aliased(project, edge.site):
        return frozenset()
    return found


def _is_aliased(project: Project, call: Reference) -> bool:
    """Whether an annotation of the functions that a call reaches has a name of the project for their type."""
    callee = project.child(call, Role.CALLEE)
    value = project.value(callee) if callee is not None else None
    annotated = project.memory("annotated", Annotated)
    slots = {
        slot
        for place in (value.occurrences if value is not None else ())
        for slot, _ in annotated.describing(place)
    }
    roots = (root for slot in slots for root in annotated.annotations.get(slot, ()))
    return any(part.variable is not None for root in roots for part in read(project, root).walk())


def asked_edits(project: Project, site: Reference) -> list[tuple[str, Edit]]:
    """What a call needs whose result may have to be awaited."""
    path, span = project.module(site).path, project.expression(site).span
    define = helper(project, site.module, _ASK)
    assert define is not None  # `asked_callees` asked before
    made = Replace(span, f"{define.name}({{0}})", (span,))
    return [(path, made), (path, define), (path, AddImport("import inspect"))]
