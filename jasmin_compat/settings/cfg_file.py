"""Read a *.cfg file by Jasmin's rules: Python's RawConfigParser (contract/config.md §1)."""

import configparser
from pathlib import Path

from jasmin_compat.settings.entries import Entry, Mistake, Source


def read_cfg(path: Path) -> Source:
    """The options of the file. A missing file is all defaults, as for Jasmin, with a warning."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Source(warnings=(Mistake(str(path), "no such file: every option has its default"),))
    except (OSError, UnicodeDecodeError) as reason:
        return Source(mistakes=(Mistake(str(path), f"cannot be read: {reason}"),))
    parser, mistakes = _parse(path, text)
    lines = _lines_of_options(text)
    entries = tuple(
        Entry(section, key, _or_null(value), f"{path}:{lines.get((section, key), 0)}")
        for section in parser.sections()
        for key, value in parser.items(section)
    )
    return Source(entries, tuple(mistakes))


def read_section(path: Path, section: str) -> Source:
    """One section of a file of Jasmin's that need not be there: the others of rest-api.cfg are
    about Celery, and connections of its own."""
    if not path.exists():
        return Source()
    source = read_cfg(path)
    others = sorted({entry.section for entry in source.entries} - {section})
    return Source(
        tuple(entry for entry in source.entries if entry.section == section),
        source.mistakes,
        tuple(Mistake(str(path), f"[{other}] is not used") for other in others),
    )


def _or_null(text: str) -> str | None:
    """The text `None` is null (config/__init__.py: `_get`)."""
    return None if text == "None" else text


def _parse(path: Path, text: str) -> tuple[configparser.RawConfigParser, list[Mistake]]:
    """Read strictly, and once more leniently past a mistake, to find the others."""
    mistakes: list[Mistake] = []
    for strict in (True, False):
        parser = configparser.RawConfigParser(strict=strict)
        try:
            parser.read_string(text, source=str(path))
        except configparser.DuplicateSectionError as twice:
            mistakes.append(Mistake(f"{path}:{twice.lineno}", f"[{twice.section}] is there twice"))
        except configparser.DuplicateOptionError as twice:
            what = f"[{twice.section}] {twice.option} is there twice"
            mistakes.append(Mistake(f"{path}:{twice.lineno}", what))
        except configparser.MissingSectionHeaderError as early:
            mistakes.append(Mistake(f"{path}:{early.lineno}", "an option before the first section"))
            return configparser.RawConfigParser(), mistakes
        except configparser.ParsingError as unreadable:
            mistakes += [
                Mistake(f"{path}:{number}", "neither an option nor a section")
                for number, _line in unreadable.errors
            ]
            return parser, mistakes
        else:
            return parser, mistakes
    raise AssertionError("a lenient parser does not mind duplicates")


def _lines_of_options(text: str) -> dict[tuple[str, str], int]:
    """Where each option begins; the parser itself does not tell."""
    found: dict[tuple[str, str], int] = {}
    section = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := configparser.RawConfigParser.SECTCRE.match(line.strip()):
            section = header["header"]
        elif not line[:1].isspace() and line[:1] not in {"#", ";", ""}:
            key = line.replace(":", "=").split("=", 1)[0].strip().lower()
            found.setdefault((section, key), number)
    return found
