"""Turn synchronous Python into async Python, chain by chain, and prove it."""

__version__ = "0.1.0"
