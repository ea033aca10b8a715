"""The import rules: which modules a module may import, checked in the source of every file."""

import ast
import re
import subprocess
import sys
from collections.abc import Collection
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_name(path): path
    for top in ("model", "bot", "tools")
    for path in sorted((ROOT / top).rglob("*.py"))
}
PACKAGES = {module_name(path) for path in SOURCES.values() if path.name == "__init__.py"}
CHAIN = (
    "text",
    "network",
    "weights",
    "names",
    "verse",
    "writing",
    "evaluation",
    "training",
    "cli",
)
"""The wings of the networks, from the ground up."""
DOORS = ("bot.telegram", "bot.page", "bot.terminal")
PROCESS = ("bot.__main__", "bot.kept")
OUTSIDE = {
    "model": {"numpy", "safetensors", "threadpoolctl"},
    "model.network": {"numpy"},
    "model.training.starts": {"anyascii", "numpy"},
    "model.cli": {"typer", "rich", "numpy"},
    "model.__main__": {"typer"},
    "model.files": {"platformdirs"},  # only an installed program needs it
    "model.evaluation": {"rapidfuzz", "numpy"},
    "tools": {"marisa_trie", "numpy", "rapidfuzz", "zstandard"},
}
"""Packages that the modules below a name may import; for each module, the longest name counts."""


@cache
def imports(module: str) -> set[str]:
    """Return what a module imports, also for type checkers alone, with full names."""
    tree = ast.parse(SOURCES[module].read_text(encoding="utf-8"))
    return set[str]().union(*(targets(node, module) for node in ast.walk(tree)))


def targets(node: ast.AST, module: str) -> set[str]:
    """Return the modules that one statement imports: `from model import layers` is model.layers."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        assert not node.level, f"{module} has a relative import"
        base = node.module or ""
        return {f"{base}.{alias.name}" for alias in node.names} & SOURCES.keys() or {base}
    return set()


def belongs_to(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def modules_of(*packages: str) -> list[str]:
    found = [module for module in SOURCES if belongs_to(module, *packages)]
    assert found
    return found


def intruders(modules: list[str], *forbidden: str) -> list[str]:
    return [
        f"{module} imports {other}"
        for module in modules
        for other in sorted(imports(module))
        if belongs_to(other, *forbidden)
    ]


def test_the_networks_need_little() -> None:
    for module in modules_of("model", "tools"):
        allowed = OUTSIDE[max((name for name in OUTSIDE if belongs_to(module, name)), key=len)]
        outside = (
            {name.split(".")[0] for name in imports(module)}
            - sys.stdlib_module_names
            - {"model", "tools", "bot"}
        )
        assert outside <= allowed, module


def test_a_wing_imports_only_wings_below_it() -> None:
    assert {name for name in PACKAGES if re.fullmatch(r"model\.\w+", name)} == {
        f"model.{wing}" for wing in CHAIN
    }
    for n, wing in enumerate(CHAIN, 1):
        above = [f"model.{other}" for other in CHAIN[n:]]
        assert intruders(modules_of(f"model.{wing}"), *above, "model.__main__") == []


CORE = [module for module in modules_of("bot") if not belongs_to(module, *DOORS, *PROCESS)]


@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        (modules_of("model"), ("bot", "telegram", "sqlalchemy", "dotenv", "httpx")),
        (
            modules_of("model.network"),
            {*modules_of("model")} - {*modules_of("model.network"), "model"},
        ),
        (CORE, (*DOORS, "telegram")),
        ([module for module in CORE if module != "bot.health"], ("aiohttp",)),
        (["bot.settings"], ("bot",)),
        (modules_of("model", "bot"), ("tools",)),
        ([*SOURCES], ("tests", "benchmarks", "conftest", "pytest", "torch")),
        ([*SOURCES], ("pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal")),
    ],
    ids=["networks", "textbook", "core", "core", "settings", "tools", "tests", "pickle"],
)
def test_a_part_imports_nothing_that_it_must_not_know(
    modules: list[str], forbidden: Collection[str]
) -> None:
    assert intruders(modules, *forbidden) == []


@pytest.mark.parametrize("door", DOORS)
def test_a_door_knows_no_other_and_the_command_line_alone_knows_it(door: str) -> None:
    assert intruders(modules_of(door), *(other for other in DOORS if other != door)) == []
    users = {
        module for module in SOURCES if intruders([module], door) and not belongs_to(module, door)
    }
    assert {PROCESS[0]} <= users <= {*PROCESS}


def test_commands_are_found_in_their_table_alone() -> None:
    """Only the table and other commands import a command, and no command imports the table."""
    commands = [module for module in modules_of("bot.commands") if module != "bot.commands"]
    users = {module for module in SOURCES if intruders([module], *commands)}
    assert "bot.commands" in users <= {"bot.commands", *commands}
    assert not any("bot.commands" in imports(module) for module in commands)


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("bot.chat", ("sqlalchemy", "telegram", "bot.database", "model.writing.decoder")),
        ("bot.asks", ("sqlalchemy", "telegram", "bot.database", "model.writing.decoder")),
        *[
            (module, ("sqlalchemy", "bot.database", "bot.writer", "model.writing.decoder"))
            for module in modules_of("bot.words")
        ],
    ],
)
def test_a_leaf_loads_nothing_heavy(module: str, heavy: tuple[str, ...]) -> None:
    """What a module loads is known only in a fresh process."""
    program = f"import {module}, sys; print(*sorted({{*{heavy}}} & {{*sys.modules}}))"
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "\n"
