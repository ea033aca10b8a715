"""The web server of the page: who is let in, and what comes through the socket.

Whoever is on this machine, and not behind a proxy here, is an admin. With PAGE_URL, the page is
what a proxy shows at that address: nothing else is let in, and only the second link makes an admin.

The server is aiohttp's: it is made to start and stop within a running program.
"""

import asyncio
import contextlib
import hashlib
import html
import json
import re
import secrets
import socket
from pathlib import Path
from string import Template
from typing import Any, Self
from urllib.parse import quote, urlsplit

from aiohttp import WSMsgType, web
from aiohttp.typedefs import Handler

from bot.admission import Buckets
from bot.app import Bot
from bot.asks import LARGEST_FILE, File, Pressed, Said, Sent
from bot.chat import Door, StartError
from bot.commands import COMMANDS, menu
from bot.page import access
from bot.page.chat import Message, PageChat
from bot.settings import Rate, Settings
from bot.words import page as words
from bot.words import sentences

LOOPBACK, PORT = "127.0.0.1", 8765
GOODBYE_SECONDS = 1
"""How long the server waits for a browser to say goodbye."""
LONGEST_TEXT = 4096
LARGEST_FRAME = 8 * LONGEST_TEXT
"""The most bytes in one message from somebody who may not send files.

JSON needs up to six for a character.
"""
KEY = re.compile(r'"key": ?"([\w-]{1,40})"\}$')
"""All that a tab sends ends with a key, by which the tab knows what was refused."""
PACE = Rate(30, 10)
"""How much anybody but an admin may send."""
NEWCOMERS = Rate(60, 3600)
"""How many new people may come from one address, as a proxy tells it."""
MOST_CHATS, MOST_BYTES = 1000, 200_000_000
"""Beyond either, chats without an open tab are forgotten, the oldest first."""
A_YEAR_SECONDS = 365 * 24 * 3600
ASSETS = Path(__file__).with_name("assets")
TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


class Page(Door):
    """The page at a host and a port; without a port, at the usual one or any free one.

    Raises StartError.
    """

    def __init__(self, settings: Settings, host: str = LOOPBACK, port: int | None = None) -> None:
        self._socket = _bound(host, port)
        self._host, self.port = self._socket.getsockname()[:2]
        self._url = settings.page_url
        self._path = urlsplit(self._url or "").path
        self._names = access.names_of(host) | {self._host}
        self._passes = access.Passes(settings.database.with_name(f"{settings.database.name}-page"))
        self._cookie = "__Secure-mangosaurus" if self._url else f"mangosaurus-{self.port}"
        self._start = secrets.token_hex(4)
        self._chats: dict[int, PageChat] = {}
        self._recalls, self._drawing = asyncio.Lock(), asyncio.Lock()
        self._pace, self._newcomers = Buckets(PACE), Buckets(NEWCOMERS)
        self._assets = {
            path.name: _read_asset(path) for path in ASSETS.iterdir() if path.suffix in TYPES
        }
        self._bot: Bot | None = None
        app = web.Application(middlewares=[self._guard])
        app.on_response_prepare.append(_add_headers)
        handlers = {"": self._enter, "socket": self._converse, "files/{message}": self._file}
        handlers["{kind:creatures|scenes}/{name:[a-z]{1,40}}.svg"] = self._creature
        handlers |= {name: self._asset for name in self._assets if not name.endswith(".html")}
        for path in {"", self._path}:  # a proxy may pass the path of PAGE_URL on, or take it away
            app.add_routes(
                [web.get(f"{path}/{name}", handler) for name, handler in handlers.items()]
            )
        # Without a log of requests, as an address may hold the token.
        self._runner = web.AppRunner(
            app, access_log=None, handler_cancellation=True, shutdown_timeout=GOODBYE_SECONDS
        )

    @property
    def is_private(self) -> bool:
        return access.is_loopback(self._host) and not self._url

    @property
    def link(self) -> str:
        shown = (
            access.address_towards_others(self._host)
            if self._host in access.ANYWHERE
            else self._host
        )
        own = f"http://{f'[{shown}]' if ':' in shown else shown}:{self.port}"
        return f"{self._url or own}/?token={self._passes.token}"

    @property
    def announcement(self) -> str:
        lines = [words.OPEN.format(self.link)]
        if self._url:
            lines.append(
                words.OPEN_AS_ADMIN.format(f"{self._url}/?token={self._passes.admin_token}")
            )
        elif not self.is_private:
            lines.append(words.OPEN_FOR_OTHERS)
        return "\n".join(lines)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(
            *(chat.leave(tab) for chat in self._chats.values() for tab in chat.tabs)
        )
        await self._runner.cleanup()
        self._socket.close()

    async def open(self, bot: Bot) -> None:
        self._bot = bot
        await web.SockSite(self._runner, self._socket).start()

    async def close(self, seconds: float) -> None:  # noqa: ARG002 - it waits for nothing
        self._bot = None

    def facts(self) -> dict[str, str]:
        return {"page": sentences.counted(self._browsers, "browser")}

    def figures(self) -> dict[str, float]:
        return {"page_browsers": self._browsers}

    @property
    def _browsers(self) -> int:
        return sum(bool(chat.tabs) for chat in self._chats.values())

    def chat(self, chat_id: int) -> PageChat | None:
        return self._chats.get(chat_id)

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuse what names another server, or comes from another site's page.

        Anybody may link to `/`.
        """
        hosts, path = request.headers.getall("Host", ()), request.path
        if len(hosts) != 1 or not self._is_called(hosts[0]):
            return web.Response(status=421, text=words.WRONG_HOST)
        is_foreign = request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
        wants_page = path in ("/", f"{self._path}/")
        schemes = ("https",) if self._url else ("http", "https")
        own = [f"{scheme}://{hosts[0].lower()}" for scheme in schemes]
        origin = request.headers.get("Origin")
        is_own = origin in own if origin is not None else not path.endswith("/socket")
        if (is_foreign and not wants_page) or not is_own:
            return web.Response(status=403, text=words.WRONG_ORIGIN)
        try:
            return await handler(request)
        except web.HTTPException as error:  # of the router
            return web.Response(status=error.status, text=words.NO_SUCH_PAGE)

    def _is_called(self, host: str) -> bool:
        """Return whether a header Host names the page: PAGE_URL's alone, or how people call the
        machine.
        """
        if self._url:
            return host.lower().removesuffix(":443") == urlsplit(
                self._url
            ).netloc.lower().removesuffix(":443")
        return access.is_named(host, self._names)

    async def _enter(self, request: web.Request) -> web.Response:
        """Show the page; or let somebody in with the link, and send them to the page."""
        token, person = request.query.get("token"), self._person(request)
        if token is None:
            return await self._asset(request) if person else self._turned_away(words.WITHOUT_LINK)
        is_admin = self._url is not None and access.is_same(token, self._passes.admin_token)
        if not is_admin and not access.is_same(token, self._passes.token):
            return self._turned_away(words.WRONG_LINK)
        # anybody can invent these
        addresses = ",".join(request.headers.getall("X-Forwarded-For", ()))
        # the last one is what the proxy has seen
        address = addresses.rpartition(",")[2].strip() if self._url else ""
        if person is None and address and not is_admin and self._newcomers.spend(address, 1):
            return web.Response(status=429, text=words.TOO_MANY_NEWCOMERS)
        person = person or 2**40 + secrets.randbelow(2**50)  # far from the ids of Telegram
        home = f"{self._path}/"
        response = web.Response(status=303, headers={"Location": home})
        at: dict[str, Any] = {
            "path": home,
            "secure": bool(self._url),
            "httponly": True,
            "samesite": "Strict",
        }
        response.set_cookie(self._cookie, self._passes.cookie(person), max_age=A_YEAR_SECONDS, **at)
        if is_admin:
            response.set_cookie(f"{self._cookie}-admin", self._passes.admin_cookie(person), **at)
        return response

    def _turned_away(self, sentence: str) -> web.Response:
        page = Template(self._assets["door.html"][0]).substitute(sentence=html.escape(sentence))
        return web.Response(status=403, text=page, content_type="text/html")

    def _person(self, request: web.Request) -> int | None:
        return self._passes.person(request.cookies.get(self._cookie, ""))

    def _is_admin(self, request: web.Request, person: int) -> bool:
        if not self._url:
            return self.is_private and access.is_at_home(request)
        return access.is_same(
            request.cookies.get(f"{self._cookie}-admin", ""), self._passes.admin_cookie(person)
        )

    async def _asset(self, request: web.Request) -> web.Response:
        """Send the page or a file of it, unless the browser has it already."""
        name = request.path.rpartition("/")[2] or "page.html"
        text, tag = self._assets[name]
        headers = {"ETag": tag, "Cache-Control": "no-cache"}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(text=text, content_type=TYPES[Path(name).suffix], headers=headers)

    async def _file(self, request: web.Request) -> web.Response:
        """Send a file of the person's own chat: a picture to look at, anything else to download."""
        chat, number = self._chats.get(self._person(request) or 0), request.match_info["message"]
        message = chat.messages.get(int(number)) if chat and number.isdecimal() else None
        if message is None or message.file is None:
            raise web.HTTPNotFound
        name, content = message.file
        if message.alt or not name:
            return web.Response(body=content, content_type="image/png")
        disposition = f"attachment; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
        return web.Response(body=content, headers={"Content-Disposition": disposition})

    async def _creature(self, request: web.Request) -> web.Response:
        """Draw the creature of a name, alone or in its world, for people who were let in."""
        if self._person(request) is None:
            raise web.HTTPNotFound

        def draw(kind: str, name: str) -> str:
            from bot.cards import scene  # and with it all that draws, which takes a while to load

            return scene.portrait(name) if kind == "creatures" else scene.drawing(name)

        async with self._drawing:
            svg = await asyncio.to_thread(draw, **request.match_info)
        headers = {"Cache-Control": "private, max-age=3600"}  # as drawings may improve
        return web.Response(text=svg, content_type="image/svg+xml", headers=headers)

    async def _converse(self, request: web.Request) -> web.StreamResponse:
        """Show a chat in a tab, and take what the person does there."""
        person, bot = self._person(request), self._bot
        if person is None or bot is None:
            return web.Response(status=403, text=words.PAGE["stranger"])
        is_admin, is_new = self._is_admin(request, person), person not in self._chats
        chat = self._begin(person) if is_new else self._chats[person]
        largest = LARGEST_FILE if is_admin else LARGEST_FRAME
        tab = web.WebSocketResponse(
            heartbeat=15, timeout=GOODBYE_SECONDS, max_msg_size=largest, compress=False
        )
        await tab.prepare(request)
        hello = Said(person=person, chat=chat, is_admin=is_admin, text="/start")
        try:
            places = await chat.make_room(bot) if is_new else {}
            needs = [name for name, command in COMMANDS.items() if command.needs_words]
            facts = {
                "start": self._start,
                "admin": is_admin,
                "commands": menu(is_admin=is_admin),
                "needs_words": needs,
            }
            await chat.enter(tab, facts)
            if places:
                chat.recalling = asyncio.create_task(chat.fill(places, hello, bot, self._recalls))
            elif is_new:
                await chat.greet()
            if is_new:
                await bot.runs.conclude_interrupted(bot, chat)
            await self._listen(tab, chat, is_admin=is_admin)
        finally:
            await chat.leave(tab)
        return tab

    async def _listen(self, tab: web.WebSocketResponse, chat: PageChat, *, is_admin: bool) -> None:
        """Take JSON until a socket ends, and each file after its name.

        What comes too fast is refused unread.
        """
        sending: dict[str, Any] = {}
        async for message in tab:
            if self._bot is None or message.type is WSMsgType.ERROR:
                break
            if not is_admin and self._pace.spend(chat.id, 1):
                found = KEY.search(message.data[-60:]) if message.type is WSMsgType.TEXT else None
                await chat.tell(
                    "notice", {"text": words.TOO_FAST, "key": found and found[1]}, [tab]
                )
                continue
            done: Any = None
            if message.type is WSMsgType.BINARY:
                done = sending | {"content": message.data}
            else:
                with contextlib.suppress(ValueError, RecursionError):
                    done = json.loads(message.data)
            sending = (
                done
                if isinstance(done, dict) and done.get("do") == "send" and "content" not in done
                else {}
            )
            if not sending and (refusal := await self._done(chat, done, is_admin=is_admin)):
                key = done.get("key") if isinstance(done, dict) else None
                await chat.tell("notice", {"text": refusal, "key": key}, [tab])

    async def _done(self, chat: PageChat, done: Any, *, is_admin: bool) -> str:
        """Take what a person says, sends or presses; return why it is refused, or ""."""
        match done:
            case {"do": "press", "message": int(number), "button": int(place)}:
                message = chat.messages.get(number)
                buttons = [button for row in message.buttons for button in row] if message else []
                if not 0 <= place < len(buttons):
                    await chat.at_button(number, place).notice(words.BUTTON_GONE)
                    return ""
                pressed, data = chat.at_button(number, place), buttons[place].data
                self._ask(
                    Pressed(
                        person=chat.id, chat=pressed, is_admin=is_admin, message=number, data=data
                    )
                )
                return ""
            case {"do": "say", "text": str(text), **others}:
                name, content = "", None
            case {
                "do": "send",
                "name": str(name),
                "text": str(text),
                "content": bytes(content),
                **others,
            }:
                if not is_admin:
                    return words.ADMINS_SEND_FILES
                name = name.rpartition("/")[2] or "file"
            case _:
                return words.UNREADABLE
        text, reply = text.strip(), others.get("reply")
        if len(text) > LONGEST_TEXT:
            return words.TOO_LONG
        if not text and content is None:
            return words.NOTHING_SAID
        quoted = chat.messages.get(reply) if isinstance(reply, int) else None
        file = None if content is None else (name, content)
        heard = chat.heard(text, quoted, file, str(others.get("key", ""))[:40])
        await chat.tell("message", heard.drawn())
        ask = Said if content is None else Sent
        given = _file_of(quoted if content is None else heard)
        self._ask(ask(person=chat.id, chat=chat, is_admin=is_admin, text=text, file=given))
        return ""

    def _ask(self, ask: Said | Pressed) -> None:
        if self._bot is not None:
            self._bot.ask(ask)

    def _begin(self, person: int) -> PageChat:
        size = sum(chat.size for chat in self._chats.values())
        for absent in [known for known, chat in self._chats.items() if not chat.tabs]:
            if len(self._chats) >= MOST_CHATS or size > MOST_BYTES:
                size -= self._chats.pop(absent).size
        chat = self._chats[person] = PageChat(person)
        return chat


def _file_of(message: Message | None) -> File | None:
    name, content = (message and message.file) or ("", b"")
    return (
        File(name=name, size=len(content), read=lambda: asyncio.sleep(0, content)) if name else None
    )


def _read_asset(path: Path) -> tuple[str, str]:
    """Return a file of the page, filled with the bot's sentences, and a tag that
    changes with it.
    """
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        sentences_in = {name: html.escape(text) for name, text in words.PAGE.items()}
        text = Template(text).safe_substitute(
            sentences_in, words=html.escape(json.dumps(words.PAGE))
        )
    return text, f'"{hashlib.sha256(text.encode()).hexdigest()[:16]}"'


async def _add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(access.HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.popall("Server", None)


def _bound(host: str, port: int | None) -> socket.socket:
    """Return a socket that listens there; without a port, at the usual or any free one.

    Raises StartError.
    """
    for at in (PORT, 0) if port is None else (port,):
        try:
            family, _, _, _, address = socket.getaddrinfo(host, at, type=socket.SOCK_STREAM)[0]
            return socket.create_server(address, family=family)
        except OSError as error:
            reason = str(error.strerror).partition(" (while")[0]
        except UnicodeError:
            reason = "no such name"
    where = f"{host}, port {PORT if port is None else port}"
    raise StartError(
        f"the page cannot be served at {where}: {reason}; --host and --port choose another place"
    )
