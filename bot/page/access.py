"""Who may use the page: other sites are refused, the link lets people in, and a cookie knows them
again.

Another site may point its own name at this machine (DNS rebinding) or connect to this socket
(hijacking). The first shows in the header Host, the second in Origin. A cookie names a person and
is signed with a key beside the database, so a browser stays the same person when the bot is started
again.
"""

import contextlib
import hashlib
import hmac
import ipaddress
import os
import re
import secrets
import socket
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

KEY_BYTES = 32
ANYWHERE = ("0.0.0.0", "::")  # noqa: S104 - what the operator may ask for
WAYS = (socket.AF_INET, "192.0.2.0", "127.0.0.1"), (socket.AF_INET6, "2001:db8::", "::1")
"""For IPv4 and IPv6: an address elsewhere, and what this machine is called if it has no network."""
PASSED_ON = {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip"}
"""What proxies add to a request."""
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


class Passes:
    """The tokens of the links, which are new at each start, and the cookies that people get for
    them.

    The second link is for an admin. Its token signs the admin's cookie, so that ends with the next
    start.
    """

    def __init__(self, key_file: Path) -> None:
        self.token, self.admin_token = secrets.token_urlsafe(16), secrets.token_urlsafe(16)
        self._key = _read_key(key_file)

    def cookie(self, person: int) -> str:
        return f"{person}.{_signature(self._key, person)}"

    def admin_cookie(self, person: int) -> str:
        """Return the cookie that a person has as an admin, beside their own."""
        return _signature(self.admin_token.encode(), person)

    def person(self, cookie: str) -> int | None:
        found = re.fullmatch(r"([1-9][0-9]{0,15})\.[0-9a-f]{64}", cookie, re.ASCII)
        return int(found[1]) if found and is_same(cookie, self.cookie(int(found[1]))) else None


def is_same(given: str, secret: str) -> bool:
    """Compare in a time that does not tell how much is right."""
    return hmac.compare_digest(given.encode(errors="replace"), secret.encode())


def names_of(host: str) -> frozenset[str]:
    """Return what people may call a server that listens on a host.

    In a home, a machine is called NAME.local.
    """
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    own = {"127.0.0.1", "::1"} if is_loopback(host) else {name, short, f"{short}.local"}
    return frozenset({host.lower(), "localhost"} | own)


def address_towards_others(host: str) -> str:
    """Return the address at which others reach this machine: IPv6 if `host` is, else IPv4.

    Nothing is sent.
    """
    family, others, own = WAYS[":" in host]
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((others, 9))
        own = probe.getsockname()[0]
    return own


def is_named(host: str, names: frozenset[str]) -> bool:
    """Return whether a header Host names a server.

    One that listens anywhere has any address; rebinding has a name.
    """
    with contextlib.suppress(ValueError):
        name = urlsplit(f"//{host}").hostname or ""
        return name in names or (
            not names.isdisjoint(ANYWHERE) and bool(ipaddress.ip_address(name))
        )
    return False


def is_loopback(host: str) -> bool:
    """Return whether an address belongs to the machine itself."""
    with contextlib.suppress(ValueError):
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    return False


def is_at_home(request: web.Request) -> bool:
    """Return whether a request was made on this machine, and not passed on by a proxy here for
    somebody elsewhere.
    """
    return is_loopback(request.remote or "") and not PASSED_ON & {
        name.lower() for name in request.headers
    }


def _signature(key: bytes, person: int) -> str:
    return hmac.new(key, str(person).encode(), hashlib.sha256).hexdigest()


def _read_key(path: Path) -> bytes:
    """Return the key in a file that only its owner may read. If there is no key, make one.

    If no file can be written, the key is forgotten at the end, and all cookies with it.
    """
    with contextlib.suppress(OSError):
        if len(key := path.read_bytes()) == KEY_BYTES:
            return key
    key = secrets.token_bytes(KEY_BYTES)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(key)
    return key
