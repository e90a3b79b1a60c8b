"""Where values go: over all modules together, from definitions and calls to parameters and results.

What the type checker leaves open is mostly unannotated parameters and what is kept in attributes.
Here arguments move to parameters, parameters to attributes and results back to callers, until
nothing changes (see `slots` for how exact that is). Order of execution plays no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import partial

from asyncify.analysis import bodies, fixtures
from asyncify.analysis.binding import Argument, Call
from asyncify.analysis.calls import MODULE_TYPE, VAGUE
from asyncify.analysis.dispatching import GENERIC_CALL, implementations
from asyncify.analysis.forwarding import added
from asyncify.analysis.heap import Heap
from asyncify.analysis.hierarchy import Hierarchy
from asyncify.analysis.library import LibraryCalls
from asyncify.analysis.motion import Known, Motion
from asyncify.analysis.names import Denoted, Names, Sort
from asyncify.analysis.optional import is_bound, optional_parameters
from asyncify.analysis.reached import constructed_class
from asyncify.analysis.slots import ELEMENT, RAW, Atom
from asyncify.analysis.wrappers import decorating, is_given_away, may_change, wrappers
from asyncify.model.attributes import DELEGATING, INITIAL, lacks
from asyncify.model.facts import ClassId, Expression, Function, FunctionId, Kind, Module, Role
from asyncify.model.graph import Access, Edge, Evidence, Reference, SourceKind, Target, Wrapper

_MADE = (Kind.COMPREHENSION, Kind.GENERATOR)  # of the arguments that a wrapper gets
_NOTHING = frozenset({"builtins.object", ""})  # constructors that do nothing


class Flow:
    """The flow of values through all modules."""

    def __init__(
        self,
        modules: Mapping[str, Module],
        names: Names,
        hierarchy: Hierarchy,
        known: Known,
        followed: frozenset[str] = frozenset(),
    ) -> None:
        self.modules = modules
        self.names = names
        self.hierarchy = hierarchy
        self.known = known
        self.heap = Heap(modules, hierarchy)
        self.slots = self.heap.slots
        self.motion = Motion(names, hierarchy, known, self.heap, followed)
        self.members = self.motion.members
        self.library = LibraryCalls(self.heap, self.members, known.type)
        self.implementations = implementations(modules, names, hierarchy)
        self._registered = {registered for _, registered in self.implementations}
        self.calls: list[Call] = []
        self.wrappers: Mapping[FunctionId, Wrapper] = {}
        self.managers: Mapping[FunctionId, Wrapper] = {}  # that decorate
        self.wrapped: frozenset[FunctionId] = frozenset()
        self.fixtures: frozenset[tuple[str, str]] = frozenset()  # parameters that get one

    def run(self) -> None:
        """Read every module, then let values flow until nothing changes."""
        for module in self.modules.values():
            self.heap.optional.update(optional_parameters(module))
            self.motion.place(module)
            bodies.link(module, self.heap, self.library)
        self._declare()
        for generic, registered in self.implementations:
            self.library.link(generic, registered)
        for module in self.modules.values():
            self.motion.module(module)
        optional = self.heap.optional.keys()
        made = wrappers(self.modules, self.names, self.hierarchy.functions, optional)
        self.wrappers, self.managers = made.wrappers, made.managers
        known = made.wrappers.values()
        self.wrapped = frozenset(f for each in known for f, _ in (*each.decorated, *each.handed))
        self.heap.handing.update(each.function for each in known if each.hands_on)
        self.library.hand_to(known)
        self.fixtures = fixtures.link(self.modules, self.names, self.heap)
        for module in self.modules.values():
            self._decorations(module, made.giving_back)
        for module in self.modules.values():
            for item in module.expressions:
                if item.kind is Kind.CALL:
                    self._call(module, item)
        self.members.fill_namespaces()
        self.settle()
        while self.library.make_bases() or self.library.foreign():
            self.settle()

    def settle(self) -> None:
        """Let values flow until nothing changes."""
        self.slots.settle()

    def looked_up(self) -> dict[Reference, tuple[str, ...]]:
        """What is found by a name that nobody knows, and called, with what it may be."""
        lookups = self.members.lookups
        for call in self.calls:
            if not call.attribute:
                lookups.give(call.callee)
            names = [one.external for one in call.targets.values() if one.external]
            if not names and (call.targets or call.constructs):
                continue
            for argument in call.arguments:
                place = argument.keyword or str(argument.position)
                lookups.hand_over(argument.slot, names, place, call.attribute)
        for function in self.hierarchy.functions.values():
            if function.name in DELEGATING and not self.members.delegates.asked(function.id):
                lookups.give(self.heap.result(function.id))
        return lookups.all_called()

    # definitions

    def _declare(self) -> None:
        for function in self.hierarchy.functions.values():
            owner = self._owner(function.id)
            if owner is not None:
                self.library.owners[function.id] = owner
            self._parameters(function)
            if function.owner is None or not function.parameters:
                continue
            first = function.parameters[0]
            if self.hierarchy.is_static(function.id) or first.kind not in (
                "positional",
                "positional-only",
            ):
                continue
            kind = (
                SourceKind.CLASS
                if self.hierarchy.is_classmethod(function.id)
                else SourceKind.INSTANCE
            )
            this = self.heap.variable(function.id, first.name)
            self.slots.add(this, Atom(kind, function.owner))
            for cls in self.hierarchy.made_by.get(function.owner, ()):
                self.slots.add(this, Atom(SourceKind.CLASS, cls))

    def _parameters(self, function: Function) -> None:
        """The default of a parameter is one more argument; what collects keywords is a mapping."""
        for parameter in function.parameters:
            slot = self.heap.variable(function.id, parameter.name)
            if parameter.kind == "**":
                self.heap.instance(slot, "builtins.dict")
            if parameter.default >= 0:
                self.motion.assign(self.modules[function.module], parameter.default, slot)

    def _owner(self, function: FunctionId) -> ClassId | None:
        """The class around a function, nested functions included."""
        functions = self.hierarchy.functions
        while function in functions:
            if functions[function].owner is not None:
                return functions[function].owner
            function = functions[function].parent
        return None

    def _decorations(self, module: Module, back: Set[FunctionId]) -> None:
        """Decorators of the project are called with what they decorate, from the inside out."""
        for function in module.functions:
            registered = function.id in self._registered
            changing = [
                number
                for number in function.decorators
                if may_change(
                    *(module, self.names, number, self.managers, self.hierarchy.accessors),
                    registered=registered,
                )
            ]
            if not changing:
                continue
            wraps = function.id in self.wrapped
            given, slot = self.slots.new(), 0
            self.slots.add(given, Atom(RAW, function.id))
            for identifier in reversed(changing):
                marks = decorating(module, self.names, identifier) in back
                made = slot if slot and wraps and not marks else self.slots.new()
                argument = Argument(given, 0, is_function=True)
                self.library.imply(self.heap.at(module.name, identifier), (argument,), made)
                if not marks:
                    slot = made
                    given = given if wraps else slot  # wrappers call the function itself
            slot = slot or given
            self.heap.decorated[function.id] = slot
            # who reads a property gets what the wrapper returns
            if self.hierarchy.is_property(function.id):
                this = self.slots.new()
                self.slots.add(this, Atom(SourceKind.INSTANCE, function.owner or ""))
                self.library.imply(slot, (Argument(this, 0),), self.heap.result(function.id))
        for cls in module.classes:
            for identifier in cls.decorators:
                decorated = self.slots.new()
                self.slots.add(decorated, Atom(SourceKind.CLASS, cls.id))
                arguments = (Argument(decorated, 0, is_function=True),)
                callee = self.heap.at(module.name, identifier)
                self.library.imply(callee, arguments, self.slots.new())

    def _call(self, module: Module, item: Expression) -> None:
        site = Reference(module.name, item.id)
        callee = module.expressions[module.children[item.id][0]]
        call = Call(site, self.heap.at(module.name, item.id), self._arguments(module, item))
        call.callee = self.heap.at(module.name, callee.id)
        call.function = item.function
        if self._forwards(module, call, callee):
            wrapper = self.hierarchy.functions[item.function]
            listed = partial(self._listed, module)
            call.added = added(module, wrapper, call.arguments, listed)
        if callee.kind is Kind.ATTRIBUTE:
            call.attribute = callee.text
            call.receiver = self.heap.at(module.name, module.children[callee.id][0])
            self.library.patch(call)
        self.calls.append(call)
        denoted = self.motion.denoted(module.name, callee.id)
        complete = self._typed(call, callee, denoted)
        direct = [one for one in denoted if one.sort is not Sort.VARIABLE]
        self._alternatives(call, direct)
        made = any(one.sort is Sort.CLASS for one in direct)
        if complete and self._is_kept(module, call, callee):
            self.library.hear(call.callee, call)  # the checker knows one value
        if complete and not (made and len(direct) < len(denoted)):
            return  # else a variable has the name of the class, and the checker knows one of the two
        if not call.targets and not call.constructs:
            for one in direct:
                self._direct(call, one)
        if not direct or len(direct) < len(denoted):
            self._through(module, call, callee)

    def _is_kept(self, module: Module, call: Call, callee: Expression) -> bool:
        """Whether a call goes to the value of a variable that others set, or of an attribute: not to a method."""
        if callee.kind is Kind.NAME and callee.variable is not None:
            owner, denoted = callee.variable[0], self.motion.denoted(module.name, callee.id)
            shared = owner != call.function or owner.endswith(":")
            return shared and {one.sort for one in denoted} == {Sort.VARIABLE}  # else it is a patch
        if callee.kind is not Kind.ATTRIBUTE or callee.text not in self.members.stored:
            return False
        known = self.known.type(module.name, module.children[callee.id][0])
        if known in self.hierarchy.classes:
            found = self.members.denoted(Atom(SourceKind.INSTANCE, known), callee.text)
            if not any(one.sort is Sort.FUNCTION for one in found):
                return True
        functions = map(self.hierarchy.functions.get, call.targets)
        return any(f is not None and (f.owner is None or f.name != callee.text) for f in functions)

    def _alternatives(self, call: Call, direct: list[Denoted]) -> None:
        """A name that is defined more than once: the type checker takes the last definition only.

        Which one it is may depend on the platform, or on what can be imported.
        """
        known = [one for one in direct if not self.hierarchy.is_overload(one.name)]
        if len(known) > 1 and any(one.sort is not Sort.EXTERNAL for one in known):
            for one in known:
                self._direct(call, one)

    def _arguments(self, module: Module, item: Expression) -> tuple[Argument, ...]:
        found: list[Argument] = []
        for identifier in module.children[item.id][1:]:
            part = module.expressions[identifier]
            slot = self.heap.at(module.name, identifier)
            text = part.text if part.kind is Kind.CONSTANT else ""
            if part.kind is Kind.STARRED:
                inner = module.children[identifier][0]
                slot = self.heap.at(module.name, inner)
                found.append(Argument(slot, int(part.detail), star="*", expression=inner))
            elif part.role in (Role.ARGUMENT, Role.KEYWORD):
                positional = part.role is Role.ARGUMENT
                position, keyword = (int(part.detail), "") if positional else (-1, part.detail)
                star = "" if positional or keyword else "**"
                is_function = self._is_function(module, part)
                found.append(Argument(slot, position, keyword, star, text, identifier, is_function))
        return tuple(found)

    def _listed(self, module: Module, items: Sequence[Expression]) -> int:
        """The slot of a list of some expressions."""
        made = self.slots.new()
        for item in items:
            slot = self.heap.at(module.name, item.id)
            self.slots.move(slot, self.slots.child(made, ELEMENT))
        return made

    def _is_function(self, module: Module, part: Expression) -> bool:
        """Whether an argument is a function or class for sure, or what a decorator that is made here decorates."""
        if part.kind is not Kind.NAME or part.variable is None:
            return part.kind is Kind.LAMBDA
        owner, name = part.variable
        function = self.hierarchy.functions.get(owner)
        for parameter in function.parameters if function is not None else ():
            if parameter.name == name and function is not None:
                inside = function.parent in self.heap.optional and part.function == owner
                return inside and parameter.default < 0 and not is_bound(module, part)
        sorts = {one.sort for one in self.motion.denoted(module.name, part.id)}
        return bool(sorts) and sorts <= {Sort.FUNCTION, Sort.CLASS}

    def _forwards(self, module: Module, call: Call, callee: Expression) -> bool:
        """Whether this is `function(*args, **kwargs)` in the wrapper that a decorator makes."""
        if callee.kind is not Kind.NAME or callee.variable is None:
            return False
        if callee.variable[0] != self.hierarchy.functions[call.function].parent:
            return False
        stars = (module.expressions[one.expression] for one in call.arguments if one.star == "*")
        return any(
            star.kind in _MADE or (star.variable is not None and star.variable[0] == call.function)
            for star in stars
        )

    def _typed(self, call: Call, callee: Expression, denoted: tuple[Denoted, ...]) -> bool:
        """Take what the type checker knows; whether that is all."""
        assert call.site is not None
        edges = [
            edge
            for edge in self.known.edges.get(call.site.module, {}).get(call.site.expression, ())
            if edge.access in (Access.CALL, Access.CONSTRUCT)
            and edge.targets
            and not (edge.access is Access.CALL and all(map(self._is_vague, edge.targets)))
        ]
        constructed = self._constructed(call, callee, denoted, edges)
        for cls in constructed:
            self._construct(call, cls, denoted)
        for edge in edges:
            for target in edge.targets:
                self._target(call, callee, target, edge.access, denoted)
        if any(edge.open or self._is_given_away(edge, call.function) for edge in edges):
            return False
        return bool(constructed or edges)

    def _is_given_away(self, edge: Edge, caller: FunctionId) -> bool:
        """Whether a call reaches what others made: only values tell what a wrapper wraps."""
        functions = self.hierarchy.functions
        return any(is_given_away(functions, one.function or "", caller) for one in edge.targets)

    def _is_vague(self, target: Target) -> bool:
        """Whether the checker says of a call what is true of any class, of any generic function, or of all of its kind."""
        name = target.external or ""
        if name in ("builtins.type.__call__", GENERIC_CALL) or name.startswith("builtins.super."):
            return True  # values tell which it is
        return target.function in self.wrappers

    def _construct(self, call: Call, cls: ClassId, denoted: tuple[Denoted, ...]) -> None:
        if any(one.sort is not Sort.VARIABLE for one in denoted) or not self._is_varied(cls):
            self.library.construct(call, cls, 0, Evidence.TYPED)
            return
        self.library.declare(call, cls, Evidence.TYPED)
        self.library.make_one_of(call, cls)

    def _is_varied(self, cls: ClassId) -> bool:
        """Whether what derives from a class has a constructor of its own."""
        below = self.hierarchy.subclasses.get(cls, ())
        return any(INITIAL in self.hierarchy.members.get(one, ()) for one in below)

    def _constructed(
        self, call: Call, callee: Expression, denoted: tuple[Denoted, ...], edges: Sequence[Edge]
    ) -> list[ClassId]:
        """The classes of the project one of which a call makes an instance of."""
        assert call.site is not None
        found = self.known.classes.get(Reference(call.site.module, callee.id))
        if found in self.hierarchy.classes:
            return [found]
        if len(denoted) == 1 and denoted[0].sort is Sort.CLASS:
            return [denoted[0].name]
        # of a class that an object has, `self.Part()`, or of each in a tuple of classes
        made = {t.receiver or "" for e in edges for t in e.targets if e.access is Access.CONSTRUCT}
        return sorted(made & self.hierarchy.classes.keys())

    def _target(
        self,
        call: Call,
        callee: Expression,
        target: Target,
        access: Access,
        denoted: tuple[Denoted, ...],
    ) -> None:
        if target.external is not None:
            if access is Access.CONSTRUCT:
                target = constructed_class(target)
                if target.receiver in self.hierarchy.classes:
                    # the checker says `object` where it does not find the class's own
                    if target.external != "builtins.object" or not call.constructs:
                        call.constructs.setdefault(target.external or "", target)
                    return
            name = target.external or ""
            if name in _NOTHING:
                return
            call.applied.add((SourceKind.EXTERNAL, name, 0))
            self.library.external(call, name, target)
            return
        function = target.function
        if function is None or access is Access.CONSTRUCT:
            if function is not None:
                call.constructs.setdefault(function, target)
            return
        bound = self._bound(call, callee, function)
        call.applied.add((SourceKind.FUNCTION, function, bound))
        self.library.function(call, target, bound)

    def _bound(self, call: Call, callee: Expression, function: FunctionId) -> int:
        """Whether the first parameter of a method is given by the way it is reached."""
        if callee.kind is not Kind.ATTRIBUTE or self.hierarchy.is_static(function):
            return int(
                self.hierarchy.functions[function].name == "__call__"
                or self.hierarchy.is_classmethod(function)
                or (
                    callee.kind is not Kind.ATTRIBUTE
                    and not self.hierarchy.is_static(function)
                    and callee.kind is Kind.NAME
                )
            )
        assert call.site is not None
        module = self.modules[call.site.module]
        receiver = module.children[callee.id][0]
        reference = Reference(module.name, receiver)
        is_class = reference in self.known.classes or any(
            one.sort is Sort.CLASS for one in self.motion.denoted(module.name, receiver)
        )
        return 1 if not is_class or self.hierarchy.is_classmethod(function) else 0

    def _direct(self, call: Call, one: Denoted) -> None:
        kinds = {
            Sort.FUNCTION: SourceKind.FUNCTION,
            Sort.CLASS: SourceKind.CLASS,
            Sort.EXTERNAL: SourceKind.EXTERNAL,
        }
        if one.sort in kinds:
            self.library.apply(call, Atom(kinds[one.sort], one.name), Evidence.TYPED)

    def _through(self, module: Module, call: Call, callee: Expression) -> None:
        """Wait for what the callee, or its receiver, turns out to be."""
        if callee.kind is not Kind.ATTRIBUTE:
            self.library.hear(call.callee, call)
            return
        known = self.known.type(module.name, module.children[callee.id][0])
        if known is not None and self._is_told(known, callee.text):
            self.library.method(call, callee.text, Atom(SourceKind.INSTANCE, known))
        else:
            self.slots.subscribe(call.receiver, partial(self.library.method, call, callee.text))
        is_variable = any(
            one.sort is Sort.VARIABLE for one in self.motion.denoted(module.name, callee.id)
        )
        if is_variable or callee.text in self.members.stored:  # of a module, or of an object
            self.library.hear(call.callee, call)

    def _is_told(self, known: str, attribute: str) -> bool:
        """Whether the checker's type of an object tells its method: a wrong annotation does not."""
        if known in self.hierarchy.classes:
            return bool(self.members.denoted(Atom(SourceKind.INSTANCE, known), attribute))
        return known not in VAGUE and known != MODULE_TYPE and not lacks(known, attribute)
