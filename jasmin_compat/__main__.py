"""`jasmin-compat COMMAND`: one entry for everything this package can do."""


def main() -> int:
    """Exit status of the command."""
    return 0
