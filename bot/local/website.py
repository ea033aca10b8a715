"""The page's addresses, and what each of them does.

People are let in with the link and known by their cookie from then on. Posts carry what they do; the answers, like all
else that happens in their chat, come as server-sent events. Not here: which requests are refused before (`guard`).
"""

from __future__ import annotations

import contextlib
import json
import secrets
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aiohttp import web

from bot.conversation import texts
from bot.local.contents import LONGEST_CAPTION, LONGEST_TEXT, Json
from bot.local.files import LARGEST_DOWNLOAD, PNG
from bot.local.guard import RefusedError, is_at_home
from bot.local.markup import units
from bot.local.methods import ME
from bot.local.sheets import sheets
from bot.local.visitors import Visitors
from bot.people.limits import Limits, Rate, Verdict

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bot.local.passes import Passes
    from bot.local.register import Register
    from bot.local.telegram import Person, Telegram
    from bot.local.visitors import Visitor

LARGEST_POST = 1 << 16
"""Bytes of JSON."""
PACE = Rate(30, 10)
"""What everybody but an admin may send."""
LONGEST_QUERY = 256
"""Characters that Telegram lets people type inline."""
A_YEAR = 365 * 24 * 3600


class Website:
    """The page of one Telegram. The register has the admins; without one, nobody who comes is."""

    def __init__(self, telegram: Telegram, passes: Passes, cookie: str, register: Register | None = None) -> None:
        self._telegram = telegram
        self._passes = passes
        self._cookie = cookie
        self._visitors = Visitors(telegram, register)
        self._pace = Limits(PACE)
        self._run = secrets.token_hex(4)
        self._sheets = sheets()

    @property
    def admins(self) -> tuple[Person, ...]:
        """The people whom the link makes admins, on this machine alone."""
        return tuple(self._visitors.admins.values())

    @property
    def token(self) -> str:
        """The token of the link."""
        return self._passes.token

    def application(self) -> web.Application:
        """Return the web application."""
        app = web.Application()
        posts = {"/say": self._say, "/press": self._press, "/ask": self._ask, "/choose": self._choose}
        app.add_routes(
            [
                web.get("/", self._enter),
                web.get("/events", self._events),
                web.get("/files/{file_id}", self._file),
                web.post("/send", self._send),
                *(web.get(f"/{name}", self._sheet) for name in self._sheets if not name.endswith(".html")),
                *(web.post(path, self._posted(act)) for path, act in posts.items()),
            ]
        )
        return app

    def listen(self, method: str, parameters: Json, result: Any) -> None:
        """Show what the bot does to whom it concerns."""
        if method == "setMyCommands":
            for somebody in self._visitors:
                somebody.tell("commands", self._telegram.menu(somebody.person))
        visitor = self._visitors.find(self._telegram.audience(parameters))
        if visitor is None:
            return
        if method == "sendChatAction":
            visitor.tell("typing", {})
        elif method == "answerCallbackQuery":
            pressed = visitor.presses.pop(parameters["callback_query_id"], {})
            notice = {"text": parameters.get("text") or "", "alert": bool(parameters.get("show_alert"))}
            visitor.tell("pressed", pressed | notice)
        elif method == "answerInlineQuery":
            self._offer(visitor, parameters["inline_query_id"])
        elif isinstance(result, dict) and "message_id" in result:
            visitor.show(result)

    def close(self) -> None:
        """Let everybody go: what they read ends."""
        for visitor in self._visitors:
            visitor.leave()

    def _offer(self, visitor: Visitor, query_id: str) -> None:
        """Show the offers of the newest query; older ones come too late."""
        if query_id == visitor.asking:
            results = self._telegram.queries.answers[query_id]["results"]
            offers = [{key: result.get(key, "") for key in ("id", "title", "description")} for result in results]
            visitor.tell("offers", {"query": query_id, "offers": offers})

    async def _enter(self, request: web.Request) -> web.Response:
        """Show the page; or let somebody in with the link, and send them to the page."""
        token = request.query.get("token")
        if token is None:
            known = self._person_id(request) is not None
            return self._sheets["page.html"].response(request) if known else self._door(texts.WITHOUT_LINK)
        if not self._passes.admits(token):
            return self._door(texts.WRONG_LINK)
        response = web.Response(status=303, headers={"Location": "/"})
        cookie = self._passes.cookie(self._admitted(request))
        response.set_cookie(self._cookie, cookie, max_age=A_YEAR, httponly=True, samesite="Strict")
        return response

    def _door(self, sentence: str) -> web.Response:
        page = self._sheets["door.html"].filled(sentence=sentence)
        return web.Response(status=403, text=page, content_type="text/html")

    def _admitted(self, request: web.Request) -> int:
        """Return who somebody is who has the link: on this machine an admin, as long as there are some."""
        return self._visitors.admitted(self._person_id(request), at_home=is_at_home(request)).person.id

    def _person_id(self, request: web.Request) -> int | None:
        return self._passes.person_id(request.cookies.get(self._cookie, ""))

    def _visitor(self, request: web.Request) -> Visitor:
        person_id = self._person_id(request)
        if person_id is None:
            raise RefusedError(403, texts.PAGE["stranger"])
        return self._visitors.met(person_id)

    async def _sheet(self, request: web.Request) -> web.Response:
        return self._sheets[request.path.removeprefix("/")].response(request)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Send the chat, and from then on all that happens in it."""
        visitor = self._visitor(request)
        if not visitor.greeted:
            visitor.greeted = True
            self._telegram.say("/start", visitor.person)
        menu = self._telegram.menu(visitor.person)
        facts = {"run": self._run, "me": ME["username"], "admin": visitor.is_admin, "commands": menu}
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        async with contextlib.aclosing(visitor.events(facts)) as events:
            with contextlib.suppress(ConnectionError):
                async for event in events:
                    await response.write(event.encode())
        return response

    def _posted(self, act: Callable[[Visitor, Json], Json]) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def answer(request: web.Request) -> web.Response:
            visitor = self._paced(request)
            return web.json_response(act(visitor, _fields(await _body(request, LARGEST_POST))))

        return answer

    def _paced(self, request: web.Request) -> Visitor:
        visitor = self._visitor(request)
        if not visitor.is_admin and self._pace.spend(visitor.person.id) is not Verdict.ALLOWED:
            raise RefusedError(429, texts.TOO_FAST)
        return visitor

    def _say(self, visitor: Visitor, given: Json) -> Json:
        text = given.get("text", "").strip()
        if not text:
            raise RefusedError(400, texts.NOTHING_SAID)
        if units(text) > LONGEST_TEXT:
            raise RefusedError(413, texts.TOO_LONG)
        replied = visitor.messages.get(given.get("reply", ""))
        fields = {"reply_to_message": replied} if replied else {}
        visitor.show(self._telegram.say(text, visitor.person, **fields))
        return {}

    def _press(self, visitor: Visitor, given: Json) -> Json:
        try:
            message = visitor.messages[given.get("message", "")]
            query_id = self._telegram.press(message, int(given.get("button", 0)), visitor.person)
        except (LookupError, ValueError):
            raise RefusedError(410, texts.BUTTON_GONE) from None
        visitor.presses[query_id] = given
        return {}

    def _ask(self, visitor: Visitor, given: Json) -> Json:
        visitor.asking = self._telegram.inline(given.get("text", "")[:LONGEST_QUERY], visitor.person)
        return {"query": visitor.asking}

    def _choose(self, visitor: Visitor, given: Json) -> Json:
        query_id, telegram = given.get("query", ""), self._telegram
        if telegram.queries.asker(query_id) == visitor.person.id:
            with contextlib.suppress(LookupError, ValueError):
                visitor.show(telegram.choose(query_id, given.get("offer", ""), visitor.person))
                return {}
        raise RefusedError(410, texts.OFFER_GONE)

    async def _send(self, request: web.Request) -> web.Response:
        """Send a file: its name, a caption and the message that it replies to are in the query."""
        visitor, given = self._paced(request), request.query
        if not visitor.is_admin:
            raise RefusedError(403, texts.ADMINS_SEND_FILES)
        name, caption = given.get("name", "").rpartition("/")[2] or "file", given.get("caption", "").strip()
        if units(caption) > LONGEST_CAPTION:
            raise RefusedError(413, texts.CAPTION_TOO_LONG)
        content = await _body(request, LARGEST_DOWNLOAD, texts.FILE_TOO_LARGE)
        replied = visitor.messages.get(given.get("reply", ""))
        sent = self._telegram.send_document(visitor.person, name, content, caption=caption, reply_to=replied)
        visitor.show(sent)
        return web.json_response({})

    async def _file(self, request: web.Request) -> web.Response:
        """Give a file of the person's own chat: a picture to look at, anything else to download."""
        visitor, file_id = self._visitor(request), request.match_info["file_id"]
        name = visitor.file_name(file_id)
        content = self._telegram.files.get(file_id)
        if name is None or content is None:
            raise RefusedError(404, texts.NO_SUCH_PAGE)
        if not name and content.startswith(PNG):
            return web.Response(body=content, content_type="image/png")
        disposition = f"attachment; filename*=UTF-8''{quote(name or file_id, safe='', errors='replace')}"
        return web.Response(body=content, headers={"Content-Disposition": disposition})


async def _body(request: web.Request, largest: int, sorry: str = texts.TOO_LONG) -> bytes:
    """Read what was posted; RefusedError if it is too much."""
    parts, size = [], 0
    async for part in request.content.iter_any():
        size += len(part)
        if size > largest:
            raise RefusedError(413, sorry)
        parts.append(part)
    return b"".join(parts)


def _fields(content: bytes) -> dict[str, str]:
    """Read an object of texts in JSON; RefusedError."""
    try:
        return {str(key): str(value) for key, value in json.loads(content).items()}
    except (ValueError, AttributeError, RecursionError):
        raise RefusedError(400, texts.UNREADABLE) from None
