"""What a real Jasmin's console answered to each line (compat_tests/golden/jcli_transcripts)."""

import re
from collections.abc import Callable, Iterator

from jasmin_compat.gateway.connectors import BadConnector
from jasmin_compat.gateway.unusable import Mistyped, Unusable
from tests import golden

LINE_END = re.compile(r"\r+\n")
PROMPTS = ("> ", "jcli : ")


def answers(scenario: str) -> Iterator[tuple[str, str]]:
    """Each line sent, stripped, and the text answered, without echo and prompt."""
    (recorded,) = (s for s in golden.load("jcli_transcripts")["scenarios"] if s["name"] == scenario)
    for exchange in recorded["exchanges"]:
        if "send" not in exchange:
            continue
        line = exchange["send"].strip()
        text = LINE_END.sub("\n", exchange["recv"])
        for prompt in PROMPTS:
            text = text.removesuffix(prompt)
        yield line, text.partition("\n")[2].rstrip("\n")


def answers_to(scenario: str, key: str) -> list[tuple[str, str]]:
    """Of the lines that give `key` a value: the value, and the answer."""
    return [
        (line.removeprefix(key).strip(), answer)
        for line, answer in answers(scenario)
        if line == key or line.startswith(f"{key} ")
    ]


def told(take: Callable[[str], str], line: str) -> str:
    """What the console answers when `take` gives a text, or refuses the line."""
    try:
        return take(line)
    except Mistyped as wrong:
        return str(wrong)
    except BadConnector as wrong:
        return f"Error: {wrong.mistakes[0]}"
    except Unusable as wrong:
        return f"Error: {wrong}"
