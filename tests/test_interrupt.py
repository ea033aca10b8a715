"""Ctrl-C while a program is being loaded. The process sends it to itself, from a module in the place of a heavy one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from model.cli.interrupt import INTERRUPTED, leave_at_once, leave_in_order
from model.files import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CTRL_C = "import os, signal; os.kill(os.getpid(), signal.SIGINT); raise ImportError('Ctrl-C was ignored')"


@pytest.fixture
def handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def interrupted(program: str, heavy: str, folder: Path, *prefix: str) -> tuple[int, str]:
    (folder / f"{heavy}.py").write_text(CTRL_C)
    done = subprocess.run(
        [*prefix, sys.executable, "-m", program, "--help"],
        capture_output=True,
        env=os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr.decode()


@pytest.mark.parametrize(("program", "heavy"), [("model", "typer"), ("bot", "argparse")])
def test_it_ends_without_a_traceback(program: str, heavy: str, tmp_path: Path) -> None:
    assert interrupted(program, heavy, tmp_path) == (INTERRUPTED, "")


def test_whoever_has_it_ignored_is_heeded(tmp_path: Path) -> None:
    _, err = interrupted("model", "typer", tmp_path, "sh", "-c", 'trap "" INT; exec "$0" "$@"')
    assert "Ctrl-C was ignored" in err


@pytest.mark.usefixtures("handler")
def test_later_on_it_is_an_interrupt_again() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    leave_at_once()
    assert signal.getsignal(signal.SIGINT) is not signal.default_int_handler
    leave_in_order()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.usefixtures("handler")
def test_another_handler_is_left_alone() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    leave_at_once()
    leave_in_order()
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
