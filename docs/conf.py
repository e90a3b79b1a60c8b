"""Sphinx: Markdown in, HTML out. `make docs` builds it with warnings as errors."""

from importlib.metadata import version as installed

project = "asyncify"
author = "The asyncify authors"
version = release = installed("asyncify-refactor")
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "asyncify"
myst_heading_anchors = 3
