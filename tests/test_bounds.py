"""Tests that would not end are ended, even if SIGINT is ignored.

Another pytest runs them in a child process.
"""

import os
import subprocess
import sys
from pathlib import Path

from model.files import ROOT

TESTS = """
import asyncio, signal, subprocess, sys, time
from tests import bounds

def test_a_child_hears_ctrl_c():
    command = [sys.executable, "-c", "import os; os.kill(os.getpid(), 2)"]
    child = subprocess.run(command, stderr=subprocess.DEVNULL)
    assert child.returncode == -signal.SIGINT

def test_an_endless_child():
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    with subprocess.Popen(["sleep", "1000"]):
        pass

def test_an_endless_task():
    async def waits_for_ever():
        await asyncio.get_running_loop().create_future()
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    asyncio.run(waits_for_ever())

def test_an_endless_loop():
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    while True:
        try:
            time.sleep(1000)
        except Exception:
            pass

def test_every_test_is_bounded():
    assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= bounds.LONGEST_SECONDS == 60
"""


def test_endless_tests_fail_with_their_stacks_and_children_hear_ctrl_c(tmp_path: Path) -> None:
    (tmp_path / "test_endless.py").write_text(TESTS)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-c",
        os.devnull,
        "--rootdir",
        ".",
        "-p",
        "tests.bounds",
    ]
    done = subprocess.run(
        [
            "sh",
            "-c",
            'trap "" INT; exec "$0" "$@"',
            *command,
            "-p",
            "no:cacheprovider",
            "test_endless.py",
        ],
        capture_output=True,
        text=True,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
        },
        cwd=tmp_path,
        timeout=50,
        check=False,
    )
    assert "3 failed, 2 passed" in done.stdout
    assert done.stdout.count("EndlessTest: this took longer than 60 seconds") >= 3
    assert "in waits_for_ever" in done.stdout
    assert 'test_endless.py", line 12 in test_an_endless_child' in done.stdout
