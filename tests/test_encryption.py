"""The HTTP client over TLS, as Telegram is reached: which servers it trusts, and what it says of all others.

The environment decides which certificates are trusted, so each test has a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import trustme

from tests.bot_api_server import TOKEN, http_server, raw_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[1]
ASK = """
import asyncio, sys
import certifi
from telegram import Bot
from telegram.error import NetworkError
from bot.telegram.request import TelegramRequest

async def ask(address, token, certificates):
    certifi.where = lambda: certificates
    async with TelegramRequest() as request:
        try:
            print((await Bot(token, base_url=f"{address}/bot", request=request).send_message(1, "x")).text)
        except NetworkError as error:
            print(repr(error))

asyncio.run(ask(*sys.argv[1:]))
"""


@dataclass(frozen=True)
class Authority:
    """Somebody who certifies servers, and the file that those have who trust it."""

    ca: trustme.CA
    file: Path

    def server_context(self, host: str) -> ssl.SSLContext:
        """Return what a server needs to pose as that host."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(host).configure_cert(context)
        return context


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Authority]:
    """Two authorities that know nothing of each other."""
    folder, made = tmp_path_factory.mktemp("authorities"), {}
    for name in ("known", "other"):
        made[name] = Authority(trustme.CA(), folder / f"{name}.pem")
        made[name].ca.cert_pem.write_to_path(str(made[name].file))
    return made


async def ask(address: str, own: Path | None, certifis: Path, proxy: str = "") -> str:
    """Let a process of its own send a message, and return what it prints. `own` is the operator's SSL_CERT_FILE."""
    ours = ("_PROXY", "CERT_FILE", "CERT_DIR")
    inherited = {key: value for key, value in os.environ.items() if not key.upper().endswith(ours)}
    variables = {"SSL_CERT_FILE": own and str(own), "HTTPS_PROXY": proxy}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ASK, address, TOKEN, str(certifis)),
        cwd=ROOT,
        env=inherited | {key: value for key, value in variables.items() if value},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert TOKEN not in said.decode()
    return said.decode().strip()


@pytest.mark.parametrize("own", [False, True], ids=["certifi's", "the operator's"])
async def test_a_server_is_trusted_by_certificates(authorities: dict[str, Authority], own: bool) -> None:
    known, other = authorities["known"], authorities["other"]
    files = (known.file, other.file) if own else (None, known.file)
    async with http_server(known.server_context("127.0.0.1")) as server:
        assert await ask(server.address, *files) == "sent"
    (request,) = server.requests
    assert request.path == f"/bot{TOKEN}/sendMessage"


@pytest.mark.parametrize(
    ("trusted", "host", "reason"),
    [
        pytest.param("other", "127.0.0.1", "unable to get local issuer certificate", id="an unknown authority"),
        pytest.param("known", "api.telegram.org", "certificate is not valid for '127.0.0.1'", id="another host's"),
    ],
)
async def test_a_server_that_is_not_trusted_learns_nothing(
    authorities: dict[str, Authority], trusted: str, host: str, reason: str
) -> None:
    async with http_server(authorities["known"].server_context(host)) as server:
        said = await ask(server.address, None, authorities[trusted].file)
    assert said.startswith("NothingSentError('No connection to Telegram: [SSL: CERTIFICATE_VERIFY_FAILED]")
    assert reason in said
    assert server.requests == []


async def test_a_proxy_leads_to_an_encrypted_server(authorities: dict[str, Authority]) -> None:
    known = authorities["known"]
    async with http_server(known.server_context("127.0.0.1")) as server, tunnel() as (proxy, heads):
        assert await ask(server.address, None, known.file, proxy) == "sent"
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
