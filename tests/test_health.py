"""Seen from outside: /healthz, /metrics, `mangosaurus healthy` and systemd, when all is well and
when a part is not."""

import asyncio
import contextlib
import dataclasses
import re
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import aiohttp
import pytest
import yaml

from bot import health as module
from bot import writer
from bot.database import StoreError, name_of, url_of
from bot.health import SERVING, STANDBY, Health
from bot.settings import Address, Rate, Settings
from bot.standby import EX_TEMPFAIL, LOST
from bot.store import Store
from bot.words import sentences
from model.files import ROOT
from model.writing.decoder import Decoder
from tests.bot_api_server import HttpRequest, http_server
from tests.databases import frozen, full_disk, killed, sql
from tests.fake_clock import in_no_time
from tests.processes import LIMIT, begun, ended, environment_of
from tests.serving import ALICE, free_port, serving, until
from tests.telegram.request import over_http, visiting
from tests.telegram.server import TOKEN, Refusal, Server

if TYPE_CHECKING:
    from bot.app import Bot


async def down(_request: HttpRequest) -> tuple[int, bytes]:
    """Answer as a gateway does while the server behind it is down."""
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


async def test_a_process_from_ready_to_stopping(
    settings: Settings, server: Server, listen: Address, tmp_path: Path
) -> None:
    notify = tmp_path / "notify"
    without = environment_of(settings.checkpoints, tmp_path)
    environment = without | {"HEALTH_LISTEN": f"{listen.host}:{listen.port}"}
    assert "mangosaurus: HEALTH_LISTEN is not set;" in (await ended(without, "healthy"))[1]
    refused = "mangosaurus: no answer at HEALTH_LISTEN: Connection refused\n"
    assert await ended(environment, "healthy") == (1, refused)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(notify))
        systemd.settimeout(LIMIT)

        async def told() -> str:
            return (await asyncio.to_thread(systemd.recv, 1000)).decode()

        async with http_server() as http:
            http.answer = down
            ours = {"TELEGRAM_TOKEN": TOKEN, "TELEGRAM_API_URL": http.address}
            ours |= {"NOTIFY_SOCKET": str(notify), "LOG_LEVEL": "DEBUG"}
            with begun(environment | ours) as child:
                assert await answer(listen, "^bot: it is not serving\n$") == 503
                http.answer = over_http(server)
                assert await told() == f"READY=1\nSTATUS={SERVING}"
                assert await ended(environment, "healthy") == (0, "well: serving\n")
                elsewhere = {"HEALTH_LISTEN": "192.0.2.1:1"}  # no machine has this address
                code, said = await ended(without | ours | elsewhere)
                assert code == 1
                assert said.splitlines()[-1].startswith("mangosaurus: cannot listen at HEALTH_LI")
                code, said = await ended(without | ours)  # another process
                assert code == EX_TEMPFAIL
                assert said.endswith("process serves Telegram with it; end that one first\n")
                reader, writer = await asyncio.open_connection(*listen)
                writer.write(b"GET / HTTP/1.1\r\nno header but a secret\r\n\r\n")
                assert (await reader.readline()).endswith(b" 400 Bad Request\r\n")
                writer.close()
                (tmp_path / "mangosaurus.db").rename(tmp_path / "away.db")
                for reason in ("No such file or directory", "the file was replaced"):
                    status, complaint = await get(listen)
                    assert status == 503
                    assert complaint.endswith(f"this database cannot be used: {reason}\n")
                    (tmp_path / "mangosaurus.db").touch()
                (tmp_path / "away.db").rename(tmp_path / "mangosaurus.db")
                assert await get(listen) == (200, "well: serving\n")
                child.terminate()
                _, errors = await asyncio.to_thread(child.communicate)
                log = errors.decode()
                assert child.returncode == 0
    assert log.count("INFO aiohttp.server: A request was no HTTP (BadHttpMessage)\n") == 1
    assert not re.search(f"Traceback|no header but a secret|{TOKEN.partition(':')[2]}", log)
    assert f"HTTP Request: POST {http.address}/bot***/getMe" in log


@pytest.mark.recorded  # because it waits for long
async def test_a_process_serves_on_after_a_short_outage_and_hands_over_after_a_long_one(
    settings: Settings,
    server: Server,
    postgresql: str,
    postgresql_folder: Path,
    listen: Address,
    tmp_path: Path,
) -> None:
    other = Address("127.0.0.1", free_port())
    async with http_server() as http:
        http.answer = over_http(server)
        environment = environment_of(settings.checkpoints, tmp_path) | {
            "DATABASE": postgresql,
            "TELEGRAM_TOKEN": TOKEN,
            "TELEGRAM_API_URL": http.address,
        }
        with begun(environment | {"HEALTH_LISTEN": f"{listen.host}:{listen.port}"}) as one:
            assert await answer(listen, f"well: {SERVING}") == 200
            with begun(environment | {"HEALTH_LISTEN": f"{other.host}:{other.port}"}):
                assert await answer(other, f"well: {STANDBY}") == 200
                assert re.search("mangosaurus_serving.* 0\n", (await get(other, "/metrics"))[1])
                with killed(postgresql_folder):  # the server is back in time
                    pass
                assert await answer(listen, f"well: {SERVING}") == 200
                with killed(postgresql_folder):
                    _, said = await asyncio.to_thread(one.communicate)
                assert one.returncode == EX_TEMPFAIL
                lost = f"mangosaurus: {StoreError(name_of(url_of(postgresql)), *LOST)}\n"
                assert said.decode().endswith(lost)
                assert await answer(other, f"well: {SERVING}") == 200


@pytest.mark.parametrize("table", ["people", "asks"])
async def test_a_damaged_database_is_named_once_an_ask_or_tidying_meets_the_damage(
    table: str, settings: Settings, listen: Address, tmp_path: Path
) -> None:
    async with serving(settings):
        pass
    file = tmp_path / "mangosaurus.db"
    ((page,),) = sql(file, f"SELECT rootpage FROM sqlite_master WHERE name = '{table}'")
    with file.open("r+b") as damaged:
        damaged.seek(4096 * (page - 1))
        damaged.write(b"\xff" * 4096)
    async with serving(settings) as chat, Health(listen) as health:
        health.note(SERVING, chat.bot)
        await chat.ask("/dino")
        reason = "^database: .* malformed; stop the bot, move it away .*, and restore a backup\n$"
        assert await answer(listen, reason) == 503
        await chat.ask("/start")  # needs nothing of the damaged page
        assert (await get(listen))[0] == 503
        chat.bot.tally.errors.clear()


async def test_a_database_server_that_cannot_be_used_at_the_start_is_named(
    settings: Settings, postgresql: str, listen: Address, tmp_path: Path
) -> None:
    environment = environment_of(settings.checkpoints, tmp_path) | {
        "DATABASE": postgresql.replace("postgres@", "nobody@"),
        "TELEGRAM_TOKEN": TOKEN,
        "HEALTH_LISTEN": f"{listen.host}:{listen.port}",
    }
    with begun(environment):
        reason = '^database: PostgreSQL at .*: this database cannot be used: .*"nobody" does not'
        assert await answer(listen, reason) == 503


@pytest.mark.draws_cards
async def test_health_names_whatever_makes_answers_fail(
    postgresql: str,
    postgresql_folder: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A thread that is stuck, a database that does not answer, a full disk, missing weights."""
    may_go_on, step = threading.Event(), Decoder.step
    monkeypatch.setattr(Decoder, "step", lambda decoder: may_go_on.wait(LIMIT) and step(decoder))
    async with Store(postgresql) as store, serving(settings) as chat:
        health = Health()
        assert await health.failures() == {"bot": "it is not serving"}
        health.note(SERVING, chat.bot)
        asking = asyncio.create_task(chat.ask("/dino 3"))
        assert await health.failures() == {}
        with monkeypatch.context() as patched:
            patched.setattr(writer, "STUCK_SECONDS", 0.0)
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
            await chat.ask("/me Anna")
            assert await health.failures() == {"cards": why}  # answers are words for a minute
            patched.undo()
            patched.setattr("bot.cards.png.AGAIN_SECONDS", 0.0)
            await chat.ask("/me Anna")
        assert await health.failures() == {}
        with full_disk((tmp_path / "mangosaurus.db-wal").stat().st_size):
            await chat.ask("/dino 3")
            assert re.search("disk.*; .*make room", (await health.failures())["database"])
        assert chat.bot.tally.errors.pop("StoreError") == 1
        assert await health.failures() == {}
        del chat.bot.shelf.serving["poem"]
        assert await health.failures() == {"writing": "no weights of poem"}


async def test_health_names_each_command_that_fails_until_it_is_answered_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's mistake is none of these failures."""
    async with serving(settings) as chat:
        health = Health()
        health.note(SERVING, chat.bot)

        def broken(*_: object) -> None:
            raise KeyError("mango")

        await chat.ask("/dino 11")
        with monkeypatch.context() as patched:
            patched.setattr(Decoder, "step", broken)
            assert (await chat.ask("/dino mango")).message == sentences.NOT_WRITTEN
            assert (await chat.ask("A line")).message == sentences.NOT_WRITTEN
            dino, poem = (chat.bot.shelf.serving[name].version for name in ("dino", "poem"))
            why = "failed: writing with the weights {} failed: KeyError"
            assert await health.failures() == {
                "answers": f"/dino {why.format(dino)}; a line {why.format(poem)}"
            }
            assert chat.bot.tally.errors.pop("Failed") == 2
        await chat.ask("Another line")
        assert await health.failures() == {"answers": f"/dino {why.format(dino)}"}
        await chat.ask("/dino")
        assert await health.failures() == {}
        monkeypatch.setattr(chat.bot.store, "person", broken)
        await chat.ask("/seed")
        told = (await health.failures())["answers"]
        assert re.fullmatch("/seed failed: KeyError, error [0-9a-f]{8}", told)
        assert chat.bot.tally.errors.pop("KeyError") == 1


@in_no_time
async def test_another_program_on_the_token_is_named_until_it_has_ended(
    settings: Settings, server: Server
) -> None:
    """A single conflict may be due to a poll that the last start left."""
    conflict = Refusal(409, "Conflict: terminated by other getUpdates request")
    async with visiting(settings, server) as visit:
        health = Health(None, [visit.telegram])
        health.note(SERVING, visit.bot)
        # conflicts of the last 20 s count, if they go on for 10 s
        for conflicts, seconds, expected in (
            (1, 19, {}),
            (6, 19, {"polling": "another program uses the token"}),
            (0, 16, {}),
        ):
            server.refusals["getUpdates"].extend([conflict] * conflicts)
            await server.say("/start", ALICE)  # the update ends the poll that goes on
            await asyncio.sleep(seconds)
            assert await health.failures() == expected


@in_no_time
async def test_an_outage_of_telegram_is_named_and_its_begin_and_end_are_logged_once(
    settings: Settings, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    async with visiting(settings, server) as visit:
        health = Health(None, [visit.telegram])
        health.note(SERVING, visit.bot)
        server.refusals["getUpdates"].extend([Refusal(504, "Gateway Timeout")] * 99)
        await server.say("/start", ALICE)  # the update ends the poll that goes on
        await asyncio.sleep(31)
        assert await health.failures() == {"Telegram": "no good answer for 31 s"}
        server.refusals["getUpdates"].clear()
        await asyncio.sleep(20)
        began, *over = [record.getMessage() for record in caplog.records]
        assert began.startswith("Telegram does not answer as it should (Gateway Timeout)")
        assert over == ["Telegram answers again"]


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


async def test_the_metrics_count_what_happened_and_alerts_are_about_them(
    settings: Settings, server: Server, listen: Address, tmp_path: Path
) -> None:
    settings = dataclasses.replace(settings, rate_limit=Rate(2, 60))
    async with visiting(settings, server) as visit, Health(listen) as health:
        health.note(SERVING, visit.bot)
        for _ in range(3):
            await visit.say("/dino", ALICE)
        visit.bot.tally.errors.update(["Gone", "ZeroDivisionError"])
        kinds, numbers = metrics((await get(listen, "/metrics"))[1])
        visit.bot.tally.errors.clear()
        (tmp_path / "mangosaurus.db").rename(tmp_path / "away.db")
        without_a_file, _ = metrics((await get(listen, "/metrics"))[1])
        (tmp_path / "away.db").rename(tmp_path / "mangosaurus.db")
    assert kinds["mangosaurus_errors_total"] == "counter"
    for name, number in {
        "serving": "1",
        "answers_total": "2",
        "errors_total": "2",
        'refusals_total{reason="often"}': "1",
        'refusals_total{reason="busy"}': "0",  # so the first one is an increase, too
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
    rules = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text(encoding="utf-8"))
    for rule in rules["groups"][0]["rules"]:
        assert rule["annotations"].keys() == {"summary", "remedy"}
        named = re.findall(r"\w+(?=[{\[)]| [=!><])", rule["expr"])
        assert set(named) <= {*without_a_file, "up"}, rule["alert"]
        assert named
