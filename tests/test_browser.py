"""The page in a real Chromium, with the released weights: `make test-browser`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python import sync_playwright as axe
from playwright import sync_api as playwright

from bot.words.page import PAGE
from tests.browsers import Looker, browser_of, serving_page, words_of

pytestmark = pytest.mark.browser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Locator

expect = playwright.expect
expect.set_options(timeout=200_000)

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
LOOKS = [(viewport, scheme) for viewport in (DESKTOP, PHONE) for scheme in ("light", "dark")]
SONNET = "/sonnet Shall I compare thee to a summer's day"
LONG_NAME = "Micropachycephalodiplodocorhinosaurus"
ROW = "latency  usually 115 ms; 99 of 100 take at most 1.2 s and some more"
CHEESES = {"name": "käse <b>.txt", "mimeType": "text/plain", "buffer": "Brie\nKäse\n".encode()}
TRAINING = """████████░░░░░░░░░░░░  41%
training 1.612 █▆▅▄▄▃▃▂▂▂▂▁▁▁▁▁
held out 1.598 █▆▅▃▂▂▁▁"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as started, browser_of(started) as browser:
        yield browser


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Looker]]:
    """Return a function that opens the page. At the end, no browser may have complained, nor asked
    another host."""
    lookers: list[Looker] = []
    with serving_page(tmp_path) as (_, link):

        def opened(viewport: dict[str, int] = DESKTOP, **options: Any) -> Looker:
            lookers.append(Looker(browser.new_context(viewport=viewport, **options), link))
            return lookers[-1]

        yield opened
        for looker in lookers:
            looker.context.close()
            assert looker.complaints == []
            assert [url for url in looker.requests if "://127.0.0.1:" not in url] == []


@pytest.fixture
def looker(open_page: Callable[..., Looker]) -> Looker:
    return open_page()


def is_seen(image: Locator) -> bool:
    return bool(image.evaluate("image => image.decode().then(() => image.naturalWidth > 0)"))


def lines_of(text: Locator) -> list[int]:
    """Return where each line of a text begins, as it is broken on the screen."""
    return list(
        text.evaluate("""node => {
          const range = document.createRange(), lines = new Map();
          for (let at = 0; at < node.firstChild.length; at++) {
            range.setStart(node.firstChild, at);
            range.setEnd(node.firstChild, at + 1);
            const { left, top, width } = range.getBoundingClientRect();
            if (width && !lines.has(top)) lines.set(top, Math.round(left));
          }
          return [...lines.values()];
        }""")
    )


def test_the_start_has_buttons_that_answer_and_help_has_examples(looker: Looker) -> None:
    assert "token" not in looker.window.url
    expect(looker.window).to_have_title("Mangosaurus")
    expect(looker.line).to_be_focused()
    start = looker.answers.first
    expect(start).to_contain_text("I'm Mangosaurus, ")
    assert is_seen(start.locator("img"))
    name = looker.press(start, "a dinosaur")
    assert words_of(looker.press(name, "another")) != words_of(name)
    expect(looker.window.locator(".mine")).to_have_count(0)  # a press is no message
    expect(name.locator("[aria-busy=true]")).to_have_count(0)
    help_text = looker.say("/help")
    expect(help_text.locator("strong")).to_have_text(["Play", "Yours", "For admins"])
    help_text.get_by_role("button", name="/dino 5 mango").click()  # an example to change
    expect(looker.line).to_have_value("/dino 5 mango")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["390", "1280"])
def test_names_are_large_beside_their_creatures_and_no_word_is_broken(
    open_page: Callable[..., Looker], viewport: dict[str, int]
) -> None:
    looker = open_page(viewport)
    names = looker.say("/dino 3 mango")
    assert [name[:5] for name in names.locator("strong").all_inner_texts()] == ["Mango"] * 3
    assert [is_seen(image) for image in names.locator("img").all()] == [True] * 3
    size = "node => parseFloat(getComputedStyle(node).fontSize)"
    assert names.locator("strong").first.evaluate(size) > 20
    again = looker.press(names, names.locator(".small .act").first.inner_text())
    assert words_of(again) == words_of(names)
    long = looker.shown([("Thorn", "name"), ("\n", ""), (LONG_NAME, "name")], LONG_NAME, "Ky", "Ma")
    for word in (long.locator("strong").last, *long.locator(".row button").all()):
        assert word.evaluate("node => node.scrollWidth <= node.clientWidth")
        assert len(lines_of(word)) == 1


def test_verse_is_set_as_in_a_book_and_a_sonnet_grows(open_page: Callable[..., Looker]) -> None:
    looker = open_page(PHONE)
    poem = looker.say("Shall I compare thee")
    expect(poem.locator("strong")).to_have_text("Shall I compare thee")
    expect(poem.locator("img")).to_have_count(0)
    family = poem.locator(".verse").first.evaluate("node => getComputedStyle(node).fontFamily")
    assert "Georgia" in family
    looker.line.fill(SONNET)
    looker.line.press("Enter")
    growing = looker.window.locator("article[aria-busy=true]")
    expect(growing).to_contain_text("Shall I compare thee to a summer's day")
    expect(growing).to_have_count(0)
    sonnet = looker.answers.last
    expect(sonnet.locator(".verse")).to_have_count(14)
    expect(sonnet.get_by_role("button", name="another")).to_be_visible()
    for style, text in (
        ("verse", "And " + "many " * 15),
        ("table", ROW),
    ):  # each is broken into lines
        first, *others = lines_of(looker.shown([(text, style)]).locator(f".{style}"))
        assert {first} < {first, *others} == {first, others[0]}


def test_markup_is_words_which_are_copied_without_their_code(looker: Looker) -> None:
    looker.context.grant_permissions(["clipboard-read", "clipboard-write"])
    line = "<img src=x onerror=\"document.title='broken'\"> & <b>bold</b> &lt;"
    poem = looker.say(line)
    assert words_of(poem).startswith(line)
    expect(looker.window.locator("article:not(.start) img")).to_have_count(0)
    expect(looker.window).to_have_title("Mangosaurus")
    poem.get_by_role("button", name="Copy").click()
    expect(looker.window.locator("#toast")).to_have_text("Copied.")
    copied = looker.window.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(line)
    assert poem.locator(".small .act").first.inner_text() not in copied


def test_cards_are_saved_and_files_are_sent(looker: Looker) -> None:
    card = looker.say("/dino")
    image = card.get_by_role("img")
    expect(image).to_have_attribute("alt", re.compile(r"^[A-Z]\w+\n(.*\n)+invented, and drawn"))
    assert is_seen(image)
    with looker.window.expect_download() as download:
        card.get_by_role("button", name="Save").click()
    assert download.value.suggested_filename.endswith(".png")
    picker = looker.window.locator("#picker")
    picker.set_input_files(CHEESES)
    looker.window.get_by_role(
        "button", name="käse <b>.txt"
    ).click()  # a click takes the file away again
    expect(looker.window.locator("#file")).to_be_hidden()
    picker.set_input_files(CHEESES)
    looker.say("my cheeses")
    sent = looker.window.locator(".mine").last
    expect(sent.locator(".words")).to_have_text("my cheeses")
    with looker.window.expect_download() as download:
        sent.get_by_role("link", name="käse <b>.txt").click()
    assert Path(download.value.path()).read_bytes() == CHEESES["buffer"]
    picker.set_input_files(CHEESES | {"buffer": bytes(5_200_000)})
    looker.line.fill("too many")
    looker.line.press("Enter")
    expect(looker.window.locator("#toast")).to_have_text(PAGE["large"])
    expect(looker.line).to_have_value("too many")


def test_all_is_done_with_the_keyboard_alone(looker: Looker) -> None:
    keys, menu = looker.window.keyboard, looker.window.get_by_role("group", name="Commands")
    keys.type("/se")
    expect(menu).to_be_visible()
    keys.press("Tab")
    expect(looker.line).to_have_value("/seed ")
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
    looker.line.fill("x")
    keys.press("Shift+Enter")
    keys.type("y")
    looker.window.reload()
    expect(looker.line).to_have_value("x\ny")  # a draft survives
    expect(looker.answers).to_have_count(4)


def test_a_bot_that_was_killed_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    with serving_page(tmp_path) as (process, link):
        looker = Looker(browser.new_context(), link)
        made = [words_of(looker.say(line)) for line in ("/dino 3 mango", "Shall I compare thee")]
        # four lines at once: /seed and the mistyped /dinno are answered before the kill
        for line in ("/seed", SONNET, "/dinno", "/dino 2"):
            looker.line.fill(line)
            looker.line.press("Enter")
        for answer in ("Your seed is", "I don't know /dinno"):
            expect(looker.answers.filter(has_text=answer)).to_be_visible()
        process.kill()
        banner = looker.window.get_by_role("alert")
        expect(banner).to_have_text(PAGE["gone"])
    looker.window.get_by_role("button", name="wilder").first.click()
    expect(looker.line).to_have_value(re.compile("^/wilder [2-9a-z]{10}$"))  # not lost
    looker.line.fill("/about")
    looker.line.press("Enter")
    expect(looker.answers.nth(2)).to_be_visible()  # the answers so far can still be read
    port = int(link.split(":")[2].split("/")[0])
    with serving_page(tmp_path, port) as (process, link):
        expect(banner).to_be_hidden()
        expect(looker.window.locator("#toast")).to_have_text(PAGE["lost"])
        expect(looker.line).to_have_value(f"{SONNET}\n/dino 2\n/about")
        expect(looker.window.get_by_role("button", name="another")).to_have_count(2)
        assert [words_of(looker.answers.nth(number)) for number in range(2)] == made
        process.terminate()  # an open tab does not hold up the end
        assert process.wait(timeout=200) == 0
    (tmp_path / "page-key").unlink()  # another installation at the same port
    with serving_page(tmp_path, port) as (_, link):
        expect(banner).to_have_text(PAGE["stranger"])
        looker.window.goto(link)
        expect(banner).to_be_hidden()
        looker.context.close()
        assert looker.complaints == []


def violations(looker: Looker) -> list[str]:
    found = axe.Axe().run(looker.window).response["violations"]
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS[::3])
def test_axe_finds_nothing_and_nothing_is_too_wide_or_too_small(
    open_page: Callable[..., Looker], viewport: dict[str, int], scheme: str
) -> None:
    is_phone = viewport == PHONE
    looker = open_page(viewport, color_scheme=scheme, reduced_motion="reduce", has_touch=is_phone)
    dots = looker.window.locator("#typing i").first
    assert dots.evaluate("dot => getComputedStyle(dot).animationName") == "none"
    for line in ("/dino 3 mango", "Shall I compare thee", "x" * 4096, "/help", "/status"):
        looker.say(line)
    looker.window.locator("#picker").set_input_files(CHEESES | {"name": "x" * 99})
    looker.window.evaluate("notify('Copied.')")
    shown = looker.shown([("A curve", "")], "/card k7m2p9xb4q")
    shown.get_by_role("button", name="/card").click()
    expect(looker.answers.last).to_contain_text("I don't know any creation")
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
    looker.window.reload()
    expect(looker.window.get_by_role("alert")).to_have_text(PAGE["stranger"])
    assert violations(looker) == []


@pytest.mark.pictures
@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
def test_pictures_of_the_page(
    open_page: Callable[..., Looker], viewport: dict[str, int], scheme: str
) -> None:
    """Take pictures for people to look at, and for the documents."""
    looker = open_page(viewport, color_scheme=scheme, has_touch=viewport == PHONE)
    chats: dict[str, list[str]] = {
        "start": [],
        "help": ["/help"],
        "names": ["/seed 42", "/dino", "/dino 4 mango", "Shall I compare thee to a summer's day"],
        "card": [],
        "status": ["/status", "/models poem"],
        "sonnet": [SONNET],
        "round": ["/today"],
        "training": ["/help"],
    }
    for name, lines in chats.items():
        for line in lines:
            looker.say(line)
        if name == "card":
            looker.press(looker.answers.last, "card")
        if name == "training":
            looker.shown([("Training dino\n", ""), (TRAINING, "table")], "Stop, keep the best")
            looker.window.locator("#picker").set_input_files(CHEESES)
            looker.window.evaluate("showTyping(), notify(words.lost)")
            looker.line.fill("/se")
        looker.window.evaluate(
            "Promise.allSettled([...document.images].map((image) => image.decode()))"
            ".then(() => new Promise(requestAnimationFrame))"
        )
        path = Path(os.environ["SCREENSHOTS"], f"{name}-{viewport['width']}-{scheme}.png")
        looker.window.screenshot(path=path)
