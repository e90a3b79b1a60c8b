"""The edges of one module: what the report says about its calls, matched with our expressions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter

from asyncify.analysis.naming import UNKNOWN, Places, Project
from asyncify.analysis.report import Json, class_ref, function_ref
from asyncify.model.facts import Expression, Kind, Role
from asyncify.model.graph import Access, Edge, Reference, Target

_OBJECT_INIT = "builtins.object.__init__"
_OBJECT_NEW = "builtins.object.__new__"
_LEAVE = {"__enter__": "__exit__", "__aenter__": "__aexit__"}
# Operators of these modules are not worth an edge: nobody converts `1 + 1`.
_PLAIN = ("builtins.", "typing.", "_collections_abc.", "_typeshed.")
_CALLS = (Access.CALL, Access.CONSTRUCT)
_ITERATING = frozenset({"for-iter", "for-next", "generator-iter", "generator-next"})


@dataclass(slots=True)
class _Draft:
    """An edge in the making; a dict keeps its targets in order and single."""

    targets: dict[Target, None] = field(default_factory=dict)
    open: bool = False


@dataclass(slots=True)
class Reached:
    """Reads the call graph of one module.

    `classes` says which expressions are a class, `bases` the ancestors of the project's classes.
    """

    project: Project
    places: Places
    classes: Mapping[int, str]
    bases: Mapping[str, tuple[str, ...]]
    values: dict[int, tuple[Target, ...]] = field(default_factory=dict)
    class_values: dict[int, str] = field(default_factory=dict)
    results: dict[int, str] = field(default_factory=dict)  # the class of what a call returns
    _drafts: dict[tuple[int, Access], _Draft] = field(default_factory=dict)

    def read(self, entries: Iterable[tuple[str, Json]]) -> None:
        """Take in the call graph of the report."""
        for location, callees in entries:
            place, _, tag = location.partition("|")
            what, body = next(iter(callees.items()))
            if what == "Call":
                if tag:
                    self._implicit(place, tag.rpartition("|")[2], body)
                else:
                    self._call(place, body)
            elif what == "Identifier":
                self._value(self.places.only(place, Kind.NAME), body["if_called"])
            elif what == "AttributeAccess":
                self._attribute(self.places.only(place, Kind.CALL if tag else Kind.ATTRIBUTE), body)
            elif what == "FormatStringStringify":
                self._operator(self.places.only(place), body.get("targets", ()))

    def edges(self) -> Iterator[Edge]:
        """The edges, by expression; a call that the report does not mention is an open one."""
        module = self.places.module
        calls = {number for number, access in self._drafts if access in _CALLS}
        for expression in module.expressions:
            if expression.kind is Kind.CALL and expression.id not in calls:
                self._draft(expression, Access.CALL).open = True
        for (number, access), draft in sorted(self._drafts.items(), key=itemgetter(0)):
            targets = tuple(sorted(draft.targets, key=_order))
            yield Edge(Reference(module.name, number), access, targets, draft.open)

    def _draft(self, expression: Expression, access: Access) -> _Draft:
        return self._drafts.setdefault((expression.id, access), _Draft())

    def _targets(self, raw: Iterable[Json]) -> Iterator[tuple[Json, Target | None]]:
        for entry in raw:
            if isinstance(entry["target"], dict):
                yield entry, self.project.target(entry)

    def _add(self, draft: _Draft, raw: Iterable[Json]) -> None:
        for _, target in self._targets(raw):
            if target is None:
                draft.open = True
            else:
                draft.targets[target] = None

    def _call(self, place: str, body: Json) -> None:
        expression = self.places.only(place, Kind.CALL)
        if expression is None:
            return
        constructing = "init_targets" in body or "new_targets" in body
        if constructing:
            self._construct(expression, body)
        if "call_targets" in body or not constructing:
            draft = self._draft(expression, Access.CALL)
            self._add(draft, body.get("call_targets", ()))
            draft.open |= "unresolved" in body or not draft.targets
            if not draft.open and not constructing:
                self._result(expression, body["call_targets"])

    def _result(self, expression: Expression, raw: Iterable[Json]) -> None:
        names = {self._returned(entry) for entry, _ in self._targets(raw)}
        if len(names) == 1 and (name := names.pop()):
            self.results[expression.id] = name

    def _returned(self, entry: Json) -> str | None:
        reference = function_ref(_function(entry))
        found = self.project.report.function(reference)
        ours = self.project.functions.get(reference)
        if found is None or found.decorated or (ours and ours.decorators):
            return None
        receiver = class_ref(entry["receiver_class"]) if "receiver_class" in entry else None
        return self.project.result(reference, receiver)

    def _construct(self, expression: Expression, body: Json) -> None:
        draft = self._draft(expression, Access.CONSTRUCT)
        draft.open |= "unresolved" in body
        made = self._made(expression, body)
        for key in ("init_targets", "new_targets"):
            for entry, target in self._targets(body.get(key, ())):
                if target is None:
                    draft.open = True
                elif target.external != _OBJECT_NEW:
                    receiver = target.receiver or made
                    target = Target(target.function, target.external, receiver=receiver)
                    draft.targets[target] = None
                    self._after_init(draft, entry, target)
        receivers = {target.receiver for target in draft.targets}
        if len(receivers) == 1 and (name := receivers.pop()) and "call_targets" not in body:
            self.results[expression.id] = name

    def _made(self, expression: Expression, body: Json) -> str | None:
        """The class of the new object: of the callee, of `__init__`, else the one that defines `__new__`."""
        callee = self.places.module.children[expression.id][:1]
        if callee and (name := self.classes.get(callee[0])):
            return name
        given = [
            one["receiver_class"] for one in body.get("init_targets", ()) if "receiver_class" in one
        ]
        if len(given) == 1:
            return self.project.class_name(class_ref(given[0]))
        for entry, target in self._targets(body.get("new_targets", ())):
            if target and target.external != _OBJECT_NEW:
                found = self.project.report.function(function_ref(_function(entry)))
                if found and found.owner:
                    return self.project.class_name(found.owner)
        return None

    def _after_init(self, draft: _Draft, entry: Json, target: Target) -> None:
        """What the report does not follow: a dataclass' hook, an unknown base's constructor."""
        if target.external == _OBJECT_INIT:
            draft.open |= UNKNOWN in self.bases.get(target.receiver or "", ())
        elif target.external and "receiver_class" in entry:
            receiver = class_ref(entry["receiver_class"])
            hook = self.project.method(receiver, "__post_init__")
            if hook in self.project.functions:
                self._add_method(draft, receiver, "__post_init__")

    def _implicit(self, place: str, origin: str, body: Json) -> None:
        targets = body.get("call_targets", ())
        name = origin.rpartition(">")[2]
        if name == "with-enter":
            self._enter(self.places.only(place), body)
        elif name in _ITERATING:
            self._iterate(self.places.only(place), body)
        elif name in ("iter-call", "next-call"):
            self._iterate(self._argument(self.places.only(place, Kind.CALL)), body)
        elif name == "for-decorated-target":
            self._decorate(self.places.only(place), body)
        elif name == "subscript-set-item":
            self._operator(self.places.assigned(place), targets)
        elif name == "subscript-get-item":
            self._subscript(self.places.only(place, Kind.SUBSCRIPT), targets)
        else:
            self._operator(self.places.only(place), targets)

    def _argument(self, call: Expression | None) -> Expression | None:
        module = self.places.module
        for child in module.children[call.id] if call else ():
            expression = module.expressions[child]
            if expression.role is Role.ARGUMENT and expression.detail == "0":
                return expression
        return None

    def _iterate(self, expression: Expression | None, body: Json) -> None:
        if expression is not None:
            draft = self._draft(expression, Access.ITERATE)
            self._add(draft, body.get("call_targets", ()))
            draft.open |= "unresolved" in body

    def _enter(self, expression: Expression | None, body: Json) -> None:
        """`__enter__` stands in the report, `__exit__` is its companion in the same class."""
        if expression is None:
            return
        draft = self._draft(expression, Access.ENTER)
        draft.open |= "unresolved" in body
        self._add(draft, body.get("call_targets", ()))
        for entry, _ in self._targets(body.get("call_targets", ())):
            leave = _LEAVE.get(_function(entry)["function_name"])
            if leave and "receiver_class" in entry:
                self._add_method(draft, class_ref(entry["receiver_class"]), leave)

    def _add_method(self, draft: _Draft, receiver: tuple[int, int], name: str) -> None:
        method = self.project.method(receiver, name)
        if method and (target := self.project.named(method, receiver, overrides=True)):
            draft.targets[target] = None

    def _decorate(self, expression: Expression | None, body: Json) -> None:
        if expression is not None:
            draft = self._draft(expression, Access.DECORATE)
            draft.open |= "unresolved" in body
            for kind in ("call_targets", "init_targets", "new_targets"):
                raw = [entry for entry in body.get(kind, ()) if not _is_object_new(entry)]
                self._add(draft, raw)

    def _subscript(self, expression: Expression | None, raw: Iterable[Json]) -> None:
        """The report knows no `del x[y]` and calls it a read."""
        if expression is None or expression.role is not Role.DELETED:
            self._operator(expression, raw)
            return
        for entry in raw:
            if "receiver_class" in entry:
                receiver = class_ref(entry["receiver_class"])
                method = self.project.method(receiver, "__delitem__")
                if method in self.project.functions:
                    draft = self._draft(expression, Access.OPERATOR)
                    self._add_method(draft, receiver, "__delitem__")

    def _operator(self, expression: Expression | None, raw: Iterable[Json]) -> None:
        if expression is None:
            return
        for _, target in self._targets(raw):
            if target and not (target.external or "").startswith(_PLAIN):
                self._draft(expression, Access.OPERATOR).targets[target] = None

    def _attribute(self, expression: Expression | None, body: Json) -> None:
        if expression is None:
            return
        raw = [*body.get("property_getters", ()), *body.get("property_setters", ())]
        if raw:
            self._add(self._draft(expression, Access.PROPERTY), raw)
        self._value(expression, body["if_called"])

    def _value(self, expression: Expression | None, body: Json) -> None:
        """A function, or a class, that is named but not called here."""
        if expression is None or expression.role is Role.CALLEE:
            return
        raw = [
            entry for entry in body.get("call_targets", ()) if not entry.get("implicit_dunder_call")
        ]
        targets = {target for _, target in self._targets(raw) if target}
        if targets:
            self.values[expression.id] = tuple(sorted(targets, key=_order))
        inits = [entry for entry in body.get("init_targets", ()) if "receiver_class" in entry]
        if len(inits) == 1 and not targets:
            name = self.project.class_name(class_ref(inits[0]["receiver_class"]))
            self.class_values[expression.id] = name


def _function(entry: Json) -> Json:
    function: Json = next(iter(entry["target"].values()))
    return function


def _is_object_new(entry: Json) -> bool:
    function = _function(entry)
    return bool(function["function_name"] == "__new__" and function["module_name"] == "builtins")


def _order(target: Target) -> tuple[str, str, str, bool]:
    return target.function or "", target.external or "", target.receiver or "", target.overrides


def constructed_class(target: Target) -> Target:
    """An external class stands for its own constructor, wherever that is defined."""
    assert target.external is not None
    owner, _, name = target.external.rpartition(".")
    if target.receiver and ":" not in target.receiver:
        owner = target.receiver
    elif name not in ("__init__", "__new__"):
        owner = target.external
    return target._replace(external=owner, receiver=target.receiver or owner)
