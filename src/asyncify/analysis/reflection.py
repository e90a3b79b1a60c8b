"""Calls that find or set members of an object by their names: `getattr`, `setattr`, `vars`, `import_module`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from asyncify.analysis.binding import Argument, Call
from asyncify.analysis.calls import Calls
from asyncify.analysis.heap import Heap
from asyncify.analysis.members import Members, Store
from asyncify.analysis.slots import ELEMENT, Atom, element_key
from asyncify.analysis.texts import Texts
from asyncify.model.composed import fits, prefix_of, shape_of, written
from asyncify.model.graph import Reference, SourceKind

_PATCHERS = frozenset({"object", "setattr"})


class Reflection(Calls):
    """`Calls` that knows the functions which take names of members."""

    def __init__(
        self, heap: Heap, members: Members, known: Callable[[str, int], str | None]
    ) -> None:
        super().__init__(heap, members)
        self._known = known  # the class of an expression, by the type checker
        self._written = Texts(heap.hierarchy.modules)
        self._fitting: dict[str, list[str]] = {}  # names of attributes, by a shape that finds them

    def _getattr(self, call: Call) -> None:
        name = _attribute_name(call)
        if name is not None:
            self.members.attribute(call.arguments[0].slot, name, call.slot, write=False)
        elif call.site is not None and len(call.arguments) > 1 and not call.arguments[1].text:
            self._get_composed(call, call.site)
        for default in call.arguments[2:3]:
            self.slots.move(default.slot, call.slot)

    def _get_composed(self, call: Call, site: Reference) -> None:
        """An attribute whose name is put together may be every method of that shape; of another, every one."""
        receiver, name, module = call.arguments[0], call.arguments[1].expression, site.module
        texts = self._written.of(module, name) if name >= 0 else None
        if texts is not None and not any(text.startswith("__") for text in texts):
            for text in sorted(texts):
                self.members.attribute(receiver.slot, text, call.slot, write=False)
            return
        shape = shape_of(self.hierarchy.modules[module], name) if name >= 0 else None
        if shape is None:
            self.members.lookup(receiver.slot, call.slot, site)
            self.members.delegates.add(call.function, site, name, receiver.slot)
            return
        found = partial(self._of_shape, call.slot, shape)
        known = self._known(module, receiver.expression) if receiver.expression >= 0 else None
        if known is not None:
            found(Atom(SourceKind.INSTANCE, known))
        self.slots.subscribe(receiver.slot, found)

    def _of_shape(self, slot: int, shape: str, atom: Atom) -> None:
        if atom.kind == SourceKind.MODULE and atom.name in self.hierarchy.modules:
            for function in self.hierarchy.modules[atom.name].functions:
                outside = function.owner is None and function.parent == f"{atom.name}:"
                if outside and function.kind == "def" and fits(shape, function.name):
                    self.slots.add(slot, Atom(SourceKind.FUNCTION, function.id))
            for cls in self.hierarchy.modules[atom.name].classes:
                if cls.parent == f"{atom.name}:" and fits(shape, cls.name):
                    self.slots.add(slot, Atom(SourceKind.CLASS, cls.id))
            return
        if shape not in self._fitting:
            names = sorted({*self.hierarchy.member_names, *self.members.stored})
            self._fitting[shape] = [name for name in names if fits(shape, name)]
        for name in self._fitting[shape] if atom.name in self.hierarchy.classes else ():
            if self.members.denoted(atom, name) or name in self.members.stored:
                self.members.read(slot, name, atom)

    def _vars(self, call: Call) -> bool:
        if call.site is not None and len(call.arguments) == 1:
            self.members.namespace(call.arguments[0].slot, call.slot, call.site)
        return False

    def _globals(self, call: Call) -> bool:
        if call.site is not None:
            own = Atom(SourceKind.MODULE, call.site.module)
            self.members.note_namespace(-1, call.slot, call.site, (own,))
        return False

    def _getmembers(self, call: Call) -> bool:
        if call.site is not None and call.arguments:
            found = self.slots.child(self.slots.child(call.slot, ELEMENT), element_key("1"))
            self.members.lookup(call.arguments[0].slot, found, call.site)
        return False

    def _import(self, call: Call) -> bool:
        """A module comes from its name: one of the project, or any whose name begins like this one."""
        if call.site is None or not call.arguments:
            return False
        name = call.arguments[0]
        if name.text:
            return self.members.lookups.load_named(call.slot, call.site, name.text[1:-1])
        prefix = ""
        if name.expression >= 0:
            prefix = prefix_of(self.hierarchy.modules[call.site.module], name.expression)
        return self.members.lookups.load(call.slot, call.site, prefix)

    def _import_top(self, call: Call) -> bool:
        """`__import__` gives the topmost package, unless it is told what is wanted of the module."""
        dotted = bool(call.arguments) and "." in call.arguments[0].text
        return not (dotted and len(call.arguments) < 4) and self._import(call)

    def _load_file(self, call: Call) -> bool:
        """A module comes from a file, whatever its name is."""
        return call.site is not None and self.members.lookups.load(call.slot, call.site, "")

    def _setattr(self, call: Call) -> None:
        if len(call.arguments) != 3 or call.site is None:
            return
        receiver, name, value = call.arguments
        text = _attribute_name(call)
        if text is not None:
            self.members.attribute(receiver.slot, text, value.slot, write=True)
        else:
            self._put(call.site, receiver.slot, name, value)

    def patch(self, call: Call) -> None:
        """`monkeypatch.setattr(obj, name, fake)`, `patch.object(obj, name, fake)` where the name is no literal."""
        given = [one for one in call.arguments if not one.keyword]
        if call.attribute in _PATCHERS and call.site is not None and len(given) > 2:
            receiver, name, value = given[:3]
            if not name.text:
                self._put(call.site, receiver.slot, name, value)

    def _dunder_setattr(self, call: Call) -> bool:
        """`object.__setattr__(obj, name, value)` and `obj.__setattr__(name, value)`."""
        if call.site is not None and len(call.arguments) in (2, 3):
            *owner, name, value = call.arguments
            self._put(call.site, owner[0].slot if owner else call.receiver, name, value)
        return False

    def _put(self, site: Reference, receiver: int, name: Argument, value: Argument) -> None:
        """A value becomes an attribute by a name that is no literal, or where no patch is looked for."""
        texts = {name.text[1:-1]} if name.text else self._texts(site, name)
        key = name.text[1:-1]
        store = Store(site, receiver, value.slot, name.expression, key)
        self.members.unnamed.append(store)
        for text in sorted(texts) if receiver >= 0 else ():
            self.members.attribute(receiver, text, value.slot, write=True)

    def _texts(self, site: Reference, name: Argument) -> Collection[str]:
        module = self.hierarchy.modules[site.module]
        return written(module, name.expression).texts or () if name.expression >= 0 else ()


def _attribute_name(call: Call) -> str | None:
    """The second argument of getattr and setattr, if it is a literal."""
    if len(call.arguments) < 2:
        return None
    text = call.arguments[1].text
    return text[1:-1] if text[:1] in ("'", '"') and text[1:-1].isidentifier() else None
