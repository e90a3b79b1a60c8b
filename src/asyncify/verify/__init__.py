"""Proofs about a new text, made before anything is written."""

from asyncify.verify.compiles import check_compiles

__all__ = ["check_compiles"]
