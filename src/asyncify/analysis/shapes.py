"""What else is done with a variable: an object of a class that could not do it is not in there.

``node.get("groups", [])`` and ``node["name"]`` tell that `node` is no client with a method `get(url)`. Only a
variable that gets one value, and of which nobody asks what it is, tells anything; and of its uses those that
come with every call, not the other branch of an `if`, nor what a `try` only attempts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from asyncify.analysis.binding import Call
from asyncify.analysis.members import Members
from asyncify.model.attributes import DELEGATING
from asyncify.model.facts import (
    ClassId,
    Expression,
    Function,
    FunctionId,
    Kind,
    Module,
    Place,
    Role,
)
from asyncify.model.graph import Reference

_ASKING = frozenset(
    {"callable", "getattr", "hasattr", "isinstance", "issubclass", "setattr", "type"}
)
_PLAIN = frozenset({"builtins.object", "abc.ABC", "typing.Generic", "typing.Protocol"})
_SETTING = frozenset({"__dict__", "__setattr__", "setattr", "vars"})
_ATTEMPTS = frozenset({"Try", "TryStar"})
_BINDING = (Role.TARGET, Role.DELETED, Role.MATCHED)


class Shapes:
    """Tells of calls with an unknown receiver whether an object of a class may be that."""

    def __init__(
        self, members: Members, modules: Mapping[str, Module], calls: Iterable[Call]
    ) -> None:
        self.members = members
        self.hierarchy = members.hierarchy
        self.modules = modules
        self._calls = {call.site: call for call in calls}
        everywhere = [e for module in modules.values() for e in module.expressions]
        self._declared = {e.text for e in everywhere if _declares(e)}
        self._is_dynamic = any(map(_sets, everywhere))
        self._made_anew = {cls for module in modules.values() for cls in _made_anew(module)}
        self._known: dict[ClassId, bool] = {}
        self._uses: dict[str, dict[tuple[str, str], list[Expression]]] = {}  # by module

    def fits(self, call: Call, method: FunctionId) -> bool:
        """Whether everything that is done with the receiver of a call can be done with who has a method."""
        owner = self.hierarchy.functions[method].owner
        if call.site is None or owner is None:
            return True
        if owner not in self._known:
            self._known[owner] = self._is_known(owner)
        if not self._known[owner]:
            return True
        module = self.modules[call.site.module]
        callee = module.expressions[module.children[call.site.expression][0]]
        receiver = module.expressions[module.children[callee.id][0]]
        uses = [use for use in self._of(module, receiver) if _comes_with(module, use, receiver)]
        return all(self._can(module, use, owner, method) for use in uses)

    def _is_known(self, owner: ClassId) -> bool:
        """Whether all is known that objects of a class, and of those derived from it, can do."""
        for cls in (owner, *self.hierarchy.subclasses.get(owner, ())):
            bases = self.hierarchy.order(cls)
            if any(base not in self.hierarchy.classes and base not in _PLAIN for base in bases):
                return False
            if any(self.hierarchy.lookup(cls, name) for name in DELEGATING):
                return False
            if not self._made_anew.isdisjoint(bases):
                return False
        return True

    def _of(self, module: Module, receiver: Expression) -> list[Expression]:
        """Every use of the variable that a call finds its object in."""
        if receiver.kind is not Kind.NAME or receiver.variable is None:
            return []
        uses = self._by_variable(module).get(receiver.variable, [])
        owner = self.hierarchy.functions.get(receiver.variable[0])
        given = owner is not None and any(p.name == receiver.text for p in owner.parameters)
        bound = sum(use.role in _BINDING for use in uses) + given
        if bound != 1 or any(_is_asked(module, use) for use in uses):
            return []
        return uses

    def _by_variable(self, module: Module) -> dict[tuple[str, str], list[Expression]]:
        if module.name not in self._uses:
            found: dict[tuple[str, str], list[Expression]] = {}
            for expression in module.expressions:
                if expression.variable is not None:
                    found.setdefault(expression.variable, []).append(expression)
            self._uses[module.name] = found
        return self._uses[module.name]

    def _can(self, module: Module, use: Expression, owner: ClassId, method: FunctionId) -> bool:
        """Whether one thing that is done with a variable can be done with an object of a class."""
        if use.parent < 0:
            return True
        outer = module.expressions[use.parent]
        if use.role is Role.SUBSCRIPTED:
            return self._has(owner, "__getitem__")
        if use.role is not Role.RECEIVER:
            return True
        if not self._has(owner, outer.text):
            return False
        same = self.hierarchy.functions[method].name == outer.text
        if not same or outer.role is not Role.CALLEE:
            return True
        call = self._calls.get(Reference(module.name, outer.parent))
        return call is None or any(call.suits(each) for each in self._meant(method))

    def _meant(self, method: FunctionId) -> Iterator[Function]:
        yield self.hierarchy.functions[method]
        yield from self.hierarchy.overrides(method)

    def _has(self, owner: ClassId, attribute: str) -> bool:
        """Whether an object of a class, or of one derived from it, may have an attribute."""
        if attribute in self.members.stored or attribute in self._declared:
            return True
        if hasattr(object, attribute) or (self._is_dynamic and not attribute.startswith("__")):
            return True
        found = self.hierarchy.lookup(owner, attribute) or self.hierarchy.below(owner, attribute)
        return bool(found)


def _made_anew(module: Module) -> Iterator[ClassId]:
    """The classes to which a decorator or a metaclass may give what their bodies do not say."""
    headers = {
        e.statement for e in module.expressions if e.role is Role.BASE and e.detail == "metaclass"
    }
    for cls in module.classes:
        if cls.decorators or cls.statement in headers:
            yield cls.id


def _declares(expression: Expression) -> bool:
    """Whether an expression names an attribute of a class body."""
    return expression.kind is Kind.NAME and expression.place is Place.CLASS_BODY


def _sets(expression: Expression) -> bool:
    """Whether an expression may set attributes that are not written down."""
    return expression.kind in (Kind.NAME, Kind.ATTRIBUTE) and expression.text in _SETTING


def _is_asked(module: Module, use: Expression) -> bool:
    """Whether a place asks what a variable is."""
    if use.role not in (Role.ARGUMENT, Role.KEYWORD):
        return use.role is Role.MATCHED
    call = module.expressions[use.parent]
    callee = module.expressions[module.children[call.id][0]] if module.children[call.id] else call
    return callee.text in _ASKING


def _comes_with(module: Module, use: Expression, other: Expression) -> bool:
    """Whether a place is executed before another one for sure, or in the same run of statements."""
    if use.function != other.function or _is_a_choice(module, use):
        return False
    mine, blocks = _block(module, use.statement), list(_blocks(module, other.statement))
    if mine[1] == "body" and mine[0] >= 0 and module.statements[mine[0]].kind in _ATTEMPTS:
        return False
    return mine == blocks[0] or (use.id < other.id and mine in blocks)


def _is_a_choice(module: Module, use: Expression) -> bool:
    """Whether a conditional expression decides if a place is executed."""
    while use.parent >= 0:
        if use.role is Role.BRANCH:
            return True
        use = module.expressions[use.parent]
    return False


def _block(module: Module, statement: int) -> tuple[int, str]:
    return module.statements[statement].parent, module.statements[statement].block


def _blocks(module: Module, statement: int) -> Iterator[tuple[int, str]]:
    """The runs of statements that a statement is in, the innermost first."""
    while statement >= 0:
        block = _block(module, statement)
        yield block
        statement = block[0]
