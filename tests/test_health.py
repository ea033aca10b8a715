"""Seen from outside: /healthz, /metrics, `--healthy` and systemd, when all is well and when a part
is not."""

import asyncio
import contextlib
import dataclasses
import re
import signal
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest

from bot import health as module
from bot import writer
from bot.__main__ import serve
from bot.chat import StartError
from bot.database import StoreError, name_of, url_of
from bot.health import SERVING, STANDBY, Health, asked
from bot.settings import Address, Rate, Secret, Settings
from bot.standby import LOST
from bot.telegram import door
from model.files import ROOT
from model.writing.decoder import Decoder
from tests.bot_api_server import MESSAGE, TOKEN, HttpRequest, HttpServer, http_server, never, ok
from tests.databases import end_connections, frozen, opened
from tests.processes import COMMAND, LIMIT, environment_of
from tests.serving import free_port, serving, until
from tests.telegram.server import ME


async def telegram(request: HttpRequest) -> tuple[int, bytes]:
    """Answer as Telegram does while nobody writes."""
    if request.path.endswith("/getUpdates"):
        await asyncio.sleep(0.05)
        return ok([])
    return ok(ME if request.path.endswith("/getMe") else True)


async def down(_request: HttpRequest) -> tuple[int, bytes]:
    """Answer as a gateway does while nobody is behind it."""
    return 502, b""


async def get(listen: Address, path: str = "/healthz") -> tuple[int, str]:
    address = f"http://{listen.host}:{listen.port}{path}"
    async with aiohttp.ClientSession() as client, client.get(address) as response:
        return response.status, await response.text()


async def answer(listen: Address, pattern: str) -> int:
    """Ask until the answer matches a pattern; return its status."""
    async with asyncio.timeout(LIMIT):
        while True:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                status, text = await get(listen)
                if re.search(pattern, text):
                    return status
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def process(
    environment: dict[str, str], *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        *COMMAND,
        *arguments,
        env=environment,
        cwd=ROOT,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=pipe,
        stderr=pipe,
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.communicate()


@contextlib.asynccontextmanager
async def served(
    settings: Settings,
    answer_of_telegram: Callable[[HttpRequest], Awaitable[tuple[int, bytes]]] = telegram,
) -> AsyncIterator[tuple[HttpServer, Address]]:
    """Serve on a Telegram; return that server, and the address that tells the health."""
    async with http_server() as server, Health(Address("127.0.0.1", free_port())) as health:
        assert health.listen
        assert await answer(health.listen, "bot: it is not serving") == 503
        server.answer = answer_of_telegram
        settings = dataclasses.replace(settings, token=Secret(TOKEN), api_base_url=server.address)
        running = asyncio.create_task(serve(settings, health))
        yield server, health.listen
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def healthy(environment: dict[str, str]) -> tuple[int | None, str]:
    """Run `mangosaurus --healthy`; return its exit code and what it prints."""
    async with process(environment, "--healthy") as child:
        output, errors = await child.communicate()
        return child.returncode, (output + errors).decode().strip()


async def test_a_process_from_ready_to_stopping(settings: Settings, tmp_path: Path) -> None:
    listen, notify = Address("127.0.0.1", free_port()), tmp_path / "notify"
    without = environment_of(settings.checkpoints, tmp_path)
    environment = without | {"HEALTH_LISTEN": f"{listen.host}:{listen.port}"}
    assert (await healthy(without))[1].startswith("mangosaurus: HEALTH_LISTEN is not set;")
    assert await asyncio.to_thread(asked, listen) == (
        False,
        "no answer at HEALTH_LISTEN: Connection refused",
    )
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(notify))
        systemd.settimeout(LIMIT)

        async def told() -> str:
            return (await asyncio.to_thread(systemd.recv, 1000)).decode()

        async with http_server() as server:
            server.answer = telegram
            ours = {
                "TELEGRAM_TOKEN": TOKEN,
                "TELEGRAM_API_URL": server.address,
                "NOTIFY_SOCKET": str(notify),
            }
            async with process(environment | ours | {"LOG_LEVEL": "DEBUG"}) as child:
                assert await told() == f"READY=1\nSTATUS={SERVING}"
                assert await healthy(environment) == (0, "well: serving")
                assert (await get(listen, "/nothing"))[0] == 404
                reader, writer = await asyncio.open_connection(*listen)
                writer.write(b"GET / HTTP/1.1\r\nno header but a secret\r\n\r\n")
                assert (await reader.readline()).endswith(b" 400 Bad Request\r\n")
                writer.close()
                status, text = await get(listen, "/metrics")
                assert status == 200
                assert re.search(r"^mangosaurus_last_poll_seconds 0\.\d+$", text, re.MULTILINE)
                (tmp_path / "people.db").rename(tmp_path / "away.db")
                is_well, complaint = await asyncio.to_thread(asked, listen)
                assert not is_well
                assert complaint.endswith(
                    "people.db: this database cannot be used: the file is gone"
                )
                (tmp_path / "away.db").rename(tmp_path / "people.db")
                assert await asyncio.to_thread(asked, listen) == (True, "well: serving")
                child.send_signal(signal.SIGTERM)
                assert await told() == "STOPPING=1"
                _, log = await child.communicate()
                assert child.returncode == 0
                assert (
                    log.count(b"INFO aiohttp.server: A request was no HTTP (BadHttpMessage)\n") == 1
                )
                assert b"Traceback" not in log
                assert b"no header but a secret" not in log
                assert f"HTTP Request: POST {server.address}/bot***/getUpdates" in log.decode()
                assert TOKEN.partition(":")[2] not in text + complaint + log.decode()


@pytest.mark.recorded  # as it waits
async def test_polling_that_hangs_and_comes_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEAF_SECONDS", 0.2)
    monkeypatch.setattr(door, "POLL_SECONDS", 0)  # so that a poll that hangs is given up soon
    async with served(settings) as (server, listen):
        assert await answer(listen, "well: serving") == 200
        server.answer = never
        assert await answer(listen, r"^polling: the last success was \d+ s ago\n$") == 503
        server.answer = telegram
        assert await answer(listen, "well: serving") == 200


async def test_a_start_without_a_network(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Each try is a warning, the pauses grow, and /healthz names Telegram until it answers."""
    monkeypatch.setattr(door, "PAUSE_SECONDS", 0.05)
    caplog.set_level("INFO", "bot.telegram")
    async with served(settings, down) as (server, listen):
        assert await answer(listen, r"^Telegram: no good answer since 20[\d :-]+ UTC\n$") == 503
        await until(lambda: len(caplog.records) >= 4)
        assert {record.levelname for record in caplog.records} == {"WARNING"}
        pauses = [record.args[1] for record in caplog.records if isinstance(record.args, tuple)]
        assert pauses[:4] == [0.05, 0.1, 0.2, 0.4]
        server.answer = telegram
        assert await answer(listen, "well: serving") == 200


@pytest.mark.recorded  # as it waits
async def test_a_process_that_loses_the_lock_ends_and_the_other_serves(
    settings: Settings, postgresql: str, postgresql_folder: Path, tmp_path: Path
) -> None:
    """The first one sends none of the messages that wait."""
    people = [
        {"id": number, "type": "private", "is_bot": False, "first_name": "A"}
        for number in range(1, 26)
    ]
    asks = [
        {"update_id": 1, "message": MESSAGE | {"from": who, "chat": who, "text": "/help"}}
        for who in people
    ]

    async def crowd(request: HttpRequest) -> tuple[int, bytes]:
        if request.path.endswith("/sendMessage"):
            return ok(MESSAGE)
        if request.path.endswith("/getUpdates") and asks:
            return ok([asks.pop() for _ in people])
        return await telegram(request)

    def sent() -> int:
        return sum(request.path.endswith("/sendMessage") for request in server.requests)

    one, other = Address("127.0.0.1", free_port()), Address("127.0.0.1", free_port())
    async with http_server() as server:
        server.answer = crowd
        ours = {"DATABASE": postgresql, "TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": server.address}
        ours |= {"MESSAGE_RATE": "1", "STOP_SECONDS": "60"}
        environment = environment_of(settings.checkpoints, tmp_path) | ours
        async with process(environment | {"HEALTH_LISTEN": f"{one.host}:{one.port}"}) as losing:
            assert await answer(one, f"well: {SERVING}") == 200
            await until(sent)
            async with process(environment | {"HEALTH_LISTEN": f"{other.host}:{other.port}"}):
                assert await answer(other, f"well: {STANDBY}") == 200
                assert (await get(other, "/metrics"))[1].count("mangosaurus_serving") == 2
                end_connections(postgresql_folder)
                *_, last = (await losing.communicate())[1].decode().splitlines()
                assert losing.returncode == 1
                assert sent() < 20  # one a second, until the lock was lost
                assert last == f"mangosaurus: {StoreError(name_of(url_of(postgresql)), *LOST)}"
                assert await answer(other, f"well: {SERVING}") == 200


async def test_a_database_that_hangs_and_a_thread_that_is_stuck_are_named(
    postgresql: str, postgresql_folder: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "STUCK_SECONDS", 0.1)
    may_go_on, step = threading.Event(), Decoder.step
    monkeypatch.setattr(Decoder, "step", lambda decoder: may_go_on.wait(LIMIT) and step(decoder))
    async with opened(postgresql) as store, serving(settings) as chat:
        (health := Health()).note(SERVING, chat.bot)
        asking = asyncio.create_task(chat.ask("/dino"))
        assert await health.failures() == {}
        await until(lambda: chat.bot.shelf.stuck)
        version = chat.bot.shelf.serving["dino"].version
        assert await health.failures() == {"writing": f"no progress with dino {version}"}
        may_go_on.set()
        await asking
        assert await health.failures() == {}
        with monkeypatch.context() as patched, frozen(postgresql_folder):
            patched.setattr(module, "DATABASE_SECONDS", 0.2)
            patched.setattr(chat.bot, "store", store)
            assert await health.failures() == {"database": "it does not answer"}
        assert await health.failures() == {}


async def test_the_metrics_count_what_happened(settings: Settings) -> None:
    async with (
        serving(settings, rate_limit=Rate(2, 60)) as chat,
        Health(Address("127.0.0.1", free_port())) as health,
    ):
        health.note(SERVING, chat.bot)
        for _ in range(4):
            await chat.ask("/dino") if chat.bot.tally.answers < 2 else await chat.ask("/help")
        chat.bot.tally.errors.update(["Gone", "ZeroDivisionError"])
        await chat.ask("/dino")
        assert health.listen
        _, text = await get(health.listen, "/metrics")
        chat.bot.tally.errors.clear()
    numbers = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    names = set(re.findall("^# TYPE ([a-z_]+) (?:gauge|counter|histogram)$", text, re.MULTILINE))
    assert all(re.sub(r"(_bucket|_sum|_count)?(\{.*\})?$", "", name) in names for name in numbers)
    assert (
        numbers["mangosaurus_answers_total"] == numbers["mangosaurus_answer_seconds_count"] == "2"
    )
    assert numbers['mangosaurus_answer_seconds_bucket{le="+Inf"}'] == "2"
    assert numbers['mangosaurus_refusals_total{reason="texts"}'] == "1"
    assert numbers['mangosaurus_errors_total{error="Gone"}'] == "1"
    # so even the first one shows as an increase
    assert numbers['mangosaurus_errors_total{error="other"}'] == "1"
    for counter in (
        'errors_total{error="InDoubt"}',
        'refusals_total{reason="busy"}',
        'trainings_total{end="failed"}',
    ):
        assert numbers[f"mangosaurus_{counter}"] == "0"
    assert numbers["mangosaurus_texts_waiting"] == "0"
    version = chat.bot.shelf.serving["poem"].version
    assert numbers[f'mangosaurus_weights{{network="poem",version="{version}"}}'] == "1"
    assert int(numbers["mangosaurus_memory_bytes"]) > 10_000_000


async def test_an_address_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(StartError, match="cannot listen at HEALTH_LISTEN: "):
            await Health(Address(*other.getsockname())).__aenter__()
