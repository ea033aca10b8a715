"""A stop ends in time, whatever hangs. The processes here are real."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import LIMIT, begun, environment_of

HANGS = {
    "the loop": "while True: pass",
    "a task that goes on when it is cancelled": """
        while True:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)""",
    "a thread of the loop": "await asyncio.to_thread(time.sleep, 60)",
    "a thread": """
        ThreadPoolExecutor().submit(time.sleep, 60)
        await asyncio.sleep(60)""",
    "the loop, where a line of the log might hang": """
        del os.set_blocking  # as on Windows with Python 3.11
        while True: pass""",
    "whoever reads the log": "while True: os.write(2, bytes(1_000))",
}
STUBBORN = """
        try:
            await asyncio.sleep(60)
        finally:
            print("it hangs", flush=True)
            time.sleep(60)"""
TAKEN_BY_A_THREAD = """
        def take():
            time.sleep(0.2)
            signal.pthread_kill(threading.get_ident(), signal.SIGTERM)
        threading.Thread(target=take).start()
        await asyncio.sleep(1000)"""
PROGRAM = """
import asyncio, contextlib, os, signal, threading, time
from concurrent.futures import ThreadPoolExecutor
from bot import __main__ as program, running

class Hanging:
    async def __aenter__(self):
        print("it serves", flush=True)
        {}
    async def __aexit__(self, *_): ...

def wake():
    while True:
        time.sleep(0.1)

threading.Thread(target=wake, daemon=True).start()
program.STOP_SECONDS = {}
running.running = lambda *_: Hanging()
program.command()
"""
"""A bot that hangs. It has a thread that wakes now and then, because Python 3.11 does not see a
signal that a thread of OpenBLAS has caught before a thread of Python wants to run."""


@contextlib.contextmanager
def hanging(home: Path, hang: str, stop_seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    environment = environment_of(home / "checkpoints", home)
    command = [sys.executable, "-c", PROGRAM.format(hang, stop_seconds)]
    with begun(environment, "--terminal", command=command) as process:
        assert process.stdout
        assert process.stdout.readline() == b"it serves\n"
        yield process


@pytest.mark.parametrize("hang", HANGS)
def test_a_stop_ends_whatever_hangs(hang: str, tmp_path: Path) -> None:
    with hanging(tmp_path, HANGS[hang], 0.2) as process:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)  # a second one changes nothing
        assert process.wait(LIMIT) == 1
        assert process.stderr
        if "log" not in hang:
            *_, last = process.stderr.read().decode().splitlines()
            assert (
                last == "mangosaurus: something hangs, so the process ends without waiting for it"
            )


def test_a_second_ctrl_c_waits_for_nothing(tmp_path: Path) -> None:
    with hanging(tmp_path, STUBBORN, 2 * LIMIT) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout
        assert process.stdout.readline() == b"it hangs\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 130  # 128 and the number of SIGINT


def test_a_loop_that_waits_wakes_whichever_thread_gets_the_signal(tmp_path: Path) -> None:
    with hanging(tmp_path, TAKEN_BY_A_THREAD, 2 * LIMIT) as process:
        assert process.wait(LIMIT) == 0
