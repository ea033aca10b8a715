"""The transport over real HTTP, mostly under the library's own Bot."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import socket
import traceback
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from telegram import Bot, InputFile, InputMediaDocument, ReplyParameters
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

from bot.wire.transport import AiohttpRequest, ProxyError
from tests.bot_api_server import MESSAGE, TOKEN, HttpServer, http_server, raw_server, read_request, sent, whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

BIG = bytes(range(256)) * 4096 * 8  # 8 MiB


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        yield server


@asynccontextmanager
async def connected(address: str, **settings: Any) -> AsyncIterator[Bot]:
    """A bot whose requests go to an address. The environment's proxies stay out of it unless a test wants them."""
    request = AiohttpRequest(**{"proxy": "", **settings})
    polling = AiohttpRequest(proxy="")
    bot = Bot(
        TOKEN, base_url=f"{address}/bot", base_file_url=f"{address}/file", request=request, get_updates_request=polling
    )
    await request.initialize()
    try:
        yield bot
    finally:
        await request.shutdown()


async def deaf(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Accept a connection, and do nothing with it."""
    await asyncio.sleep(60)


def answering(status: int, body: str, content_type: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body, content_type=content_type)

    return answer


async def never(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


def everything_said_by(error: BaseException) -> str:
    """All texts of an error, and of those that it remembers, also where a traceback would not show them."""
    said = "".join(traceback.format_exception(error))
    remembered: BaseException | None = error
    while remembered is not None:
        said += f"{remembered} {remembered!r}"
        remembered = remembered.__cause__ or remembered.__context__
    return said


# What is sent


async def test_a_message_is_sent_as_json(server: HttpServer) -> None:
    async with connected(server.address) as bot:
        message = await bot.send_message(1, "Größe 🦕 \n<b>", reply_parameters=ReplyParameters(3))
    assert message.message_id == 7
    (request,) = server.requests
    assert (request.method, request.path) == ("POST", f"/bot{TOKEN}/sendMessage")
    assert request.headers["User-Agent"].startswith("python-telegram-bot")
    assert server.bodies == [{"chat_id": 1, "text": "Größe 🦕 \n<b>", "reply_parameters": {"message_id": 3}}]


async def test_a_whole_bot_starts_and_stops_on_it(server: HttpServer) -> None:
    server.answer = answering(200, '{"ok": true, "result": {"id": 1, "is_bot": true, "first_name": "X"}}', "text/plain")
    bot = Bot(
        TOKEN,
        base_url=server.bot_address,
        request=AiohttpRequest(proxy=""),
        get_updates_request=AiohttpRequest(proxy=""),
    )
    async with bot:
        assert bot.first_name == "X"


async def test_connections_are_used_again(server: HttpServer) -> None:
    async with connected(server.address) as bot:
        for _ in range(3):
            await bot.send_message(1, "again")
    assert len(server.peers) == 1
    assert len(server.requests) == 3


async def test_redirects_are_not_followed(server: HttpServer) -> None:
    async def redirect(request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{server.address}/elsewhere", text=f"See {request.url}")

    server.answer = redirect
    async with connected(server.address) as bot:
        with pytest.raises(NetworkError, match="Found"):
            await bot.send_message(1, "x")
    assert len(server.requests) == 1


# What comes back


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, BadRequest),
        (401, InvalidToken),
        (403, Forbidden),
        (404, InvalidToken),
        (409, Conflict),
        (500, NetworkError),
        (502, NetworkError),
    ],
)
async def test_refusals_become_the_librarys_errors(
    server: HttpServer, status: int, expected: type[TelegramError]
) -> None:
    server.answer = answering(status, '{"ok": false, "description": "Because"}', "application/json")
    async with connected(server.address) as bot:
        with pytest.raises(expected, match="Because") as caught:
            await bot.send_message(1, "x")
    assert type(caught.value) is expected


async def test_too_many_requests_say_how_long_to_wait(server: HttpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    body = '{"ok": false, "error_code": 429, "description": "Too Many Requests", "parameters": {"retry_after": 3}}'
    server.answer = answering(429, body, "application/json")
    async with connected(server.address) as bot:
        with pytest.raises(RetryAfter):
            await bot.send_message(1, "x")


@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 409, 500, 502])
async def test_a_page_that_shows_the_address_is_not_handed_on(
    server: HttpServer, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def page(request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=f"<html>No way to {request.url}</html>", content_type="text/html")

    server.answer = page
    async with connected(server.address) as bot:
        caplog.set_level(logging.DEBUG)  # from here on: a Bot logs its addresses when it is made
        with pytest.raises(NetworkError) as caught:
            await bot.send_message(1, "x")
    assert type(caught.value) is NetworkError  # and neither a BadRequest, which is one, too, nor the token's rejection
    assert TOKEN not in everything_said_by(caught.value) + caplog.text


@pytest.mark.parametrize("body", ['{"ok": true, "res', "", "null", "[{}]", "<html>Please log in</html>", "{\xff"])
async def test_a_broken_answer_is_the_networks_error(
    server: HttpServer, body: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.answer = answering(200, body, "application/json")
    async with connected(server.address) as bot:
        with pytest.raises(NetworkError, match="is not Telegram, or the answer was cut short"):
            await bot.send_message(1, "x")
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_big_file_comes_whole(server: HttpServer) -> None:
    async def file(request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            return web.Response(body=BIG)
        return web.json_response({"ok": True, "result": {"file_id": "1", "file_unique_id": "1", "file_path": "a/b"}})

    server.answer = file
    async with connected(server.address) as bot:
        downloaded = await (await bot.get_file("1")).download_as_bytearray()
    assert downloaded == BIG
    assert server.requests[-1].path == f"/file{TOKEN}/a/b"


# Uploads


async def test_files_go_with_their_parameters(server: HttpServer) -> None:
    forms = []

    async def take(request: web.Request) -> web.StreamResponse:
        forms.append((request.headers.get("Content-Length"), await read_form(request)))
        return await sent(request)

    server.answer = take
    async with connected(server.address) as bot:
        await bot.send_document(1, b"\x00text\r\n--", filename='Löss "1".txt', caption="Größe 🦕")
        await bot.send_photo(1, io.BytesIO(BIG), filename="curve.png")
        await bot.send_document(1, InputFile(io.BytesIO(BIG), filename="a.bin", read_file_handle=False))
        await bot.send_document(1, InputFile(Pipe(BIG), filename="b.bin", read_file_handle=False))  # type: ignore[arg-type]
    (_, document), (_, photo), (length, handle), (unknown, pipe) = forms
    assert document["chat_id"] == "1"
    assert document["caption"] == "Größe 🦕"
    assert document["document"] == ("Löss %221%22.txt", "text/plain", b"\x00text\r\n--")
    assert photo["photo"] == ("curve.png", "image/png", BIG)
    assert handle["document"] == ("a.bin", "application/octet-stream", BIG)
    assert pipe["document"] == ("b.bin", "application/octet-stream", BIG)
    assert int(length or 0) > len(BIG)
    assert unknown is None


async def test_a_file_goes_from_where_it_is_read_to(server: HttpServer) -> None:
    forms = []

    async def take(request: web.Request) -> web.StreamResponse:
        forms.append(await read_form(request))
        return await sent(request)

    server.answer = take
    file = io.BytesIO(BIG)
    file.seek(1000)
    async with connected(server.address) as bot:
        await bot.send_document(1, InputFile(file, filename="rest.bin", read_file_handle=False))
    assert forms[0]["document"][2] == BIG[1000:]


async def test_several_files_go_in_one_request(server: HttpServer) -> None:
    forms = []

    async def take(request: web.Request) -> web.StreamResponse:
        forms.append(await read_form(request))
        return web.json_response({"ok": True, "result": [MESSAGE, MESSAGE]})

    server.answer = take
    async with connected(server.address) as bot:
        media = [InputMediaDocument(data, filename="x.bin") for data in (b"one", b"two")]
        await bot.send_media_group(1, media)
    assert [value[2] for name, value in forms[0].items() if name.startswith("attached")] == [b"one", b"two"]


async def test_an_upload_that_nobody_takes_times_out() -> None:
    async with raw_server(deaf) as address, connected(address, write_timeout=0.2) as bot:
        with pytest.raises(TimedOut) as caught:
            await bot.send_document(1, BIG)
    assert TOKEN not in everything_said_by(caught.value)


async def test_an_upload_may_take_longer_than_the_timeout_while_it_moves() -> None:
    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        left = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while left:
            left -= len(await reader.read(1 << 16))
            await asyncio.sleep(0.003)
        writer.write(whole(MESSAGE))
        await writer.drain()

    async with raw_server(slow) as address, connected(address, write_timeout=0.25) as bot:
        async with asyncio.timeout(20):
            begin = asyncio.get_running_loop().time()
            assert (await bot.send_document(1, BIG)).message_id == 7
        assert asyncio.get_running_loop().time() - begin > 0.25


async def test_an_upload_is_refused_before_it_is_through() -> None:
    async def too_large(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        body = b'{"ok": false, "description": "Request Entity Too Large"}'
        writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        await asyncio.sleep(60)

    async with raw_server(too_large) as address, connected(address, write_timeout=0.5) as bot:
        with pytest.raises(NetworkError, match="Request Entity Too Large"):
            await bot.send_document(1, BIG)


# Time


async def test_a_slow_answer_times_out(server: HttpServer) -> None:
    server.answer = never
    async with connected(server.address, read_timeout=0.1) as bot:
        with pytest.raises(TimedOut, match="may have been done"):
            await bot.send_message(1, "x")
        with pytest.raises(TimedOut):
            await bot.send_message(1, "x", read_timeout=0.05)
    assert len(server.requests) == 2  # never once more by itself


async def test_an_answer_that_stops_half_way_times_out(server: HttpServer) -> None:
    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"{")
        return await never(request)

    server.answer = half
    async with connected(server.address, read_timeout=0.1) as bot:
        with pytest.raises(TimedOut):
            await bot.send_message(1, "x")


async def test_the_polls_own_timeout_is_on_top(server: HttpServer) -> None:
    async def soon(_request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.3)
        return web.json_response({"ok": True, "result": []})

    server.answer = soon
    request = AiohttpRequest(read_timeout=0.1, proxy="")
    bot = Bot(TOKEN, base_url=server.bot_address, request=request, get_updates_request=request)
    await request.initialize()
    assert await bot.get_updates(timeout=1) == ()
    await request.shutdown()
    assert server.bodies == [{"timeout": 1}]


async def test_a_connection_that_is_never_ready_times_out() -> None:
    async with (
        raw_server(deaf) as address,
        connected(address.replace("http://", "https://"), connect_timeout=0.2) as bot,
    ):
        with pytest.raises(TimedOut, match="nothing was sent") as caught:
            await bot.send_message(1, "x")
    assert TOKEN not in everything_said_by(caught.value)


# Connections


async def test_a_full_pool_is_waited_for_up_to_a_time(server: HttpServer) -> None:
    server.answer = never
    async with connected(server.address, connections=1, pool_timeout=0.1) as bot:
        holder = asyncio.create_task(bot.send_message(1, "x"))
        await asyncio.sleep(0.05)
        with pytest.raises(TimedOut, match="nothing was sent"):
            await bot.send_message(1, "y")
        holder.cancel()
        await asyncio.wait([holder])
        server.answer = sent
        assert (await bot.send_message(1, "z")).message_id == 7
    assert [body["text"] for body in server.bodies] == ["x", "z"]


async def test_there_are_never_more_connections_than_allowed(server: HttpServer) -> None:
    async def soon(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.01)
        return await sent(request)

    server.answer = soon
    async with connected(server.address, connections=4) as bot:
        await asyncio.gather(*(bot.send_message(1, str(number)) for number in range(40)))
    assert server.most == 4
    assert sorted(int(body["text"]) for body in server.bodies) == list(range(40))


async def test_a_cancelled_request_leaves_nothing_behind(server: HttpServer) -> None:
    server.answer = never
    async with connected(server.address, connections=2) as bot:
        tasks = [asyncio.create_task(bot.send_message(1, "x")) for _ in range(5)]
        await asyncio.sleep(0.05)
        for task in tasks:
            task.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*tasks, return_exceptions=True)
        )
        server.answer = sent
        await asyncio.gather(*(bot.send_message(1, "y") for _ in range(4)))
    assert server.most == 2


async def test_nobody_listens() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    async with connected(f"http://127.0.0.1:{port}") as bot:
        with pytest.raises(NetworkError, match=f"Cannot connect to host 127.0.0.1:{port}") as caught:
            await bot.send_message(1, "x")
    assert TOKEN not in everything_said_by(caught.value)


async def test_a_host_that_does_not_exist() -> None:
    async with connected("http://nowhere.invalid") as bot:
        with pytest.raises(NetworkError, match=r"nowhere\.invalid") as caught:
            await bot.send_message(1, "x")
    assert TOKEN not in everything_said_by(caught.value)


@pytest.mark.parametrize("address", ["htp://127.0.0.1", "http://", "http://127.0.0.1:port", "nothing"])
async def test_an_address_that_makes_no_sense(address: str) -> None:
    async with connected(address) as bot:
        with pytest.raises(NetworkError) as caught:
            await bot.send_message(1, "x")
    assert TOKEN not in everything_said_by(caught.value)


def speaking(answer: bytes) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answer)
        await writer.drain()

    return speak


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"SMTP ready\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
    ],
)
async def test_a_server_that_breaks_off_or_does_not_speak_http(answer: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with raw_server(speaking(answer)) as address, connected(address) as bot:
        caplog.set_level(logging.DEBUG)
        with pytest.raises(NetworkError) as caught:
            await bot.send_message(1, "x")
    assert TOKEN not in everything_said_by(caught.value) + caplog.text


async def test_a_server_that_hangs_up_during_an_upload() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.transport.abort()

    async with raw_server(hang_up) as address, connected(address) as bot:
        with pytest.raises(NetworkError) as caught:
            await bot.send_document(1, BIG)
    assert TOKEN not in everything_said_by(caught.value)


async def test_a_server_without_encryption_is_not_talked_to_in_the_open(server: HttpServer) -> None:
    async with connected(server.address.replace("http://", "https://")) as bot:
        with pytest.raises(NetworkError, match="SSL") as caught:
            await bot.send_message(1, "x")
    assert TOKEN not in everything_said_by(caught.value)
    assert server.requests == []


# Proxies


@asynccontextmanager
async def proxy(answer: bytes) -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that gives the answer itself; its address without the scheme, and the heads of what it is asked."""
    heads = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await read_request(reader))
        writer.write(answer)
        await writer.drain()

    async with raw_server(behave) as address:
        yield address.removeprefix("http://"), heads


async def test_a_proxy_is_used_with_its_password() -> None:
    async with (
        proxy(whole(MESSAGE)) as (address, heads),
        connected("http://telegram.invalid", proxy=f"http://user:p%40ss@{address}") as bot,
    ):
        assert (await bot.send_message(1, "x")).message_id == 7
    assert heads[0].startswith(f"POST http://telegram.invalid/bot{TOKEN}/sendMessage HTTP/1.1")
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'user:p@ss').decode()}" in heads[0]


async def test_a_proxy_sees_nothing_of_an_encrypted_request(caplog: pytest.LogCaptureFixture) -> None:
    refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"
    async with (
        proxy(refusal) as (address, heads),
        connected("https://telegram.invalid", proxy=f"user:open-sesame@{address}") as bot,
    ):
        caplog.set_level(logging.DEBUG)
        with pytest.raises(NetworkError, match="407 Proxy Authentication Required") as caught:
            await bot.send_message(1, "x")
    assert heads[0].startswith("CONNECT telegram.invalid:443")
    assert TOKEN not in heads[0]
    said = everything_said_by(caught.value) + caplog.text
    assert TOKEN not in said
    assert "sesame" not in said


async def test_a_proxy_that_is_not_there() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    async with connected("https://telegram.invalid", proxy=f"http://user:open-sesame@127.0.0.1:{port}") as bot:
        with pytest.raises(NetworkError, match="Cannot connect") as caught:
            await bot.send_message(1, "x")
    said = everything_said_by(caught.value)
    assert TOKEN not in said
    assert "sesame" not in said


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The environment without any proxies."""
    for key in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(key, raising=False)
        monkeypatch.delenv(key.lower(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("key", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
async def test_the_environments_proxy_is_used(environment: pytest.MonkeyPatch, key: str) -> None:
    async with proxy(whole(MESSAGE)) as (address, heads):
        environment.setenv(key, address)
        async with connected("http://telegram.invalid", proxy=None) as bot:
            await bot.send_message(1, "x")
    assert len(heads) == 1


async def test_the_environment_can_except_hosts(server: HttpServer, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("HTTP_PROXY", "http://proxy.invalid")
    environment.setenv("NO_PROXY", "localhost,127.0.0.1")
    async with connected(server.address, proxy=None) as bot:
        await bot.send_message(1, "x")
    assert len(server.requests) == 1


@pytest.mark.parametrize("address", ["socks5://user:open-sesame@127.0.0.1:1", "http://user:open-sesame@[", "http://"])
def test_a_proxy_that_cannot_be_used_is_refused(environment: pytest.MonkeyPatch, address: str) -> None:
    with pytest.raises(ProxyError, match="proxy") as caught:
        AiohttpRequest(proxy=address)
    assert "sesame" not in everything_said_by(caught.value)
    environment.setenv("HTTPS_PROXY", address)
    with pytest.raises(ProxyError, match="HTTPS_PROXY or ALL_PROXY"):
        AiohttpRequest()


# Start and stop


async def test_start_and_stop_may_come_twice_and_again(server: HttpServer) -> None:
    async with connected(server.address) as bot:
        request = bot.request
        await request.initialize()
        await bot.send_message(1, "x")
        await request.shutdown()
        await request.shutdown()
        with pytest.raises(NetworkError, match="not open"):
            await bot.send_message(1, "y")
        await request.initialize()
        await bot.send_message(1, "z")
    assert [body["text"] for body in server.bodies] == ["x", "z"]


def test_another_event_loop_can_open_it_again() -> None:
    request = AiohttpRequest(proxy="", connections=1)

    async def round_trip() -> None:
        async with http_server() as server, request:
            bot = Bot(TOKEN, base_url=server.bot_address, request=request)
            await asyncio.gather(*(bot.send_message(1, "x") for _ in range(3)))

    asyncio.run(round_trip())
    asyncio.run(round_trip())


async def test_requests_in_progress_end_at_a_stop(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    server.answer = never
    async with connected(server.address, connections=2) as bot:
        caplog.set_level(logging.DEBUG)
        tasks = [asyncio.create_task(bot.send_message(1, "x")) for _ in range(4)]
        await asyncio.sleep(0.05)
        await bot.request.shutdown()
        ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(end) for end in ends] == [NetworkError] * 4
    said = "".join(everything_said_by(end) for end in ends if isinstance(end, BaseException)) + caplog.text
    assert TOKEN not in said


async def test_it_tells_its_settings() -> None:
    assert AiohttpRequest(read_timeout=3.5, proxy="").read_timeout == 3.5
    assert AiohttpRequest(proxy="").http_version == "1.1"


async def test_nothing_is_logged_that_holds_the_token(server: HttpServer, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(server.address, read_timeout=0.1) as bot:
        asyncio.get_running_loop().set_debug(True)
        caplog.set_level(logging.DEBUG)
        await bot.send_message(1, "x")
        await bot.send_document(1, b"x")
        server.answer = never
        for sending in (bot.send_message(1, "x"), bot.send_document(1, b"x")):
            with pytest.raises(TimedOut):
                await sending
    assert TOKEN not in caplog.text


class Pipe:
    """A file whose end is not known before it is there."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def seekable(self) -> bool:
        return False

    def read(self, size: int) -> bytes:
        return self._file.read(size)


async def read_form(request: web.Request) -> dict[str, Any]:
    """A form's values; a file is its name, its type and its bytes."""
    return {
        name: (value.filename, value.content_type, value.file.read()) if isinstance(value, web.FileField) else value
        for name, value in (await request.post()).items()
    }
