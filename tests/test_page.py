"""The page's server over real HTTP: who is let in, what is refused, and what a chat
sends and gets."""

import asyncio
import contextlib
import dataclasses
import hashlib
import hmac
import json
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from aiohttp import web
from markupsafe import Markup

from bot.asks import LARGEST_FILE
from bot.chat import StartError
from bot.commands import menu
from bot.creations import Wish
from bot.page import chat as page_chat
from bot.page import server
from bot.page.access import HEADERS, Passes, is_loopback
from bot.page.chat import PageChat
from bot.page.server import Page
from bot.settings import Rate, Settings
from bot.store import Store
from bot.training.folder import Run
from bot.words import page as words
from bot.words import sentences
from model.text.forms import Genre
from tests.databases import make, opened
from tests.pages import Tab, Visitor, browser, page_served, text_of, visit
from tests.serving import until
from tests.training import interrupt


@pytest.fixture
async def page(settings: Settings) -> AsyncIterator[Page]:
    async with page_served(settings) as page:
        yield page


@pytest.fixture
async def visitor(page: Page) -> AsyncIterator[Visitor]:
    async with visit(page) as visitor:
        yield visitor


@pytest.fixture
async def tab(visitor: Visitor) -> AsyncIterator[Tab]:
    async with visitor.tab() as tab:
        await tab.answer()
        yield tab


def name_of_cookie(page: Page) -> str:
    return f"mangosaurus-{page.port}"


def own_chat(page: Page, visitor: Visitor) -> PageChat:
    chat = page.chat(int(visitor.cookie.partition(".")[0]))
    assert chat
    return chat


@asynccontextmanager
async def refused(status: int) -> AsyncIterator[None]:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        yield
    assert refusal.value.status == status


async def test_the_link_becomes_a_cookie_and_strangers_are_turned_away_in_words(page: Page) -> None:
    async with browser(page.link) as stranger:
        for token in ("", "x", "%C3%A9%E2%80%AE", page.link.rpartition("=")[2][:-1]):
            status, door, _ = await stranger.get(f"/?token={token}")
            assert (status, words.WRONG_LINK in door) == (403, True)
        assert (await stranger.get("/files/1"))[:2] == (404, words.NO_SUCH_PAGE)
        async with refused(403), stranger.tab():
            pass
        status, door, _ = await stranger.get("/")
        assert (status, words.WITHOUT_LINK in door) == (403, True)
        status, _, headers = await stranger.get(page.link)
        assert (status, headers["Location"]) == (303, "/")
        assert headers["Set-Cookie"].startswith(f"{name_of_cookie(page)}={stranger.cookie};")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(headers["Set-Cookie"].split("; "))
        status, shown, _ = await stranger.get("/")
        assert (status, "token" in shown) == (200, False)
        before = stranger.cookie
        await stranger.get(page.link)
        assert stranger.cookie == before  # the same person


async def test_changed_cookies_are_refused_and_those_of_earlier_versions_open(
    settings: Settings,
) -> None:
    key = bytes(range(32))
    settings.database.with_name(f"{settings.database.name}-page").write_bytes(key)
    mark = hmac.new(key, b"1099511627776", hashlib.sha256).hexdigest()
    cookie = f"1099511627776.{mark}"
    async with page_served(settings) as page, browser(page.link) as visitor:
        for value in (f"3.{mark}", f"{cookie}0", f"{cookie}é", "2.", "x", "99999999999999999."):
            assert (await visitor.get("/", Cookie=f"{name_of_cookie(page)}={value}"))[0] == 403
        async with visitor.tab(Cookie=f"{name_of_cookie(page)}={cookie}") as tab:
            assert tab.chat["messages"] == []
            assert page.chat(2**40)


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "people.db-page"
    passes = Passes(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Passes(path).person(passes.cookie(7)) == 7
    assert Passes(path).token != passes.token
    path.write_bytes(b"cut short")
    assert Passes(path).person(passes.cookie(7)) is None
    nowhere = Passes(tmp_path / "nowhere" / "key")  # nothing can be written there
    assert nowhere.person(nowhere.cookie(7)) == 7


async def test_through_a_proxy_nobody_is_an_admin_people_have_a_pace_and_send_no_files(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PACE", Rate(6, 60))  # four questions, and a file with its name
    async with page_served(settings) as page, visit(page) as visitor, visitor.tab() as tab:
        await tab.answer()
        for header in ("X-Forwarded-For", "forwarded", "Via", "X-Real-IP"):
            async with visitor.tab(**{header: "192.168.0.7"}) as guest:
                assert (guest.chat["admin"], tab.chat["admin"]) == (False, True)
                assert (guest.chat["commands"], tab.chat["commands"]) == (
                    menu(is_admin=False),
                    menu(is_admin=True),
                )
                assert text_of(await guest.ask("/status")) == sentences.UNKNOWN_COMMAND
        async with visitor.tab(Via="192.168.0.7") as guest:
            await guest.send("x.txt", b"x", key=1)
            assert (await guest.next("notice", key=1))["text"] == words.ADMINS_SEND_FILES
            await guest.say("/seed", key="k")
            assert (await guest.next("notice", text=words.TOO_FAST))["key"] == "k"


async def test_where_others_can_come_nobody_is_an_admin_and_every_address_is_a_name(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Mango.example.org")
    async with page_served(
        dataclasses.replace(settings, rate_limit=Rate(1, 60)), host="0.0.0.0"
    ) as page:
        assert page.announcement.endswith(words.OPEN_FOR_OTHERS)
        assert is_reached_from_elsewhere(urlsplit(page.link).hostname or "")
        async with visit(page) as visitor, visitor.tab() as tab:
            assert not tab.chat["admin"]
            await tab.answer()
            await tab.ask("/dino")
            assert text_of(await tab.ask("/dino")).startswith("You're faster than I can dream")
            for host in (
                "192.168.0.7:8765",
                "[fe80::1]:8765",
                "mango.example.org",
                "MANGO:8765",
                "mango.local",
            ):
                assert (await visitor.get("/", Host=host))[0] == 200
            for host in ("evil.example", "mango.evil.example", "mango.local.evil.example"):
                assert (await visitor.get("/", Host=host))[0] == 421


def is_reached_from_elsewhere(address: str) -> bool:
    """Return whether other machines can reach an address; without a network, it may be this
    machine's own."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one, contextlib.suppress(OSError):
        one.connect(("203.0.113.1", 9))
        return not is_loopback(address) and address == one.getsockname()[0]
    return is_loopback(address)


async def test_the_files_of_the_page_and_what_every_response_forbids(
    page: Page, visitor: Visitor
) -> None:
    types = {
        "/": "text/html",
        "/page.css": "text/css",
        "/page.js": "text/javascript",
        "/icon.svg": "image/svg+xml",
    }
    size = 0
    for path, kind in types.items():
        status, text, headers = await visitor.get(path)
        assert (status, headers["Content-Type"].split(";")[0]) == (200, kind)
        size += len(text.encode())
        assert "://" not in text.replace("http://www.w3.org/", "")
        assert (await visitor.get(path, **{"If-None-Match": headers["ETag"]}))[:2] == (304, "")
    assert size <= 60_000
    assert "$" not in (await visitor.get("/"))[1]
    for path in ("/page.html", "/door.html", "/../server.py", "/%2e%2e/server.py"):
        assert (await visitor.get(path))[:2] == (404, words.NO_SUCH_PAGE)
    async with visitor.client.post(f"{visitor.origin}/") as response:
        assert response.status == 405
    for path in ("/", "/page.js", "/nothing", page.link, "/files/x"):
        _, _, headers = await visitor.get(path)
        assert {name: headers[name] for name in HEADERS} == HEADERS
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "Server" not in headers
        assert headers["Cache-Control"] in ("no-store", "no-cache")


async def test_creatures_are_drawn_for_those_who_are_let_in(page: Page, visitor: Visitor) -> None:
    for kind in ("creatures", "scenes"):
        status, drawn, headers = await visitor.get(f"/{kind}/mangosaurus.svg")
        assert (status, headers["Content-Type"].split(";")[0], drawn[:4]) == (
            200,
            "image/svg+xml",
            "<svg",
        )
        assert headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
        assert (await visitor.get(f"/{kind}/mangosaurus.svg"))[1] == drawn
        for name in ("Mangosaurus", "man-go", "x" * 41, ""):
            assert (await visitor.get(f"/{kind}/{name}.svg"))[:2] == (404, words.NO_SUCH_PAGE)
    async with browser(page.link) as stranger:
        assert (await stranger.get("/creatures/mangosaurus.svg"))[0] == 404


async def test_other_hosts_are_refused(page: Page, visitor: Visitor) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "[", "192.168.0.7", "127.0.0.2"):
        for path in ("/", "/page.js", page.link, "/socket"):
            assert (await visitor.get(path, Host=host))[:2] == (421, words.WRONG_HOST)
    for host in ("localhost", "LOCALHOST", "127.0.0.1", "[::1]"):
        own = f"{host}:{page.port}"
        assert (await visitor.get("/page.js", Host=own, Origin=f"http://{own.lower()}"))[0] == 200


async def test_other_sites_may_link_here_but_neither_read_nor_open_sockets(
    visitor: Visitor,
) -> None:
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "http://[", "file://", ""):
        async with refused(403), visitor.tab(Origin=origin):
            pass
        assert (await visitor.get("/page.js", Origin=origin))[:2] == (403, words.WRONG_ORIGIN)
    # a program that is no browser
    async with refused(403), visitor.client.ws_connect(f"{visitor.origin}/socket"):
        pass
    assert (await visitor.get("/", **{"Sec-Fetch-Site": "cross-site"}))[0] == 200
    for site in ("cross-site", "same-site"):
        assert (await visitor.get("/page.js", **{"Sec-Fetch-Site": site}))[0] == 403
        async with refused(403), visitor.tab(**{"Sec-Fetch-Site": site}):
            pass
    assert (await visitor.get("/page.js", **{"Sec-Fetch-Site": "same-origin"}))[0] == 200


async def test_what_comes_too_fast_is_not_read_and_only_admins_send_much_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "PACE", Rate(2, 60))
    async with page_served(settings) as page, visit(page) as visitor, visitor.tab() as tab:
        await tab.answer()
        async with visitor.tab(Via="192.168.0.7") as guest:
            for number in range(3):
                await guest.socket.send_json(
                    {"do": "send", "name": "x.txt", "text": "", "key": f"a-{number}"}
                )
            assert await guest.next("notice") == {
                "event": "notice",
                "text": words.TOO_FAST,
                "key": "a-2",
            }
            await guest.say("x" * 40_000)
            with pytest.raises(EOFError):
                await guest.next("notice")
        await tab.say("x" * 40_000)
        assert (await tab.next("notice"))["text"] == words.TOO_LONG
        for text in ("\0" * 4096, "\ud800" * 4096):  # JSON makes these the longest
            async with visit(page) as another, another.tab(Via="192.168.0.7") as guest:
                await guest.say(text)
                assert text_of(await guest.next("message", mine=True)) == text


async def test_a_chat_in_two_tabs_and_after_a_reload(visitor: Visitor, tab: Tab) -> None:
    assert tab.chat["messages"] == []
    async with visitor.tab() as second:
        await tab.say(" <b>&amp;</b> ", key="7")
        for each in (tab, second):
            mine = await each.next("message", mine=True)
            assert (text_of(mine), mine["key"]) == ("<b>&amp;</b>", "7")
        verse = await tab.answer()
        assert [piece["styles"] for piece in (await tab.ask("/seed 42"))["pieces"]][1] == ["bold"]
        names = await tab.ask("/dino 2")
        assert names["rows"] == [["another", "wilder", "tamer"], ["details", "card"]]
        code = names["pieces"][-1]
        assert code["styles"] == ["creation"]
        assert text_of(await tab.ask(code["send"])) == text_of(names)
        await second.press(names, 0)
        edited = await tab.answer()
        assert (edited["id"], edited["edited"]) == (names["id"], True)
    assert {"text": "/dino", "styles": ["command"], "send": "/dino"} in (await tab.ask("/help"))[
        "pieces"
    ]
    # a line like every other
    assert text_of(await tab.ask("@mangosaurus_bot")).startswith("@mangosaurus_bot")
    async with visitor.tab() as again:
        shown = again.chat["messages"]
    del verse["event"], edited["event"]
    assert [message["mine"] for message in shown[:4]] == [False, True, False, True]  # one greeting
    assert shown[1]["key"] == "7"  # so a tab that was away knows that this has arrived
    assert [message for message in shown if message["id"] in (verse["id"], names["id"])] == [
        verse,
        edited,
    ]


async def test_people_have_chats_of_their_own_and_the_status_counts_browsers(
    page: Page, tab: Tab
) -> None:
    name = await tab.ask("/dino")
    async with visit(page) as other, other.tab() as others:
        assert others.chat["messages"] == []
        await others.answer()
        assert text_of(await others.ask("/seed 2")).startswith("Your seed is now 2,")
        await others.press(name, 0)
        assert (await others.next("pressed"))["text"] == words.BUTTON_GONE
        assert "2 browsers" in text_of(await tab.ask("/status"))
    assert text_of(await tab.ask("/seed 1")).startswith("Your seed is now 1,")


async def test_buttons_edit_in_place_and_are_released(tab: Tab) -> None:
    await tab.ask("/seed 42")
    name = await tab.ask("/dino")
    await tab.press(name, 0)
    await tab.press(name, 0)  # twice at once
    told = await tab.happened(3)
    (edit,) = [facts for facts in told if facts["event"] == "message"]
    assert (edit["id"], edit["edited"], text_of(edit) == text_of(name)) == (name["id"], True, False)
    assert [facts["at"] for facts in told if facts["event"] == "pressed"] == [[name["id"], 0]] * 2
    question = await tab.ask("/forget")
    await tab.press(question, 1)
    told = await tab.happened(2)
    assert [facts["rows"] for facts in told if facts["event"] == "message"] == [[]]
    for message, button in ((question, 1), (name, 9), (name, -1), ({"id": 999}, 0)):
        await tab.press(message, button)
        assert (await tab.next("pressed", at=[message["id"], button]))["text"] == words.BUTTON_GONE


async def test_alerts_typing_pictures_and_a_growing_message_arrive(
    page: Page, visitor: Visitor, tab: Tab
) -> None:
    await tab.press(await tab.ask("/settings"), 0)
    assert (await tab.next("pressed"))["text"] == sentences.CHOSEN
    chat = own_chat(page, visitor)
    await chat.at_button(3, 1).notice("Careful", alert=True)
    assert await tab.next("pressed") == {
        "event": "pressed",
        "at": [3, 1],
        "text": "Careful",
        "alert": True,
    }
    await chat.typing()
    assert await tab.next("typing")
    await chat.picture(b"\x89PNG", Markup("<b>a curve</b>"))
    shown = await tab.answer()
    assert (text_of(shown), shown["file"]) == ("a curve", {"name": "", "size": 4, "alt": ""})
    status, _, headers = await visitor.get(f"/files/{shown['id']}")
    assert (status, headers["Content-Type"], headers["Content-Length"]) == (200, "image/png", "4")
    await chat.picture(b"\x89PNG!", Markup("<a>k7m2p9xb4q</a>"), name="ky.png", alt="Ky")
    card = await tab.answer()
    assert card["file"] == {"name": "ky.png", "size": 5, "alt": "Ky"}
    status, _, headers = await visitor.get(f"/files/{card['id']}")
    assert (status, headers["Content-Type"]) == (200, "image/png")
    number = await chat.say(Markup("a"), unfinished=True)
    await chat.change(number, Markup("a\nb"), unfinished=True)
    await chat.change(number, Markup("a\nb."))
    await chat.change(number, Markup("another"))
    told = [(text_of(message), message["edited"]) for message in await tab.happened(4)]
    assert told == [("a", False), ("a\nb", False), ("a\nb.", False), ("another", True)]


async def test_files_both_ways(page: Page, visitor: Visitor, tab: Tab) -> None:
    name = "käse <b>\u202e\ud800.txt"
    names = await tab.ask("/dino")
    await tab.send(f"a/{name}", b"Brie\n", " cheeses ", reply=names["id"], key="3")
    sent = await tab.next("message", mine=True, key="3")
    assert (sent["file"], text_of(sent)) == ({"name": name, "size": 5, "alt": ""}, "cheeses")
    assert sent["reply"] == " ".join(text_of(names).split())[:80]
    await tab.answer()
    await tab.say("/retrain names keats", reply=sent["id"])
    assert (await tab.next("message", mine=True))["reply"] == "cheeses"
    assert "dozen" not in text_of(await tab.answer())  # it read the file that was replied to
    assert (await tab.ask("/export"))["file"]["name"].endswith(".html")
    export = await tab.answer()
    _, text, headers = await visitor.get(f"/files/{export['id']}")
    assert len(json.loads(text)["creations"]) == 1
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].endswith(
        f"mangosaurus-{visitor.cookie.partition('.')[0]}.json"
    )
    _, text, headers = await visitor.get(f"/files/{sent['id']}")
    assert text == "Brie\n"
    assert (
        headers["Content-Disposition"]
        == "attachment; filename*=UTF-8''k%C3%A4se%20%3Cb%3E%E2%80%AE%3F.txt"
    )
    async with visit(page) as other:
        for number in (sent["id"], 99, "x", "²"):
            assert (await other.get(f"/files/{number}"))[0] == 404
    assert (await visitor.get(f"/files/{names['id']}"))[0] == 404


async def test_a_file_that_is_too_large_closes_the_tab(
    page: Page, visitor: Visitor, tab: Tab, caplog: pytest.LogCaptureFixture
) -> None:
    with contextlib.suppress(ConnectionError):
        await tab.send("x", bytes(LARGEST_FILE + 1))
    await until(lambda: not own_chat(page, visitor).tabs)
    assert not [record for record in caplog.records if record.name.startswith("aiohttp")]


async def test_what_is_no_message_is_refused_in_words(tab: Tab) -> None:
    refusals = {"x" * 4097: words.TOO_LONG, "": words.NOTHING_SAID, " \n\t ": words.NOTHING_SAID}
    unreadable: list[Any] = [None, 7, True, {"a": 1}, ["/dino"], 1e999]
    for text, sentence in [*refusals.items(), *((text, words.UNREADABLE) for text in unreadable)]:
        await tab.say(text, key=5)
        assert await tab.next("notice") == {"event": "notice", "text": sentence, "key": 5}
    for content in (
        "",
        "{",
        "[]",
        "7",
        "[" * 60_000,
        '"text"',
        '{"do":"press","message":1e999,"button":0}',
        "{}",
    ):
        await tab.socket.send_str(content)
        assert (await tab.next("notice"))["text"] == words.UNREADABLE
    await tab.socket.send_json({"do": "send", "name": {}, "text": 3})
    await tab.socket.send_bytes(b"x")
    assert (await tab.next("notice"))["text"] == words.UNREADABLE
    await tab.socket.send_bytes(b"nothing said of it before")
    assert (await tab.next("notice"))["text"] == words.UNREADABLE
    await tab.say("a", reply=[1])
    assert (await tab.next("message", mine=True))["reply"] == ""


async def test_a_long_history_keeps_the_newest_and_those_who_left_make_room(
    page: Page, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_chat, "KEPT", 3)
    monkeypatch.setattr(server, "MOST_CHATS", 1)
    async with visitor.tab() as tab:
        await tab.answer()
        own = own_chat(page, visitor)
        for number in range(5):
            await own.say(Markup("{}").format(number))
        async with visitor.tab() as second:
            assert [text_of(message) for message in second.chat["messages"]] == ["2", "3", "4"]
    await until(lambda: not own.tabs)
    async with visit(page) as other, other.tab() as others:
        await others.answer()
        assert page.chat(own.id) is None
    async with visitor.tab() as tab:
        assert tab.chat["messages"] == []
        await tab.answer()  # the greeting, again


async def test_files_are_kept_up_to_a_size_in_a_chat_and_in_all(
    page: Page, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_chat, "KEPT_BYTES", 100_000)
    monkeypatch.setattr(server, "MOST_BYTES", 60_000)
    async with visitor.tab() as tab:
        await tab.answer()
        own = own_chat(page, visitor)
        numbers = [await own.document("x", bytes(40_000), Markup("A file")) for _ in range(4)]
        large = await own.document("x", bytes(200_000), Markup("A file"))
        # what has just come is there in any case
        assert (await visitor.get(f"/files/{large}"))[0] == 200
        numbers += [await own.document("x", bytes(40_000), Markup("A file")) for _ in range(2)]
        assert [(await visitor.get(f"/files/{number}"))[0] for number in numbers] == [404] * 4 + [
            200
        ] * 2
    await until(lambda: not own.tabs)
    async with visit(page) as other, other.tab() as others:
        await others.answer()
        assert page.chat(own.id) is None
    async with visit(page) as third, third.tab():
        assert page.chat(int(other.cookie.partition(".")[0]))  # it takes little room


async def test_a_tab_that_does_not_keep_up_and_the_oldest_of_too_many_are_let_go(
    page: Page, visitor: Visitor, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_chat, "SEND_SECONDS", 0.05)
    closed = asyncio.Event()

    class Frozen(web.WebSocketResponse):
        """A tab that takes nothing more: what is sent to it waits for ever."""

        async def send_json(self, *_: Any, **__: Any) -> None:
            await asyncio.Event().wait()

        async def close(self, **_: Any) -> bool:
            closed.set()
            return True

    chat = own_chat(page, visitor)
    chat.tabs.insert(0, Frozen())
    await chat.say(Markup("first"))
    assert closed.is_set()
    assert len(chat.tabs) == 1
    assert text_of(await tab.answer()) == "first"
    monkeypatch.undo()
    monkeypatch.setattr(page_chat, "MOST_TABS", 2)
    async with visitor.tab() as second, visitor.tab() as third:
        with pytest.raises(EOFError):
            await tab.next("never")
        await chat.typing()
        for kept in (second, third):
            assert await kept.next("typing")
    await until(lambda: not chat.tabs)  # closed ones are forgotten


@asynccontextmanager
async def started_again(settings: Settings, page: Page, cookie: str) -> AsyncIterator[Visitor]:
    """Serve another page at the same port, and open it in the same browser."""
    cookies = {name_of_cookie(page): cookie}
    async with page_served(settings, page.port) as later, browser(later.link, cookies) as again:
        yield again


async def test_an_admin_who_comes_back_after_a_kill_reads_what_became_of_a_training(
    own_settings: Settings,
) -> None:
    async with page_served(own_settings) as page, visit(page) as visitor, visitor.tab() as tab:
        await tab.answer()
    interrupt(
        own_settings.checkpoints,
        Run(
            "dino",
            "names",
            "dino",
            chat=int(visitor.cookie.partition(".")[0]),
            place="page",
            message=7,
        ),
    )
    async with started_again(own_settings, page, visitor.cookie) as again, again.tab() as tab:
        said = {text_of(await tab.answer()) for _ in range(2)}
    (ending,) = [text for text in said if not text.startswith("Hi, I'm Mangosaurus.")]
    assert ending.startswith("I was stopped while I was training dino, and what it had learned")


async def test_the_last_creations_are_written_again_after_a_restart(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_chat, "SHOWN", 4)
    async with page_served(settings) as page, visit(page) as visitor, visitor.tab() as tab:
        await tab.answer()
        names = [await tab.ask(f"/dino {count}") for count in (1, 2, 3, 4)]
        await tab.press(names[1], 0)
        names[1] = await tab.answer()  # in place of what it was
        start = tab.chat["start"]
    async with opened(settings.database) as store:  # one whose weights are gone
        await make(store, int(visitor.cookie.partition(".")[0]))
    async with (
        started_again(settings, page, visitor.cookie) as again,
        again.tab() as tab,
        again.tab() as second,
    ):
        ids = [[message["id"] for message in each.chat["messages"]] for each in (tab, second)]
        assert ids[0] == ids[1]  # nobody gets the places twice
        *places, welcome = tab.chat["messages"]
        assert [(text_of(place), place["rows"]) for place in places] == [("…", [])] * 4
        assert (text_of(welcome), tab.chat["start"] == start) == (
            sentences.plain(words.WELCOME_BACK),
            False,
        )
        written = {facts["id"]: facts for facts in [await tab.answer() for _ in places]}
        assert [*written] == [place["id"] for place in reversed(places)]  # the newest first
        *shown, gone = (written[place["id"]] for place in places)
        assert text_of(gone) == sentences.plain(sentences.GONE)
        before = [names[2], names[3], names[1]]
        assert [text_of(facts) for facts in shown] == [text_of(facts) for facts in before]
        assert [facts["rows"] for facts in shown] == [facts["rows"] for facts in before]
        assert [facts["edited"] for facts in shown] == [False] * 3
        assert all(
            abs(facts["at"] - earlier["at"]) < 5
            for facts, earlier in zip(shown, before, strict=True)
        )
        await tab.press(shown[0], 0)
        changed = await tab.answer()
        assert (changed["id"], changed["edited"]) == (shown[0]["id"], True)


async def test_to_be_forgotten_empties_the_chat_for_good(settings: Settings) -> None:
    async with (
        page_served(settings) as page,
        visit(page) as visitor,
        visitor.tab() as tab,
        visitor.tab() as second,
    ):
        await tab.answer()
        await tab.send("names.txt", b"Brie\n")
        await tab.answer()
        await tab.ask("/dino")
        question = await tab.ask("/forget")
        await tab.press(question, 0)
        for each in (tab, second):
            assert [kept["id"] for kept in (await each.next("forgotten"))["messages"]] == [
                question["id"]
            ]
        assert text_of(await tab.answer()).startswith("Done, I've forgotten you.")
        assert (await visitor.get("/files/2"))[0] == 404
        await tab.press({"id": 1}, 0)
        assert (await tab.next("pressed", at=[1, 0]))["text"] == words.BUTTON_GONE
        await tab.ask("/dino")
        assert text_of(await tab.ask("/forget yes")).startswith("Done, I've forgotten you.")
        assert (await second.next("forgotten"))["messages"] == []
    async with started_again(settings, page, visitor.cookie) as again, again.tab() as tab:
        assert tab.chat["messages"] == []
        assert text_of(await tab.answer()).startswith("Hi, I'm Mangosaurus.")


async def test_a_port_that_is_taken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(
            StartError, match=f"port {port}: Address already in use; --host and --port choose"
        ):
            Page(settings, port=port)
        monkeypatch.setattr(server, "PORT", port)
        async with Page(settings) as page:
            assert urlsplit(page.link).port != port  # the usual port gives way
        for host, reason in (("x" * 64, "no such name"), ("nowhere.invalid", "")):
            with pytest.raises(StartError, match=f"at {host}, port {port}: {reason}"):
                Page(settings, host)


async def test_after_a_restart_the_persons_lines_stand_above_what_came_of_them(
    settings: Settings,
) -> None:
    async with page_served(settings) as page, visit(page) as visitor, visitor.tab() as tab:
        await tab.answer()
        await tab.ask("/dino mango")
        await tab.ask("/poem Shall I <b>compare")
        await tab.ask("A line alone")
    store = Store(settings.database)
    await store.open()
    sonnet = await store.draft(
        int(visitor.cookie.partition(".")[0]), Wish(Genre.SONNET, "Shall I"), "0" * 12, 1.0
    )
    await store.arrived(await store.completed(sonnet, " compare thee"))
    await store.close()
    async with started_again(settings, page, visitor.cookie) as again, again.tab() as tab:
        *shown, _ = [(message["mine"], text_of(message)) for message in tab.chat["messages"]]
        place = (False, "…")
        lines = [(True, line) for line in ("Shall I <b>compare", "A line alone", "Shall I")]
        assert shown == [place, lines[0], place, lines[1], place, lines[2], place]
        assert (await tab.answer())["at"] == tab.chat["messages"][-3]["at"]
