"""What tests let an interceptor answer: one text for the request and the response."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from asyncify.model.facts import LOOPS, FunctionId, Kind, Role
from asyncify.model.graph import Reference, SourceKind
from asyncify.planning.arguments import constant, shapes
from asyncify.planning.drafts import Draft, constant_of
from asyncify.planning.unanswered import unanswered
from asyncify.planning.units import helper_edits
from asyncify.rules.spec import Answer, Argument, CallSite, Interceptor, Library, Refuse

_POSITIONAL = {"add": ("method", "url", "body"), "register_uri": ("method", "url")}


@dataclass(frozen=True, slots=True)
class _Registered:
    """One answer: the call, its function, and what tells one request from another."""

    site: Reference
    answer: Answer
    router: Reference | None  # None for the module
    key: tuple[str, tuple[object, ...]]
    patterns: tuple[tuple[str, Reference], ...] = ()  # what else tells it: keyword and value


class Answers:
    """What tests answer through one interceptor.

    `handled` are the names of matchers that are part of an answer.
    """

    def __init__(self, draft: Draft, library: Library, interceptor: Interceptor) -> None:
        self.draft, self.library, self.interceptor = draft, library, interceptor
        self.project = draft.project
        self.registered: list[_Registered] = []
        self.handled: set[Reference] = set()

    def register(self, call: Reference, method: str, router: Reference | None) -> None:
        """Takes note of an answer, given by a router or (None) by the module.

        Raises:
            Unfaithful: it has no counterpart.
        """
        signature = _POSITIONAL.get(method, ("url", "body"))
        patterns: list[tuple[str, Reference]] = []
        arguments: list[Argument] = []
        for argument in self._arguments(call, signature):
            if argument.name == self.interceptor.match:
                patterns.extend(self._patterns(self.project.arguments(call)[argument.index][0]))
            else:
                arguments.append(argument)
        facts = CallSite(f"{self.interceptor.module}.{method}", tuple(arguments))
        answer = self.interceptor.answers[method](facts)
        if isinstance(answer, Refuse):
            raise self.draft.refuse(call, answer.reason)
        url = self.project.arguments(call)[answer.url][0]
        key = (answer.method, self._shape(url))
        self.registered.append(_Registered(call, answer, router, key, tuple(patterns)))
        function = self.project.expression(call).function
        if self.project.functions[function].name.startswith("test"):
            self.draft.tests.add(function)

    def _patterns(self, site: Reference) -> Iterator[tuple[str, Reference]]:
        """The matchers of an answer, a list of calls with one argument each."""
        if self.project.expression(site).kind is not Kind.CONTAINER:
            raise self.draft.refuse(site, "the matchers are not known")
        for inner, expression in self.project.children(site):
            names = self.project.callee_names(inner) if expression.kind is Kind.CALL else ()
            arguments = self.project.arguments(inner)
            keyword = self.interceptor.matchers.get(names[0]) if len(names) == 1 else None
            if keyword is None or len(arguments) != 1 or arguments[0][1].role is not Role.ARGUMENT:
                raise self.draft.refuse(inner, "the matcher has no counterpart")
            self.handled.update(self._inside(inner))
            yield keyword, arguments[0][0]

    def _inside(self, reference: Reference) -> Iterator[Reference]:
        callee = self.project.child(reference, Role.CALLEE)
        if callee is not None:
            yield callee

    def _arguments(self, call: Reference, signature: tuple[str, ...]) -> tuple[Argument, ...]:
        found = []
        for index, (reference, expression) in enumerate(self.project.arguments(call)):
            name = expression.detail
            if expression.kind is Kind.STARRED or expression.role is Role.UNPACKED:
                name = "*"
            elif expression.role is Role.ARGUMENT:
                name = signature[index] if index < len(signature) else f"argument {index + 1}"
            text = constant(expression) or self._text(reference)
            if name == "method" and expression.kind is Kind.ATTRIBUTE:
                text = expression.text
            found.append(
                Argument(
                    index,
                    name,
                    expression.role is Role.ARGUMENT,
                    shapes(self.project, reference) | self._more_shapes(reference),
                    text,
                )
            )
        return tuple(found)

    def _text(self, reference: Reference) -> str:
        """The constant that a name stands for."""
        return constant_of(self.project, reference)

    def _more_shapes(self, reference: Reference) -> set[str]:
        expression = self.project.expression(reference)
        found = set()
        names = self.project.callee_names(reference) if expression.kind is Kind.CALL else ()
        type_name = self.project.graph.names.get(reference, "")
        for name in (*names, type_name):
            short = name.rpartition(".")[2]
            known = self.draft.rules.exception(name) is not None
            if known or (name.startswith("builtins.") and short.endswith(("Error", "Exception"))):
                found.add("exception")
            if name == "re.compile":
                found.add("regex")
        value = self.project.value(reference)
        sources = value.sources if value is not None else ()
        if any(s.name == "re.compile" for s in sources):
            found.add("regex")
        if expression.kind is Kind.LAMBDA or any(s.kind is SourceKind.FUNCTION for s in sources):
            found.add("function")
        if self._text(reference)[:1] in "'\"" and self._text(reference):
            found.add("str")
        if self._text(reference)[:1] == "b":
            found.add("bytes")
        if (
            expression.is_f_string
            or expression.text.startswith("BinOp")
            or expression.kind
            in (
                Kind.NAME,
                Kind.ATTRIBUTE,
            )
        ):
            found.add("url")
        return found

    def _shape(self, reference: Reference) -> tuple[object, ...]:
        """What an expression says, without its place; the texts in an f-string are not known."""
        expression = self.project.expression(reference)
        if text := constant(expression) or self._text(reference):
            return ("text", text.strip("'\""))
        inner = tuple(self._shape(child) for child, _ in self.project.children(reference))
        return (expression.kind, expression.text, expression.detail, inner)

    def finish(self) -> None:
        """The edits of all answers, once they are all known.

        Raises:
            Unfaithful: a test wants that nobody answers.
        """
        to = self.interceptor.to
        answers: dict[FunctionId, list[Answer]] = {}
        for one in self.registered:
            function = self.project.expression(one.site).function
            answers.setdefault(function, []).append(one.answer)
        place = unanswered(self.project, self.draft.rules, self.interceptor, answers)
        if place is not None:
            raise self.draft.refuse(place, f"a request that nobody answers differs in {to}")
        for registered in self.registered:
            answer, site = registered.answer, registered.site
            arguments = [reference for reference, _ in self.project.arguments(site)]
            holes = [*arguments, *([registered.router] if registered.router else [])]
            router = f"{{{len(arguments)}}}" if registered.router else to
            url = f"{{{answer.url}}}"
            if not self._has_path(arguments[answer.url]):
                text = constant(self.project.expression(arguments[answer.url])).strip("'\"")
                if text and not set(text) & set("?#{}"):
                    url = f'"{text}/"'
                else:
                    url = f"_with_path({url})"
                    self._helper(site, "_with_path")
            for keyword, value in registered.patterns:
                url += f", {keyword}={{{len(holes)}}}"
                holes.append(value)
            route = f"{router}.{answer.method}({url})"
            parts = [t if n == "status_code" else f"{n}={t}" for n, t in answer.parts]
            parts.sort(key=lambda part: "=" in part)
            text = ", ".join(parts)
            if self.interceptor.queues and self._may_repeat(registered):
                self._helper(site, "_then")
                given = answer.raises or f"{to}.MockResponse({text})"
                whole = f"_then({route}, {given})"
            elif answer.raises:
                whole = f"{route}.mock(side_effect={answer.raises})"
            else:
                whole = f"{route}.respond({text})"
            self.draft.replace(site, whole, holes, f"import {to}")

    def _helper(self, site: Reference, name: str) -> None:
        path = self.project.module(site).path
        made = helper_edits(self.draft.rules, self.library, name)
        self.draft.edits.extend((path, edit) for edit in made)

    def _has_path(self, reference: Reference) -> bool:
        """Whether a URL surely has a path."""
        expression = self.project.expression(reference)
        text = constant(expression) or self._text(reference)
        if text:
            return "/" in text.strip("'\"").partition("://")[2]
        if expression.is_f_string:
            ends = [child for _, child in self.project.children(reference)]
            return bool(ends) and expression.span.end_column - ends[-1].span.end_column > 2
        if expression.text == "BinOp":
            return any("/" in e.text for _, e in self.project.children(reference))
        return False

    def _may_repeat(self, registered: _Registered) -> bool:
        """Whether another answer may be given to the same request in one test."""
        function = self.project.functions[self.project.expression(registered.site).function]
        if not function.name.startswith("test"):
            return True
        statement = self.project.statement(registered.site)
        module = self.project.module(registered.site)
        if any(s.kind in LOOPS for s in self.project.ancestry(module, statement)):
            return True
        for other in self.registered:
            if other is registered or not self._may_equal(registered, other):
                continue
            around = self.project.functions[self.project.expression(other.site).function]
            if around.id == function.id or not around.name.startswith("test"):
                return True
        return False

    def _may_equal(self, one: _Registered, other: _Registered) -> bool:
        """Whether two answers may be for the same request."""
        if one.answer.method != other.answer.method:
            return False
        if one.key[1][0] == other.key[1][0] == "text":
            return one.key == other.key
        urls = [self.project.arguments(each.site)[each.answer.url][1] for each in (one, other)]
        written = {url.span.end_column - url.span.column for url in urls}
        return one.key != other.key or len(written) == 1  # same parts, other length: another text
