"""The HTTP client under python-telegram-bot: aiohttp in the place of httpx, which takes most of an update's time.

The library hands over whole addresses, and the token is a part of them. So no text of aiohttp's reaches an error of
ours unless it is known to hold no address, and our errors do not remember aiohttp's.

Not here: the body of an upload (`uploads`), and retries. A request that timed out may have been carried out, and only
its sender knows whether once more would do harm. Nor HTTP/2 and SOCKS proxies, which aiohttp does not speak.
"""

from __future__ import annotations

import asyncio
import functools
import json
import os
import ssl
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
from telegram.error import NetworkError, TimedOut
from telegram.request import BaseRequest
from yarl import URL

from bot.wire.uploads import Form, Paced
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from telegram.request import RequestData

KEPT_ALIVE = 15.0
"""Seconds that a connection is kept for the next request."""
RESOLVED = 300
"""Seconds that an address found by DNS is remembered."""
# Written out, for aiohttp makes them up anew for each request. Answers are small: packing them is not worth it.
HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": BaseRequest.USER_AGENT}

ProxyFor = Callable[[str, str | None], URL | None]
"""The proxy that leads to a scheme and a host, or None."""


class ProxyError(MangosaurusError):
    """A proxy that cannot be used. The sentence does not show its address, which may hold a password."""


class AiohttpRequest(BaseRequest):
    """The library's transport, on one pool of connections.

    Timeouts are seconds, and None is no limit: `connect_timeout` for a new connection, name and encryption included;
    `read_timeout` and `write_timeout` for any time without progress, the latter where files are uploaded, as everything
    else fits into one packet or a few; `pool_timeout` for a connection while all `connections` are taken.
    `proxy` is an http or https address, which may hold a user and a password; "" is none, None the environment's.

    Errors: TimedOut, NetworkError; ProxyError for a proxy of another kind.
    """

    def __init__(
        self,
        connections: int = 64,
        *,
        read_timeout: float | None = 5.0,
        write_timeout: float | None = 20.0,
        connect_timeout: float | None = 5.0,
        pool_timeout: float | None = 60.0,
        proxy: str | None = None,
    ) -> None:
        self._connections = connections
        self._read_timeout = read_timeout
        self._write_timeout = write_timeout
        self._connect_timeout = connect_timeout
        self._pool_timeout = pool_timeout
        self._proxy_for: ProxyFor
        if proxy is None:
            self._proxy_for = functools.lru_cache(_environment_proxies())
        else:
            given = _proxy(proxy, "the proxy")
            self._proxy_for = lambda _scheme, _host: given
        self._session: aiohttp.ClientSession | None = None
        self._free = asyncio.Semaphore(connections)

    @property
    def read_timeout(self) -> float | None:
        """Return the seconds without an answer, or without the rest of one, that are too many."""
        return self._read_timeout

    @property
    def http_version(self) -> str:
        """Return the version of HTTP that is spoken."""
        return "1.1"

    async def initialize(self) -> None:
        """Open the pool on the running event loop; nothing happens where it is open."""
        if self._session is None:
            # The connector's own limit is not used: it would take waiting for a connection and making one for the same.
            connector = aiohttp.TCPConnector(
                limit=0, ttl_dns_cache=RESOLVED, keepalive_timeout=KEPT_ALIVE, ssl=_encryption()
            )
            jar = aiohttp.DummyCookieJar()
            self._free = asyncio.Semaphore(self._connections)
            self._session = aiohttp.ClientSession(connector=connector, headers=HEADERS, cookie_jar=jar)

    async def shutdown(self) -> None:
        """Close the pool, under any request that is still in progress; it can be opened again."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Send a request once, and return the status and the body of its answer."""
        patience = _patience(_given(connect_timeout, self._connect_timeout), _given(read_timeout, self._read_timeout))
        free = self._free
        await _take(free, _given(pool_timeout, self._pool_timeout))
        try:
            if request_data is not None and request_data.contains_files:
                limit = _given(write_timeout, self._write_timeout)
                return await self._upload(url, method, Form(request_data), patience, limit)
            body = None if request_data is None else json.dumps(request_data.parameters).encode()
            payload = None if body is None else aiohttp.BytesPayload(body, content_type="application/json")
            return await self._exchange(url, method, payload, None, patience)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            failure = _failure(error)
        finally:
            free.release()
        raise failure  # out here, where it does not remember aiohttp's, whose text holds the address

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """Read an answer; NetworkError where it is not Telegram's, but a proxy's page for one, or not all of it.

        The library's own error would be none of the network's, and be neither tried again nor taken for an answer that
        was lost on its way.
        """
        try:
            answer = json.loads(payload)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise NetworkError("What answered is not Telegram, or the answer was cut short")
        return answer

    async def _upload(
        self, url: str, method: str, form: Form, patience: aiohttp.ClientTimeout, limit: float | None
    ) -> tuple[int, bytes]:
        async with asyncio.timeout(None) as deadline:
            return await self._exchange(url, method, Paced(form, deadline, limit), form.headers, patience)

    async def _exchange(
        self, url: str, method: str, body: object, headers: dict[str, str] | None, patience: aiohttp.ClientTimeout
    ) -> tuple[int, bytes]:
        if self._session is None:
            raise NetworkError("The connection to Telegram is not open")
        address = URL(url)
        proxy = self._proxy_for(address.scheme, address.host)
        async with self._session.request(
            method, address, data=body, headers=headers, timeout=patience, proxy=proxy, allow_redirects=False
        ) as response:
            status, answer = response.status, await response.read()
        # A page of a proxy's may show the address. The library would put it into an error and into its log.
        is_telegrams = answer.startswith(b"{") or (method == "GET" and status < HTTPStatus.MULTIPLE_CHOICES)
        if not is_telegrams and status >= HTTPStatus.BAD_REQUEST:  # or a page's 404 would be a rejected token
            raise NetworkError(f"What answered is not Telegram ({status})")
        return status, answer if is_telegrams else b""


async def _take(free: asyncio.Semaphore, seconds: float | None) -> None:
    """Take one of the connections, or wait until there is one; TimedOut."""
    if not free.locked():
        await free.acquire()
        return
    try:
        async with asyncio.timeout(seconds):
            await free.acquire()
    except TimeoutError:
        raise TimedOut("Timed out while all connections were taken; nothing was sent") from None


def _given(value: Any, otherwise: float | None) -> float | None:
    return otherwise if value is BaseRequest.DEFAULT_NONE else value


@functools.lru_cache
def _patience(connect: float | None, read: float | None) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=connect, sock_read=read)


def _failure(error: Exception) -> NetworkError:
    """Say what went wrong, in the error's own words only where these hold no address."""
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return TimedOut("Timed out while connecting; nothing was sent")
    if isinstance(error, TimeoutError):
        return TimedOut("Timed out; what was sent may have been done")
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return NetworkError(f"The proxy answered {error.status} {error.message}")
    if isinstance(error, aiohttp.ClientConnectorError):
        return NetworkError(str(error))  # host, port and reason
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return NetworkError("The server closed the connection without an answer")
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else type(error).__name__
    return NetworkError(f"The exchange with the server failed: {reason}")


def _environment_proxies() -> ProxyFor:
    """Read the environment's proxies, and return which of them leads to a scheme and a host; ProxyError."""
    addresses = getproxies()
    proxies = {
        scheme: _proxy(addresses.get(scheme) or addresses.get("all", ""), f"{scheme.upper()}_PROXY or ALL_PROXY")
        for scheme in ("http", "https")
    }
    return lambda scheme, host: None if host is None or proxy_bypass(host) else proxies.get(scheme)


def _proxy(address: str, name: str) -> URL | None:
    """Read a proxy's address, where the scheme may be missing; ProxyError."""
    if not address:
        return None
    try:
        url = URL(address if "://" in address else f"http://{address}")
    except ValueError:
        raise ProxyError(f"{name} is no address (not shown, as it may hold a password)") from None
    if url.scheme not in ("http", "https") or not url.host:
        raise ProxyError(f"{name} is a {url.scheme} proxy; only http and https proxies can be used")
    return url


@functools.cache
def _encryption() -> ssl.SSLContext:
    """Make what encrypted connections are checked by: the system's certificates, or where it has none, certifi's."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if not _system_certificates(context):
        context.load_verify_locations(certifi.where())
    return context


def _system_certificates(context: ssl.SSLContext) -> bool:
    # A folder of certificates is only read when one of them is looked for, and so its files are not in the statistics.
    folder = ssl.get_default_verify_paths().capath
    return bool(context.cert_store_stats()["x509_ca"]) or (folder is not None and any(Path(folder).iterdir()))
