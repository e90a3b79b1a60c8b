"""`python -m asyncify`."""

from asyncify.cli import main

if __name__ == "__main__":
    main()
