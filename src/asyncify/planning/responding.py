"""Stand-ins for the responses of a library: what tests give them has to be what converted code reads."""

from __future__ import annotations

from asyncify.model.facts import Expression, Kind, Place, Role
from asyncify.model.graph import Access, Reference
from asyncify.model.plan import Arguments
from asyncify.planning.drafts import Draft
from asyncify.planning.hooks import in_test_file
from asyncify.planning.mock_names import MOCKS
from asyncify.rules.spec import Attribute, Call, Library, Resource


class Responding:
    """Translates what tests say about the responses of one library.

    An attribute of a response *differs* if converted code reads another one in its place. Only for those
    it matters what a test says.
    """

    def __init__(self, draft: Draft, library: Library) -> None:
        self.draft, self.library = draft, library
        self.project, self.rules = draft.project, draft.rules
        returned = {e.returns for e in library.entries if isinstance(e, Call) and e.awaited}
        self.types = tuple(
            e.name for e in library.entries if isinstance(e, Resource) and e.name in returned
        )

    def translate(self) -> None:
        """Collects the edits.

        Raises:
            Unfaithful: a stand-in cannot follow.
        """
        differing = self._differing()
        self._made_by_hand(differing)
        stored = set()
        for name, module in self.project.graph.modules.items():
            if not in_test_file(module.path):
                continue
            for expression in module.expressions:
                site = Reference(name, expression.id)
                if expression.text in differing and expression.role is Role.TARGET:
                    if self._store(site, expression, differing[expression.text]):
                        stored.add(expression.text)
                elif expression.detail in differing and expression.role is Role.KEYWORD:
                    if self._keyword(site, expression, differing[expression.detail]):
                        stored.add(expression.detail)
        for name, entry in differing.items():
            if entry.opposite and name not in stored:
                raise self.draft.refuse(self._read(name), f"no test says what .{name} is")

    def _differing(self) -> dict[str, Attribute]:
        """The attributes that differ and are read by code under test."""
        found: dict[str, Attribute] = {}
        for entry in self.library.entries:
            owner, _, name = getattr(entry, "name", "").rpartition(".")
            if owner not in self.types or not any(self._reads(name)):
                continue
            if isinstance(entry, Attribute):
                if entry.template.startswith(("{0}.", "not {0}.")) or entry.call:
                    found[name] = entry
            elif isinstance(entry, Call) and (entry.to not in ("", name) or entry.awaited):
                raise self.draft.refuse(self._read(name), f"a stand-in has no .{entry.to or name}")
        return found

    def _reads(self, name: str) -> list[Reference]:
        """The places in code under test that read an attribute of this name."""
        return [
            site
            for site in self.project.attributes(name)
            if not in_test_file(self.project.module(site).path)
            and self._imports(self.project.module(site).name)
        ]

    def _read(self, name: str) -> Reference:
        return self._reads(name)[0]

    def _imports(self, module: str) -> bool:
        imports = self.project.graph.modules[module].imports
        return any(one.module.partition(".")[0] == self.library.name for one in imports)

    def _made_by_hand(self, differing: dict[str, Attribute]) -> None:
        """Refuses responses that are no mocks: real ones of the old library, and classes of the tests."""
        for site, name in self.project.graph.names.items():
            if not in_test_file(self.project.module(site).path):
                continue
            if self.rules.canonical(name) in self.types:
                expression = self.project.expression(site)
                if expression.role not in (Role.ANNOTATION, Role.RECEIVER):
                    raise self.draft.refuse(site, f"a test uses {name}")
        if not differing:
            return
        for function in self.project.functions.values():
            if function.owner is not None and function.name in differing:
                path = self.project.path(function.id)
                if in_test_file(path):
                    message = f"{function.qualname} stands for a method of a response"
                    raise self.draft.refuse(Reference(function.module, 0), message)

    def _store(self, site: Reference, expression: Expression, entry: Attribute) -> bool:
        """``response.ok = True`` becomes ``response.is_error = False``; whether it is about a response."""
        receiver = self.project.child(site, Role.RECEIVER)
        if receiver is None:
            if expression.place is Place.CLASS_BODY:
                raise self.draft.refuse(site, f"a class of the tests has .{expression.text}")
            return False
        if not self._is_mock(receiver):
            raise self.draft.refuse(site, f".{expression.text} is set on something unknown")
        if not entry.template:
            return True
        sources = self.project.origins(site)
        if len(sources) != 1:
            raise self.draft.refuse(site, f".{expression.text} is set in an unusual way")
        self.draft.replace(site, f"{{0}}.{_new(entry)}", (receiver,))
        self._value(sources[0][1], entry)
        return True

    def _is_mock(self, site: Reference) -> bool:
        """Whether an object is a mock, or what one returns."""
        if self.project.graph.types.get(site, "").startswith(("unittest.mock.", "mock.")):
            return True
        value = self.project.value(site)
        if value is not None and any(source.name in MOCKS for source in value.sources):
            return True
        expression = self.project.expression(site)
        inner = self.project.child(site, Role.RECEIVER)
        if expression.text in ("return_value", "side_effect"):
            return True
        return inner is not None and self._is_mock(inner)

    def _keyword(self, site: Reference, expression: Expression, entry: Attribute) -> bool:
        """``Mock(ok=True)`` becomes ``Mock(is_error=False)``; whether it is about a response."""
        outer = self.project.parent(site)
        if outer is None:
            return False
        names = self.project.callee_names(outer[0])
        if not MOCKS & set(names):
            edge = self.project.call_edge(outer[0])
            made = edge is not None and edge.access is Access.CONSTRUCT
            if made or "types.SimpleNamespace" in names:
                message = f"{expression.detail}= is given to something that is no mock"
                raise self.draft.refuse(site, message)
            return False
        if not entry.template:
            return True
        arguments = [reference for reference, _ in self.project.arguments(outer[0])]
        rename = ((arguments.index(site), _new(entry)),)
        path = self.project.module(site).path
        self.draft.edits.append((path, Arguments(outer[1].span, rename=rename)))
        self._value(site, entry)
        return True

    def _value(self, site: Reference, entry: Attribute) -> None:
        if not entry.template.startswith("not "):
            return
        expression = self.project.expression(site)
        if expression.kind is Kind.CONSTANT and expression.text in ("True", "False"):
            self.draft.replace(site, str(expression.text == "False"))
        else:
            self.draft.replace(site, "not {0}", (site,))


def _new(entry: Attribute) -> str:
    """The attribute that is read in place of another one."""
    return entry.template.rpartition(".")[2]
