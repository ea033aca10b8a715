"""Seen from outside: /healthz, /metrics, `mangosaurus healthy` and systemd, when all is well and
when a part is not."""

import asyncio
import contextlib
import dataclasses
import re
import resource
import signal
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import aiohttp
import pytest
import yaml

from bot import health as module
from bot import writer
from bot.__main__ import serve
from bot.database import StoreError, name_of, url_of
from bot.health import SERVING, STANDBY, Health, asked
from bot.settings import Address, Rate, Secret, Settings
from bot.standby import EX_TEMPFAIL, LOST
from bot.store import Store
from bot.telegram.door import Telegram
from model.errors import MangosaurusError
from model.files import ROOT
from model.writing.decoder import Decoder
from tests.bot_api_server import TOKEN, HttpRequest, http_server, ok
from tests.databases import frozen, killed
from tests.fake_clock import in_no_time
from tests.processes import COMMAND, LIMIT, Environment, environment_of
from tests.serving import ALICE, free_port, serving, until
from tests.telegram.request import visiting
from tests.telegram.server import ME, Refusal, Server

if TYPE_CHECKING:
    from bot.app import Bot


async def telegram(request: HttpRequest) -> tuple[int, bytes]:
    """Answer as Telegram does while nobody writes."""
    if request.path.endswith("/getUpdates"):
        await asyncio.sleep(0.05)
        return ok([])
    return ok(ME if request.path.endswith("/getMe") else True)


async def down(_request: HttpRequest) -> tuple[int, bytes]:
    """Answer as a gateway does while nobody is behind it."""
    return 502, b""


@pytest.fixture
def listen() -> Address:
    return Address("127.0.0.1", free_port())


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
    environment: Environment, *arguments: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    command = [*COMMAND, *arguments]
    child = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    try:
        yield child
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.communicate()


async def healthy(environment: Environment) -> tuple[int | None, str]:
    """Run `mangosaurus healthy`; return its exit code and what it prints."""
    async with process(environment, "healthy") as child:
        output, errors = await child.communicate()
        return child.returncode, (output + errors).decode().strip()


async def test_a_process_from_ready_to_stopping(
    settings: Settings, listen: Address, tmp_path: Path
) -> None:
    notify = tmp_path / "notify"
    without = environment_of(settings.checkpoints, tmp_path)
    environment = without | {"HEALTH_LISTEN": f"{listen.host}:{listen.port}"}
    assert (await healthy(without))[1].startswith("mangosaurus: HEALTH_LISTEN is not set;")
    refused = "no answer at HEALTH_LISTEN: Connection refused"
    assert await healthy(environment) == (1, refused)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(notify))
        systemd.settimeout(LIMIT)

        async def told() -> str:
            return (await asyncio.to_thread(systemd.recv, 1000)).decode()

        async with http_server() as server:
            server.answer = telegram
            ours = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": server.address}
            ours |= {"NOTIFY_SOCKET": str(notify), "LOG_LEVEL": "DEBUG"}
            async with process(environment | ours) as child:
                assert await told() == f"READY=1\nSTATUS={SERVING}"
                assert await healthy(environment) == (0, "well: serving")
                async with process(without | ours) as second:  # beside it, with the same database
                    *_, last = (await second.communicate())[1].decode().splitlines()
                assert second.returncode == EX_TEMPFAIL
                assert last.endswith("another process serves Telegram with it; end that one first")
                reader, writer = await asyncio.open_connection(*listen)
                writer.write(b"GET / HTTP/1.1\r\nno header but a secret\r\n\r\n")
                assert (await reader.readline()).endswith(b" 400 Bad Request\r\n")
                writer.close()
                (tmp_path / "mangosaurus.db").rename(tmp_path / "away.db")
                for reason in ("No such file or directory", "the file was replaced"):
                    is_well, complaint = await asyncio.to_thread(asked, listen)
                    assert not is_well
                    assert complaint.endswith(f"this database cannot be used: {reason}")
                    (tmp_path / "mangosaurus.db").touch()
                (tmp_path / "away.db").rename(tmp_path / "mangosaurus.db")
                assert await asyncio.to_thread(asked, listen) == (True, "well: serving")
                child.send_signal(signal.SIGTERM)
                assert await told() == "STOPPING=1"
                _, errors = await child.communicate()
                log = errors.decode()
                assert child.returncode == 0
    assert log.count("INFO aiohttp.server: A request was no HTTP (BadHttpMessage)\n") == 1
    assert not re.search(f"Traceback|no header but a secret|{TOKEN.partition(':')[2]}", log)
    assert f"HTTP Request: POST {server.address}/bot***/getUpdates" in log


async def test_a_start_without_a_network_names_telegram_until_it_answers(
    settings: Settings, listen: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with http_server() as server:
        server.answer = down
        settings = dataclasses.replace(settings, token=Secret(TOKEN), api_base_url=server.address)
        door = Telegram(settings)
        monkeypatch.setattr("bot.telegram.door.DEAF_SECONDS", 0.5)
        async with Health(listen, [door]) as health:
            assert await get(listen) == (503, "bot: it is not serving\n")
            running = asyncio.create_task(serve(settings, door, health))
            assert await answer(listen, "^Telegram: no good answer for 1 s\n$") == 503
            server.answer = telegram
            assert await answer(listen, "well: serving") == 200
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running


@pytest.mark.recorded  # as it waits
async def test_a_process_outlives_a_short_end_of_its_server_and_after_a_long_one_another_serves(
    settings: Settings, postgresql: str, postgresql_folder: Path, listen: Address, tmp_path: Path
) -> None:
    other = Address("127.0.0.1", free_port())
    async with http_server() as server:
        server.answer = telegram
        environment = environment_of(settings.checkpoints, tmp_path) | {
            "DATABASE": postgresql,
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": server.address,
        }
        async with process(environment | {"HEALTH_LISTEN": f"{listen.host}:{listen.port}"}) as one:
            assert await answer(listen, f"well: {SERVING}") == 200
            async with process(environment | {"HEALTH_LISTEN": f"{other.host}:{other.port}"}):
                assert await answer(other, f"well: {STANDBY}") == 200
                assert re.search("mangosaurus_serving.* 0\n", (await get(other, "/metrics"))[1])
                with killed(postgresql_folder):  # and back in time
                    pass
                assert await answer(listen, f"well: {SERVING}") == 200
                with killed(postgresql_folder):
                    *_, last = (await one.communicate())[1].decode().splitlines()
                assert one.returncode == EX_TEMPFAIL
                assert last == f"mangosaurus: {StoreError(name_of(url_of(postgresql)), *LOST)}"
                assert await answer(other, f"well: {SERVING}") == 200


@contextlib.contextmanager
def full_disk(database: Path) -> Iterator[None]:
    """No file may get longer than the log of a database is."""
    size = Path(f"{database}-wal").stat().st_size
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


async def test_what_makes_answers_fail_is_named(
    postgresql: str,
    postgresql_folder: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A poll that hangs, a thread that is stuck, a database that does not answer, a full disk."""
    monkeypatch.setattr(writer, "STUCK_SECONDS", 0.1)
    may_go_on, step = threading.Event(), Decoder.step
    monkeypatch.setattr(Decoder, "step", lambda decoder: may_go_on.wait(LIMIT) and step(decoder))
    async with Store(postgresql) as store, serving(settings) as chat:
        health = Health()
        health.note(SERVING, chat.bot)
        asking = asyncio.create_task(chat.ask("/dino"))
        assert await health.failures() == {}
        await until(lambda: chat.bot.shelf.stuck)
        version = chat.bot.shelf.serving["dino"].version
        assert await health.failures() == {"writing": f"no progress with dino {version}"}
        may_go_on.set()
        await asking
        assert await health.failures() == {}
        with monkeypatch.context() as patched, frozen(postgresql_folder):
            patched.setattr(module, "PART_SECONDS", 0.2)
            patched.setattr(chat.bot, "store", store)
            assert await health.failures() == {"database": "it does not answer"}
        with monkeypatch.context() as patched:
            patched.setattr("bot.cards.png.PROGRAM", "raise SystemExit('no memory')")
            await chat.ask("/me Anna")
            why = "they cannot be drawn: its process ended: no memory\n"
            assert await health.failures() == {"cards": why}
        assert await health.failures() == {}
        with full_disk(tmp_path / "mangosaurus.db"):
            await chat.ask("/dino")
            assert "disk" in (await health.failures())["database"]
        assert chat.bot.tally.errors.pop("StoreError") == 1
        assert await health.failures() == {}


@in_no_time
async def test_another_program_on_the_token_is_named_until_it_has_ended(
    settings: Settings, server: Server
) -> None:
    """Telegram says so once about a poll that the last start left."""
    conflict = Refusal(409, "Conflict: terminated by other getUpdates request")
    async with visiting(settings, server) as visit:
        health = Health(None, [visit.telegram])
        health.note(SERVING, visit.bot)
        for conflicts, seconds, expected in (
            (1, 19, {}),
            (6, 19, {"polling": "another program uses the token"}),
            (0, 16, {}),
        ):
            server.refusals["getUpdates"].extend([conflict] * conflicts)
            await server.say("/start", ALICE)  # which ends the poll that goes on
            await asyncio.sleep(seconds)
            assert await health.failures() == expected


@in_no_time
async def test_systemd_is_told_that_all_goes_on_unless_a_writer_hangs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "60000000")
    shelf = SimpleNamespace(stuck=[])
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)

        def told() -> list[bytes]:
            with contextlib.suppress(BlockingIOError):
                return [systemd.recv(100), *told()]
            return []

        async with Health() as health:
            await asyncio.sleep(89)
            assert told() == [b"WATCHDOG=1"] * 3
            health.note("", cast("Bot", SimpleNamespace(shelf=shelf)))
            for stuck, expected in ((["dino"], []), ([], [b"WATCHDOG=1"] * 2)):
                shelf.stuck = stuck
                await asyncio.sleep(60)
                assert told() == expected


def metrics(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """Read what /metrics says: the kind of each metric, and each number."""
    kinds = dict(re.findall(r"^# TYPE (\S+) (counter|gauge)$", text, re.MULTILINE))
    numbers = dict(re.findall(r"^([^# ]+) (\S+)$", text, re.MULTILINE))
    assert len(kinds) + len(numbers) == len(text.splitlines())
    assert {name.partition("{")[0] for name in numbers} == kinds.keys()
    return kinds, numbers


async def test_the_metrics_count_what_happened(settings: Settings, listen: Address) -> None:
    async with serving(settings, rate_limit=Rate(2, 60)) as chat, Health(listen) as health:
        health.note(SERVING, chat.bot)
        for _ in range(3):
            await chat.ask("/dino")
        chat.bot.tally.errors.update(["Gone", "ZeroDivisionError"])
        _, text = await get(listen, "/metrics")
        chat.bot.tally.errors.clear()
    kinds, numbers = metrics(text)
    assert kinds["mangosaurus_errors_total"] == "counter"
    for name, number in {
        "serving": "1",
        "answers_total": "2",
        "errors_total": "2",
        'refusals_total{reason="often"}': "1",
        'refusals_total{reason="busy"}': "0",  # so even the first one shows as an increase
        "texts_waiting": "0",
        "cards_waiting": "0",
    }.items():
        assert [
            value
            for key, value in numbers.items()
            if key.removeprefix("mangosaurus_") in (name, f'{name}{{version="1.0.0"}}')
        ] == [number]
    assert 0 < float(numbers['mangosaurus_answer_seconds{quantile="0.99"}']) < LIMIT
    assert int(numbers["mangosaurus_memory_bytes"]) > 10_000_000


async def test_each_alert_is_about_what_the_metrics_give_and_has_a_remedy(
    settings: Settings, server: Server, listen: Address, tmp_path: Path
) -> None:
    async with visiting(settings, server) as visit, Health(listen) as health:
        health.note(SERVING, visit.bot)
        await visit.say("/dino", ALICE)
        (tmp_path / "mangosaurus.db").rename(tmp_path / "away.db")
        given, _ = metrics((await get(listen, "/metrics"))[1])
        (tmp_path / "away.db").rename(tmp_path / "mangosaurus.db")
    rules = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text(encoding="utf-8"))
    for rule in rules["groups"][0]["rules"]:
        assert rule["annotations"].keys() == {"summary", "remedy"}
        named = re.findall(r"\w+(?=[{\[)]| [=!><])", rule["expr"])
        assert set(named) <= {*given, "up"}, rule["alert"]
        assert named


async def test_an_address_that_is_taken() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(MangosaurusError, match="cannot listen at HEALTH_LISTEN: "):
            await Health(Address(*other.getsockname())).__aenter__()
