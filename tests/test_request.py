"""The HTTP client over real HTTP, under the library's own Bot."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import traceback
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from telegram import Bot
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut

from bot.app import running
from bot.settings import Secret
from bot.telegram import door, request
from bot.telegram.request import ConnectionSettingError, NothingSentError, PollingRequest, ServerError, TelegramRequest
from tests.bot_api_server import (
    MESSAGE,
    TOKEN,
    HttpRequest,
    HttpServer,
    http_server,
    never,
    ok,
    raw_server,
    read_request,
    response,
    sent,
)
from tests.serving import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from telegram.error import TelegramError

    from bot.settings import Settings

BIG = bytes(range(256)) * 4096 * 8  # 8 MiB


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(key, raising=False)
        monkeypatch.delenv(key.lower(), raising=False)


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        yield server


@asynccontextmanager
async def connected(address: str, **options: Any) -> AsyncIterator[Bot]:
    """A bot whose requests go to an address."""
    async with TelegramRequest(**options) as ordinary, PollingRequest() as polling:
        addresses = {"base_url": f"{address}/bot", "base_file_url": f"{address}/file"}
        yield Bot(TOKEN, request=ordinary, get_updates_request=polling, **addresses)  # type: ignore[arg-type]


def answering(status: int, body: str | bytes) -> Callable[[HttpRequest], Awaitable[tuple[int, bytes]]]:
    async def answer(_request: HttpRequest) -> tuple[int, bytes]:
        return status, body.encode() if isinstance(body, str) else body

    return answer


def all_texts_of(error: BaseException) -> str:
    """Return the texts of an error and of all its causes, also those that a traceback would not show."""
    texts = "".join(traceback.format_exception(error))
    remembered: BaseException | None = error
    while remembered is not None:
        texts += f"{remembered} {remembered!r}"
        remembered = remembered.__cause__ or remembered.__context__
    return texts


@asynccontextmanager
async def failing(expected: type[TelegramError], caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Expect exactly this error, and the token neither in it nor in the log, where httpx is quiet as in the process."""
    for name in ("httpx", "httpcore"):
        caplog.set_level(logging.WARNING, name)
    caplog.set_level(logging.DEBUG)  # from here on: a Bot logs its addresses when it is made
    with pytest.raises(expected) as caught:
        yield
    assert type(caught.value) is expected
    assert TOKEN not in all_texts_of(caught.value) + caplog.text


# What is sent, and what comes back


async def test_a_message_is_sent_and_read(server: HttpServer) -> None:
    async with connected(server.address) as bot:
        message = await bot.send_message(1, "Größe 🦕 \n<b>")
    assert message.message_id == 7
    (received,) = server.requests
    assert (received.method, received.path) == ("POST", f"/bot{TOKEN}/sendMessage")
    assert received.form == {"chat_id": "1", "text": "Größe 🦕 \n<b>"}


async def test_connections_are_few_and_used_again(server: HttpServer) -> None:
    async def soon(received: HttpRequest) -> tuple[int, bytes]:
        await asyncio.sleep(0.01)
        return await sent(received)

    server.answer = soon
    async with connected(server.address, connections=4) as bot:
        await asyncio.gather(*(bot.send_message(1, str(number)) for number in range(40)))
    assert (server.most, server.connections) == (4, 4)
    assert sorted(int(received.form["text"]) for received in server.requests) == list(range(40))


async def test_files_go_there_and_back(server: HttpServer) -> None:
    async def keep(received: HttpRequest) -> tuple[int, bytes]:
        if received.method == "GET":
            return 200, BIG
        return ok(
            {"file_id": "1", "file_unique_id": "1", "file_path": "a/b"} if "getFile" in received.path else MESSAGE
        )

    server.answer = keep
    async with connected(server.address) as bot:
        await bot.send_document(1, io.BytesIO(BIG), filename="big.bin")
        assert await (await bot.get_file("1")).download_as_bytearray() == BIG
    assert BIG in server.requests[0].body
    assert unquote(server.requests[-1].path) == f"/file{TOKEN}/a/b"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, BadRequest), (401, InvalidToken), (403, Forbidden), (409, Conflict), (504, NetworkError)],
)
async def test_refusals_become_the_librarys_errors(
    server: HttpServer, status: int, expected: type[TelegramError]
) -> None:
    server.answer = answering(status, '{"ok": false, "description": "Because"}')
    async with connected(server.address) as bot:
        with pytest.raises(expected, match="Because") as caught:
            await bot.send_message(1, "x")
    assert type(caught.value) is expected


async def test_too_many_requests_say_how_long_to_wait(server: HttpServer) -> None:
    server.answer = answering(429, '{"ok": false, "description": "Flood", "parameters": {"retry_after": 3}}')
    async with connected(server.address) as bot:
        with pytest.raises(RetryAfter):
            await bot.send_message(1, "x")


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("body", ['{"ok": false, "description": "Because"}', "<html>Bad Gateway</html>"])
async def test_a_server_that_failed_did_not_carry_out_the_request(
    server: HttpServer, status: int, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = answering(status, body)
    async with connected(server.address) as bot, failing(ServerError, caplog):
        await bot.send_message(1, "x")


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 409, 504])
async def test_a_proxys_page_is_the_networks_error(
    server: HttpServer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def page(received: HttpRequest) -> tuple[int, bytes]:
        return status, f"<html>No way to {received.path}</html>".encode()

    server.answer = page
    async with connected(server.address) as bot, failing(NetworkError, caplog):
        await bot.send_message(1, "x")


@pytest.mark.parametrize("body", ['{"ok": true, "res', "", "null", "[{}]", '{"message": "no route"}', b"{\xff"])
async def test_half_an_answer_is_the_networks_error(
    server: HttpServer, body: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = answering(404, body)
    async with connected(server.address) as bot, failing(NetworkError, caplog):
        await bot.send_message(1, "x")


# Nothing was sent


async def test_nobody_listens(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    async with connected(address) as bot, failing(NothingSentError, caplog):
        await bot.send_message(1, "x")


async def test_the_other_side_does_not_speak_tls(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    address = server.address.replace("http:", "https:")
    async with connected(address, connect_timeout=0.2) as bot, failing(NothingSentError, caplog):
        await bot.send_message(1, "x")
    assert server.requests == []


async def test_no_connection_is_free(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = never
    async with connected(server.address, connections=1, pool_timeout=0.1) as bot:
        holder = asyncio.create_task(bot.send_message(1, "x"))
        await until(lambda: server.most == 1)
        async with failing(NothingSentError, caplog):
            await bot.send_message(1, "y")
        holder.cancel()
        await asyncio.wait([holder])
        server.answer = sent
        await bot.send_message(1, "z")
    assert [received.form["text"] for received in server.requests] == ["x", "z"]


async def test_a_proxy_refuses(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    asked = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await read_request(reader))
        writer.write(response(b"", 407))
        await writer.drain()

    async with raw_server(refuse) as address:
        monkeypatch.setenv("HTTPS_PROXY", address.replace("//", "//user:open-sesame@"))
        async with connected("https://telegram.invalid") as bot, failing(NothingSentError, caplog):
            await bot.send_message(1, "x")
    assert [(received.method, received.path) for received in asked] == [("CONNECT", "telegram.invalid:443")]
    assert "sesame" not in caplog.text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("ALL_PROXY", "socks5://user:open-sesame@127.0.0.1:1"),
        ("HTTPS_PROXY", "ftp://user:open-sesame@127.0.0.1:1"),
        ("HTTPS_PROXY", "http://user:open-sesame@127.0.0.1:port"),
        ("SSL_CERT_FILE", "/nowhere/open-sesame.pem"),
    ],
)
def test_settings_of_the_network_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, key: str, value: str) -> None:
    monkeypatch.setenv(key, value)
    with pytest.raises(ConnectionSettingError, match=key) as caught:
        TelegramRequest()
    assert "sesame" not in all_texts_of(caught.value)


# Something may have been sent


async def test_a_request_without_an_answer_is_not_repeated(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = never
    async with connected(server.address, read_timeout=0.1) as bot, failing(TimedOut, caplog):
        await bot.send_message(1, "x")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"POST /bot" + TOKEN.encode() + b"/sendMessage HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    ],
)
async def test_a_server_that_breaks_off_or_does_not_speak_http(
    server: HttpServer, answer: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = answering(0, answer)
    async with connected(server.address) as bot, failing(NetworkError, caplog):
        await bot.send_message(1, "x")


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"], ids=["head", "body"])
async def test_a_server_that_drips_cannot_hold_a_request(
    head: bytes, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(head)
        for byte in b"HTTP/1.1 200 OK\r\n" * 100:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.03)

    monkeypatch.setattr(request, "LONGEST_SECONDS", 0.3)
    async with raw_server(drip) as address, connected(address, read_timeout=0.1) as bot:
        begin = asyncio.get_running_loop().time()
        async with failing(TimedOut, caplog):
            await bot.send_message(1, "x")
        assert asyncio.get_running_loop().time() - begin < 2


# Updates that cannot be parsed


@pytest.mark.parametrize("status", [409, 504])
async def test_refusals_of_polling_stay_as_they_are(server: HttpServer, status: int) -> None:
    body = {"ok": False, "description": "Because"}
    server.answer = answering(status, json.dumps(body))
    async with connected(server.address) as bot:
        with pytest.raises(Conflict if status == 409 else NetworkError, match="Because"):
            await bot.get_updates()


async def test_an_answer_without_updates_is_the_networks_error(server: HttpServer) -> None:
    """The library logs that in one line and tries again later, where null would bring tracebacks without end."""
    server.answer = answering(200, '{"ok": true, "result": null}')
    async with connected(server.address) as bot:
        with pytest.raises(NetworkError, match="no list of updates"):
            await bot.get_updates()


async def test_updates_without_a_number_are_the_networks_error(server: HttpServer) -> None:
    server.answer = answering(200, '{"ok": true, "result": [{}]}')  # which the library tries again after a while
    async with connected(server.address) as bot:
        with pytest.raises(NetworkError):
            await bot.get_updates()


# Polls that fail: the door makes the polling client anew, and is never deaf


class Api:
    """A Bot API that answers polls with the `failures` first, then with an update that asks for a name."""

    def __init__(self, *failures: Callable[[HttpRequest], Awaitable[tuple[int, bytes]]]) -> None:
        self.failures = list(failures)
        self.sent = 0

    async def answer(self, received: HttpRequest) -> tuple[int, bytes]:
        match received.path.rpartition("/")[2]:
            case "getMe":
                return ok({"id": 1, "is_bot": True, "first_name": "X", "username": "x"})
            case "getUpdates" if self.failures:
                return await self.failures.pop(0)(received)
            case "getUpdates":
                await asyncio.sleep(0.01)
                person = {"id": 1, "is_bot": False, "first_name": "Alice"}
                update = {"update_id": 11, "message": MESSAGE | {"from": person, "text": "/help"}}
                return ok([] if "offset" in received.form else [update])
            case "sendMessage":
                self.sent += 1
                return ok(MESSAGE)
        return ok(True)


@pytest.fixture
def quick(settings: Settings, server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of a bot on the server that soon polls again."""
    monkeypatch.setattr(door, "PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(door, "DEAF_SECONDS", 0.4)
    return replace(settings, token=Secret(TOKEN), api_base_url=server.address)


@pytest.mark.parametrize(
    "failures",
    [
        [never] * 2,
        [answering(0, b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")] * 3,
        [answering(200, '{"ok": true, "result": null}')],
        [answering(200, "<html>"), answering(502, "")],
    ],
    ids=["never answers", "breaks off in mid-body", "no list", "not Telegram"],
)
async def test_after_polls_that_fail_updates_arrive(
    server: HttpServer,
    quick: Settings,
    failures: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if failures[0] is never:
        monkeypatch.setattr(request, "LONGEST_SECONDS", 0.3)
    api = Api(*failures)
    server.answer = api.answer
    async with running(quick, [door.Telegram(quick)]) as bot:
        await until(lambda: api.sent)
        assert bot.tally.errors["Deaf"] == (failures[0] is never)  # told once
    assert caplog.text.count("the next try is in") >= len(failures)
    assert not [record for record in caplog.records if record.exc_info]
    assert server.requests[-1].form["offset"] == "12"
    assert api.sent == 1


async def test_a_polling_client_that_has_lost_its_connection_is_made_anew(server: HttpServer, quick: Settings) -> None:
    """A pool that counts its one connection as taken for ever raises PoolTimeout for ever."""
    api = Api(never)
    server.answer = api.answer
    polls = PollingRequest(pool_timeout=0.05, read_timeout=60)
    lost = asyncio.create_task(polls.do_request(f"{server.bot_address}{TOKEN}/getUpdates", "POST"))
    await until(lambda: not api.failures)
    async with running(quick, [door.Telegram(quick, (TelegramRequest(), polls))]):
        await until(lambda: api.sent)
    with pytest.raises(NetworkError):
        await lost


async def test_a_poll_that_is_cancelled_at_any_step_does_not_keep_telegram_from_being_told(
    server: HttpServer, quick: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    api = Api()
    server.answer = api.answer
    telegram = door.Telegram(quick)
    async with running(quick, [telegram]) as bot:
        await until(lambda: api.sent)
        for steps in range(30):
            await telegram.shut(1)
            await telegram.open(bot)
            for _ in range(4 * steps):
                await asyncio.sleep(0)
    assert "could not be told" not in caplog.text
