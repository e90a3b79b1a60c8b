"""Facts about the project, without opinions: the standard library's `ast` and a type checker, never LibCST."""
