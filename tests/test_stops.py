"""A stop ends in time, whatever hangs. The processes here are real."""

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.words import sentences
from tests.bot_api_server import HttpRequest, http_server
from tests.processes import COMMAND, LIMIT, environment_of
from tests.serving import ALICE, until
from tests.telegram.server import TOKEN, Server

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
    "whoever reads the log": "while True: os.write(2, bytes(1_000))",
}
STUBBORN = """
        try:
            await asyncio.sleep(60)
        finally:
            print("it hangs", flush=True)
            time.sleep(60)"""
PROGRAM = """
import asyncio, contextlib, os, time
from concurrent.futures import ThreadPoolExecutor
from bot import __main__ as program, running

class Hanging:
    async def __aenter__(self):
        print("it serves", flush=True)
        {}
    async def __aexit__(self, *_): ...

program.STOP_SECONDS = {}
running.running = lambda *_: Hanging()
program.command()
"""


@contextlib.contextmanager
def hanging(
    environment: dict[str, str], hang: str, stop_seconds: float
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", PROGRAM.format(hang, stop_seconds), "--terminal"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=environment
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == b"it serves\n"
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("hang", HANGS)
def test_a_stop_ends_whatever_hangs(hang: str, tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "checkpoints", tmp_path)
    with hanging(environment, HANGS[hang], 0.2) as process:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGTERM)  # which changes nothing
        assert process.wait(LIMIT) == 1
        assert process.stderr
        if "log" not in hang:
            *_, last = process.stderr.read().decode().splitlines()
            assert (
                last == "mangosaurus: something hangs, so the process ends without waiting for it"
            )


def test_a_second_ctrl_c_waits_for_nothing(tmp_path: Path) -> None:
    environment = environment_of(tmp_path / "checkpoints", tmp_path)
    with hanging(environment, STUBBORN, 2 * LIMIT) as process:
        process.send_signal(signal.SIGINT)
        assert process.stdout
        assert process.stdout.readline() == b"it hangs\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(LIMIT) == 130


def over_http(server: Server) -> Callable[[HttpRequest], Awaitable[tuple[int, bytes]]]:
    def read(name: str, value: str) -> Any:
        with contextlib.suppress(ValueError):
            return value if name == "text" else json.loads(value)
        return value

    async def answer(request: HttpRequest) -> tuple[int, bytes]:
        token, method = request.path.removeprefix("/bot").split("/")
        parameters = {name: read(name, value) for name, value in request.form.items()}
        status, answer = await server.call(token, method, parameters)
        return status, json.dumps(answer).encode()

    return answer


async def test_an_ask_that_ends_the_process_is_tried_twice(
    checkpoints: Path, tmp_path: Path, server: Server
) -> None:
    deadly = "import os; from bot.shelf import Shelf; Shelf.write = lambda *_: os._exit(9); "
    python, c, program = COMMAND
    async with http_server() as http, asyncio.timeout(LIMIT):
        http.answer = over_http(server)
        ours = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": http.address}
        environment = environment_of(checkpoints, tmp_path) | ours

        async def start() -> asyncio.subprocess.Process:
            return await asyncio.create_subprocess_exec(
                *(python, c, deadly + program), env=environment, stderr=subprocess.PIPE
            )

        await server.say("/poem Shall I", ALICE)
        for _ in range(2):
            process = await start()
            assert await process.wait() == 9
            assert not server.sent
        process = await start()
        await until(lambda: server.sent)
        process.send_signal(signal.SIGTERM)
        _, log = await process.communicate()
    assert server.texts == [str(sentences.GIVEN_UP)]
    assert log.decode().count(f"An ask of {ALICE} has ended the bot 2 times") == 1
    assert process.returncode == 0
