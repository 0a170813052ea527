"""What an operator gave cannot be used; the texts are Jasmin's."""


class Unusable(Exception):
    """A value, or values that do not go together; the console shows `Error: <text>`."""


class Mistyped(Unusable):
    """The console shows the text as it is, without `Error: `."""


class NotDone(Mistyped):
    """Jasmin says no more at the prompt; `reason` is for the log."""

    def __init__(self, doing: str, reason: str) -> None:
        super().__init__(f"Failed {doing}, check log for details")
        self.doing = doing
        self.reason = reason
