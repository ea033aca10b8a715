"""The program away from its checkout: where its state goes, and the wheel in an environment of its
own."""

import json
import os
import re
import stat
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.settings import KEYS
from model.files import ROOT
from tests.bounds import INSTALLING_SECONDS
from tests.recorded import VERSIONS

CHEESES = "brie\ngouda\ncheddar\nemmental\nroquefort\ncamembert\nmimolette\n"
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if name not in (*KEYS, "MANGOSAURUS_HOME") and name[:3] not in ("PYT", "XDG")
}


def run(command: Sequence[str | Path], folder: Path, said: str = "", **environment: str) -> str:
    """Run a command in a folder; return what it prints."""
    kept: dict[str, Any] = {
        "cwd": folder,
        "env": CLEAN | environment,
        "timeout": INSTALLING_SECONDS,
    }
    done = subprocess.run(command, input=said, capture_output=True, text=True, check=False, **kept)
    assert done.returncode == 0, done.stderr
    return done.stdout


def files_below(folder: Path) -> dict[str, int]:
    """Return when each file in a folder was written, except what Python compiled."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)): path.stat().st_mtime_ns for path in paths}


def test_the_program_has_the_version_of_its_changelog() -> None:
    [version] = re.findall(
        '^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert (
        re.findall(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[0] == version
    )


def test_the_database_goes_into_the_home_folder_and_is_private(tmp_path: Path) -> None:
    home, bot = tmp_path / "home", [sys.executable, "-m", "bot"]
    answers = run(bot, ROOT, "/seed 42\n/dino\n", MANGOSAURUS_HOME=str(home))
    assert re.search("^code [2-9a-z]{10}$", answers, re.MULTILINE)
    assert set(files_below(home)) == {"mangosaurus.db"}
    assert stat.S_IMODE((home / "mangosaurus.db").stat().st_mode) == 0o600


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--wheel-dir",
        folder,
    ]
    run([*pip, ROOT], folder)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command of the wheel in a fresh environment."""
    folder = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", "--without-pip", folder], ROOT)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(
        [
            *pip,
            "--python",
            python,
            "install",
            "--no-compile",
            "--constraint",
            ROOT / "constraints.txt",
            wheel,
        ],
        ROOT,
    )
    return folder / "bin" / "mangosaurus"


@pytest.mark.installed
@pytest.mark.xdist_group("wheel")
def test_the_wheel_holds_all_files_that_serve_and_no_others(wheel: Path) -> None:
    """It holds the released versions and the weights from which voices begin, but nothing trained
    here."""
    wanted = {"names", *(versions.released() for versions in VERSIONS.values())}
    names = zipfile.ZipFile(wheel).namelist()
    assert "model/share/data/taboo.txt" in names
    assert {Path(name).stem for name in names if name.endswith(".safetensors")} == wanted
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"bot", "model"}
    private = r"/names\.txt|poetry|/\.env$|\.db|voices/"
    assert not [name for name in names if re.search(private, name)]
    assert wheel.stat().st_size < 25e6  # bytes


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder of work, in an empty home."""
    (folder := tmp_path / "elsewhere").mkdir()
    return folder


STATE = Path(".local/share/mangosaurus")


@pytest.mark.installed
@pytest.mark.xdist_group("wheel")
def test_the_wheel_chats_from_another_folder(program: Path, elsewhere: Path) -> None:
    home, before = elsewhere.parent, files_below(program.parents[1])
    said = "/seed 42\n/dino 5 mango\n/sonnet Shall I compare thee\n"
    answers = run([program], elsewhere, said, HOME=str(home))
    here = run(
        [sys.executable, "-m", "bot"],
        ROOT,
        "/seed 42\n/dino 5 mango\n",
        MANGOSAURUS_HOME=str(home / "other"),
    )
    assert answers.split("\n\ncode")[0] == here.split("\n\ncode")[0]
    assert re.search("^Shall I compare thee.*\n(?:.+\n|\n){13,}", answers, re.MULTILINE)
    assert {*files_below(home / STATE)} - {"speeds.json"} == {"mangosaurus.db"}
    assert files_below(program.parents[1]) == before


@pytest.mark.installed
@pytest.mark.xdist_group("wheel")
def test_the_wheel_trains_and_samples_from_another_folder(program: Path, elsewhere: Path) -> None:
    home, before = elsewhere.parent, files_below(program.parents[1])

    def mangosaurus(*arguments: str, said: str = "") -> str:
        return run([program, *arguments], elsewhere, said, HOME=str(home))

    (elsewhere / "cheeses.txt").write_text(CHEESES)
    mangosaurus("train", "dino", "--corpus", "cheeses.txt", "--epochs", "1")
    assert mangosaurus(
        "sample", "dino", "--checkpoint", "cheeses.safetensors", "--seed", "1"
    ).split()
    ended = mangosaurus("train", "dino", "--epochs", "1", "--hidden-size", "8", "--promote")
    assert "The current version stays: the new one is not better by enough" in ended
    (made,) = (home / STATE / "checkpoints" / "dino").glob("*.safetensors")
    told = json.loads(
        mangosaurus("sample", "dino", "--checkpoint", str(made), "--seed", "1", "--json")
    )
    assert told["version"] == made.stem
    assert f"dino {VERSIONS['dino'].current()}" in " ".join(mangosaurus(said="/status\n").split())
    assert files_below(program.parents[1]) == before


@pytest.mark.installed
@pytest.mark.xdist_group("wheel")
def test_the_wheel_teaches_shakespeare_without_pip_and_without_a_network(
    program: Path, elsewhere: Path
) -> None:
    assert not list(program.parents[1].rglob("pip"))
    nowhere = {"PIP_NO_INDEX": "1", "https_proxy": "http://127.0.0.1:9"}
    said = run([program], elsewhere, "/retrain poem\n1\n", HOME=str(elsewhere.parent), **nowhere)
    assert re.search(r"^Trained poem in \d+ s, stopped early: 1\.\d{4} nats", said, re.MULTILINE)
