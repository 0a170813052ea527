"""Where the editor differs from Twisted's: bounds, passwords. The rest: test_terminal.py."""

from jasmin_compat.servers.jcli.editor import Editor, LineLimits
from jasmin_compat.servers.jcli.keys import Key


class Screen:
    """An editor and what it wrote."""

    def __init__(self, limits: LineLimits | None = None) -> None:
        self.written: list[str] = []
        self.editor = Editor(write=self.written.append, limits=limits or LineLimits())

    def press(self, *keys: Key | str) -> list[str]:
        """The lines these end; a text is its characters."""
        single = [k for key in keys for k in ([key] if isinstance(key, Key) else key)]
        return [line for k in single if (line := self.editor.press(k)) is not None]

    def shown(self) -> str:
        text = "".join(self.written)
        self.written.clear()
        return text


def test_a_line_is_stripped() -> None:
    assert Screen().press(" a b ", Key.RETURN) == ["a b"]


def test_a_full_line_takes_no_more_and_shows_no_more() -> None:
    screen = Screen(LineLimits(line_chars=3))
    assert screen.press("abcdef", Key.RETURN) == ["abc"]
    assert screen.shown() == "abc\n"


def test_a_full_line_can_be_typed_over() -> None:
    screen = Screen(LineLimits(line_chars=3))
    assert screen.press("abc", Key.HOME, Key.INSERT, "xyz!", Key.RETURN) == ["xyz"]


def test_the_oldest_lines_are_forgotten() -> None:
    screen = Screen(LineLimits(history_lines=2))
    screen.press("a", Key.RETURN, "b", Key.RETURN, "c", Key.RETURN)
    assert screen.press(*[Key.UP] * 5, Key.RETURN) == ["b"]


def test_what_was_typed_before_up_stays_in_reach_of_a_full_history() -> None:
    screen = Screen(LineLimits(history_lines=2))
    screen.press("a", Key.RETURN, "b", Key.RETURN, "new", Key.UP)
    assert screen.press(Key.DOWN, Key.RETURN) == ["new"]


def test_no_history_at_all_can_be_asked_for() -> None:
    screen = Screen(LineLimits(history_lines=0))
    screen.press("a", Key.RETURN)
    assert screen.press("b", Key.UP, Key.DOWN, Key.UP, Key.RETURN) == [""]


def test_a_long_line_is_recalled_in_one_piece() -> None:
    """Before the login, too, the key up costs the gateway hardly more than any other."""
    screen = Screen()
    screen.press("x" * 8192, Key.RETURN)
    screen.shown()
    screen.press(Key.UP)
    assert screen.written == ["\x1b[K", "x" * 8192]
    assert screen.press(Key.DOWN, Key.UP, "y", Key.RETURN) == ["x" * 8192]


# covers: JCLI-04
def test_a_password_is_neither_shown_nor_recalled() -> None:
    """Jasmin keeps it in the history: the key up shows it."""
    screen = Screen()
    screen.press("name", Key.RETURN)
    screen.editor.hides = True
    screen.shown()
    screen.press("secret", Key.UP, Key.DOWN, "secret")
    screen.editor.redraw()
    assert screen.press(Key.RETURN) == ["secret"]
    assert "secret" not in screen.shown()
    screen.editor.hides = False
    assert screen.press(*[Key.UP] * 3, Key.RETURN) == ["name"]


def test_tab_does_nothing_without_words() -> None:
    screen = Screen()
    screen.press("a", Key.TAB)
    assert screen.shown() == "a"


def test_tab_completes_from_the_words_of_the_moment() -> None:
    screen = Screen()
    screen.editor.prompt, screen.editor.words = "> ", ("fid", "type")
    assert screen.press("f", Key.TAB, "f_1", Key.RETURN) == ["fid f_1"]
    screen.shown()
    screen.press(Key.TAB)
    assert screen.shown() == "\nfid type\n> "
