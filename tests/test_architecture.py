"""The house's rules of who may know whom, read from the source of every file."""

from __future__ import annotations

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("model", "bot")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))}
PACKAGES = {module_name(path) for path in SOURCES.values() if path.name == "__init__.py"}


def imports(module: str, *, at_runtime: bool = False) -> set[str]:
    """Return what a module imports, with full names; `at_runtime` leaves out what only type checkers read."""
    tree = ast.parse(SOURCES[module].read_text(encoding="utf-8"))
    hidden = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for statement in node.body
        for inner in ast.walk(statement)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if not (at_runtime and id(node) in hidden):
            found |= targets(node, module)
    return found


def targets(node: ast.AST, module: str) -> set[str]:
    """Return the modules that one statement imports: `from model import layers` is model.layers."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        base = node.module or ""
        if node.level:
            package = module if module in PACKAGES else module.rpartition(".")[0]
            parts = package.split(".")[: len(package.split(".")) - node.level + 1]
            base = ".".join([*parts, base] if base else parts)
        inner = {f"{base}.{alias.name}" for alias in node.names} & SOURCES.keys()
        return inner or {base}
    return set()


def belongs_to(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def of(package: str) -> list[str]:
    found = [module for module in SOURCES if belongs_to(module, package)]
    assert found
    return found


def intruders(modules: list[str], forbidden: tuple[str, ...]) -> list[str]:
    return [
        f"{module} imports {other}"
        for module in modules
        for other in sorted(imports(module))
        if any(belongs_to(other, package) for package in forbidden)
    ]


def test_the_networks_know_no_bot() -> None:
    assert intruders(of("model"), ("bot", "telegram", "sqlalchemy", "dotenv", "httpx")) == []


def test_the_networks_need_little() -> None:
    allowed = {
        "model": {"numpy", "safetensors", "threadpoolctl", "model"},
        "model.plots": {"matplotlib"},
        "model.__main__": {"typer", "rich"},
        "model.command_line": {"typer", "rich"},
        "model.live": {"rich"},
        "model.places": {"typer"},
        "model.syllables": {"pysyllables"},
    }
    for module in of("model"):
        outside = {name.split(".")[0] for name in imports(module)} - sys.stdlib_module_names
        assert outside <= allowed["model"] | allowed.get(module, set()), module


def test_layers_stand_alone() -> None:
    assert {name for name in imports("model.layers") if belongs_to(name, "model")} <= {"model.vocabulary"}


def test_handlers_do_not_know_each_other() -> None:
    for handler in of("bot.handlers"):
        others = tuple(other for other in of("bot.handlers") if other not in (handler, "bot.handlers"))
        assert intruders([handler], others) == []


def test_only_the_composition_root_knows_the_handlers() -> None:
    users = [module for module in SOURCES if intruders([module], ("bot.handlers",))]
    assert users == ["bot.application"]


def test_only_its_own_rooms_and_the_entrance_know_the_local_telegram() -> None:
    users = [
        module for module in SOURCES if intruders([module], ("bot.local",)) and not belongs_to(module, "bot.local")
    ]
    assert users == ["bot.__main__"]


def test_nothing_imports_tests_or_benchmarks() -> None:
    assert intruders(list(SOURCES), ("tests", "benchmarks", "conftest", "pytest", "torch")) == []


def test_nothing_pickles() -> None:
    assert intruders(list(SOURCES), ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")) == []


@pytest.mark.parametrize("at_runtime", [True, False])
def test_there_are_no_cycles(at_runtime: bool) -> None:
    graph = {
        module: {other for other in imports(module, at_runtime=at_runtime) if other in SOURCES and other != module}
        for module in SOURCES
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' -> '.join(error.args[1])}")


def test_the_reading_of_imports() -> None:
    """The test of the tests: relative and nested imports, and those for type checkers, are seen."""
    tree = ast.parse(
        "from . import layers\nfrom .layers import lstm\nfrom model import layers, errors\nimport model.layers"
    )
    found = [targets(node, "model.decoder") for node in tree.body]
    assert found == [{"model.layers"}, {"model.layers"}, {"model.layers", "model.errors"}, {"model.layers"}]
    assert "bot.application" in imports("bot.__main__")
    assert "bot.batching" in imports("bot.answers")
    assert "bot.batching" not in imports("bot.answers", at_runtime=True)
