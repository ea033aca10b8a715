"""The page's server over real HTTP: it lets in only its owner, and a tab sends lines and gets
messages."""

import socket
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.asks import LARGEST_FILE
from bot.chat import StartError
from bot.page import chat as page_chat
from bot.page import server
from bot.page.access import HEADERS, read_key
from bot.page.server import Page
from bot.settings import Settings
from bot.words import page as words
from bot.words.pieces import said
from tests.fake_chat import picture_of
from tests.pages import Tab, Visitor, browser, page_served, text_of, visit


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
        yield tab


async def cannot_talk(visitor: Visitor, **headers: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        async with visitor.tab(**headers):
            pass
    assert refusal.value.status == 403


async def test_the_link_lets_in_and_strangers_get_nothing_private(page: Page) -> None:
    async with browser(page.link) as stranger:
        for token in ("", "x", "%C3%A9%E2%80%AE", page.link.rpartition("=")[2][:-1]):
            status, shown, headers = await stranger.get(f"/?token={token}")
            assert (status, "token=" in shown, "Set-Cookie" in headers) == (200, False, False)
        for value in ("", "x", "é", "0" * 64):
            await cannot_talk(stranger, Cookie=f"mangosaurus-{page.port}={value}")
        assert (await stranger.get("/creatures/mangosaurus.svg"))[0] == 404
        assert (await stranger.send(b"x", {}))[0] == 404
        status, _, headers = await stranger.get(page.link)
        assert (status, headers["Location"]) == (303, "/")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(headers["Set-Cookie"].split("; "))
        async with stranger.tab() as tab:
            assert text_of(tab.chat["messages"][0]).startswith("I'm Mangosaurus, ")


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "people.db-page"
    key = read_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == key
    path.write_bytes(b"cut short")
    assert read_key(path) != key


async def test_every_response_has_the_headers_that_protect_the_page(
    page: Page, visitor: Visitor
) -> None:
    for path in ("/page.html", "/../server.py", "/%2e%2e/server.py", "/files/x", "/files/²"):
        assert (await visitor.get(path))[0] == 404
    for path in ("/", "/page.js", "/nothing", page.link, "/files/x"):
        _, _, headers = await visitor.get(path)
        assert {name: headers[name] for name in HEADERS} == HEADERS
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "Server" not in headers
        assert headers["Cache-Control"] in ("no-store", "no-cache")


async def test_other_hosts_are_refused(page: Page, visitor: Visitor) -> None:
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.", "[", "[::1]", "127.0.0.2"):
        for path in ("/", "/page.js", page.link, "/socket"):
            assert (await visitor.get(path, Host=host))[:2] == (421, words.WRONG_HOST)
    for host in ("localhost", "LOCALHOST", "127.0.0.1"):
        own = f"{host}:{page.port}"
        assert (await visitor.get("/page.js", Host=own, Origin=f"http://{own.lower()}"))[0] == 200


async def test_other_sites_may_link_here_but_neither_read_nor_talk(visitor: Visitor) -> None:
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "http://[", "file://", ""):
        await cannot_talk(visitor, Origin=origin)
        assert (await visitor.get("/page.js", Origin=origin))[:2] == (403, words.WRONG_ORIGIN)
        assert (await visitor.send(b"x", {}, Origin=origin))[:2] == (403, words.WRONG_ORIGIN)
    # a program that is no browser
    for method, path in (("GET", "/socket"), ("POST", "/files")):
        async with visitor.client.request(method, visitor.origin + path) as response:
            assert response.status == 403
    assert (await visitor.get("/", **{"Sec-Fetch-Site": "cross-site"}))[0] == 200
    for site in ("cross-site", "same-site"):
        assert (await visitor.get("/page.js", **{"Sec-Fetch-Site": site}))[0] == 403
        await cannot_talk(visitor, **{"Sec-Fetch-Site": site})
    assert (await visitor.get("/page.js", **{"Sec-Fetch-Site": "same-origin"}))[0] == 200


async def test_messages_that_cannot_be_read_are_passed_over(tab: Tab) -> None:
    for content in ("", "{", "[]", "7", "[" * 60_000, '"text"', "{}", '{"line":"x","key":1}'):
        await tab.socket.send_str(content)
    await tab.socket.send_bytes(b"\xff")
    await tab.say(1e999)  # JSON has no infinity
    assert text_of(await tab.ask("\ud800 \0")).startswith("\ufffd")  # half a character, and NUL


async def test_a_line_or_a_file_that_is_too_long_and_a_blank_line_are_refused(
    visitor: Visitor, tab: Tab
) -> None:
    assert (await visitor.send(bytes(LARGEST_FILE + 1), {}))[0] == 413
    for line, refusal in (
        ("x" * 4097, "Your line has 4,096 characters"),
        (" \n\t ", "Give me a line"),
    ):
        assert text_of(await tab.ask(line)).startswith(refusal)


async def test_two_tabs_show_one_chat_until_it_is_forgotten(visitor: Visitor, tab: Tab) -> None:
    async with visitor.tab() as second:
        await tab.say(" <b>&amp;</b> ", key="7")
        for each in (tab, second):
            mine = await each.next("message", mine=True)
            assert (text_of(mine), mine["key"], mine["waits"]) == ("<b>&amp;</b>", "7", True)
            await each.next("answered", key="7")
        name = await tab.ask("/dino")
        assert [name["pieces"][0][1], name["pieces"][-1][1]] == ["name", "creation"]
        async with visitor.tab() as third:
            shown = third.chat["messages"]
        assert [message["mine"] for message in shown] == [False, True, False, True, False]
        assert not shown[1]["waits"]
        del name["event"]
        assert shown[-1] == name
        await tab.say("/forget yes", key="8")
        for each in (tab, second):
            await each.next("cleared")
            hello = await each.next("message", is_start=True)
            assert hello["buttons"]
            assert text_of(await each.answer()).startswith("Done, I've forgotten you.")
            await each.next("answered", key="8")  # or a reload would give the line back
    async with visitor.tab() as later:
        assert [message["is_start"] for message in later.chat["messages"]] == [True, False]


async def test_the_chat_keeps_its_newest_messages(
    visitor: Visitor, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_chat, "KEPT", 3)
    for seed in range(3):
        last = await tab.ask(f"/seed {seed}")
    async with visitor.tab() as later:
        shown = later.chat["messages"]
    assert len(shown) == 3
    assert shown[-1]["number"] == last["number"]


async def test_a_button_says_its_line(page: Page, tab: Tab) -> None:
    name = await tab.ask("/dino")
    await tab.press(name, "another")
    another = await tab.answer()
    assert another["number"] > name["number"]
    assert text_of(another) != text_of(name)
    await tab.say("/another k7m2p9xb4q", pressed=name["number"])
    assert text_of(await tab.answer()).startswith("I don't")
    await page.close()  # nobody answers from now on; a later start gives the line back
    await tab.say("/another k7m2p9xb4q", pressed=name["number"])
    await tab.say("/dino", key="9")
    before = len(page._chat.entries)
    await tab.socket.close()
    assert len(page._chat.entries) == before


async def test_creatures_are_drawn_for_names(visitor: Visitor) -> None:
    status, drawn, headers = await visitor.get(f"/creatures/{40 * 'x'}.svg")
    assert (status, headers["Content-Type"].split(";")[0]) == (200, "image/svg+xml")
    assert drawn.startswith("<svg")
    for name in (41 * "x", "Ky", "k%C3%A4se", "%3Cb%3E", ""):
        assert (await visitor.get(f"/creatures/{name}.svg"))[0] == 404


async def test_files_go_both_ways(page: Page, visitor: Visitor, tab: Tab) -> None:
    facts = {"name": "käse <b>\u202e.txt", "line": "cheeses", "key": "3"}
    assert (await visitor.send(b"Brie\n", facts))[0] == 204
    sent = await tab.next("message", mine=True, key="3")
    assert (sent["name"], sent["size"], text_of(sent)) == (facts["name"], 5, "cheeses")
    assert text_of(await tab.answer())
    status, text, headers = await visitor.get(f"/files/{sent['number']}")
    assert (status, text) == (200, "Brie\n")
    assert headers["Content-Type"] == "application/octet-stream"
    disposition = "attachment; filename*=UTF-8''k%C3%A4se%20%3Cb%3E%E2%80%AE.txt"
    assert headers["Content-Disposition"] == disposition
    chat = page._chat
    await chat.picture(picture_of(b"\x89PNG"), said("a *card*"))
    number = max(chat.entries)
    assert (await visitor.get(f"/files/{number}"))[2]["Content-Type"] == "image/png"
    assert (await visitor.get(f"/files/{number + 1}"))[0] == 404
    async with browser(page.link) as stranger:
        assert (await stranger.get(f"/files/{number}"))[0] == 404


async def test_the_last_creations_are_there_after_a_restart(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_chat, "SHOWN", 3)
    async with page_served(settings) as page, visit(page) as visitor, visitor.tab() as tab:
        made = [await tab.ask(line) for line in ("/dino 2", "/dino", "/poem Shall <b>I", "/dino 3")]
        cookies = {each.key: each.value for each in visitor.client.cookie_jar}
    async with (
        page_served(settings, page.port) as later,
        browser(later.link, cookies) as again,
        again.tab() as tab,
    ):
        assert later.link != page.link
        for facts, earlier in zip(tab.chat["messages"], made[1:], strict=True):
            assert not facts["mine"]
            assert facts["pieces"] == earlier["pieces"]  # a card comes back as its words
            assert facts["buttons"] == earlier["buttons"] or earlier["alt"]
            assert abs(facts["at"] - earlier["at"]) < 5


async def test_a_given_port_that_is_taken_is_an_error_and_the_usual_one_gives_way(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port}: Address already in use; --port"):
            Page(settings, port)
        monkeypatch.setattr(server, "PORT", port)
        async with Page(settings) as page:
            assert page.port != port
