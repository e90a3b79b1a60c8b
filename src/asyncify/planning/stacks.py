"""Exit stacks: an `ExitStack` that enters an async context manager becomes an `AsyncExitStack`, everywhere."""

from __future__ import annotations

from collections.abc import Iterator

from asyncify.model.facts import Function, FunctionId, Kind, Role
from asyncify.model.graph import Reference, SourceKind, Value
from asyncify.model.plan import Await, Edit, MakeAsync, Replace
from asyncify.planning.annotated import Annotated
from asyncify.planning.assigned import put_away
from asyncify.planning.colour import Limit
from asyncify.planning.consumers import need_async
from asyncify.planning.groups import STACKS
from asyncify.planning.helpers import compared_with_none, renamed
from asyncify.planning.limits import CALLBACKS, PUSHES, STACK, STACKING
from asyncify.planning.project import PASSING_ROLES, UNSEEN, Project
from asyncify.planning.purity import other_way_text
from asyncify.planning.steps import Step, joined

_SAME = frozenset({"enter_context", "callback", "push", "pop_all"})  # methods of both
_PUSHING = {  # and those that an asynchronous one has under another name
    "callback": "push_async_callback",
    "enter_context": "enter_async_context",
    "push": "push_async_exit",
}
_AWAITED = {"close": "aclose", "__enter__": "__aenter__", "__exit__": "__aexit__"}
_PARTIAL = ("functools.partial", "builtins.method")
_POPPED = frozenset(f"{name}.pop_all" for name in STACK)


def entering(project: Project, call: Reference, used: FunctionId) -> Step:
    """`stack.enter_context(manager)`, for a manager that becomes async."""
    step = _called(project, call, used, "enter_context")
    edits = [Await(project.expression(call).span)]
    return step if step.limit else joined(step, need_async(project, call, used, edits))


def pushing(project: Project, call: Reference, used: FunctionId) -> Step:
    """`stack.push(manager)`, for a manager that becomes async."""
    return _called(project, call, used, "push")


def given_to_stack(
    project: Project, call: Reference, site: Reference, used: FunctionId
) -> Step | None:
    """`stack.callback(function)` or `stack.push(function)`, for one that becomes async; None for other calls."""
    names = project.callee_names(call)
    if not names or project.expression(site).detail != "0":
        return None
    if CALLBACKS.issuperset(names):
        step = _called(project, call, used, "callback")
    elif PUSHES.issuperset(names):
        step = pushing(project, call, used)
    else:
        return None
    return _only(project, site, used) or step


def decorating(project: Project, function: Function) -> Iterator[Step]:
    """`@stack.callback` and `@stack.push` above a function that becomes async."""
    for site, name in project.decorators(function):
        if name not in STACKING:
            continue
        receiver = project.child(site, Role.RECEIVER)
        if receiver is None:
            yield _held(site, "an exit stack gets it in a way that is not known")
            continue
        step = _Stacks(project, function.id).follow(receiver)
        hole = project.expression(receiver).span
        method = _PUSHING[project.expression(site).text]
        edit = Replace(project.expression(site).span, f"{{0}}.{method}", (hole,))
        yield joined(step, Step(((project.module(site).path, edit),)))


def _only(project: Project, site: Reference, used: FunctionId) -> Step | None:
    """The limit of a function that an exit stack gets, where it may get others as well."""
    value, family = project.value(site), project.family(used)
    for source in project.sources(site):
        known = source.kind is SourceKind.FUNCTION and source.name in family
        if not known and source.name not in _PARTIAL:  # what that gets is in the value as well
            return _held(site, f"it may be {source.name or source.kind} as well")
    if value is not None and (other := other_way_text(project, value)) is not None:
        return _held(site, f"it may be {other} as well")
    return None


def _called(project: Project, call: Reference, used: FunctionId, method: str) -> Step:
    callee = project.child(call, Role.CALLEE)
    receiver = project.child(callee, Role.RECEIVER) if callee is not None else None
    if callee is None or receiver is None or project.expression(callee).text != method:
        return Step(limit=Limit("ASY912", "an exit stack gets it in a way that is not known", call))
    step = _Stacks(project, used).follow(receiver)
    hole = project.expression(receiver).span
    edit = Replace(project.expression(callee).span, f"{{0}}.{_PUSHING[method]}", (hole,))
    return joined(step, Step(((project.module(call).path, edit),)))


class _Stacks:
    """The stacks that become async together: one, those that enter it, and what `pop_all` gives."""

    def __init__(self, project: Project, used: FunctionId) -> None:
        self.project = project
        self.used = used
        self.seen: set[int] = set()

    def follow(self, site: Reference) -> Step:
        """What every place needs that sees the stack of an expression."""
        value = self.project.value(site)
        if value is None:
            return _held(site, "nobody knows where the exit stack comes from")
        if value.id in self.seen:
            return Step()
        self.seen.add(value.id)
        if value.lost is not None:
            return _held(value.lost, UNSEEN)
        if (other := self._stranger(value)) is not None:
            return _held(site, f"the exit stack may be {other} as well")
        step = Step()
        for source in value.sources:
            if source.site is not None and source.name in STACK:
                step = joined(step, self._made(source.site))
            elif source.site is not None and source.name in _POPPED:
                step = joined(step, self._popped_from(source.site))
        for place in value.occurrences:
            step = joined(step, self._occurrence(place))
            if step.limit is not None:
                return step
        return joined(step, self._annotations(value))

    def _stranger(self, value: Value) -> str | None:
        if not any(source.site for source in value.sources):
            return "one that nobody saw"
        for source in value.sources:
            known = source.name in STACK or source.name in _POPPED
            if not known and (source.kind, source.name) != (SourceKind.CONSTANT, "None"):
                return source.name or str(source.kind)
        return other_way_text(self.project, value)

    def _made(self, call: Reference) -> Step:
        project = self.project
        callee = project.child(call, Role.CALLEE)
        if callee is None or project.graph.names.get(callee) not in STACK:
            return _held(call, "the exit stack is made in a way that is not known")
        return Step(
            tuple(
                (project.module(call).path, e)
                for e in renamed(project, callee, "AsyncExitStack", "contextlib")
            )
        )

    def _popped_from(self, call: Reference) -> Step:
        callee = self.project.child(call, Role.CALLEE)
        receiver = self.project.child(callee, Role.RECEIVER) if callee is not None else None
        if receiver is None:
            return _held(call, "nobody knows where the exit stack comes from")
        return self.follow(receiver)

    def _occurrence(self, site: Reference) -> Step:
        project = self.project
        expression, outer = project.expression(site), project.parent(site)
        if expression.role is Role.ENTERED:
            return need_async(project, site, self.used, [MakeAsync(expression.span, "item")])
        if expression.role is Role.ASSIGNED and (escape := put_away(project, site)):
            return _held(site, escape)
        if expression.role in PASSING_ROLES or expression.role is Role.TESTED:
            return Step()
        if compared_with_none(project, site):
            return Step()
        if outer is not None and expression.role is Role.RECEIVER:
            return self._method(site, outer[0])
        if outer is not None and expression.role in (Role.ARGUMENT, Role.KEYWORD):
            return self._handed(site, outer[0])
        return _held(site, f"the exit stack is used as {expression.role}")

    def _method(self, site: Reference, attribute: Reference) -> Step:
        project = self.project
        written, call = project.expression(attribute), project.parent(attribute)
        if written.role is Role.DECORATOR and written.text in _SAME:
            return Step()
        if written.role is not Role.CALLEE or call is None:
            return _held(site, f"its .{written.text} is used")
        if written.text == "pop_all":
            return self.follow(call[0]) if project.value(call[0]) is not None else Step()
        if written.text in _SAME:
            return Step()
        if written.text not in _AWAITED:
            return _held(site, f"its .{written.text} is used")
        hole = project.expression(site).span
        new = f"{{0}}.{_AWAITED[written.text]}"
        edits: list[Edit] = [Replace(written.span, new, (hole,)), Await(call[1].span)]
        return need_async(project, call[0], self.used, edits)

    def _handed(self, site: Reference, call: Reference) -> Step:
        project = self.project
        if project.expression(call).kind is not Kind.CALL:
            return _held(site, "the exit stack is used as an argument")
        edge = project.call_edge(call)
        if edge is not None and edge.targets and all(t.function for t in edge.targets):
            return Step()
        names = set(project.callee_names(call))
        callee = project.child(call, Role.CALLEE)
        outer = project.child(callee, Role.RECEIVER) if callee is not None else None
        if callee is None or outer is None or not names or not names <= STACKS:
            return _held(site, "the exit stack is handed to others")
        hole = project.expression(outer).span
        edits: list[Edit] = [
            Replace(project.expression(callee).span, "{0}.enter_async_context", (hole,)),
            Await(project.expression(call).span),
        ]
        return joined(need_async(project, call, self.used, edits), self.follow(outer))

    def _annotations(self, value: Value) -> Step:
        """The annotations that say what it is."""
        project = self.project
        annotated = project.memory("annotated", Annotated)
        edits: list[tuple[str, Edit]] = []
        for place in value.occurrences:
            for slot, depth in annotated.describing(place):
                for root in annotated.annotations.get(slot, ()):
                    named = [one for one in project.inside(root) if _names(project, one)]
                    if depth or (not named and project.expression(root).kind is Kind.CONSTANT):
                        return _held(root, "an annotation says that it is an exit stack")
                    path = project.module(root).path
                    edits.extend(
                        (path, edit)
                        for one in named
                        for edit in renamed(project, one, "AsyncExitStack", "contextlib")
                    )
        return Step(tuple(dict.fromkeys(edits)))


def _names(project: Project, site: Reference) -> bool:
    return project.graph.names.get(site) in STACK


def _held(site: Reference, message: str) -> Step:
    return Step(limit=Limit("ASY912", message, site))
