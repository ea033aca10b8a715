"""The page behind a proxy that speaks https: who is let in, who is an admin, and a real nginx in
between."""

import asyncio
import contextlib
import dataclasses
import os
import re
import shutil
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
import trustme
from aiohttp.abc import AbstractResolver, ResolveResult

from bot.page import server
from bot.page.server import Page
from bot.settings import Rate, Settings
from bot.words import page as words
from tests.browsers import PATIENCE, SWITCHES, chromium
from tests.pages import Visitor, browser, page_served, text_of
from tests.serving import free_port, until

NAME = "bots.example.org"
SOCKET = (
    "proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection"
    " upgrade;"
)
HOST = "proxy_set_header Host $http_host;"
FORWARDING = (
    "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header"
    " X-Forwarded-Proto $scheme; proxy_set_header X-Real-IP $remote_addr;"
)
CONFIGURATION = Template("""
daemon off; master_process off; pid nginx.pid; error_log stderr error;
events {}
http {
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:$port ssl; server_name $name;
    ssl_certificate chain.pem; ssl_certificate_key key.pem;
    location $path/ { proxy_pass http://127.0.0.1:$page$slash; $lines }
  }
}
""")


@dataclasses.dataclass
class Proxied:
    page: Page
    authority: trustme.CA

    @asynccontextmanager
    async def browser(self, link: str = "") -> AsyncIterator[Visitor]:
        """Start a browser that finds the name of the proxy at this machine, and open a link."""
        self.authority.configure_trust(context := ssl.create_default_context())
        connector = aiohttp.TCPConnector(resolver=Here(), ssl=context)
        async with browser(self.page.link, connector=connector) as visitor:
            if link:
                status, _, headers = await visitor.get(link)
                assert (status, headers["Location"]) == (303, urlsplit(link).path)
            yield visitor

    @property
    def admin_link(self) -> str:
        return self.page.announcement.rpartition(" ")[2]


class Here(AbstractResolver):
    async def resolve(
        self, host: str, port: int = 0, family: Any = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host, host="127.0.0.1", port=port, family=family, proto=0, flags=0
            )
        ]

    async def close(self) -> None: ...


@asynccontextmanager
async def proxied(
    settings: Settings,
    folder: Path,
    lines: str = f"{SOCKET} {HOST} {FORWARDING}",
    path: str = "/mango",
    slash: str = "",
) -> AsyncIterator[Proxied]:
    """Serve the page behind nginx, which passes the path on, or takes it away if `slash` is a
    slash."""
    if not (nginx := shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")):
        pytest.skip(
            "there is no nginx here, so the page was NOT tested behind it (apt-get install nginx)"
        )
    authority, port = trustme.CA(), free_port()
    certificate = authority.issue_cert(NAME)
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(folder / "chain.pem", append=True)
    settings = dataclasses.replace(settings, page_url=f"https://{NAME}:{port}{path}")
    async with page_served(settings, port=(inner := free_port())) as page:
        text = CONFIGURATION.substitute(
            port=port, name=NAME, path=path, page=inner, slash=slash, lines=lines
        )
        (folder / "nginx.conf").write_text(f"{'user root;' if os.geteuid() == 0 else ''}{text}")
        process = await asyncio.create_subprocess_exec(
            *(nginx, "-p", str(folder), "-c", str(folder / "nginx.conf")),
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            await until(lambda: is_listening(port, process))
            yield Proxied(page, authority)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.communicate()


def is_listening(port: int, process: asyncio.subprocess.Process) -> bool:
    assert process.returncode is None, "nginx has ended"
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


async def is_admin(visitor: Visitor, **headers: str) -> bool:
    """Return whether the bot takes somebody for an admin, as their tab and their /status say."""
    async with visitor.tab(**headers) as tab:
        if not tab.chat["messages"]:
            await tab.answer()
        status = text_of(await tab.ask("/status"))
        assert ("memory" in status) == tab.chat["admin"]
        return bool(tab.chat["admin"])


@pytest.mark.parametrize(("path", "slash"), [("/mango", ""), ("/mango", "/"), ("", "")])
async def test_a_chat_through_nginx(
    settings: Settings, tmp_path: Path, path: str, slash: str
) -> None:
    async with proxied(settings, tmp_path, path=path, slash=slash) as there:
        async with there.browser(there.page.link) as visitor:
            for asset in ("/", "/page.js", "/page.css", "/icon.svg"):
                assert (await visitor.get(asset))[0] == 200
            async with visitor.tab() as tab:
                await tab.answer()
                assert re.search(r"\n\n[2-9a-z]{7,10}$", text_of(await tab.ask("/dino")))
                export = await tab.ask("/export")
            assert "code " in (await visitor.get(f"/files/{export['id']}"))[1]
            cookie = next(iter(visitor.client.cookie_jar))
            assert (cookie.key, cookie["path"], cookie["secure"]) == (
                "__Secure-mangosaurus",
                f"{path}/",
                True,
            )
        async with there.browser() as stranger:
            assert (await stranger.get("/"))[0] == 403
            if path:
                status, _, headers = await stranger.get(
                    f"https://{NAME}:{urlsplit(there.page.link).port}{path}"
                )
                # says nginx itself
                assert (status, urlsplit(headers["Location"]).path) == (301, f"{path}/")


@pytest.mark.parametrize("forwarding", ["", FORWARDING])
async def test_only_the_second_link_makes_an_admin(
    settings: Settings, tmp_path: Path, forwarding: str
) -> None:
    async with proxied(settings, tmp_path, f"{SOCKET} {HOST} {forwarding}") as there:
        async with there.browser(there.page.link) as visitor:
            assert not await is_admin(visitor)
            for header in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"):
                assert not await is_admin(visitor, **{header: "127.0.0.1"})
        async with there.browser(there.admin_link) as operator:
            assert await is_admin(operator)
            assert await is_admin(operator, **{"X-Forwarded-For": "192.168.0.7"})
            jar = {cookie.key: cookie.value for cookie in operator.client.cookie_jar}
        async with there.browser(there.page.link) as thief:  # one person's mark is not another's
            cookies = {cookie.key: cookie.value for cookie in thief.client.cookie_jar}
            stolen = cookies | {"__Secure-mangosaurus-admin": jar["__Secure-mangosaurus-admin"]}
            assert not await is_admin(
                thief, Cookie="; ".join(f"{name}={value}" for name, value in stolen.items())
            )


async def test_one_name_and_one_origin_are_let_in(settings: Settings, tmp_path: Path) -> None:
    async with proxied(settings, tmp_path) as there, there.browser(there.page.link) as visitor:
        host = urlsplit(there.page.link).netloc
        for other in ("localhost", "127.0.0.1", "evil.example", f"{NAME}:1", NAME):
            assert (await visitor.get("/page.js", Host=other))[:2] == (421, words.WRONG_HOST)
        for origin in (f"http://{host}", f"https://{NAME}:1", "https://evil.example", "null"):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                async with visitor.tab(Origin=origin):
                    pass
            assert refusal.value.status == 403
        # directly, past nginx
        inner = f"http://127.0.0.1:{there.page.port}"
        cookies = visitor.client.cookie_jar
        own = {
            "Host": host,
            "Cookie": "; ".join(f"{cookie.key}={cookie.value}" for cookie in cookies),
        }
        assert (await visitor.get(f"{inner}/"))[:2] == (421, words.WRONG_HOST)
        assert (await visitor.get(f"{inner}/", **own))[0] == 200
        async with visitor.client.ws_connect(
            f"{inner}/socket", headers=own | {"Origin": f"https://{host}"}
        ) as tab:
            assert (await tab.receive_json(timeout=10))["admin"] is False
    (own_folder := tmp_path / "own").mkdir()
    # nginx hides the name then
    async with (
        proxied(settings, own_folder, SOCKET) as there,
        there.browser() as visitor,
    ):
        assert (await visitor.get(there.page.link))[:2] == (421, words.WRONG_HOST)


async def test_a_crowd_from_one_address_is_slowed_down(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "NEWCOMERS", Rate(2, 3600))
    async with proxied(settings, tmp_path) as there:
        for status in (303, 303, 429):
            async with there.browser() as visitor:
                assert (
                    await visitor.get(there.page.link, **{"X-Forwarded-For": os.urandom(4).hex()})
                )[0] == status
        async with there.browser(there.admin_link) as visitor:
            assert (await visitor.get(there.page.link))[0] == 303  # known people are no newcomers


async def test_the_second_link_ends_with_the_next_start(settings: Settings) -> None:
    settings = dataclasses.replace(settings, page_url=f"https://{NAME}")
    cookie = ""
    for is_admin in (True, False):
        async with (
            page_served(settings) as page,
            browser(f"http://127.0.0.1:{page.port}/?") as visitor,
        ):
            assert page.link.startswith(f"https://{NAME}/?token=")
            assert not page.is_private
            if not cookie:
                link = page.announcement.rpartition("=")[2]
                _, _, headers = await visitor.get(f"/?token={link}", Host=NAME)
                cookie = "; ".join(
                    value.partition(";")[0] for value in headers.getall("Set-Cookie")
                )
            async with visitor.tab(Host=NAME, Origin=f"https://{NAME}", Cookie=cookie) as tab:
                assert tab.chat["admin"] is is_admin


@pytest.mark.browser
async def test_a_browser_below_a_path(settings: Settings, tmp_path: Path) -> None:
    playwright = pytest.importorskip(
        "playwright.async_api", reason="make test-browser installs it, and runs this"
    )
    async with proxied(settings, tmp_path) as there, playwright.async_playwright() as started:
        found = [*SWITCHES, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
        chromium_ = await started.chromium.launch(executable_path=chromium(started), args=found)
        window = await (await chromium_.new_context(ignore_https_errors=True)).new_page()
        complaints: list[str] = []
        window.on(
            "console",
            lambda message: (
                complaints.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        await window.goto(there.admin_link)
        answers = window.locator("article:not(.mine)")
        await playwright.expect(answers).to_have_count(1, timeout=PATIENCE)
        line = window.get_by_role("textbox", name="Write a message")
        await line.fill("/status")
        await line.press("Enter")
        await playwright.expect(answers.nth(1)).to_contain_text("memory", timeout=PATIENCE)
        assert window.url == there.page.link.partition("?")[0]
        icon = window.locator("header img")
        assert await icon.evaluate("image => image.naturalWidth > 0")
        assert complaints == []
        await chromium_.close()
