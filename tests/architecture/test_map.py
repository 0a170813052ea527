"""The folder tree is the architecture: what import-linter cannot say of it is said here."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "jasmin_compat"
TESTS = Path(__file__).parents[1]
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.name != "__init__.py")
PURE = ("smpp", "gateway", "wire")
ONLY_IN = {
    "aio_pika": "adapters/amqp",
    "aiormq": "adapters/amqp",
    "pamqp": "adapters/amqp",
    "redis": "adapters/redis",
    "pickle": ("wire/pickles", "script_worker/"),
    "argparse": "daemons/",
    "prometheus_client": "servers/health",
    "uvloop": "daemons/",
    "yaml": "settings/",
}


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imports(tree: ast.AST) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_module_says_in_one_line_what_it_does(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text()))
    assert docstring
    assert docstring.splitlines()[0].endswith((".", ":", "?"))


@pytest.mark.parametrize("path", [p for p in MODULES if name(p).split("/")[0] in PURE], ids=name)
def test_the_pure_half_has_no_coroutines(path: Path) -> None:
    tree = ast.parse(path.read_text())
    kinds = (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)
    assert [n for n in ast.walk(tree) if isinstance(n, kinds)] == []


def test_deliveries_are_settled_in_one_place_and_by_what_moves_them() -> None:
    """A flow returns a verdict; what settles beside flows/consume.py has no flow (design D5)."""
    settling = {name(path) for path in MODULES if "delivery.settle(" in path.read_text()}
    assert settling == {"flows/consume.py", "flows/queue_admin.py", "adapters/amqp_delays.py"}


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_foreign_library_has_one_door(path: Path) -> None:
    used = imports(ast.parse(path.read_text()))
    wrong = [
        lib for lib, where in ONLY_IN.items() if lib in used and not name(path).startswith(where)
    ]
    if name(path) == "__main__.py":
        wrong = [lib for lib in wrong if lib != "argparse"]
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_each_module_has_its_own_test_file(path: Path) -> None:
    expected = TESTS / Path(name(path)).parent / f"test_{path.stem.lstrip('_')}.py"
    tables = {
        "gateway/messages.py",
        "smpp/pdus.py",
        "smpp/events.py",
        "smpp/session_policy.py",
        "ports.py",
        "__main__.py",
        "script_worker/__main__.py",
    }
    if name(path) not in tables:
        assert expected.exists(), f"write {expected.relative_to(TESTS.parent)}"
