"""What stands before the page: other sites' requests are refused, and responses forbid what the page does not need.

A site may point its own name at this machine (DNS rebinding) or send a form here (CSRF). The first shows in the header
Host, the second in Origin.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from bot.conversation import texts

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware
    from multidict import CIMultiDictProxy

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
PASSED_ON = {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"}
"""What proxies add to a request."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class RefusedError(Exception):
    """A request that is not answered: a status, and a sentence for the person."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Guard:
    """Passes requests that name this server as one of `names` and come from its own page.

    Where `any_address` is true, IP addresses count as names too: rebinding needs a name.
    """

    def __init__(self, names: frozenset[str], *, any_address: bool) -> None:
        self._names = names
        self._any_address = any_address

    def protect(self, app: web.Application) -> None:
        """Stand before an application."""
        app.middlewares.append(self._middleware())
        app.on_response_prepare.append(_add_headers)

    def check(self, method: str, path: str, headers: CIMultiDictProxy[str]) -> None:
        """Raise RefusedError unless a request may pass."""
        hosts = headers.getall("Host", ())
        if len(hosts) != 1 or not self._is_named(hosts[0]):
            raise RefusedError(421, texts.WRONG_HOST)
        if method not in ("GET", "POST"):
            raise RefusedError(405, texts.NO_SUCH_PAGE)
        if not _is_own(method, path, headers):
            raise RefusedError(403, texts.WRONG_ORIGIN)

    def _middleware(self) -> Middleware:
        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            try:
                self.check(request.method, request.path, request.headers)
                return await handler(request)
            except RefusedError as error:
                return web.Response(status=error.status, text=str(error))
            except web.HTTPException as error:  # of the router
                return web.Response(status=error.status, text=texts.NO_SUCH_PAGE)

        return guarded

    def _is_named(self, host: str) -> bool:
        name = name_in(host)
        return name in self._names or (self._any_address and is_address(name))


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.popall("Server", None)


def _is_own(method: str, path: str, headers: CIMultiDictProxy[str]) -> bool:
    """Tell whether a request comes from our own page. Anybody may link to `/`."""
    origin, site = headers.get("Origin"), headers.get("Sec-Fetch-Site", "none")
    if site not in ("same-origin", "none") and path != "/":
        return False
    if origin is None:
        return method == "GET"
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == headers["Host"].lower()


def name_in(host: str) -> str:
    """Return the name in a header Host, without the port; an empty one if it makes no sense."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def names_of(host: str) -> frozenset[str]:
    """Return what people may call a server that listens on a host."""
    own = {host.lower(), "localhost"}
    return frozenset(own | ({"127.0.0.1", "::1"} if is_loopback(host) else {socket.gethostname().lower()}))


def is_at_home(request: web.Request) -> bool:
    """Tell whether a request was made on this machine, and not passed on by a proxy here for somebody elsewhere."""
    return is_loopback(request.remote or "") and not PASSED_ON & {name.lower() for name in request.headers}


def is_loopback(host: str) -> bool:
    """Tell whether an address belongs to the machine itself."""
    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def is_address(name: str) -> bool:
    """Tell an IP address from a name."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
