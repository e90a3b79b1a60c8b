"""Colouring by itself."""

from __future__ import annotations

from asyncify.model.graph import Reference
from asyncify.planning.colour import Limit, Together, Unit, colour


def test_an_object_is_held_for_the_function_that_cannot_follow() -> None:
    sites = ((Reference("m", 1), "m:opens"), (Reference("m", 2), "m:reads"))
    limit = Limit("ASY902", "__len__ cannot be async")
    found = colour([Unit("file", sites, shared=True)], {}, Together(), {"m:reads": limit})
    assert found.causes == {}
    assert found.held == {"file": limit}
    assert found.ways == {"file": ("m:reads",)}
