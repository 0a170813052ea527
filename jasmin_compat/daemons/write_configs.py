"""`jasmin-compat write-configs FOLDER`: sample settings files, made from the tables of options."""

import argparse
import sys
from pathlib import Path

from jasmin_compat.settings.show import samples


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="where to write them")
    parser.add_argument("--force", action="store_true", help="write over files that are there")


def run(args: argparse.Namespace) -> int:
    """Exit status 1 when a file is there already, or the folder cannot be written."""
    texts = samples()
    there = [name for name in texts if (args.folder / name).exists()]
    if there and not args.force:
        print(f"already in {args.folder}: {', '.join(there)} (--force)", file=sys.stderr)
        return 1
    try:
        args.folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (args.folder / name).write_text(text, encoding="utf-8")
            print(args.folder / name)
    except OSError as reason:
        print(f"cannot write: {reason}", file=sys.stderr)
        return 1
    return 0
