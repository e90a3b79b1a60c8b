"""Carries edits out with LibCST. Everything outside an edit stays byte for byte; nothing is decided here."""

from asyncify.rewrite.module import rewrite_module

__all__ = ["rewrite_module"]
