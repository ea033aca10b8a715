"""The HTTP client over real HTTP, under the library's own Bot."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import socket
import traceback
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from bot.values import Secret
from bot.wire import request
from bot.wire.client import Client
from bot.wire.pacing import Pacing
from bot.wire.request import ConnectionSettingError, NothingSentError, PollingRequest, ServerError, TelegramRequest
from telegram import Bot, Update
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.ext import ApplicationBuilder, TypeHandler

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
    """The texts of an error and of those that it remembers, also where a traceback would not show them."""
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


async def test_cancelled_requests_leave_nothing_behind(server: HttpServer) -> None:
    server.answer = never
    async with connected(server.address, connections=2) as bot:
        tasks = [asyncio.create_task(bot.send_message(1, "x")) for _ in range(5)]
        await until(lambda: server.most == 2)
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        server.answer = sent
        await asyncio.gather(*(bot.send_message(1, "y") for _ in range(4)))
    assert [received.form["text"] for received in server.requests] == ["x"] * 2 + ["y"] * 4


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


async def test_the_name_is_not_found(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    async with connected("https://telegram.invalid") as bot, failing(NothingSentError, caplog):
        await bot.send_message(1, "x")


async def test_the_other_side_does_not_speak_tls(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    address = server.address.replace("http:", "https:")
    async with connected(address, connect_timeout=0.2) as bot, failing(NothingSentError, caplog):
        await bot.send_message(1, "x")
    assert server.requests == []


async def test_the_connection_is_never_ready(caplog: pytest.LogCaptureFixture) -> None:
    async def deaf(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with (
        raw_server(deaf) as address,
        connected(address.replace("http:", "https:"), connect_timeout=0.1) as bot,
        failing(NothingSentError, caplog),
    ):
        await bot.send_message(1, "x")


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
async def test_a_server_that_breaks_off_or_does_not_speak_http(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    async with raw_server(speak) as address, connected(address) as bot, failing(NetworkError, caplog):
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

    monkeypatch.setattr(request, "LONGEST", 0.3)
    async with raw_server(drip) as address, connected(address, read_timeout=0.1) as bot:
        begin = asyncio.get_running_loop().time()
        async with failing(TimedOut, caplog):
            await bot.send_message(1, "x")
        assert asyncio.get_running_loop().time() - begin < 2


# Updates that cannot be parsed


def message(number: int) -> dict[str, Any]:
    person = {"id": 1, "is_bot": False, "first_name": "Alice"}
    return {"update_id": number, "message": MESSAGE | {"from": person, "text": f"message {number}"}}


def without_date(number: int) -> dict[str, Any]:
    update = message(number)
    return update | {"message": {key: value for key, value in update["message"].items() if key != "date"}}


async def test_a_batch_with_one_bad_update_is_handled_and_does_not_come_again(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    queue, texts = [message(11), without_date(12), message(13)], []

    async def answer(received: HttpRequest) -> tuple[int, bytes]:
        if received.path.endswith("getMe"):
            return ok({"id": 1, "is_bot": True, "first_name": "X", "username": "x"})
        if not received.path.endswith("getUpdates"):
            return ok(True)
        first = int(received.form.get("offset", 0))
        await asyncio.sleep(0.01)
        return ok([update for update in queue if update["update_id"] >= first])

    async def note(update: Update, _context: object) -> None:
        texts.append(update.effective_message and update.effective_message.text)

    server.answer = answer
    builder = ApplicationBuilder().token(TOKEN).base_url(f"{server.address}/bot").job_queue(None)
    application = builder.request(TelegramRequest()).get_updates_request(PollingRequest()).build()
    application.add_handler(TypeHandler(Update, note))
    async with application:
        assert application.updater
        await application.updater.start_polling()
        await application.start()
        await until(lambda: server.requests[-1].form.get("offset") == "14")
        await until(lambda: len(texts) == 3)
        await application.updater.stop()
        await application.stop()
    assert texts == ["message 11", None, "message 13"]
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors == ["Update 12 cannot be parsed (KeyError) and is passed over"]
    assert "message 12" not in caplog.text


@pytest.mark.parametrize("status", [409, 504])
async def test_refusals_of_polling_stay_as_they_are(server: HttpServer, status: int) -> None:
    body = {"ok": False, "description": "Because"}
    server.answer = answering(status, json.dumps(body))
    async with connected(server.address) as bot:
        with pytest.raises(Conflict if status == 409 else NetworkError, match="Because"):
            await bot.get_updates()


async def test_an_answer_without_updates_is_the_networks_error(server: HttpServer) -> None:
    """The library logs that in one line and tries again after a while, where null would be tracebacks without end."""
    server.answer = answering(200, '{"ok": true, "result": null}')
    async with connected(server.address) as bot:
        with pytest.raises(NetworkError, match="no list of updates"):
            await bot.get_updates()


# A poll that failed


@asynccontextmanager
async def polling(server: str) -> AsyncIterator[Client]:
    """A client of the bot, as it runs, whose polls go to a server."""
    async with TelegramRequest() as ordinary, PollingRequest(read_timeout=0.1) as polls:
        yield Client(Secret(TOKEN), server, ordinary, polls, Pacing(None))


async def test_after_a_server_that_accepts_and_never_answers_polls_succeed_again(
    server: HttpServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the operator learns of a silence once."""
    monkeypatch.setattr("bot.wire.client.SILENCE", 0.2)
    server.answer = never
    async with polling(server.address) as client:
        for _ in range(4):
            with pytest.raises(TimedOut):
                await client.get_updates()
        assert (client.silences, caplog.text.count("no poll of Telegram has succeeded")) == (1, 1)
        server.answer = answering(200, '{"ok": true, "result": []}')
        assert await client.get_updates() == ()
        assert await client.get_updates() == ()
    assert server.connections == 5  # a new one after each failure, and the last one is kept


async def test_after_a_server_that_breaks_off_in_mid_body_polls_succeed_again() -> None:
    bodies = [b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", response(b'{"ok": true, "result": []}')]

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(bodies.pop(0))
        await writer.drain()

    async with raw_server(speak) as address, polling(address) as client:
        with pytest.raises(NetworkError):
            await client.get_updates()
        assert await client.get_updates() == ()


async def test_after_a_poll_cancelled_while_it_takes_its_connection_polls_succeed_again(server: HttpServer) -> None:
    """Whatever step of the poll the cancellation meets: the pool of one connection is not used again."""
    server.answer = answering(200, '{"ok": true, "result": []}')
    async with polling(server.address) as client:
        for steps in range(60):
            poll = asyncio.create_task(client.get_updates())
            for _ in range(steps):
                await asyncio.sleep(0)
            poll.cancel()
            await asyncio.wait([poll])
            if not poll.cancelled():
                break
            assert await client.get_updates() == ()


async def test_a_client_that_has_lost_its_connection_is_made_anew(server: HttpServer) -> None:
    """A pool that counts its one connection as taken for ever raises PoolTimeout for ever."""
    server.answer = never
    async with PollingRequest(pool_timeout=0.1) as polls:
        lost = asyncio.create_task(polls.do_request(f"{server.bot_address}{TOKEN}/getUpdates", "POST"))
        await until(lambda: server.most == 1)
        server.answer = answering(200, '{"ok": true, "result": []}')
        assert (await polls.do_request(f"{server.bot_address}{TOKEN}/getUpdates", "POST"))[0] == 200
        with pytest.raises(NetworkError):
            await lost


async def test_updates_without_a_number_are_the_networks_error(server: HttpServer) -> None:
    server.answer = answering(200, '{"ok": true, "result": [{}]}')  # which the library tries again after a while
    async with connected(server.address) as bot:
        with pytest.raises(NetworkError):
            await bot.get_updates()
