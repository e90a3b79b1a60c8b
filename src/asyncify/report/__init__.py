"""Renderings of a run: each module has one function `render`. Nothing here decides anything."""
