"""The HTTP client over real HTTP, under the library's own Bot."""

import asyncio
import contextlib
import io
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeAlias
from urllib.parse import unquote

import pytest
from telegram import Bot
from telegram.error import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.chat import StartError
from bot.running import running
from bot.settings import Secret, Settings
from bot.telegram import door, request
from bot.telegram.door import Telegram
from bot.telegram.request import NotDoneError, PollingRequest, TelegramRequest
from tests.bot_api_server import (
    MESSAGE,
    HttpRequest,
    HttpServer,
    http_server,
    never,
    ok,
)
from tests.serving import ALICE, free_port, until
from tests.telegram.request import over_http
from tests.telegram.server import TOKEN, Server

Answer: TypeAlias = Callable[[HttpRequest], Awaitable[tuple[int, bytes]]]
NEVER = 1
BIG = bytes(range(256)) * 4096 * 2  # 2 MiB
REFUSAL = '{"ok": false, "description": "Because"}'
PROXYS_PAGE = f"<html>No way to /bot{TOKEN}/sendMessage</html>"
BROKEN = (
    b"",
    b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    b"POST /bot" + TOKEN.encode() + b"/sendMessage HTTP/1.1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
)
"""Responses of broken servers: half of one, or no HTTP."""


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(key, raising=False)
        monkeypatch.delenv(key.lower(), raising=False)


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        yield server


@asynccontextmanager
async def connected(address: str, **options: Any) -> AsyncIterator[Bot]:
    async with TelegramRequest(**options) as ordinary, PollingRequest(1) as polling:
        addresses = {"base_url": f"{address}/bot", "base_file_url": f"{address}/file"}
        yield Bot(TOKEN, request=ordinary, get_updates_request=polling, **addresses)  # type: ignore[arg-type]


def answering(*answers: tuple[int, str | bytes]) -> Answer:
    """Return a function that gives these answers, one after the other."""
    left = list(answers)

    async def answer(request: HttpRequest) -> tuple[int, bytes]:
        status, body = left.pop(0)
        if status == NEVER:
            await never(request)
        return status, body.encode() if isinstance(body, str) else body

    return answer


def all_texts_of(error: BaseException | None) -> str:
    """Return the texts of an error and of all its causes, also those that a traceback would not
    show."""
    texts = ""
    while error is not None:
        texts += f"{error} {error!r}"
        error = error.__cause__ or error.__context__
    return texts


@asynccontextmanager
async def failing(
    expected: type[TelegramError], caplog: pytest.LogCaptureFixture
) -> AsyncIterator[None]:
    """Expect exactly this error. Neither it nor the log may have the token.

    httpx is quiet, as in the process.
    """
    caplog.set_level(logging.WARNING, "httpx")
    caplog.set_level(logging.WARNING, "httpcore")
    with caplog.at_level(logging.DEBUG), pytest.raises(expected) as caught:
        yield
    assert type(caught.value) is expected
    assert TOKEN not in all_texts_of(caught.value) + caplog.text


# Requests and their answers


async def test_texts_and_files_go_there_and_back(server: HttpServer) -> None:
    file = {"file_id": "1", "file_unique_id": "1", "file_path": "a/b"}
    server.answer = answering(ok(MESSAGE), ok(MESSAGE), ok(file), (200, BIG))
    async with connected(server.address) as bot:
        assert (await bot.send_message(1, "Größe 🦕 \n<b>")).message_id == 7
        await bot.send_document(1, io.BytesIO(BIG), filename="big.bin")
        assert await (await bot.get_file("1")).download_as_bytearray() == BIG
    text, document, *_, download = server.requests
    assert text.path == f"/bot{TOKEN}/sendMessage"
    assert text.form == {"chat_id": "1", "text": "Größe 🦕 \n<b>"}
    assert BIG in document.body
    assert unquote(download.path) == f"/file{TOKEN}/a/b"


@pytest.mark.parametrize(
    ("expected", "answers"),
    [
        (BadRequest, [(400, REFUSAL)]),
        (InvalidToken, [(401, REFUSAL)]),
        (Forbidden, [(403, REFUSAL)]),
        (Conflict, [(409, REFUSAL)]),
        (
            RetryAfter,
            [(429, '{"ok": false, "description": "Flood", "parameters": {"retry_after": 3}}')],
        ),
        # Telegram may have acted before its server failed
        (
            NetworkError,
            [(status, body) for status in (500, 502, 503, 504) for body in (REFUSAL, PROXYS_PAGE)],
        ),
        (NetworkError, [(status, PROXYS_PAGE) for status in (200, 302, 400, 401, 403, 404, 409)]),
        (
            NetworkError,
            [
                (404, body)
                for body in ('{"ok": true, "res', "", "null", "[{}]", '{"message": "no route"}')
            ],
        ),
        (NetworkError, [(404, b"{\xff")]),
        (NetworkError, [(0, body) for body in BROKEN]),
        (TimedOut, [(NEVER, "")]),
    ],
)
async def test_each_bad_answer_is_an_error_of_the_right_kind_and_nothing_is_sent_twice(
    server: HttpServer,
    expected: type[TelegramError],
    answers: list[tuple[int, Any]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    if expected is TimedOut:
        monkeypatch.setattr(request, "LONGEST_SECONDS", 2.0)
    async with connected(server.address, read_timeout=60) as bot:
        server.answer = answering(*answers)
        for _ in answers:
            async with failing(expected, caplog):
                await bot.send_message(1, "x")
    assert len(server.requests) == len(answers)


# Nothing was sent


async def test_nothing_is_sent_where_nobody_listens_or_speaks_tls(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    for address in (f"http://127.0.0.1:{free_port()}", server.address.replace("http:", "https:")):
        async with (
            connected(address, connect_timeout=0.2) as bot,
            failing(NotDoneError, caplog),
        ):
            await bot.send_message(1, "x")
    assert server.requests == []


def test_a_proxy_or_certificate_that_cannot_be_used_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key, value in (
        ("ALL_PROXY", "socks5://user:open-sesame@127.0.0.1:1"),
        ("HTTPS_PROXY", "ftp://user:open-sesame@127.0.0.1:1"),
        ("HTTPS_PROXY", "http://user:open-sesame@127.0.0.1:port"),
        ("SSL_CERT_FILE", "/nowhere/open-sesame.pem"),
    ):
        monkeypatch.setenv(key, value)
        with pytest.raises(StartError, match=key) as caught:
            TelegramRequest()
        monkeypatch.delenv(key)
        assert "sesame" not in all_texts_of(caught.value)


# Polls that fail: the door makes the polling client anew


async def test_after_polls_that_fail_and_a_lost_connection_updates_arrive(
    server: HttpServer,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A pool that counts its one connection as taken for ever raises PoolTimeout for ever."""
    monkeypatch.setattr(door, "PAUSE_SECONDS", 0.01)
    settings = replace(settings, token=Secret(TOKEN), api_base_url=server.address)
    failures: list[Any] = [(0, BROKEN[1]), (200, "<html>")]
    bodies_left, telegram = answering((NEVER, ""), *failures), Server()
    await telegram.say("/help", ALICE)

    async def answer(received: HttpRequest) -> tuple[int, bytes]:
        if received.path.endswith("/getUpdates"):
            with contextlib.suppress(IndexError):
                return await bodies_left(received)
        return await over_http(telegram)(received)

    server.answer = answer
    polls = PollingRequest(1, pool_timeout=0.05, read_timeout=60)
    lost = asyncio.create_task(polls.do_request(f"{server.address}/bot{TOKEN}/getUpdates", "POST"))
    await until(lambda: server.requests)
    async with running(settings, [Telegram(settings, (TelegramRequest(), polls))]):
        await until(lambda: telegram.sent and not telegram.unconfirmed)
    with pytest.raises(NetworkError):
        await lost
    polls_seen = [each for each in server.requests if each.path.endswith("/getUpdates")]
    assert len(polls_seen) > 1 + len(failures)
    assert caplog.text.count("the next try is in") == 1  # once an outage
    assert not [record for record in caplog.records if record.exc_info]
    assert len(telegram.sent) == 1
