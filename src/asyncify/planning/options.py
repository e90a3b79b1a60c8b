"""Attributes that a new client takes when it is made: ``session.verify = False`` right behind it.

The assignment goes, and its value moves up into the call that makes the client: where nothing but its other
attributes is touched in between, and where the value is the same there (`planning.settled`). A value that
is assigned under a condition becomes a conditional one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from asyncify.model.facts import FlowKind, Role, Statement
from asyncify.model.graph import Reference
from asyncify.model.plan import Delete, Edit
from asyncify.planning.groups import Group
from asyncify.planning.mutations import changes, changes_later
from asyncify.planning.project import Project
from asyncify.planning.settled import Stretch, settled, spelled
from asyncify.rules.spec import Call

Problem = tuple[Reference, str]


@dataclass(slots=True)
class Options:
    """What the calls that make clients take, by call and old name; the assignments that go."""

    given: dict[Reference, dict[str, str]] = field(default_factory=dict)
    edits: list[tuple[str, Edit]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Store:
    """One assignment: the statement that goes, the value, and the condition above it."""

    access: Reference
    option: str
    receiver: Reference
    statement: Statement
    value: Reference
    condition: Reference | None


def late_options(project: Project, group: Group) -> Options | Problem:
    """The options of every client of a group, or the first that has to stay where it is."""
    found = Options()
    makers = _makers(project, group)
    for access, option in sorted(group.late):
        store = _store(project, access, option)
        if store is None:
            return access, f"{option!r} is not simply assigned"
        maker = _maker(project, makers, store)
        if maker is None:
            return access, f"{option!r} is set where the client is not made"
        text = _text(project, group, maker, store)
        given = found.given.setdefault(maker, {})
        if text is None or option in given:
            return access, f"the value of {option!r} is not known yet when the client is made"
        given[option] = text
        found.edits.append((project.module(access).path, Delete(store.statement.span, True)))
    return found


def _makers(project: Project, group: Group) -> Mapping[Reference, Reference]:
    """The calls that make an object and give it a name: name -> call."""
    made: dict[Reference, Reference] = {}
    for site, (_, call) in group.calls.items():
        if isinstance(call, Call) and call.made:
            for flow in project.module(site).flows:
                if flow.source == site.expression and flow.kind in (FlowKind.VALUE, FlowKind.ENTER):
                    made[Reference(site.module, flow.target)] = site
    return made


def _store(project: Project, access: Reference, option: str) -> _Store | None:
    """What a statement gives an option: ``s.verify = x``, ``s.proxies.update(x)``, maybe below an `if`."""
    attribute = project.expression(access)
    receiver = project.child(access, Role.RECEIVER)
    statement = project.statement(access)
    value: Reference | None = None
    if attribute.role is Role.TARGET and statement.kind in ("Assign", "AnnAssign"):
        origins = [origin for kind, origin in project.origins(access) if kind is FlowKind.VALUE]
        targets = [
            e
            for e in project.module(access).expressions
            if e.statement == statement.id and e.role is Role.TARGET
        ]
        value = origins[0] if len(origins) == len(targets) == 1 else None
    elif attribute.role is Role.RECEIVER:
        value = _updated(project, access)
    if receiver is None or value is None:
        return None
    return _Store(access, option, receiver, *_conditional(project, access, statement, value))


def _conditional(
    project: Project, access: Reference, statement: Statement, value: Reference
) -> tuple[Statement, Reference, Reference | None]:
    module = project.module(access)
    if statement.parent < 0 or module.statements[statement.parent].kind != "If":
        return statement, value, None
    outer = module.statements[statement.parent]
    inner = [s for s in module.statements if s.parent == outer.id]
    tests = [
        Reference(access.module, e.id)
        for e in module.expressions
        if e.statement == outer.id and e.parent < 0
    ]
    if len(inner) == len(tests) == 1 and statement.block == "body":
        return outer, value, tests[0]
    return statement, value, None


def _updated(project: Project, access: Reference) -> Reference | None:
    """The argument of a ``.update(x)`` that is a statement."""
    method = project.parent(access)
    call = project.parent(method[0]) if method is not None and method[1].text == "update" else None
    if method is None or call is None or method[1].role is not Role.CALLEE:
        return None
    arguments = project.arguments(call[0])
    if call[1].role is Role.DISCARDED and [e.role for _, e in arguments] == [Role.ARGUMENT]:
        return arguments[0][0]
    return None


def _maker(
    project: Project, makers: Mapping[Reference, Reference], store: _Store
) -> Reference | None:
    """The call that made what a store is about: in the block of the store, or the with statement around it."""
    text = spelled(project, store.receiver)
    found = [
        site
        for name, site in makers.items()
        if name.module == store.access.module
        and text is not None
        and spelled(project, name) == text
        and _is_before(project, site, store.statement)
    ]
    return max(found, key=lambda site: project.expression(site).span, default=None)


def _is_before(project: Project, site: Reference, statement: Statement) -> bool:
    made = project.statement(site)
    role = project.expression(site).role
    if made.span >= statement.span or made.function != statement.function:
        return False
    if role is Role.ENTERED:
        return statement.parent == made.id
    return role is Role.ASSIGNED and (made.parent, made.block) == (
        statement.parent,
        statement.block,
    )


def _text(project: Project, group: Group, maker: Reference, store: _Store) -> str | None:
    """The text of the value at the call that makes the client; None if it may be another one there."""
    start, end = project.expression(maker).span, store.statement.span
    way = Stretch(
        (start.line, start.column),
        (end.line, end.column),
        lambda call: call == maker or _is_quiet(project, group, call),
    )
    known = {value for one in group.values for value in one.occurrences}
    if any(
        way.holds(project.expression(seen)) and not _is_touched(project, group, seen)
        for seen in known
        if seen.module == maker.module
    ):
        return None
    parts = [store.value] if store.condition is None else [store.value, store.condition]
    texts = [spelled(project, part) for part in parts]
    if None in texts or not all(settled(project, part, way) for part in parts):
        return None
    kept = project.expression(store.access).role is Role.TARGET
    if changes(project, store.value, way) or (kept and changes_later(project, store.value)):
        return None
    return texts[0] if len(texts) == 1 else f"{texts[0]} if {texts[1]} else None"


def _is_quiet(project: Project, group: Group, call: Reference) -> bool:
    """Whether a call only changes another attribute of a client."""
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    return receiver is not None and any(receiver in value.occurrences for value in group.values)


def _is_touched(project: Project, group: Group, seen: Reference) -> bool:
    """Whether a place only makes a client, or reads or sets an attribute of it."""
    role = project.expression(seen).role
    if role is Role.RECEIVER:
        outer = project.parent(seen)
        assert outer is not None
        call = project.parent(outer[0])
        return call is None or call[0] not in group.calls
    return role in (Role.TARGET, Role.ASSIGNED, Role.ENTERED)
