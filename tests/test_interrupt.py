"""Ctrl-C while a program is loading: a module that replaces a heavy one sends it to its own process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from model.cli import INTERRUPTED
from model.files import ROOT

CTRL_C = "import os, signal; os.kill(os.getpid(), signal.SIGINT); raise ImportError('Ctrl-C was ignored')"


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
def test_the_program_ends_without_a_traceback_unless_it_was_started_to_ignore_ctrl_c(
    program: str, heavy: str, tmp_path: Path
) -> None:
    assert interrupted(program, heavy, tmp_path) == (INTERRUPTED, "")
    _, err = interrupted(program, heavy, tmp_path, "sh", "-c", 'trap "" INT; exec "$0" "$@"')
    assert "Ctrl-C was ignored" in err
