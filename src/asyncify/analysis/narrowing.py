"""What `isinstance` says of a variable in the branches that it decides about."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Set
from typing import NamedTuple

from asyncify.analysis.effects import SCALARS
from asyncify.analysis.names import Names, Sort
from asyncify.analysis.slots import ANYTHING, Atom
from asyncify.model.facts import LEAVING, Expression, Kind, Module, Role, Statement
from asyncify.model.graph import SourceKind

_ISINSTANCE = "builtins.isinstance"
_PATHS = "pathlib."


class Narrowing(NamedTuple):
    """A variable is an instance of one of these classes here, or of none of them."""

    classes: frozenset[str]
    is_one: bool

    def keeps(self, atom: Atom) -> bool:
        """Whether an object with this origin may be here."""
        if self.is_one and all(n in SCALARS or n.startswith(_PATHS) for n in self.classes):
            own = ":" in atom.name or atom.name.startswith(("builtins.", _PATHS))
            return own and atom.kind == SourceKind.INSTANCE  # what matters of it the checker says
        if self.is_one or atom.kind != SourceKind.INSTANCE:
            return True  # anything may be of a subclass
        return atom.name not in self.classes

    def passes(
        self, plain: Set[str], related: Callable[[str, str], bool], atom: Atom
    ) -> tuple[Atom, ...]:
        """What an object with this origin is here: of what could be anything, the classes say which it is.

        Args:
            plain: classes of the project of which nothing is an instance that does not derive from them.
            related: whether an object may be an instance of two classes of the project.
            atom: the origin.
        """
        if self.is_one and self.classes <= plain:
            if atom == ANYTHING:
                return tuple(Atom(SourceKind.INSTANCE, name) for name in sorted(self.classes))
            if atom.kind == SourceKind.INSTANCE and ":" in atom.name:
                return (atom,) if any(related(atom.name, name) for name in self.classes) else ()
        return (atom,) if self.keeps(atom) else ()


def narrowings(module: Module, names: Names) -> Mapping[int, list[Narrowing]]:
    """What is known of variables, by the expression that reads one."""
    found: dict[int, list[Narrowing]] = {}
    uses: dict[tuple[str, str], list[Expression]] = {}
    tests = []
    for item in module.expressions:
        if item.kind is Kind.NAME and item.variable is not None:
            uses.setdefault(item.variable, []).append(item)
        elif item.kind is Kind.CALL and len(module.children[item.id]) == 3:
            tests.append(item)
    for call in tests:
        others = uses.get(_subject(module, call), [])
        classes, complete = _classes(module, names, call)
        for region, is_one in regions(module, call) if classes else ():
            inside = [item for item in others if item.function == call.function and region(item)]
            if (complete or not is_one) and not any(map(binds, inside)):
                for item in inside:
                    found.setdefault(item.id, []).append(Narrowing(classes, is_one))
    return {number: known for number, known in found.items() if _is_local(module, number, uses)}


def _subject(module: Module, call: Expression) -> tuple[str, str]:
    """The variable that `isinstance` asks about."""
    callee, subject, _ = (module.expressions[number] for number in module.children[call.id])
    return subject.variable or ("", "") if callee.text == "isinstance" else ("", "")


def _is_local(
    module: Module, number: int, uses: Mapping[tuple[str, str], list[Expression]]
) -> bool:
    """Whether nobody but the function that reads a variable binds it."""
    item = module.expressions[number]
    assert item.variable is not None
    bound = [item.function, *(use.function for use in uses[item.variable] if binds(use))]
    return set(bound) == {item.variable[0]}


def binds(item: Expression) -> bool:
    """Whether a name is bound or deleted here."""
    return item.role in (Role.TARGET, Role.DELETED)


def _classes(module: Module, names: Names, call: Expression) -> tuple[frozenset[str], bool]:
    """The classes that `isinstance` asks for, by canonical name, and whether these are all."""
    callee, _, asked = (module.expressions[number] for number in module.children[call.id])
    called = [one.name for one in names.expression(module, callee)]
    if callee.text != "isinstance" or called != [_ISINSTANCE]:
        return frozenset(), False
    parts = [asked]
    if asked.kind is Kind.CONTAINER:
        parts = [module.expressions[number] for number in module.children[asked.id]]
    found = [names.expression(module, part) for part in parts]
    known = [
        one[0].name for one in found if len(one) == 1 and one[0].sort in (Sort.CLASS, Sort.EXTERNAL)
    ]
    return frozenset(known), len(known) == len(parts)


class _Inside(NamedTuple):
    """A region: a block of a statement, the statements after it, or a part of an expression."""

    module: Module
    statement: Statement
    block: str = ""  # "": what follows the statement
    expression: int = -1

    def __call__(self, item: Expression) -> bool:
        if self.expression >= 0:
            number = item.id
            while number >= 0 and number != self.expression:
                number = self.module.expressions[number].parent
            return number == self.expression
        statement = self.module.statements[item.statement]
        place = (self.statement.id, self.block)
        if not self.block:
            place = (self.statement.parent, self.statement.block)
        while (statement.parent, statement.block) != place:
            if statement.parent < 0:
                return False
            statement = self.module.statements[statement.parent]
        return bool(self.block) or statement.id > self.statement.id


def regions(module: Module, test: Expression) -> Iterator[tuple[_Inside, bool]]:
    """The regions that are reached only if a test is true (or false), with which of them."""
    is_one = True
    when: tuple[bool, ...] = (True, False)  # the answers of the whole test that say something
    while test.parent >= 0:
        outer = module.expressions[test.parent]
        if outer.kind is Kind.CHOICE and outer.text == "if" and test.role is Role.TESTED:
            for part in (module.expressions[child] for child in module.children[outer.id]):
                answer = part.detail == "0"
                if part.role is Role.BRANCH and answer in when:
                    place = _Inside(module, module.statements[test.statement], expression=part.id)
                    yield place, is_one is answer
            return
        if outer.text == "UnaryOp" and test.role is Role.TESTED:
            is_one = not is_one
            when = tuple(not each for each in when)
        elif outer.kind is Kind.CHOICE and outer.text in ("and", "or"):
            when = tuple(each for each in when if each is (outer.text == "and"))
        else:
            return
        test = outer
    statement = module.statements[test.statement]
    if statement.kind == "If" and test.role is Role.TESTED:
        for place, answer in _blocks(module, statement):
            if answer in when:
                yield place, is_one is answer


def _blocks(module: Module, statement: Statement) -> Iterator[tuple[_Inside, bool]]:
    """Where an `if` leads, by its answer."""
    yield _Inside(module, statement, "body"), True
    yield _Inside(module, statement, "orelse"), False
    if _leaves(module, statement):
        yield _Inside(module, statement), False


def _leaves(module: Module, statement: Statement) -> bool:
    """Whether the body of an `if` never goes on behind it, and it has no `else`."""
    inside = [one for one in module.statements if one.parent == statement.id]
    body = [one for one in inside if one.block == "body"]
    return len(body) == len(inside) and bool(body) and body[-1].kind in LEAVING
