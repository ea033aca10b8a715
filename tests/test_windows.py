"""The program without the modules and functions that Windows lacks. No test runs on Windows
itself."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from model.files import ROOT
from tests.processes import COMMAND, LIMIT, TOWNS, environment_of

LACKING = """
import asyncio, multiprocessing.connection, os, signal, sys
for name in "crypt fcntl grp pty pwd readline resource syslog termios tty".split():
    sys.modules[name] = None
for name in "chown fchmod fork getuid killpg mkfifo nice sched_getaffinity sysconf".split():
    delattr(os, name)
for name in "SIGALRM SIGHUP SIGQUIT SIGUSR1 SIGUSR2 pthread_sigmask setitimer".split():
    delattr(signal, name)
def no_signals(*_):
    raise NotImplementedError
asyncio.SelectorEventLoop.add_signal_handler = no_signals
"""
IMPORTS = """
import importlib, pkgutil, bot, model
for package in (bot, model):
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, other things are lacking")
def test_imports_a_training_and_a_chat_through_a_pipe(checkpoints: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LACKING)
    (tmp_path / "towns.txt").write_text(TOWNS)
    windows = environment_of(checkpoints, tmp_path) | {
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "cp1252",
    }

    def run(*command: str, said: str = "") -> str:
        kept: Any = {"env": windows, "cwd": tmp_path, "timeout": LIMIT, "capture_output": True}
        done = subprocess.run(command, input=said, encoding="cp1252", **kept)
        assert (done.stderr, done.returncode) == ("", 0)
        return str(done.stdout)

    run(sys.executable, "-c", IMPORTS)
    said = "/seed 42\r\n/poem caf\xe9\r\n/retrain names towns towns.txt"
    answers = run(*COMMAND, said=said)
    assert "caf\xe9" in answers
    assert "Trained towns in " in answers
