"""Runs the scenarios on several targets, side by side; sites of both; random requests to both.

python -m compat_tests [--target jasmin|ours] [--examples 600] [--seed N] [pytest options]

Ends with 0 only if every scenario passes on every target, no other than those with a line in
QUIRKS.md is left out on one of them, no site of both gateways loses a message (mixed/), and no
random request is answered differently without such a line (differential.py). The last two are not
run for one target, nor with pytest options.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from compat_tests import outage_table

HERE = Path(__file__).parent
SIGNS = {"passed": "ok", "failed": "FAILED", "skipped": "left out", "not run": "NOT RUN"}


def run(target: str, folder: Path, options: list[str]) -> dict[str, Any]:
    """One pytest over all scenarios; what became of each. `folder` is for what it writes."""
    folder.mkdir()
    outcomes = folder / "outcomes.json"
    print(f"---- {target}", flush=True)
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-c", str(HERE / "pytest.ini"), "-q", "--no-header"),
            "--jasmin-side",
            *(f"--target={target}", f"--outcomes={outcomes}", f"--outage-accounts={folder}"),
            *(options or [str(HERE / "scenarios")]),
        ],
        cwd=HERE.parent,
        check=False,
    )
    return json.loads(outcomes.read_text()) if outcomes.exists() else {}


def table(results: dict[str, dict[str, Any]]) -> tuple[list[str], bool]:
    """One line per scenario, its cases counted together, and whether all is well."""
    lines, well = [], True
    names = sorted({name for result in results.values() for name in result})
    scenarios: dict[str, list[str]] = {}
    for name in names:
        scenarios.setdefault(name.partition("[")[0], []).append(name)
    width = max(len(_short(name)) for name in scenarios)
    lines.append(f"{'scenario':{width}}  " + "  ".join(f"{t:14}" for t in results) + "quirks")
    for scenario, cases in scenarios.items():
        cells = [_cell(result, cases) for result in results.values()]
        quirks = sorted({q for r in results.values() for c in cases for q in r[c]["quirks"]})
        fine = not any("FAILED" in cell or "NOT RUN" in cell for cell in cells)
        fine = fine and (bool(quirks) or not any("left out" in cell for cell in cells))
        well = well and fine
        row = "  ".join(f"{cell:14}" for cell in cells)
        lines.append(f"{_short(scenario):{width}}  {row}{' '.join(quirks)}")
    return lines, well


def _short(scenario: str) -> str:
    return scenario.removeprefix("scenarios/").replace(".py::test_", ": ").replace("_", " ")


def _cell(result: dict[str, Any], cases: list[str]) -> str:
    counts = Counter(SIGNS[result.get(case, {"outcome": "not run"})["outcome"]] for case in cases)
    if len(cases) == 1:
        return next(iter(counts))
    return " ".join(f"{sign} {count}" for sign, count in counts.items())


def mixed() -> bool:
    """Whether nothing is lost where daemons of both share a broker."""
    print("\n---- daemons of both on one broker", flush=True)
    options = ("-c", str(HERE / "pytest.ini"), "-q", "--no-header", "--target=mixed")
    command = (sys.executable, "-m", "pytest", *options, str(HERE / "mixed"))
    return subprocess.run(command, cwd=HERE.parent, check=False).returncode == 0


def differential(examples: str, seed: str) -> bool:
    """Whether random requests are answered alike by both."""
    print("\n---- random requests to both", flush=True)
    command = (sys.executable, "-m", "compat_tests.differential")
    done = subprocess.run(
        [*command, "--examples", examples, "--seed", seed], cwd=HERE.parent, check=False
    )
    return done.returncode == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m compat_tests")
    parser.add_argument("--target", action="append", choices=["jasmin", "ours"])
    parser.add_argument("--examples", default="600", help="sequences of random requests")
    parser.add_argument("--seed", default=str(random.randrange(10**6)), help="of those")
    chosen, options = parser.parse_known_args()
    targets = chosen.target or ["jasmin", "ours"]
    with tempfile.TemporaryDirectory(prefix="jc-compat-") as folder:
        folders = {target: Path(folder) / target for target in targets}
        results = {target: run(target, folders[target], options) for target in targets}
        outages = outage_table.table(folders)
    if not all(results.values()):
        print("no scenario ran on:", *(target for target, r in results.items() if not r))
        return 1
    lines, well = table(results)
    print("", *lines, *outages, sep="\n")
    if not chosen.target and not options:
        well = mixed() and well
        well = differential(chosen.examples, chosen.seed) and well
    print("\nall well" if well else "\nNOT all well")
    return 0 if well else 1


if __name__ == "__main__":
    raise SystemExit(main())
