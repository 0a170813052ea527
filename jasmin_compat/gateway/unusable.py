"""What an operator gave cannot be used; the texts are Jasmin's."""


class Unusable(Exception):
    """A value, or values that do not go together; the console shows `Error: <text>`."""


class Mistyped(Unusable):
    """The console shows the text as it is, without `Error: `."""
