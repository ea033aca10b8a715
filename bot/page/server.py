"""The web server of the page: who is let in, and what comes through the socket.

Whoever is on this machine, and not behind a proxy here, is an admin. The server is aiohttp's: it is made to start and
stop within a running program.
"""

from __future__ import annotations

import errno
import hashlib
import html
import json
import secrets
import socket
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from aiohttp import WSMsgType, web

from bot.admission import Buckets
from bot.asks import File, Pressed, Said, Sent
from bot.page.access import ANYWHERE, HEADERS, Passes, is_at_home, is_loopback, is_named, is_own, names_of, new_person
from bot.page.chat import PageChat
from bot.values import Rate
from bot.words import page as words
from bot.words import sentences
from model.errors import MangosaurusError

if TYPE_CHECKING:
    from types import TracebackType

    from aiohttp.typedefs import Handler

    from bot.app import Bot
    from bot.page.chat import Message
    from bot.settings import Settings

PORT = 8765
LOOPBACK = "127.0.0.1"
LAST_WORDS_SECONDS = 1
"""The server waits so long for browsers to take what it still has to say."""
LONGEST_TEXT = 4096
LARGEST_FILE = 5_000_000
"""Bytes."""
PACE = Rate(30, 10)
"""What everybody but an admin may send."""
MOST_CHATS = 1000
"""Beyond that, chats without an open tab are forgotten, the oldest first."""
A_YEAR_SECONDS = 365 * 24 * 3600
ASSETS = Path(__file__).with_name("assets")
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


class PageError(MangosaurusError):
    """The page cannot be served where it should be."""


class Page:
    """The page at a host and a port: any free port, if the usual one is taken and no other was asked for. PageError."""

    def __init__(self, settings: Settings, host: str = LOOPBACK, port: int | None = None) -> None:
        self._socket = _bound(host, port)
        self._host, self._port = self._socket.getsockname()[:2]
        self._names = names_of(host) | {self._host}
        self._passes = Passes(settings.database.with_name(f"{settings.database.name}-page"))
        self._cookie = f"mangosaurus-{self._port}"
        self._run = secrets.token_hex(4)
        self._chats: dict[int, PageChat] = {}
        self._pace = Buckets(PACE)
        self._assets = {path.name: _read_asset(path) for path in ASSETS.iterdir() if path.suffix in TYPES}
        self._bot: Bot | None = None
        app = web.Application(middlewares=[self._guard])
        app.on_response_prepare.append(_add_headers)
        app.add_routes(
            [
                web.get("/", self._enter),
                web.get("/socket", self._converse),
                web.get("/files/{message}", self._file),
                *(web.get(f"/{name}", self._asset) for name in self._assets if not name.endswith(".html")),
            ]
        )
        # Without a log of requests, as an address may hold the token.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=LAST_WORDS_SECONDS
        )

    @property
    def is_private(self) -> bool:
        """Whether only this machine can reach the page."""
        return is_loopback(self._host)

    @property
    def link(self) -> str:
        """The address that lets people in."""
        shown = LOOPBACK if self._host in ANYWHERE else self._host
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{self._port}/?token={self._passes.token}"

    @property
    def announcement(self) -> str:
        """Where the page is, and who can open it."""
        return "\n".join([words.OPEN.format(self.link), *([] if self.is_private else [words.OPEN_FOR_OTHERS])])

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._runner.cleanup()
        self._socket.close()

    async def open(self, bot: Bot) -> None:
        """Begin to serve."""
        self._bot = bot
        await web.SockSite(self._runner, self._socket).start()

    async def shut(self, seconds: float) -> None:  # noqa: ARG002 - nothing is to wait for
        """Take no more asks."""
        self._bot = None

    def close(self, open_until: float, cut_at: float) -> None:
        """Do nothing: messages to the page never wait."""

    def facts(self) -> dict[str, str]:
        """Return what `/status` should say: how many browsers are here."""
        return {"page": sentences.counted(sum(bool(chat.tabs) for chat in self._chats.values()), "browser")}

    def chat(self, chat_id: int) -> PageChat | None:
        """Return the chat of somebody who has ever been let in."""
        return self._chats.get(chat_id)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what names another server, or comes from another site's page. Anybody may link to `/`."""
        hosts, origin = request.headers.getall("Host", ()), request.headers.get("Origin")
        if len(hosts) != 1 or not is_named(hosts[0], self._names):
            return web.Response(status=421, text=words.WRONG_HOST)
        is_foreign = request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
        wants_socket = request.path == "/socket"
        if (is_foreign and request.path != "/") or not is_own(origin, hosts[0], required=wants_socket):
            return web.Response(status=403, text=words.WRONG_ORIGIN)
        try:
            return await handler(request)
        except web.HTTPException as error:  # of the router
            return web.Response(status=error.status, text=words.NO_SUCH_PAGE)

    async def _enter(self, request: web.Request) -> web.Response:
        """Show the page; or let somebody in with the link, and send them to the page."""
        token, person = request.query.get("token"), self._person(request)
        if token is None:
            return self._respond("page.html", request) if person else self._door(words.WITHOUT_LINK)
        if not self._passes.admits(token):
            return self._door(words.WRONG_LINK)
        response = web.Response(status=303, headers={"Location": "/"})
        cookie = self._passes.cookie(person or new_person())
        response.set_cookie(self._cookie, cookie, max_age=A_YEAR_SECONDS, httponly=True, samesite="Strict")
        return response

    def _door(self, sentence: str) -> web.Response:
        page = Template(self._assets["door.html"][0]).substitute(sentence=html.escape(sentence))
        return web.Response(status=403, text=page, content_type="text/html")

    def _person(self, request: web.Request) -> int | None:
        return self._passes.person(request.cookies.get(self._cookie, ""))

    async def _asset(self, request: web.Request) -> web.Response:
        return self._respond(request.path.removeprefix("/"), request)

    def _respond(self, name: str, request: web.Request) -> web.Response:
        """Answer with an asset; briefly, if the browser has it already."""
        text, tag = self._assets[name]
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(text=text, content_type=TYPES[Path(name).suffix], headers=headers)

    async def _file(self, request: web.Request) -> web.Response:
        """Give a file of the person's own chat: a picture to look at, anything else to download."""
        chat, number = self._chats.get(self._person(request) or 0), request.match_info["message"]
        message = chat.messages.get(int(number)) if chat and number.isdecimal() else None
        if message is None or message.file is None:
            raise web.HTTPNotFound
        name, content = message.file
        if not name:
            return web.Response(body=content, content_type="image/png")
        disposition = f"attachment; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
        return web.Response(body=content, headers={"Content-Disposition": disposition})

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        """Show a chat in a tab, and take what the person does there."""
        person = self._person(request)
        if person is None or self._bot is None:
            return web.Response(status=403, text=words.PAGE["stranger"])
        is_admin = self.is_private and is_at_home(request)
        chat = self._chats.get(person) or self._begin(person)
        tab = web.WebSocketResponse(heartbeat=15, max_msg_size=LARGEST_FILE + LONGEST_TEXT)
        await tab.prepare(request)
        commands = sentences.ADMIN_COMMANDS if is_admin else sentences.COMMANDS
        drawn = [message.drawn() for message in chat.messages.values()]
        await tab.send_json(
            {"event": "chat", "run": self._run, "admin": is_admin, "commands": commands, "messages": drawn}
        )
        chat.tabs.add(tab)
        if not chat.messages:
            self._bot.ask(Said(person=person, chat=chat, is_admin=is_admin, text="/start"))
        try:
            await self._listen(tab, chat, is_admin=is_admin)
        finally:
            chat.tabs.discard(tab)
        return tab

    async def _listen(self, tab: web.WebSocketResponse, chat: PageChat, *, is_admin: bool) -> None:
        """Take what comes through a socket until it ends: JSON, and the bytes of a file behind its name."""
        sending: dict[str, Any] = {}
        async for message in tab:
            if self._bot is None:
                break
            if not is_admin and self._pace.spend(chat.id, 1):
                await tab.send_json({"event": "notice", "text": words.TOO_FAST})
                continue
            try:
                if message.type is WSMsgType.BINARY:
                    refusal = await self._sent(chat, sending, message.data, is_admin=is_admin)
                else:
                    done = json.loads(message.data)
                    sending = done if done["do"] == "send" else {}
                    refusal = "" if sending else await self._done(chat, done, is_admin=is_admin)
            except (ValueError, KeyError, TypeError, RecursionError, AttributeError):
                refusal = words.UNREADABLE
            if refusal:
                await tab.send_json({"event": "notice", "text": refusal})

    async def _done(self, chat: PageChat, done: dict[str, Any], *, is_admin: bool) -> str:
        """Take what a person says or presses; return why it is refused, or ""."""
        if done["do"] == "press":
            message, number = chat.messages.get(int(done["message"])), int(done["button"])
            buttons = [button for row in message.buttons for button in row] if message else []
            if message is None or not 0 <= number < len(buttons):
                await chat.tell("pressed", {"at": [done["message"], number], "text": words.BUTTON_GONE, "alert": False})
                return ""
            pressed, data = chat.at_button(message.id, number), buttons[number].data
            self._ask(Pressed(person=chat.id, chat=pressed, is_admin=is_admin, message=message.id, data=data))
            return ""
        text = str(done["text"]).strip()
        if len(text) > LONGEST_TEXT:
            return words.TOO_LONG
        if text:
            reply = int(done["reply"]) if done.get("reply") else None
            heard = chat.heard(text, reply=reply)
            await chat.tell("message", heard.drawn() | {"key": done.get("key")})
            file = _file_of(chat.messages.get(reply or 0))
            self._ask(Said(person=chat.id, chat=chat, is_admin=is_admin, text=text, file=file))
        return ""

    async def _sent(self, chat: PageChat, sending: dict[str, Any], content: bytes, *, is_admin: bool) -> str:
        """Take a file with its name and its caption; return why it is refused, or ""."""
        if not is_admin:
            return words.ADMINS_SEND_FILES
        name, caption = str(sending["name"]).rpartition("/")[2] or "file", str(sending["caption"]).strip()
        heard = chat.heard(caption[:LONGEST_TEXT], file=(name, content))
        await chat.tell("message", heard.drawn() | {"key": sending.get("key")})
        self._ask(Sent(person=chat.id, chat=chat, is_admin=is_admin, text=caption, file=_file_of(heard)))
        return ""

    def _ask(self, ask: Said | Pressed) -> None:
        if self._bot is not None:
            self._bot.ask(ask)

    def _begin(self, person: int) -> PageChat:
        absent = [known for known, chat in self._chats.items() if not chat.tabs]
        for gone in absent[: max(len(self._chats) + 1 - MOST_CHATS, 0)]:
            del self._chats[gone]
        chat = self._chats[person] = PageChat(person)
        return chat


def _file_of(message: Message | None) -> File | None:
    if message is None or not message.file or not message.file[0]:
        return None
    name, content = message.file

    async def read() -> bytes:
        return content

    return File(name=name, size=len(content), read=read)


def _read_asset(path: Path) -> tuple[str, str]:
    """Return a file of the page, filled with the bot's sentences, and a tag that changes with it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        sentences_in = {name: html.escape(text) for name, text in words.PAGE.items()}
        text = Template(text).safe_substitute(sentences_in, words=html.escape(json.dumps(words.PAGE)))
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.popall("Server", None)


def _bound(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens at a place. PageError."""
    try:
        try:
            return _listening(host, PORT if port is None else port)
        except OSError as error:
            if port is not None or error.errno != errno.EADDRINUSE:
                raise
            return _listening(host, 0)
    except (OSError, UnicodeError) as error:  # the latter of a name that cannot be one
        where = f"{host}, port {PORT if port is None else port}"
        reason = error.strerror if isinstance(error, OSError) else "no such name"
        raise PageError(
            f"the page cannot be served at {where}: {reason}; --host and --port choose another place"
        ) from None


def _listening(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened
