"""The page's server, over real HTTP: who is let in, what is refused, and what a chat sends and gets."""

from __future__ import annotations

import dataclasses
import io
import json
import stat
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from bot.conversation import texts
from bot.local import hosting, visitors
from bot.local.files import LARGEST_DOWNLOAD
from bot.local.guard import HEADERS, Guard, RefusedError, names_of
from bot.local.home import Place
from bot.local.hosting import PageError, bound
from bot.local.methods import ME
from bot.local.passes import Passes, read_key
from bot.local.register import MOST_ADMINS, MOST_REMEMBERED, Register, new_id
from bot.local.request import LocalRequest
from bot.local.telegram import Person, Telegram
from bot.local.visitors import KEPT, MOST_TABS, MOST_UNREAD, Visitor
from bot.people.limits import Rate
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup

from tests.pages import Page, Visit, page_served, text_of, visit
from tests.serving import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.settings import Settings

PICTURE = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02"


@pytest.fixture
async def page(settings: Settings, telegram: Telegram) -> AsyncIterator[Page]:
    async with page_served(settings, telegram) as page:
        yield page


@pytest.fixture
async def visitor(page: Page) -> AsyncIterator[Visit]:
    async with visit(page) as visitor:
        yield visitor


async def test_the_link_becomes_a_cookie_and_a_clean_address(page: Page) -> None:
    stranger = Visit(page.origin)
    async with stranger.client:
        entered = await stranger.get(page.link)
        assert (entered.status_code, entered.headers["Location"]) == (303, "/")
        cookie = entered.headers["Set-Cookie"]
        own = f"{page.hosted.admins[0].id}."
        assert cookie.startswith(f"mangosaurus-{page.port}={own}")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        shown = await stranger.get("/")
        assert shown.status_code == 200
        assert "token" not in shown.text
        again = await stranger.get(page.link)
        assert stranger.client.cookies[f"mangosaurus-{page.port}"].startswith(own)  # the same person
        assert again.status_code == 303


async def test_strangers_are_turned_away_in_words(page: Page) -> None:
    stranger = Visit(page.origin)
    async with stranger.client:
        door = await stranger.get("/")
        assert (door.status_code, texts.WITHOUT_LINK in door.text) == (403, True)
        for token in ("", "x", "é\u202e", page.link.rpartition("=")[2][:-1]):
            wrong = await stranger.client.get("/", params={"token": token})
            assert (wrong.status_code, texts.WRONG_LINK in wrong.text) == (403, True)
        for answer in (
            await stranger.get("/events"),
            await stranger.get("/files/document-1"),
            await stranger.say("hello"),
            await stranger.client.post("/send", content=b"x"),
        ):
            assert (answer.status_code, answer.text) == (403, texts.PAGE["stranger"])


@pytest.mark.parametrize("change", ["3{}", "{}0", "2.", "", "x", "99999999999999999.", "é"])
async def test_a_cookie_that_was_changed(page: Page, visitor: Visit, change: str) -> None:
    name = f"mangosaurus-{page.port}"
    own = visitor.client.cookies[name]
    value = change.format(own.partition(".")[2] if change.startswith("3") else own)
    visitor.client.cookies.clear()
    answer = await visitor.client.get("/events", headers={b"Cookie": f"{name}={value}".encode()})
    assert answer.status_code == 403


async def test_every_response_forbids_what_the_page_does_not_need(page: Page, visitor: Visit) -> None:
    for path in ("/", "/page.js", "/nothing", page.link, "/files/x"):
        answer = await visitor.get(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "Server" not in answer.headers
        assert answer.headers["Cache-Control"] in ("no-store", "no-cache")


async def test_the_files_of_the_page(page: Page, visitor: Visit) -> None:
    types = {"/": "text/html", "/page.css": "text/css", "/page.js": "text/javascript", "/icon.svg": "image/svg+xml"}
    size = 0
    for path, kind in types.items():
        answer = await visitor.get(path)
        assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (200, kind)
        size += len(answer.content)
        assert "http://" not in answer.text.replace("http://www.w3.org/", "")
        assert "https://" not in answer.text
        unchanged = await visitor.get(path, **{"If-None-Match": answer.headers["ETag"]})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
    assert size <= 60_000
    assert "$" not in (await visitor.get("/")).text
    assert (await visitor.get("/page.html")).status_code == 404
    assert (await visitor.get("/../website.py")).status_code == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "192.168.0.7", "127.0.0.2"])
async def test_other_names_are_refused(page: Page, visitor: Visit, host: str) -> None:
    for path in ("/", "/page.js", page.link, "/events"):
        answer = await visitor.get(path, Host=host)
        assert (answer.status_code, answer.text) == (421, texts.WRONG_HOST)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "[::1]"])
async def test_own_names(page: Page, host: str) -> None:
    async with Visit(page.origin).client as client:
        own = {"Host": f"{host}:{page.port}", "Origin": f"http://{host.lower()}:{page.port}"}
        assert (await client.get("/page.js", headers=own)).status_code == 200
        answer = await client.post("/say", content="{}", headers=own)
        assert answer.text == texts.PAGE["stranger"]  # as cookies are for one name


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1", "http://[", "file://", None])
async def test_posts_of_other_sites_are_refused(visitor: Visit, origin: str | None) -> None:
    del visitor.client.headers["Origin"]
    headers = {} if origin is None else {"Origin": origin}
    for path in ("/say", "/press", "/ask", "/choose", "/send"):
        answer = await visitor.client.post(path, content='{"text": "/dino"}', headers=headers)
        assert (answer.status_code, answer.text) == (403, texts.WRONG_ORIGIN)


async def test_other_sites_may_link_here_but_not_read(visitor: Visit) -> None:
    assert (await visitor.get("/", **{"Sec-Fetch-Site": "cross-site"})).status_code == 200
    for site in ("cross-site", "same-site"):
        assert (await visitor.get("/events", **{"Sec-Fetch-Site": site})).status_code == 403
    assert (await visitor.get("/page.js", **{"Sec-Fetch-Site": "same-origin"})).status_code == 200
    assert (await visitor.get("/page.js", Origin="http://evil.example")).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"])
async def test_other_methods_are_refused(visitor: Visit, method: str) -> None:
    assert (await visitor.client.request(method, "/events")).status_code == 405


async def test_names_where_the_whole_network_is_let_in() -> None:
    guard = Guard(names_of("0.0.0.0"), any_address=True)
    headers: Any = httpx_headers
    guard.check("GET", "/", headers("192.168.0.7:8765"))
    guard.check("GET", "/", headers("[fe80::1]:8765"))
    with pytest.raises(RefusedError):
        guard.check("GET", "/", headers("evil.example"))


def httpx_headers(host: str) -> Any:
    from multidict import CIMultiDict, CIMultiDictProxy

    return CIMultiDictProxy(CIMultiDict({"Host": host}))


async def test_a_chat(visitor: Visit) -> None:
    async with visitor.tab() as (tab, chat):
        assert chat["me"] == ME["username"]
        assert chat["messages"] == []
        assert text_of(await tab.answer()).startswith("Hi, I'm Mangosaurus.")
        assert (await visitor.say("/seed 42")).status_code == 200
        mine = await tab.next("message", mine=True)
        assert [(run["text"], run.get("send")) for run in mine["runs"]] == [("/seed", "/seed"), (" 42", None)]
        seed = await tab.answer()
        assert [(run["text"], run["styles"]) for run in seed["runs"]][1] == ("42", ["bold"])
        await visitor.say("/dino 2")
        names = await tab.answer()
        assert [button["text"] for button in names["rows"][0]] == ["another", "wilder", "tamer"]
        code = names["runs"][-1]
        assert code["styles"] == ["code"]
        await visitor.say(code["send"])
        assert text_of(await tab.answer()) == text_of(names)


async def test_a_reload_and_a_second_tab_show_the_same_chat(visitor: Visit) -> None:
    async with visitor.tab() as (first, _):
        await first.answer()
        async with visitor.tab() as (second, chat):
            assert len(chat["messages"]) == 1  # the greeting, once
            await visitor.say("<b>&amp;</b>")
            for tab in (first, second):
                assert text_of(await tab.next("message", mine=True)) == "<b>&amp;</b>"
            await first.answer()
    async with visitor.tab() as (_, chat):
        assert [message["mine"] for message in chat["messages"]] == [False, True, False]


async def test_several_people_have_chats_of_their_own(page: Page, visitor: Visit) -> None:
    async with visit(page) as other, visitor.tab() as (tab, _), other.tab() as (others, _):
        await tab.answer()
        await others.answer()
        await visitor.say("/seed 1")
        await other.say("/seed 2")
        assert text_of(await tab.answer()).startswith("Your seed is now 1,")
        assert text_of(await others.answer()).startswith("Your seed is now 2,")
        async with other.tab() as (_, chat):
            assert [text_of(message) for message in chat["messages"] if message["mine"]] == ["/seed 2"]


async def test_those_with_the_link_on_this_machine_are_admins_as_long_as_there_are_some(page: Page) -> None:
    async with AsyncExitStack() as stack:
        visitors = [await stack.enter_async_context(visit(page)) for _ in range(MOST_ADMINS + 1)]
        admins, guest = visitors[0], visitors[-1]
        async with admins.tab() as (tab, chat), guest.tab() as (guests, guest_chat):
            assert (chat["admin"], guest_chat["admin"]) == (True, False)
            await tab.answer()
            await guests.answer()
            await admins.say("/retrain")
            await guest.say("/retrain")
            assert text_of(await tab.answer()) != texts.UNKNOWN_COMMAND
            assert text_of(await guests.answer()) == texts.UNKNOWN_COMMAND
        menus = [{command["command"] for command in each["commands"]} for each in (chat, guest_chat)]
        assert "retrain" in menus[0] - menus[1]
        refused = await guest.client.post("/send?name=x.txt", content=b"x")
        assert (refused.status_code, refused.text) == (403, texts.ADMINS_SEND_FILES)
        answers = [await guest.say("/seed") for _ in range(40)]
        assert {answer.status_code for answer in answers} == {200, 429}
        assert answers[-1].text == texts.TOO_FAST


@pytest.mark.parametrize("header", ["X-Forwarded-For", "forwarded", "Via"])
async def test_nobody_is_an_admin_through_a_proxy(page: Page, header: str) -> None:
    passed_on = Visit(page.origin)
    async with passed_on.client:
        passed_on.client.headers[header] = "192.168.0.7"
        assert (await passed_on.get(page.link)).status_code == 303
        async with passed_on.tab() as (_, chat):
            assert not chat["admin"]
    async with visit(page) as visitor, visitor.tab() as (_, chat):
        assert chat["admin"]


async def test_nobody_from_elsewhere_is_an_admin(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosting, "is_loopback", lambda _host: False)  # as if it listened on a network
    limited = dataclasses.replace(settings, rate_limit=Rate(1, 60))
    async with page_served(limited, telegram) as page:
        assert texts.PAGE_FOR_OTHERS in page.hosted.announcement
        async with visit(page) as visitor, visitor.tab() as (tab, chat):
            assert not chat["admin"]
            await tab.answer()
            await visitor.say("/retrain dino")
            assert text_of(await tab.answer()) == texts.UNKNOWN_COMMAND
            await visitor.say("/dino")
            await tab.answer()
            await visitor.say("/dino")
            assert text_of(await tab.answer()).startswith("You're faster than I can dream")


async def test_buttons_edit_in_place_and_are_answered(visitor: Visit) -> None:
    async with visitor.tab() as (tab, _):
        await tab.answer()
        await visitor.say("/dino")
        name = await tab.answer()
        await visitor.post("/press", message=name["id"], button=1)
        other = await tab.answer()
        assert (other["id"], other["edited"]) == (name["id"], True)
        assert text_of(other) != text_of(name)
        assert (await tab.next("pressed"))["message"] == name["id"]
        await visitor.say("/forget")
        question = await tab.answer()
        await visitor.post("/press", message=question["id"], button=2)
        assert (await tab.answer())["rows"] == []
        for message, button in ((question["id"], 2), (name["id"], 9), (name["id"], "x"), ("999", 1)):
            gone = await visitor.post("/press", message=message, button=button)
            assert (gone.status_code, gone.text) == (410, texts.BUTTON_GONE)


async def test_nobody_presses_the_buttons_of_another_chat(page: Page, visitor: Visit) -> None:
    async with visit(page) as other, visitor.tab() as (tab, _), other.tab() as (others, _):
        await tab.answer()
        await others.answer()
        await visitor.say("/dino")
        name = await tab.answer()
        assert (await other.post("/press", message=name["id"], button=1)).status_code == 410


async def test_alerts_and_notices(page: Page, visitor: Visit) -> None:
    async with visitor.tab() as (tab, _), Bot(page.telegram.token, request=LocalRequest(page.telegram)) as bot:
        await tab.answer()
        query = {"id": "7", "from": page.hosted.admins[0].user(), "chat_instance": "x", "data": "more"}
        page.telegram.queries.ask("7", page.hosted.admins[0].id)
        assert query["id"]
        await bot.answer_callback_query("7", "Careful", show_alert=True)
        assert await tab.next("pressed") == {"text": "Careful", "alert": True}


async def test_offers_as_one_types(page: Page, visitor: Visit) -> None:
    async with visit(page) as other, visitor.tab() as (tab, _):
        await tab.answer()
        asked = (await visitor.post("/ask", text="man")).json()["query"]
        offers = await tab.next("offers", query=asked)
        assert len(offers["offers"]) == 5
        assert all(offer["title"].startswith("Man") for offer in offers["offers"])
        stolen = await other.post("/choose", query=asked, offer="0")
        assert (stolen.status_code, stolen.text) == (410, texts.OFFER_GONE)
        assert (await visitor.post("/choose", query=asked, offer="0")).status_code == 200
        chosen = await tab.next("message", mine=True)
        assert (chosen["via"], text_of(chosen).split("\n")[0]) == (True, offers["offers"][0]["title"])
        for query, offer in ((asked, "9"), ("q999", "0"), ("", "")):
            assert (await visitor.post("/choose", query=query, offer=offer)).status_code == 410
        nothing = (await visitor.post("/ask", text="." * 10_000)).json()["query"]
        assert (await tab.next("offers", query=nothing))["offers"] == []


async def test_documents_both_ways(page: Page, visitor: Visit) -> None:
    async with visit(page) as other, visitor.tab() as (tab, _):
        greeting = await tab.answer()
        name = "käse <b>\u202e.txt"
        params = {"name": f"a/{name}", "caption": " cheeses ", "reply": greeting["id"]}
        await visitor.client.post("/send", params=params, content=b"Brie\n")
        sent = await tab.next("message", mine=True)
        assert (sent["document"]["name"], sent["document"]["size"], text_of(sent)) == (name, 5, "cheeses")
        assert sent["reply"].startswith("Hi, I'm Mangosaurus.")
        await tab.answer()
        await visitor.say("/export")
        export, own_id = await tab.answer(), page.hosted.admins[0].id
        path = f"/files/{export['document']['id']}"
        file = await visitor.get(path)
        assert json.loads(file.content)["creations"] == []
        assert file.headers["Content-Type"] == "application/octet-stream"
        assert file.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''mangosaurus-{own_id}.json"
        assert (await other.get(path)).status_code == 404
        assert (await visitor.get("/files/document-99")).status_code == 404
        own = await visitor.get(f"/files/{sent['document']['id']}")
        assert (own.content, own.headers["Content-Disposition"]) == (
            b"Brie\n",
            "attachment; filename*=UTF-8''k%C3%A4se%20%3Cb%3E%E2%80%AE.txt",
        )


async def test_a_file_that_made_room_for_others(page: Page, visitor: Visit) -> None:
    async with visitor.tab() as (tab, _):
        await visitor.client.post("/send?name=x.txt", content=b"x")
        sent = await tab.next("message", mine=True)
    page.telegram.files.clear()
    assert (await visitor.get(f"/files/{sent['document']['id']}")).status_code == 404


async def test_strangers_who_left_make_room(
    settings: Settings, telegram: Telegram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitors, "MOST_VISITORS", 1)
    monkeypatch.setattr(hosting, "is_loopback", lambda _host: False)
    async with page_served(settings, telegram) as page, visit(page) as visitor:
        async with visitor.tab() as (tab, _):
            await tab.answer()
        (known,) = page.hosted.website._visitors
        await until(lambda: not known.is_here)
        async with visit(page) as other, other.tab() as (others, _):
            await others.answer()
            assert {chat for chat, _ in telegram._messages} == {
                here.person.id for here in page.hosted.website._visitors
            }
            assert known not in page.hosted.website._visitors
        async with visitor.tab() as (tab, chat):
            assert chat["messages"] == []
            await tab.answer()  # the greeting, again


async def test_pictures(page: Page, visitor: Visit) -> None:
    async with visitor.tab() as (tab, _), Bot(page.telegram.token, request=LocalRequest(page.telegram)) as bot:
        await tab.answer()
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("stop", callback_data="x")]])
        await bot.send_photo(
            page.hosted.admins[0].id, PICTURE, caption="<b>a curve</b>", parse_mode="HTML", reply_markup=keyboard
        )
        shown = await tab.answer()
        assert (shown["photo"]["width"], shown["photo"]["height"]) == (3, 2)
        assert (text_of(shown), shown["rows"][0][0]["press"]) == ("a curve", 1)
        file = await visitor.get(f"/files/{shown['photo']['id']}")
        assert (file.content, file.headers["Content-Type"]) == (PICTURE, "image/png")
        await bot.send_photo(page.hosted.admins[0].id, io.BytesIO(b"<script>alert(1)</script>"))
        script = await visitor.get(f"/files/{(await tab.answer())['photo']['id']}")
        assert script.headers["Content-Type"] == "application/octet-stream"
        assert "attachment" in script.headers["Content-Disposition"]


async def test_typing(page: Page, visitor: Visit) -> None:
    async with visitor.tab() as (tab, _), Bot(page.telegram.token, request=LocalRequest(page.telegram)) as bot:
        await tab.answer()
        await bot.send_chat_action(page.hosted.admins[0].id, "typing")
        assert await tab.next("typing") == {}


@pytest.mark.parametrize(
    ("text", "status", "sentence"),
    [
        ("", 400, texts.NOTHING_SAID),
        (" \n\t ", 400, texts.NOTHING_SAID),
        ("x" * 4097, 413, texts.TOO_LONG),
        ("😀" * 2049, 413, texts.TOO_LONG),
        ("x" * 100_000, 413, texts.TOO_LONG),
    ],
)
async def test_texts_that_are_no_message(visitor: Visit, text: str, status: int, sentence: str) -> None:
    answer = await visitor.say(text)
    assert (answer.status_code, answer.text) == (status, sentence)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b"\xff", b"[" * 60_000, b'"text"'])
async def test_posts_that_make_no_sense(visitor: Visit, content: bytes) -> None:
    answer = await visitor.client.post("/say", content=content)
    assert (answer.status_code, answer.text) == (400, texts.UNREADABLE)


async def test_files_that_are_too_much(visitor: Visit) -> None:
    large = await visitor.client.post("/send?name=x", content=bytes(LARGEST_DOWNLOAD + 1))
    assert (large.status_code, large.text) == (413, texts.FILE_TOO_LARGE)
    wordy = await visitor.client.post("/send", params={"name": "x", "caption": "x" * 1025}, content=b"x")
    assert (wordy.status_code, wordy.text) == (413, texts.CAPTION_TOO_LONG)


@pytest.mark.parametrize(
    "text", ["x" * 4096, "😀" * 2048, "שלום\u202e/dino", "\ud800 lone", "\0", "/" * 3000, "/a " * 1365]
)
async def test_strange_texts_arrive_as_they_are(visitor: Visit, text: str) -> None:
    async with visitor.tab() as (tab, _):
        await tab.answer()
        assert (await visitor.say(text)).status_code == 200
        assert text_of(await tab.next("message", mine=True)) == text.strip()
        await tab.answer()
        async with visitor.tab() as (_, chat):
            assert text_of(chat["messages"][1]) == text.strip()


async def test_a_long_history_keeps_the_newest(visitor: Visit) -> None:
    async with visitor.tab() as (tab, _):
        await tab.answer()
        for number in range(KEPT // 2 + 5):
            await visitor.say(f"/nothing{number}")
            await tab.answer()
    async with visitor.tab() as (_, chat):
        assert len(chat["messages"]) == KEPT
        assert text_of(chat["messages"][-2]) == f"/nothing{KEPT // 2 + 4}"


async def test_the_same_browser_is_the_same_person_after_a_restart(settings: Settings) -> None:
    async with page_served(settings, first := Telegram()) as page, visit(page) as visitor:
        async with visitor.tab() as (tab, before):
            await tab.answer()
            await visitor.say("/seed 42")
            await tab.answer()
        place = Place(port=page.port)
        cookies = visitor.client.cookies
    assert first.sent
    async with page_served(settings, Telegram(), place) as page:
        again = Visit(page.origin)
        async with again.client:
            again.client.cookies = cookies
            async with again.tab() as (tab, chat):
                assert chat["run"] != before["run"]
                assert chat["messages"] == []
                await tab.answer()
                await again.say("/seed")
                assert text_of(await tab.answer()).startswith("Your seed is 42.")


async def test_nobody_becomes_somebody_who_came_before_a_restart(settings: Settings) -> None:
    ids, cookies = [], []
    for _ in range(3):
        async with page_served(settings, Telegram(), Place(port=0)) as page, visit(page) as visitor:
            (cookie,) = visitor.client.cookies.values()
            async with visitor.tab() as (tab, chat):
                assert chat["admin"]
                await tab.answer()
            ids.append(int(cookie.partition(".")[0]))
            cookies.append(cookie)
    assert len(set(ids)) == 3
    async with page_served(settings, Telegram()) as page:
        again = Visit(page.origin)
        async with again.client:
            again.client.cookies.set(f"mangosaurus-{page.port}", cookies[0])
            async with again.tab() as (_, chat):
                assert chat["admin"]  # still


async def test_an_admin_who_was_forgotten_becomes_one_anew_with_the_link(settings: Settings) -> None:
    async with page_served(settings, Telegram()) as page, visit(page) as visitor:
        (cookie,) = visitor.client.cookies.values()
    settings.database.with_name(f"{settings.database.name}-page-admins").unlink()
    async with page_served(settings, Telegram()) as page:
        again = Visit(page.origin)
        async with again.client:
            again.client.cookies.set(f"mangosaurus-{page.port}", cookie)
            async with again.tab() as (_, chat):
                assert not chat["admin"]
            again.client.cookies.clear()
            again.client.cookies.set(f"mangosaurus-{page.port}", cookie, domain="127.0.0.1")
            await again.get(page.link)
            async with again.tab() as (_, chat):
                assert chat["admin"]


def test_the_register_remembers_those_who_came_last(tmp_path: Path) -> None:
    path = tmp_path / "people.db-page-admins"
    people = [new_id() for _ in range(MOST_REMEMBERED + 2)]
    for person_id in [*people, people[2]]:
        Register(path).remember(person_id)
    path.write_text(f"17\né\n{path.read_text()}", encoding="utf-8")
    register = Register(path)
    assert register.known == [*people[3:], people[2]]
    given = [register.next_id() for _ in range(MOST_ADMINS - MOST_REMEMBERED)]
    assert register.ids == (*register.known, *given)
    assert len(set(register.ids)) == MOST_ADMINS
    assert register.next_id() is None
    Register(tmp_path / "nowhere" / "admins").remember(people[0])  # where nothing can be written


async def test_a_tab_ends_with_the_page(settings: Settings, telegram: Telegram) -> None:
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(page_served(settings, telegram))
        async with visit(page) as visitor, visitor.tab() as (tab, _):
            await stack.aclose()
            with pytest.raises(EOFError):
                await tab.next("never")


async def test_a_tab_that_does_not_keep_up_is_let_go() -> None:
    visitor = Visitor(Person(1), is_admin=False)
    events = visitor.events({})
    await anext(events)
    for number in range(MOST_UNREAD + 1):
        visitor.tell("typing", {"number": number})
    assert not visitor.is_here
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_the_oldest_of_too_many_tabs_is_let_go() -> None:
    visitor = Visitor(Person(1), is_admin=False)
    tabs = [visitor.events({}) for _ in range(MOST_TABS + 1)]
    for tab in tabs:
        await anext(tab)
    visitor.tell("typing", {})
    with pytest.raises(StopAsyncIteration):
        await anext(tabs[0])
    for tab in tabs[1:]:
        assert (await anext(tab)).startswith("event: typing\n")


async def test_a_tab_that_was_closed_is_forgotten(page: Page, visitor: Visit) -> None:
    async with visitor.tab() as (tab, _):
        await tab.answer()
    (known,) = page.hosted.website._visitors
    await until(lambda: not known.is_here)


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "people.db-page"
    key = read_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == key
    path.write_bytes(b"cut short")
    assert read_key(path) not in (key, b"cut short")
    assert read_key(tmp_path / "nowhere" / "key") != read_key(tmp_path / "nowhere" / "key")
    passes = Passes(key)
    assert passes.person_id(passes.cookie(7)) == 7
    assert Passes(read_key(path)).person_id(passes.cookie(7)) is None
    assert Passes(key).token != passes.token


def test_a_port_that_is_taken() -> None:
    with bound(Place(port=0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PageError, match=f"port {port}: Address already in use; --host and --port choose"):
            bound(Place(port=port))
    with pytest.raises(PageError, match=f"at {'x' * 64}, port 8765: no such name"):
        bound(Place("x" * 64))
    with pytest.raises(PageError, match=r"at nowhere\.invalid, port 8765: "):
        bound(Place("nowhere.invalid"))


def test_the_usual_port_gives_way(monkeypatch: pytest.MonkeyPatch) -> None:
    with bound(Place(port=0)) as taken:
        monkeypatch.setattr(hosting, "PORT", taken.getsockname()[1])
        with bound(Place()) as other:
            assert other.getsockname()[1] != taken.getsockname()[1]
