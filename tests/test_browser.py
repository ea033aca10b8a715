"""The page in a real Chromium, with the released weights: `make test-browser`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.chat import Button
from bot.settings import Settings
from bot.words.page import PAGE, TOO_LARGE, TOO_LONG
from bot.words.pieces import Message, Piece, said
from model.files import ROOT
from tests.browsers import Looker, Stage, browser_of, left_edges, stage, words_of
from tests.processes import LINK, environment_of

playwright = pytest.importorskip(
    "playwright.sync_api", reason="make test-browser installs it, and runs these tests"
)
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="likewise")
pytestmark = pytest.mark.browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator

    from bot.page.chat import PageChat

expect = playwright.expect
expect.set_options(timeout=30_000)

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
LOOKS = [(viewport, scheme) for viewport in (DESKTOP, PHONE) for scheme in ("light", "dark")]
LONG_NAME = "Micropachycephalodiplodocorhinosaurus"
VERSE = "And " + "many " * 15 + "words"
TABLE = "latency  usually 115 ms; 99 of 100 take at most 1.2 s and some more\nup       3 s"
TRAINING = """████████░░░░░░░░░░░░  41%
training 1.612 █▆▅▄▄▃▃▂▂▂▂▁▁▁▁▁
held out 1.598 █▆▅▃▂▂▁▁
best     1.591
in use   1.585"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as started, browser_of(started) as browser:
        yield browser


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Stage]:
    database = tmp_path / "people.db"
    settings = Settings(database=database, checkpoints=ROOT / "checkpoints", rate_limit=None)
    with stage(settings) as served:
        yield served


@pytest.fixture
def open_page(browser: Browser, served: Stage) -> Iterator[Callable[..., Looker]]:
    """Open the page in a browser of its own; at the end, nothing was complained of and no other
    host asked."""
    lookers: list[Looker] = []

    def opened(viewport: dict[str, int] = DESKTOP, **options: Any) -> Looker:
        context = browser.new_context(viewport=viewport, **options)
        lookers.append(Looker(context, served.link))
        expect(lookers[-1].answers.first).to_contain_text("Hi, I'm Mangosaurus")
        return lookers[-1]

    yield opened
    for looker in lookers:
        looker.context.close()
        assert looker.complaints == []
        assert {url for url in looker.requests if not url.startswith(f"{served.origin}/")} == set()


@pytest.fixture
def looker(open_page: Callable[..., Looker]) -> Looker:
    return open_page()


def is_seen(image: Locator) -> bool:
    return bool(image.evaluate("image => image.decode().then(() => image.naturalWidth > 0)"))


def test_the_start_and_what_it_leads_to(looker: Looker, served: Stage) -> None:
    assert looker.window.url == f"{served.origin}/"
    expect(looker.window).to_have_title("Mangosaurus")
    start = looker.answers.first
    assert is_seen(start.locator("img"))
    expect(looker.line).to_be_focused()
    name = looker.press(start, "/dino")
    expect(looker.window.locator(".mine .words")).to_have_text("/dino")
    expect(name.get_by_role("button", name="another")).to_be_visible()
    help_text = looker.press(start, "/help")
    expect(help_text.locator("strong")).to_have_text(["Play", "Yours", "For admins"])
    help_text.get_by_role("button", name="/dino 5 mango").click()  # an example to change
    expect(looker.line).to_have_value("/dino 5 mango")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["390", "1280"])
def test_names_are_large_beside_their_creatures_and_a_long_one_is_never_broken(
    open_page: Callable[..., Looker], served: Stage, viewport: dict[str, int]
) -> None:
    looker = open_page(viewport)
    names = looker.say("/dino 3 mango")
    assert [name[:5] for name in names.locator("strong").all_inner_texts()] == ["Mango"] * 3
    assert [is_seen(image) for image in names.locator("img").all()] == [True] * 3
    size = "node => parseFloat(getComputedStyle(node).fontSize)"
    assert names.locator("strong").first.evaluate(size) > 20
    code = names.locator(".small .act").first
    again = looker.press(names, code.inner_text())
    assert words_of(again) == words_of(names)
    buttons = [[Button(LONG_NAME, "/card a"), Button("Ky", "/card b"), Button("Mango", "/card c")]]
    message = Message([Piece(LONG_NAME, "name"), Piece(": long")])
    served.run(lambda chat: chat.say(message, buttons))
    long = looker.answers.last
    for text in (long.locator("strong"), *long.locator(".row button").all()):
        assert text.evaluate("node => node.scrollWidth <= node.clientWidth")
        assert (
            text.evaluate("""node => {
              const range = document.createRange();
              range.selectNodeContents(node);
              return new Set([...range.getClientRects()].map(({ top }) => top)).size;
            }""")
            == 1
        )


def test_verse_is_set_as_in_a_book_and_a_sonnet_grows(looker: Looker) -> None:
    poem = looker.say("Shall I compare thee")
    expect(poem.locator("strong")).to_have_text("Shall I compare thee")
    expect(poem.locator("img")).to_have_count(0)
    family = poem.locator(".verse").first.evaluate("node => getComputedStyle(node).fontFamily")
    assert "Georgia" in family
    looker.line.fill("/sonnet Shall I compare thee to a summer's day")
    looker.line.press("Enter")
    growing = looker.window.locator("article[aria-busy=true]")
    expect(growing).to_contain_text("Shall I compare thee to a summer's day")
    expect(growing).to_have_count(0)
    sonnet = looker.answers.last
    expect(sonnet.locator(".verse")).to_have_count(14)
    expect(sonnet.get_by_role("button", name="another")).to_be_visible()


def test_on_a_phone_tables_keep_their_columns_and_verse_that_breaks_hangs(
    open_page: Callable[..., Looker], served: Stage
) -> None:
    looker = open_page(PHONE)

    async def recite(chat: PageChat) -> None:
        await chat.say(Message([Piece(TABLE, "table")]))
        await chat.say(Message([Piece(f"{VERSE}\nA second line", "verse")]))

    served.run(recite)
    long, short = (left_edges(row) for row in looker.window.locator(".table").all())
    # where a row breaks, it goes on below its last column
    assert long[0] == short[0] < long[1] == long[-1]
    first, *others = left_edges(looker.window.locator(".verse").first)
    assert {*others} == {others[0]} != {first}
    assert first < others[0]


def test_buttons_say_their_lines_and_show_refusals(looker: Looker, served: Stage) -> None:
    name = looker.say("/dino")
    another = looker.press(name, "another")
    expect(looker.window.locator(".mine")).to_have_count(1)
    assert words_of(another) != words_of(name)
    expect(name.locator("[aria-busy=true]")).to_have_count(0)
    served.run(lambda chat: chat.say(said("A *button*"), [[Button("gone", "/card k7m2p9xb4q")]]))
    gone = looker.answers.last
    gone.get_by_role("button", name="gone").click()
    expect(gone.locator(".refusal")).to_contain_text("k7m2p9xb4q")
    expect(gone.locator(".refusal")).to_have_count(0)


def test_words_are_words_and_are_copied(open_page: Callable[..., Looker]) -> None:
    looker = open_page()
    looker.context.grant_permissions(["clipboard-read", "clipboard-write"])
    lines = [
        "<b>bold</b> & <i>it</i> &lt;",
        "<script>document.title = 'broken'</script>",
        "<img src=x onerror=\"document.title='broken'\">",
    ]
    for line in lines:
        assert words_of(looker.say(line)).startswith(line[:20])
    expect(looker.window.locator(".mine .words")).to_have_text(lines)
    expect(looker.window).to_have_title("Mangosaurus")
    expect(looker.window.locator("article:not(.start) :is(img, script)")).to_have_count(0)
    name = looker.say("/dino")
    name.get_by_role("button", name="Copy").click()
    expect(looker.window.locator("#toast")).to_have_text("Copied.")
    copied = looker.window.evaluate("navigator.clipboard.readText()")
    code = name.locator(".small .act").first.inner_text()
    assert (copied.startswith(name.locator("strong").inner_text()), code in copied) == (True, False)


def test_cards_are_saved_and_files_go_both_ways(looker: Looker) -> None:
    card = looker.press(looker.say("/dino 2"), "card")
    image = card.get_by_role("img")
    expect(image).to_have_attribute("alt", re.compile(r"^[A-Z]\w+\n(.*\n)+invented, and drawn"))
    assert is_seen(image)
    with looker.window.expect_download() as download:
        card.get_by_role("button", name="Save").click()
    assert download.value.suggested_filename.endswith(".png")
    looker.press(card, card.locator(".row button").inner_text())  # the other name
    cheeses = {"name": "käse <b>.txt", "mimeType": "text/plain", "buffer": "Brie\nKäse\n".encode()}
    picker = looker.window.locator("#picker")
    picker.set_input_files(cheeses)
    looker.window.get_by_role("button", name="käse <b>.txt").click()  # which takes it away again
    expect(looker.window.locator("#file")).to_be_hidden()
    picker.set_input_files(cheeses)
    looker.say("my cheeses")
    sent = looker.window.locator(".mine").last
    expect(sent.locator(".words")).to_have_text("my cheeses")
    with looker.window.expect_download() as download:
        sent.get_by_role("link", name="käse <b>.txt").click()
    assert Path(download.value.path()).read_bytes() == cheeses["buffer"]
    picker.set_input_files(cheeses | {"buffer": bytes(5_200_000)})
    looker.line.fill("too many")
    looker.line.press("Enter")
    expect(looker.window.locator("#toast")).to_have_text(TOO_LARGE)
    expect(looker.line).to_have_value("too many")


def test_all_is_done_with_the_keyboard_alone(looker: Looker) -> None:
    keys, menu = looker.window.keyboard, looker.window.get_by_role("group", name="Commands")
    keys.type("/se")
    expect(menu.get_by_role("button")).to_have_count(1)
    keys.press("Tab")
    expect(looker.line).to_have_value("/seed ")
    expect(menu).to_be_hidden()
    keys.type("42")
    keys.press("Enter")
    expect(looker.answers.nth(1)).to_contain_text("42")
    name = looker.say("/dino")
    for _ in range(20):
        keys.press("Shift+Tab")
        if looker.window.evaluate("document.activeElement.textContent") == "another":
            break
    keys.press("Enter")
    assert words_of(looker.answer(3)) != words_of(name)
    looker.line.focus()
    keys.type("x")
    keys.press("Shift+Enter")
    keys.type("y")
    looker.window.reload()
    expect(looker.line).to_have_value("x\ny")  # a draft survives
    expect(looker.answers).to_have_count(4)
    looker.line.fill("x" * 4097)
    keys.press("Enter")
    expect(looker.window.locator("#toast")).to_have_text(TOO_LONG)
    expect(looker.line).to_have_value("x" * 4097)


def test_a_long_chat_opens_at_its_end_and_follows_who_is_there(
    looker: Looker, served: Stage
) -> None:
    async def fill(chat: PageChat) -> None:
        for number in range(600):
            await chat.say(said("*Number {}*\n{}").format(number, "word " * 60))

    served.run(fill)
    expect(looker.answers.last).to_be_in_viewport()
    looker.window.reload()
    expect(looker.answers).to_have_count(500)
    expect(looker.answers.last).to_contain_text("Number 599")
    expect(looker.answers.last).to_be_in_viewport()
    looker.window.get_by_role("log").evaluate("log => { log.scrollTop = 0; }")
    looker.window.wait_for_function("!follows")
    served.run(lambda chat: chat.say(said("new")))
    newest = looker.window.get_by_role("button", name="To the newest message")
    expect(newest).to_be_visible()
    expect(looker.answers.last).not_to_be_in_viewport()
    newest.click()
    expect(looker.answers.last).to_be_in_viewport()


def started(environment: dict[str, str], port: int) -> tuple[subprocess.Popen[bytes], str]:
    command = [sys.executable, "-m", "bot", "--page", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, cwd=ROOT)
    assert process.stdout
    link = LINK.search(process.stdout.readline().decode())
    assert link
    return process, link[0]


def test_a_server_that_was_killed_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    environment = environment_of(ROOT / "checkpoints", tmp_path)
    process, link = started(environment, 0)
    looker = Looker(browser.new_context(), link)
    banner = looker.window.get_by_role("alert")
    try:
        expect(looker.answers).to_have_count(1)  # the greeting
        made = [words_of(looker.say(line)) for line in ("/dino 3 mango", "Shall I compare thee")]
        # three at once: the first is answered before the kill
        for line in ("/seed", "/sonnet To be or not to be", "/dino 2"):
            looker.line.fill(line)
            looker.line.press("Enter")
        expect(looker.answers.nth(3)).to_contain_text("Your seed is")
        process.kill()
        process.communicate(timeout=30)
        expect(banner).to_have_text(PAGE["gone"])
        looker.line.fill("/about")
        looker.line.press("Enter")
        expect(looker.line).to_have_value("/about")
        expect(looker.answers.nth(2)).to_be_visible()  # what was said can still be read
        port = int(link.split(":")[2].split("/")[0])
        process, link = started(environment, port)
        expect(looker.answers.last).to_contain_text("Welcome back.")
        expect(banner).to_be_hidden()
        expect(looker.window.locator("#toast")).to_have_text(PAGE["lost"])
        expect(looker.line).to_have_value("/sonnet To be or not to be\n/dino 2\n/about")
        expect(looker.window.get_by_role("button", name="another")).to_have_count(2)
        assert [words_of(looker.answers.nth(number)) for number in range(2)] == made
        looker.line.fill("")
        looker.window.reload()
        expect(looker.answers).to_have_count(3)
        expect(looker.line).to_have_value("")
        (tmp_path / "mangosaurus.db-page").unlink()  # another installation at the same port
        process.terminate()  # an open tab does not hold up the end
        process.communicate(timeout=30)
        assert process.returncode == 0
        process, link = started(environment, port)
        expect(banner).to_have_text(PAGE["stranger"])
        looker.window.goto(link)
        expect(banner).to_be_hidden()
        assert looker.complaints == []
    finally:
        looker.context.close()
        process.kill()
        process.communicate(timeout=30)


def violations(looker: Looker) -> list[str]:
    found = axe.Axe().run(looker.window).response["violations"]
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
def test_axe_finds_nothing_and_nothing_is_too_wide_or_too_small(
    open_page: Callable[..., Looker], viewport: dict[str, int], scheme: str, served: Stage
) -> None:
    is_phone = viewport == PHONE
    looker = open_page(viewport, color_scheme=scheme, reduced_motion="reduce", has_touch=is_phone)
    dots = looker.window.locator("#typing i").first
    assert dots.evaluate("dot => getComputedStyle(dot).animationName") == "none"
    for line in ("/dino 3 mango", "Shall I compare thee", "x" * 4096, "/help", "/status"):
        looker.say(line)
    looker.answers.nth(1).get_by_role("button", name="Copy").click()
    file = {"name": "x" * 99, "mimeType": "text/plain", "buffer": b"x"}
    looker.window.locator("#picker").set_input_files(file)
    buttons = [[Button("gone", "/card k7m2p9xb4q")]]
    served.run(lambda chat: chat.picture(b"", said("A curve"), buttons))
    looker.answers.last.get_by_role("button", name="gone").click()
    expect(looker.window.locator(".refusal")).to_be_visible()
    assert violations(looker) == []
    looker.line.fill("/")
    assert violations(looker) == []
    wide = looker.window.evaluate(
        "[...document.querySelectorAll('html, #log, article, #composer, #file, #menu')].filter("
        "(node) => node.scrollWidth > node.clientWidth || node.getBoundingClientRect().right >"
        " innerWidth).map((node) => node.outerHTML.slice(0, 80))"
    )
    assert wide == []
    small = looker.window.evaluate(
        "[...document.querySelectorAll('button:not(.words .act), textarea')].filter((node) =>"
        " node.checkVisibility() && node.getBoundingClientRect().height < 44).map((node) =>"
        " node.outerHTML.slice(0, 80))"
    )
    assert not is_phone or small == []
    looker.context.clear_cookies()
    looker.window.goto(served.origin)
    expect(looker.window.get_by_role("alert")).to_have_text(PAGE["stranger"])
    assert violations(looker) == []


@pytest.mark.skipif("SCREENSHOTS" not in os.environ, reason="SCREENSHOTS names a folder for them")
@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
def test_pictures_of_the_page(
    open_page: Callable[..., Looker], viewport: dict[str, int], scheme: str, served: Stage
) -> None:
    """Take pictures for people to look at, and for the documents."""
    looker = open_page(viewport, color_scheme=scheme, has_touch=viewport == PHONE)

    def shoot(name: str) -> None:
        looker.settle()
        path = Path(os.environ["SCREENSHOTS"], f"{name}-{viewport['width']}-{scheme}.png")
        looker.window.screenshot(path=path)

    shoot("start")
    looker.say("/help")
    shoot("help")
    for line in ("/seed 42", "/dino", "/dino 4 mango", "Shall I compare thee to a summer's day"):
        answer = looker.say(line)
    shoot("names")
    looker.press(answer, "card")
    shoot("card")
    looker.say("/status")
    looker.say("/models poem")
    shoot("models")
    looker.say("/sonnet Shall I compare thee to a summer's day")
    shoot("sonnet")

    async def train(chat: PageChat) -> None:
        buttons = [[Button("Stop and keep the best", "/stop a"), Button("Cancel", "/cancel a")]]
        progress = said("Training *dino*, reading the dinosaurs\n{}\n_zenyxator, bertasaurus_")
        await chat.say(progress.format(Message([Piece(TRAINING, "table")])), buttons)
        await chat.picture((ROOT / "tests" / "curve.png").read_bytes(), said("A *curve*."))
        await chat.document("names.txt", b"Brie", said("Here's everything I keep about you."))
        await chat.typing()

    served.run(train)
    file = {"name": "x.txt", "mimeType": "text/plain", "buffer": b"Agra\n"}
    looker.window.locator("#picker").set_input_files(file)
    looker.window.evaluate("notify(words.lost)")
    looker.line.fill("/se")
    shoot("training")
    looker.context.clear_cookies()
    looker.window.goto(served.origin)
    expect(looker.window.get_by_role("alert")).to_be_visible()
    shoot("stranger")
