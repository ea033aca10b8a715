"""The import rules: which module may import which, read from the source of every file."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TOP = ("model", "bot", "tools")


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for package in TOP for path in sorted((ROOT / package).rglob("*.py"))}
PACKAGES = {module_name(path) for path in SOURCES.values() if path.name == "__init__.py"}


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(SOURCES[module].read_text(encoding="utf-8"))


@cache
def imports(module: str, *, at_runtime: bool = False) -> set[str]:
    """Return what a module imports, with full names; `at_runtime` leaves out what only type checkers read."""
    tree = parsed(module)
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


CHAIN = ("text", "network", "engine", "checkpoint", "sonnets", "writing", "evaluation", "training", "cli")
"""The wings of the networks, from the ground up."""
DOORS = ("bot.telegram", "bot.page", "bot.terminal", "bot.health")


def test_the_networks_know_no_bot() -> None:
    assert intruders(of("model"), ("bot", "telegram", "sqlalchemy", "dotenv", "httpx")) == []


def test_the_networks_need_little() -> None:
    allowed = {
        "model": {"numpy", "safetensors", "threadpoolctl", "model"},
        "model.cli": {"typer", "rich", "matplotlib"},
        "model.__main__": {"typer"},
        "model.files": {"platformdirs"},  # of an installed program alone
        "model.evaluation": {"rapidfuzz"},
        "tools.genera": {"marisa_trie", "rapidfuzz", "zstandard"},
    }
    for module in of("model"):
        outside = {name.split(".")[0] for name in imports(module)} - sys.stdlib_module_names
        wing = ".".join(module.split(".")[:2])
        assert outside <= allowed["model"] | allowed.get(module, set()) | allowed.get(wing, set()), module


def test_the_chain_of_wings_is_complete() -> None:
    assert {name for name in PACKAGES if re.fullmatch(r"model\.\w+", name)} == {f"model.{wing}" for wing in CHAIN}


@pytest.mark.parametrize("wing", CHAIN)
def test_a_wing_imports_only_wings_below_it(wing: str) -> None:
    above = [f"model.{other}" for other in CHAIN[CHAIN.index(wing) + 1 :]]
    assert intruders(of(f"model.{wing}"), (*above, "model.island", "model.__main__")) == []


def test_the_core_of_the_bot_knows_no_door() -> None:
    core = [module for module in of("bot") if not any(belongs_to(module, door) for door in (*DOORS, "bot.__main__"))]
    assert intruders(core, (*DOORS, "telegram", "aiohttp", "prompt_toolkit")) == []


@pytest.mark.parametrize("door", DOORS)
def test_a_door_knows_no_other_and_the_process_alone_knows_it(door: str) -> None:
    others = tuple(other for other in DOORS if other != door)
    assert intruders(of(door), others) == []
    users = [module for module in SOURCES if intruders([module], (door,)) and not belongs_to(module, door)]
    assert users == ["bot.__main__"]


def test_commands_are_found_by_their_patterns_alone() -> None:
    """Nothing imports a command but its neighbours; they are registered where they stand."""
    users = {module for module in of("bot") if intruders([module], ("bot.commands",))}
    assert {module for module in users if not belongs_to(module, "bot.commands")} == {"bot.app"}


def test_the_settings_know_only_what_their_values_mean() -> None:
    assert {name for name in imports("bot.settings") if belongs_to(name, "bot")} == set()


def test_the_textbook_stands_alone() -> None:
    for module in of("model.network"):
        outside = {name.split(".")[0] for name in imports(module)} - sys.stdlib_module_names
        assert outside <= {"numpy", "model"}
        ours = {name for name in imports(module) if belongs_to(name, "model")}
        assert all(belongs_to(name, "model.network") or name == "model.text.batches" for name in ours), module


def test_the_twin_has_the_files_of_the_textbook() -> None:
    textbook = {module.removeprefix("model.network") for module in of("model.network")} - {".parameters"}
    assert textbook <= {module.removeprefix("model.engine") for module in of("model.engine")}


def test_tools_use_the_networks_and_nothing_uses_them() -> None:
    assert intruders(of("model") + of("bot"), ("tools",)) == []
    for module in of("tools"):
        outside = {name.split(".")[0] for name in imports(module)} - sys.stdlib_module_names
        assert outside <= {"model", "tools", "marisa_trie", "rapidfuzz", "zstandard"}, module


def test_nothing_imports_tests_or_benchmarks() -> None:
    assert intruders(list(SOURCES), ("tests", "benchmarks", "conftest", "pytest", "torch")) == []


def test_nothing_pickles() -> None:
    assert intruders(list(SOURCES), ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")) == []


@pytest.mark.parametrize(("package", "at_runtime"), [("model", False), ("bot", True)])
def test_there_are_no_cycles(package: str, at_runtime: bool) -> None:
    known = set(of(package))
    graph = {module: (imports(module, at_runtime=at_runtime) & known) - {module} for module in known}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"these import each other: {' -> '.join(error.args[1])}")


def test_the_reading_of_imports() -> None:
    """The test of the tests: relative and nested imports, and those for type checkers, are seen."""
    tree = ast.parse(
        "from . import layers\nfrom .layers import lstm\nfrom model import island, errors\nimport model.network.layers"
    )
    found = [targets(node, "model.network.rnn") for node in tree.body]
    layers = {"model.network.layers"}
    assert found == [layers, layers, {"model.island", "model.errors"}, layers]
    assert "bot.app" in imports("bot.__main__")
    assert "bot.shelf" in imports("bot.commands.inline")
    assert "bot.shelf" not in imports("bot.commands.inline", at_runtime=True)
