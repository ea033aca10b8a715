"""The HTTP client over TLS, as Telegram is reached: which servers it trusts, and what it says of all others.

The environment decides which certificates are trusted, so each question is asked by a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trustme

from model.files import ROOT
from tests.bot_api_server import TOKEN, http_server, raw_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.bot_api_server import HttpServer

ASK = """
import asyncio, sys
import certifi
from telegram import Bot
from telegram.error import NetworkError
from bot.telegram.request import TelegramRequest

async def ask(token, certificates, *addresses):
    certifi.where = lambda: certificates
    async with TelegramRequest() as request:
        for address in addresses:
            try:
                print((await Bot(token, base_url=f"{address}/bot", request=request).send_message(1, "x")).text)
            except NetworkError as error:
                print(repr(error))

asyncio.run(ask(*sys.argv[1:]))
"""


class Authority:
    """Somebody who certifies servers, and the file that those have who trust it."""

    def __init__(self, file: Path) -> None:
        self.ca, self.file = trustme.CA(), file
        self.ca.cert_pem.write_to_path(str(file))

    def server(self, host: str) -> AbstractAsyncContextManager[HttpServer]:
        """Serve as that host."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(host).configure_cert(context)
        return http_server(context)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    """Two authorities that know nothing of each other."""
    folder = tmp_path_factory.mktemp("authorities")
    return Authority(folder / "known.pem"), Authority(folder / "other.pem")


async def ask(*addresses: str, own: Path | None = None, certifis: Path, proxy: str = "") -> list[str]:
    """Let a process of its own send messages, and return what it prints. `own` is the operator's SSL_CERT_FILE."""
    ours = ("_PROXY", "CERT_FILE", "CERT_DIR")
    inherited = {key: value for key, value in os.environ.items() if not key.upper().endswith(ours)}
    variables = {"SSL_CERT_FILE": own and str(own), "HTTPS_PROXY": proxy}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASK, TOKEN, str(certifis), *addresses),
        cwd=ROOT,
        env=inherited | {key: value for key, value in variables.items() if value},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert TOKEN not in said.decode()
    return said.decode().splitlines()


async def test_which_servers_are_trusted_by_which_certificates(authorities: tuple[Authority, Authority]) -> None:
    known, other = authorities
    async with known.server("127.0.0.1") as right, other.server("127.0.0.1") as unknown, known.server("x.org") as wrong:
        by_certifi = await ask(right.address, unknown.address, wrong.address, certifis=known.file)
        by_operator = await ask(right.address, unknown.address, own=known.file, certifis=other.file)
    for sent, *refused in (by_certifi, by_operator):
        assert sent == "sent"
        for error in refused:
            assert error.startswith("NothingSentError('No connection to Telegram: [SSL: CERTIFICATE_VERIFY_FAILED]")
    assert "unable to get local issuer certificate" in by_certifi[1]
    assert "certificate is not valid for '127.0.0.1'" in by_certifi[2]
    assert [request.path for request in right.requests] == [f"/bot{TOKEN}/sendMessage"] * 2
    assert (unknown.requests, wrong.requests) == ([], [])  # who is not trusted learns nothing


async def test_a_proxy_leads_to_an_encrypted_server(authorities: tuple[Authority, Authority]) -> None:
    known, _ = authorities
    async with known.server("127.0.0.1") as server, tunnel() as (proxy, heads):
        assert await ask(server.address, certifis=known.file, proxy=proxy) == ["sent"]
    assert heads[0].startswith(f"CONNECT {server.address.removeprefix('https://')} HTTP/1.1")
    assert TOKEN not in "".join(heads)


@asynccontextmanager
async def tunnel() -> AsyncIterator[tuple[str, list[str]]]:
    """A proxy that connects whom it is asked to; its address, and the heads of what it is asked."""
    heads = []

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        host, _, port = heads[-1].split()[1].rpartition(":")
        there_reader, there_writer = await asyncio.open_connection(host, int(port))
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_pass_on(reader, there_writer), _pass_on(there_reader, writer))

    async with raw_server(behave) as address:
        yield address, heads


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
    writer.close()
