"""What a user installs: a wheel, whose scripts run from an environment that holds nothing else."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    "jasmin-compat",
    "jasmind",
    "jasmind.py",
    "dlrlookupd",
    "dlrlookupd.py",
    "dlrd",
    "dlrd.py",
]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    """Run to its end, away from the checkout."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    return subprocess.run(
        [str(word) for word in command],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env=environment,
        timeout=240,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps"),
        *("--no-build-isolation", "-w", folder, ROOT),
    )
    assert built.returncode == 0, built.stderr
    (path,) = folder.glob("jasmin_compat-*.whl")
    return path


@pytest.fixture(scope="module")
def bin_dir(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    venv = tmp_path_factory.mktemp("venv")
    assert run(sys.executable, "-m", "venv", venv).returncode == 0
    pip = venv / "bin" / "pip"
    locked = run(pip, "install", "-q", "--require-hashes", "-r", ROOT / "requirements/runtime.lock")
    assert locked.returncode == 0, locked.stderr
    installed = run(pip, "install", "-q", "--no-deps", wheel)
    assert installed.returncode == 0, installed.stderr
    assert run(pip, "check").returncode == 0
    return venv / "bin"


def test_the_wheel_holds_the_package_and_its_licence_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "jasmin_compat/py.typed" in names
    assert any(name.endswith("/LICENSE") for name in names)
    assert any(name.endswith("/NOTICE") for name in names)
    assert [n for n in names if n.startswith(("tests/", "compat_tests/", "benchmarks/"))] == []


@pytest.mark.parametrize("script", SCRIPTS)
def test_each_script_runs_and_says_its_version(bin_dir: Path, script: str) -> None:
    done = run(bin_dir / script, "--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_the_settings_can_be_checked_without_any_file(bin_dir: Path) -> None:
    done = run(bin_dir / "jasmin-compat", "check-config")
    assert done.returncode == 0, done.stderr
    assert "amqp-broker" in done.stdout
