"""The async copy of a function that stays as it is."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from asyncify.model.plan import MakeTwin
from asyncify.rewrite.templates import is_docstring, statements


def twin(original: cst.FunctionDef, copy: cst.FunctionDef, edit: MakeTwin) -> cst.FunctionDef:
    """The twin of a function.

    Args:
        original: the function as it was.
        copy: the function with all edits inside.
        edit: what the twin is called, and what it can call. Where nothing inside has changed, a twin that is
            made for the sake of others calls the function, instead of saying the same once more.
    """
    kept = [each for number, each in enumerate(copy.decorators) if number not in edit.drop]
    made = copy.with_changes(name=cst.Name(edit.name), decorators=kept)
    if edit.is_async:
        made = made.with_changes(asynchronous=cst.Asynchronous())
    body = original.body
    if edit.calls and isinstance(body, cst.IndentedBlock) and copy.body.deep_equals(body):
        doc = [line for line in body.body[:1] if is_docstring(line)]
        if len(body.body) > len(doc) + 1:
            call = f"return {edit.calls}({', '.join(_arguments(original.params))})"
            (line,), _ = statements(call)
            made = made.with_changes(body=body.with_changes(body=[*doc, line], footer=()))
    return made


def _arguments(parameters: cst.Parameters) -> Iterator[str]:
    """What hands all parameters on."""
    for one in (*parameters.posonly_params, *parameters.params):
        yield one.name.value
    if isinstance(parameters.star_arg, cst.Param):
        yield f"*{parameters.star_arg.name.value}"
    for one in parameters.kwonly_params:
        yield f"{one.name.value}={one.name.value}"
    if parameters.star_kwarg is not None:
        yield f"**{parameters.star_kwarg.name.value}"
