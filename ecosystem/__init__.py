"""Real projects as the measuring stick: convert pinned releases and measure what is left of them.

Run it with ``python -m ecosystem run``; the projects are listed in ``projects.toml`` beside this file.
Nothing in here is shipped with asyncify, and nothing that is downloaded is ever committed.
"""
