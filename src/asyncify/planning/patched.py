"""Patches of a library's functions follow to what the calls became: ``requests.get`` -> ``AsyncClient.get``.

The new target is a coroutine method, so `unittest.mock` puts an `AsyncMock` there by itself. What it returns
stays a plain mock, and what a test says about the arguments is carried over as the call's own arguments are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from asyncify.model.facts import Function, Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.model.plan import AddImport, Define, Retext
from asyncify.planning.arguments import Carried, carry
from asyncify.planning.drafts import Draft
from asyncify.planning.interceptors import Patch, patched_name, patches, replaces
from asyncify.planning.mock_names import MOCKS, mock_variable, patched_function
from asyncify.planning.mocks import AWAITABLE, given_async_mock
from asyncify.planning.responding import Responding
from asyncify.planning.units import Seed, Site, helper_edits, import_text
from asyncify.rules.spec import Call, Library

_ASSERTIONS = frozenset({"assert_called_with", "assert_called_once_with", "assert_any_call"})
_RECORDS = frozenset({"call_args", "call_args_list", "mock_calls", "method_calls", "await_args"})
_FORMS = frozenset({"patch", "object", "setattr"})
_SPECS = frozenset({"autospec", "spec", "spec_set", "new_callable", "create", "wraps"})


class Patched:
    """Translates every patch of one library."""

    def __init__(self, draft: Draft, library: Library, seeds: Sequence[Seed]) -> None:
        self.draft, self.library = draft, library
        self.project, self.rules = draft.project, draft.rules
        self.sites = [
            site for seed in seeds for site in seed.sites if site.library.name == library.name
        ]

    def translate(self) -> None:
        """Collects the edits.

        Raises:
            Unfaithful: one patch has no counterpart.
        """
        found = False
        for patch in patches(self.project):
            name = patched_name(self.project, patch.path, self.library.name)
            if name is not None:
                found = True
                self._patch(patch, name)
            elif patch.path.startswith("?.") and replaces(
                self.project, patch.path, self.library.name
            ):
                raise self.draft.refuse(patch.call, "it is not known what is patched")
        if found:
            Responding(self.draft, self.library).translate()

    def _patch(self, patch: Patch, name: str) -> None:
        callee = self.project.child(patch.call, Role.CALLEE)
        known = self.rules.call(name)
        if callee is None or self.project.expression(callee).text not in _FORMS or known is None:
            raise self.draft.refuse(patch.call, f"{name} is patched")
        call = known[1]
        target = self._target(call)
        if target is None or known[0].name != self.library.name:
            raise self.draft.refuse(patch.call, f"{name} is patched")
        carried = self._carried(patch, call)
        function = patched_function(self.project, patch)
        if function.name.startswith("test"):
            self.draft.tests.add(function.id)
        if patch.attribute is None:
            written = self.project.expression(patch.target)
            path = self.project.module(patch.target).path
            if written.string:
                self.draft.edits.append((path, Retext(written.span, patch.path, target)))
            else:
                self.draft.replace(patch.target, f'"{target}"')
        else:
            owner, _, attribute = target.rpartition(".")
            self.draft.replace(patch.target, owner, (), import_text(owner))
            self.draft.replace(patch.attribute, f'"{attribute}"')
        if patch.replacement is not None:
            self._replacement(patch.replacement, carried)
        else:
            self._created(patch)
        self._observed(patch, call, carried)

    def _target(self, call: Call) -> str | None:
        """The method that the calls of a function become."""
        if not call.awaited or call.template != "{0}":
            return None
        if call.client:
            return f"{self.rules.client(self.library, call.client).to}.{call.to}"
        owner, _, own = call.name.rpartition(".")
        resource = self.rules.resource(owner)
        if resource is None or not resource[1].to:
            return None
        return f"{resource[1].to}.{call.to or own}"

    def _carried(self, patch: Patch, call: Call) -> list[Carried]:
        """What becomes of the arguments at every place that the patch is about."""
        through = call.name.endswith(".request") and not call.client
        found = []
        for site in self.sites:
            if site.name == call.name or (through and self._is_request(site)):
                known = self.rules.call(site.name)
                assert known is not None
                carried = carry(self.project, site.reference, known[1])
                if carried.to not in (None, call.to or None):
                    raise self.draft.refuse(
                        patch.call, f"a call of {call.name} becomes another one"
                    )
                if through and site.name != call.name:
                    carried = Carried(problem="it is called through another method")
                found.append(carried)
        return found

    def _is_request(self, site: Site) -> bool:
        known = self.rules.call(site.name)
        return known is not None and known[1].awaited

    # -- what stands in for it -------------------------------------------------------------------

    def _replacement(self, site: Reference, carried: list[Carried]) -> None:
        expression = self.project.expression(site)
        value = self.project.value(site)
        sources = value.sources if value is not None else ()
        made = site if expression.kind is Kind.CALL else None
        if made is None and len(sources) == 1 and sources[0].site is not None:
            made = sources[0].site
        callee = self.project.child(made, Role.CALLEE) if made is not None else None
        if made is not None and callee is not None and MOCKS & set(self.project.callee_names(made)):
            self.draft.replace(callee, "unittest.mock.AsyncMock", (), "import unittest.mock")
            return
        functions = self._functions(site)
        if not functions:
            raise self.draft.refuse(site, "it is not known what takes its place")
        for function in functions:
            self._looks(site, function, carried)
        self.draft.replace(site, "staticmethod(_awaitable({0}))", (site,), "import functools")
        path = self.project.module(site).path
        self.draft.edits.append((path, Define("_awaitable", AWAITABLE)))

    def _functions(self, site: Reference) -> list[Function]:
        """The plain functions that an expression stands for."""
        expression = self.project.expression(site)
        if expression.kind is Kind.LAMBDA:
            return [self.project.functions[expression.text]]
        value = self.project.value(site)
        sources = value.sources if value is not None else ()
        if any(source.kind is not SourceKind.FUNCTION for source in sources):
            return []
        return [self.project.functions[source.name] for source in sources]

    def _looks(self, site: Reference, function: Function, carried: list[Carried]) -> None:
        """Refuses a stand-in that may look at arguments which are others now."""
        if all(_unchanged(each) for each in carried):
            return
        names = {(function.id, parameter.name) for parameter in function.parameters}
        module = self.project.graph.modules[function.module]
        if any(parameter.kind not in ("*", "**") for parameter in function.parameters) or any(
            e.variable in names for e in module.expressions if e.role is not Role.TARGET
        ):
            raise self.draft.refuse(site, "what takes its place sees other arguments")

    def _created(self, patch: Patch) -> None:
        """A patch that makes its mock itself."""
        keywords = {e.detail: r for r, e in self.project.arguments(patch.call)}
        if _SPECS & set(keywords):
            raise self.draft.refuse(patch.call, "the mock has a specification")
        if {"return_value", "side_effect"} & set(keywords) or self._returns_at_once(patch):
            return
        self.draft.edits.extend(
            given_async_mock(self.project, patch.call, "new_callable", made=False)
        )

    def _returns_at_once(self, patch: Patch) -> bool:
        """Whether the test says what the mock returns, as a whole."""
        roles = {
            e.role
            for site in self._uses(patch) or ()
            for outer in [self.project.parent(site)]
            if outer is not None
            for e in [outer[1]]
            if e.text == "return_value"
        }
        return roles == {Role.TARGET}

    # -- what tests say about its calls ----------------------------------------------------------

    def _uses(self, patch: Patch) -> list[Reference] | None:
        """The places that name the mock; None if nobody knows them."""
        variable = mock_variable(self.project, patch)
        if variable is None:
            return None
        module = self.project.module(patch.call)
        return [
            Reference(module.name, e.id)
            for e in module.expressions
            if e.variable == variable and e.role is not Role.TARGET
        ]

    def _observed(self, patch: Patch, call: Call, carried: list[Carried]) -> None:
        changed = not all(_unchanged(each) for each in carried)
        uses = self._uses(patch)
        if uses is None:
            if changed and self._somebody_looks(patch):
                raise self.draft.refuse(patch.call, "a test looks at the arguments of its calls")
            return
        for keyword, site in self._effects(patch, uses):
            for function in self._functions(site):
                self._looks(keyword, function, carried)
        for site in uses:
            outer = self.project.parent(site)
            attribute = outer[1].text if outer is not None else ""
            moved = self.project.expression(site).role is not Role.RECEIVER
            if attribute in _ASSERTIONS and outer is not None and outer[1].role is Role.CALLEE:
                self._assertion(outer[0], call, carried)
            elif changed and (attribute in _RECORDS or attribute == "assert_has_calls" or moved):
                raise self.draft.refuse(site, "a test looks at the arguments of its calls")

    def _effects(
        self, patch: Patch, uses: list[Reference]
    ) -> Iterator[tuple[Reference, Reference]]:
        """What is called in place of the mock, each with its place."""
        for reference, argument in self.project.arguments(patch.call):
            if argument.detail == "side_effect":
                yield reference, reference
        for site in uses:
            outer = self.project.parent(site)
            if outer is not None and outer[1].text == "side_effect":
                yield from ((site, origin) for _, origin in self.project.origins(outer[0]))

    def _assertion(self, callee: Reference, call: Call, carried: list[Carried]) -> None:
        """`assert_called_with(...)`: its arguments become what those of the calls became."""
        if all(_unchanged(each) for each in carried):
            return
        outer = self.project.parent(callee)
        assert outer is not None
        forms = [
            carry(self.project, outer[0], call, like=site.reference)
            for site in self.sites
            if site.name == call.name
        ]
        problems = [each.problem for each in (*carried, *forms) if each.problem]
        if problems or len(set(forms)) != 1:
            reason = problems[0] if problems else "the calls get their arguments in several ways"
            raise self.draft.refuse(callee, reason)
        made, *_ = forms
        path = self.project.module(callee).path
        self.draft.edits.extend((path, edit) for edit in made.edits)
        self.draft.edits.extend((path, AddImport(text)) for text in made.imports)
        for helper in made.helpers:
            edits = helper_edits(self.rules, self.library, helper)
            self.draft.edits.extend((path, edit) for edit in edits)

    def _somebody_looks(self, patch: Patch) -> bool:
        """Whether anything in the module (or, for a conftest file, anywhere) looks at arguments of calls."""
        module = self.project.module(patch.call)
        everywhere = module.path.endswith("conftest.py")
        names = _ASSERTIONS | _RECORDS | {"assert_has_calls"}
        return any(
            site.module == module.name or everywhere
            for name in names
            for site in self.project.attributes(name)
        )


def _unchanged(carried: Carried) -> bool:
    """Whether a call gets the arguments that it got before."""
    return not (carried.edits or carried.options or carried.problem)
