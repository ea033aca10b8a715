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


CHAINS = {
    "model": ("text", "network", "engine", "checkpoint", "sonnets", "writing", "evaluation", "training", "cli"),
    "bot": ("people", "wire", "writing", "training", "conversation", "handlers", "local"),
}
"""The wings of each package, from the ground up."""
WINGS = [f"{package}.{wing}" for package, chain in CHAINS.items() for wing in chain]


def test_the_networks_know_no_bot() -> None:
    assert intruders(of("model"), ("bot", "telegram", "sqlalchemy", "dotenv", "httpx")) == []


def test_the_networks_need_little() -> None:
    allowed = {
        "model": {"numpy", "safetensors", "threadpoolctl", "model"},
        "model.cli": {"typer", "rich", "matplotlib"},
        "model.__main__": {"typer"},
        "model.evaluation": {"rapidfuzz"},
        "tools.genera": {"marisa_trie", "rapidfuzz", "zstandard"},
    }
    for module in of("model"):
        outside = {name.split(".")[0] for name in imports(module)} - sys.stdlib_module_names
        wing = ".".join(module.split(".")[:2])
        assert outside <= allowed["model"] | allowed.get(module, set()) | allowed.get(wing, set()), module


@pytest.mark.parametrize("package", CHAINS)
def test_the_list_of_wings_is_complete(package: str) -> None:
    wings = {name for name in PACKAGES if re.fullmatch(rf"{package}\.\w+", name)}
    assert wings == {f"{package}.{wing}" for wing in CHAINS[package]}


@pytest.mark.parametrize("wing", WINGS)
def test_a_wing_imports_only_wings_below_it(wing: str) -> None:
    package, _, name = wing.partition(".")
    chain = CHAINS[package]
    above = [f"{package}.{other}" for other in chain[chain.index(name) + 1 :]]
    allowed = ["bot.application"] if wing == "bot.local" else []  # the terminal runs the whole bot
    tops = {"model.island", "model.__main__", "bot.application", "bot.__main__"} - {*allowed}
    assert intruders(of(wing), (*above, *tops)) == []


def test_the_settings_know_only_what_their_values_mean() -> None:
    known = imports("bot.settings") | imports("bot.settings")
    assert {name for name in known if belongs_to(name, "bot")} == {"bot.people.limits", "bot.settings"}
    assert intruders(of("bot.people"), ("bot.settings", "bot.settings")) == []


def test_texts_are_one_room() -> None:
    """Others write `texts.BUSY`, whatever the topic that has the sentence."""
    users = [module for module in SOURCES if not belongs_to(module, "bot.conversation.texts")]
    topics = [module for module in of("bot.conversation.texts") if module != "bot.conversation.texts"]
    assert intruders(users, tuple(topics)) == []


def test_the_textbook_stands_alone() -> None:
    for module in of("model.network"):
        outside = {name.split(".")[0] for name in imports(module)} - sys.stdlib_module_names
        assert outside <= {"numpy", "model"}
        ours = {name for name in imports(module) if belongs_to(name, "model")}
        assert all(belongs_to(name, "model.network") or name == "model.text.batches" for name in ours), module


def test_the_twin_has_the_files_of_the_textbook() -> None:
    textbook = {module.removeprefix("model.network") for module in of("model.network")} - {".parameters"}
    assert textbook <= {module.removeprefix("model.engine") for module in of("model.engine")}


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


def test_tools_use_the_networks_and_nothing_uses_them() -> None:
    assert intruders(of("model") + of("bot"), ("tools",)) == []
    for module in of("tools"):
        outside = {name.split(".")[0] for name in imports(module)} - sys.stdlib_module_names
        assert outside <= {"model", "tools", "marisa_trie", "rapidfuzz", "zstandard"}, module


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
        "from . import layers\nfrom .layers import lstm\nfrom model import island, errors\nimport model.network.layers"
    )
    found = [targets(node, "model.network.rnn") for node in tree.body]
    layers = {"model.network.layers"}
    assert found == [layers, layers, {"model.island", "model.errors"}, layers]
    assert "bot.application" in imports("bot.__main__")
    assert "bot.writing.writer" in imports("bot.conversation.answers")
    assert "bot.writing.writer" not in imports("bot.conversation.answers", at_runtime=True)
