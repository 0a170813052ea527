"""Entry points: `jasmin-compat COMMAND`, `python -m jasmin_compat`, and Jasmin's daemon names."""

import sys

from jasmin_compat.daemons.command_line import jasmin_main, main


def jasmind() -> int:
    return jasmin_main("jasmind")


def dlrlookupd() -> int:
    return jasmin_main("dlrlookupd")


def dlrd() -> int:
    return jasmin_main("dlrd")


def deliversmd() -> int:
    return jasmin_main("deliversmd")


def interceptord() -> int:
    return jasmin_main("interceptord")


if __name__ == "__main__":
    sys.exit(main())
