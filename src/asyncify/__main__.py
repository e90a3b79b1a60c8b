"""`python -m asyncify`."""

from asyncify.cli import run

if __name__ == "__main__":
    run()
