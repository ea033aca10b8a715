"""Networks, course, terminal and page without what Windows lacks: `windows/sitecustomize.py` says
what is emulated.

It emulates no console and no graphical program, and nothing here has run on Windows itself.
"""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model.__main__ import app
from model.files import ROOT
from model.weights.versions import load
from tests.processes import LIMIT, LINK, Environment, environment_of
from tests.training import LIST

TEXT = "cp1252"
SEVERAL = """
import json, os, signal, sys
assert sys.modules["fcntl"] is sys.modules["resource"] is None
assert not (hasattr(os, "fork") or hasattr(os, "nice") or hasattr(signal, "SIGUSR1"))
from model.__main__ import app
for arguments in json.load(sys.stdin):
    app(arguments, standalone_mode=False)
"""
LOCKED = """
import os, threading
from bot.locks import lock
first, second = (os.open("list.lock", os.O_RDWR | os.O_CREAT) for _ in range(2))
os.write(first, b"mango")
lock(first)
try:
    lock(second)
except BlockingIOError:
    print(open("list.lock", "rb").read(), os.read(first, 9))
threading.Timer(0.1, os.close, [first]).start()
lock(second, wait=True)
print("free")
"""
NOTEBOOK = """
import json, sys
box_names = {"__name__": "__main__"}
for box in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if box["cell_type"] == "code":
        exec(compile("".join(box["source"]), box.get("id", "box"), "exec"), box_names)
"""

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="the emulation takes away what Linux has"
)


@pytest.fixture
def windows(checkpoints: Path, tmp_path: Path) -> Environment:
    """An environment in which Python lacks what Windows lacks.

    The folder of its files has a list of names.
    """
    (tmp_path / "pokemon.txt").write_text(LIST)
    path = os.pathsep.join([str(Path(__file__).with_name("windows")), str(ROOT)])
    own = {
        "PYTHONPATH": path,
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": TEXT,
        "MANGOSAURUS_HOME": str(tmp_path),
    }
    return (
        environment_of(checkpoints, tmp_path)
        | own
        | {"SOURCE_DATE_EPOCH": "0", "MPLBACKEND": "Agg"}
    )


def run(
    windows: Environment, *arguments: str, text: str = "", folder: Path | None = None
) -> tuple[str, str]:
    """Run Python with arguments; return what it writes to its two streams."""
    folder, command = folder or Path(windows["MANGOSAURUS_HOME"]), [sys.executable, *arguments]
    encoding = windows["PYTHONIOENCODING"]
    done = subprocess.run(
        command,
        input=text,
        capture_output=True,
        encoding=encoding,
        env=windows,
        cwd=folder,
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


def test_the_networks_do_there_what_they_do_here(windows: Environment, tmp_path: Path) -> None:
    sample = ["sample", "dino", "--prompt", "mango", "--count", "3", "--seed", "42"]
    train = ["train", "names", "--corpus", "pokemon.txt", "--epochs", "1", "--hidden-size", "8"]
    read = ["names", "--checkpoint", "pokemon.safetensors"]
    commands = [
        *(
            [*sample],
            [*train, "--threads", "2"],
            ["evaluate", *read, "--corpus", "pokemon.txt", "--samples", "5"],
        ),
        ["look", *read, "pika"],
    ]
    shown, _ = run(windows, "-c", SEVERAL, text=json.dumps(commands))
    assert shown.startswith(CliRunner().invoke(app, sample).stdout)
    here = [
        *train[:3],
        str(tmp_path / "pokemon.txt"),
        *train[4:],
        "--threads",
        "2",
        "--out",
        str(tmp_path / "here.safetensors"),
    ]
    assert CliRunner(env=windows).invoke(app, here).exit_code == 0
    assert (
        load(tmp_path / "here.safetensors").version
        == load(tmp_path / "pokemon.safetensors").version
    )
    page, _ = run(windows, "-m", "model.network", "--hidden", "8", "--minutes", "0")
    assert page.splitlines()[-1].startswith("The best held-out loss is ")


def test_a_lock_holds_until_its_file_is_closed_and_hides_nothing_of_it(
    windows: Environment,
) -> None:
    assert run(windows, "-c", LOCKED) == ("b'mango' b'mango'\nfree\n", "")


def test_a_training_ends_at_ctrl_c(windows: Environment, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "model", "train", "names", "--corpus", "pokemon.txt"]
    command += ["--hidden-size", "8", "--epochs", "1000000"]
    with subprocess.Popen(
        command, env=windows, cwd=tmp_path, stdout=subprocess.PIPE, encoding=TEXT
    ) as training:
        assert training.stdout
        while " step " not in training.stdout.readline():
            assert training.poll() is None
        training.send_signal(signal.SIGINT)
        assert training.stdout.read().splitlines()[-1].startswith("Try it: ")
    assert training.returncode == 0
    assert load(tmp_path / "pokemon.safetensors").description.steps
    assert not list(tmp_path.glob("pokemon.partial.*"))


def test_a_chat_through_pipes_trains_a_voice_and_ends_the_training(
    windows: Environment, tmp_path: Path
) -> None:
    lines = [
        "/seed 42",
        "/dino 2",
        "#5",
        "/status",
        "/export",
        "/retrain names pokemon pokemon.txt",
        "/stop",
    ]
    (tmp_path / ".env").write_text("LOG_LEVEL=WARNING\n")
    shown, complaints = run(
        windows | {"LOG_LEVEL": "WARNING"}, "-m", "bot", "--terminal", text="\r\n".join(lines)
    )
    assert "chmod" not in complaints
    assert "memory    not known on this system" in shown
    assert "Trained pokemon in " in shown
    assert ", stopped early, and it " in shown
    kinds = sorted(path.suffix for path in tmp_path.iterdir() if path.name != "training.png")
    assert kinds.count(".png") == kinds.count(".html") == kinds.count(".json") == 1
    (voice,) = (Path(windows["CHECKPOINTS"]) / "voices").glob("*/current")
    assert voice.read_text().strip() in shown


def test_the_page_answers(windows: Environment, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "--page", "--port", "0"]
    with subprocess.Popen(
        command, env=windows, cwd=tmp_path, stdout=subprocess.PIPE, encoding=TEXT
    ) as process:
        try:
            assert process.stdout
            found = LINK.search(process.stdout.readline())
            assert found
            browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
            with browser.open(found[0], timeout=LIMIT) as answer:
                assert "Mangosaurus" in answer.read().decode()
            assert (tmp_path / "people.db-process").read_text() == str(process.pid)
        finally:
            process.kill()


@pytest.mark.course
@pytest.mark.parametrize("number", range(1, 5))
def test_a_chapter(windows: Environment, number: int) -> None:
    (notebook,) = (ROOT / "course").glob(f"0{number}_*.ipynb")
    jupyters = windows | {"PYTHONIOENCODING": "utf-8"}  # whatever the system's encoding is
    _, complaints = run(jupyters, "-c", NOTEBOOK, str(notebook), folder=ROOT / "course")
    assert complaints == ""
