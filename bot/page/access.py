"""Who may use the page: the link lets a browser in, a cookie lets it in again, and requests from
other sites are refused.

Another site may point its own name at this machine (DNS rebinding), or connect to the socket
(hijacking). The first shows in the header Host, the second in Origin.
"""

import hmac
import re
import secrets
from pathlib import Path

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.words import page as words

KEY_BYTES = 32
HOSTS = re.compile(r"(localhost|127\.0\.0\.1)(:[0-9]+)?", re.IGNORECASE)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for"
    " 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Access:
    """The token of the link, new at each start, and the cookie, which stays good.

    The cookie's name has the port in it, because browsers send a cookie to all ports of a machine.
    """

    def __init__(self, key_file: Path, port: int) -> None:
        self.token = secrets.token_urlsafe(16)
        self._cookie = f"mangosaurus-{port}"
        self._key = read_key(key_file)

    def knows(self, request: web.Request) -> bool:
        """Return whether the link has let this browser in."""
        return is_same(request.cookies.get(self._cookie, ""), self._key)

    def let_in(self, response: web.Response) -> None:
        """Give a browser the cookie."""
        response.set_cookie(
            self._cookie, self._key, max_age=365 * 24 * 3600, httponly=True, samesite="Strict"
        )


def is_same(given: str, secret: str) -> bool:
    """Compare two texts in a time that does not tell how much of them is the same."""
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse a request that names another server or comes from another site. Any site may link to
    `/`, which is the same for everybody.
    """
    host = request.headers.get("Host", "")
    if not HOSTS.fullmatch(host):
        return web.Response(status=421, text=words.WRONG_HOST)
    origin = request.headers.get("Origin")
    is_own = origin == f"http://{host.lower()}"
    if origin is None:  # browsers send an Origin with all that could do harm
        is_own = request.method == "GET" and request.path != "/socket"
    site = request.headers.get("Sec-Fetch-Site", "none")
    if not is_own or (site not in ("same-origin", "none") and request.path != "/"):
        return web.Response(status=403, text=words.WRONG_ORIGIN)
    return await handler(request)


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Add headers to a response. They forbid a browser what our page never does."""
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.popall("Server", None)


def read_key(path: Path) -> str:
    """Return the key in a file that only its owner may read. If there is no key, make one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    if path.stat().st_size != KEY_BYTES:
        path.write_bytes(secrets.token_bytes(KEY_BYTES))
    return path.read_bytes().hex()
