"""The page in a real Chromium, with the released weights: `make test-browser`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from markupsafe import Markup

from bot.chat import Button
from bot.settings import Settings
from bot.words.page import PAGE, TOO_FAST, TOO_LONG, WITHOUT_LINK
from model.files import ROOT
from tests.browsers import Looker, Stage, browser_of, left_edges, lines_of, stage, words_of
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
SMALL = {"width": 320, "height": 568}
LOOKS = [(viewport, scheme) for viewport in (DESKTOP, PHONE) for scheme in ("light", "dark")]
CURVE = ROOT / "tests" / "curve.png"
RTL = "שלום עולם, מה שלומך? " * 5

Open = "Callable[..., Looker]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as started, browser_of(started) as browser:
        yield browser


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Stage]:
    private = Settings(
        database=tmp_path / "people.db", checkpoints=ROOT / "checkpoints", rate_limit=None
    )
    with stage(private) as served:
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


def test_the_welcome(looker: Looker, served: Stage) -> None:
    assert looker.window.url == f"{served.origin}/"
    expect(looker.window).to_have_title("Mangosaurus")
    expect(looker.answers).to_have_count(1)
    start = looker.answers.first
    expect(start.locator("strong")).to_have_text("Mangosaurus")
    assert is_seen(start.locator("img"))
    expect(looker.line).to_be_focused()
    for number, (button, begins) in enumerate(
        {"A dinosaur": "/dino", "A sonnet": "/sonnet", "Surprise me": ""}.items()
    ):
        start.get_by_role("button", name=button).click()
        expect(looker.window.locator(".mine .words").nth(number)).to_have_text(
            re.compile(f"^{begins}")
        )
        expect(looker.answers.nth(number + 1).get_by_role("button", name="another")).to_be_visible()
    help_text = looker.say("/help")
    expect(help_text.locator("strong")).to_have_text(["Play", "Yours", "For admins"])
    expect(help_text).not_to_contain_text("In any other chat")


def is_seen(image: Locator) -> bool:
    return bool(image.evaluate("image => image.decode().then(() => image.naturalWidth > 0)"))


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["390", "1280"])
def test_names_are_large_beside_their_creatures_and_verse_is_set_as_in_a_book(
    open_page: Callable[..., Looker], viewport: dict[str, int]
) -> None:
    looker = open_page(viewport)
    size = "parseFloat(getComputedStyle(node).fontSize)"
    family = "getComputedStyle(node).fontFamily"
    names = looker.say("/dino 3 mango")
    assert [is_seen(image) for image in names.locator("img").all()] == [True] * 3
    for name in names.locator("strong").all():
        assert name.evaluate(f"node => {size} > 1.3 * {size.replace('node', 'document.body')}")
    poem = looker.say("Shall I compare thee")
    expect(poem.locator("img")).to_have_count(0)
    assert "Georgia" in poem.locator(".words").evaluate(f"node => {family}")
    for creation in (names, poem):
        parts = [
            creation.locator(".small a"),
            creation.get_by_role("button", name="Copy"),
            creation.locator("time"),
        ]
        middles = [(box["y"] + box["height"] / 2) for part in parts if (box := part.bounding_box())]
        assert np.ptp(middles) < 6  # in one line
        rows = [
            [*filter(None, row.inner_text().split("\n"))] for row in creation.locator(".row").all()
        ]
        assert [rows[0][0], len(rows)] == ["another", 2]


def test_names_and_buttons_that_edit_in_place(looker: Looker) -> None:
    names = looker.say("/dino 3 mango")
    first = words_of(names)
    assert [name[:5] for name in names.locator("strong").all_inner_texts()] == ["Mango"] * 3
    names.get_by_role("button", name="another").click()
    expect(names).to_contain_text("edited")
    assert words_of(names) != first
    expect(names.get_by_role("button", name="another")).to_be_focused()
    expect(looker.answers).to_have_count(2)
    for _ in range(3):
        second = words_of(names)
        names.get_by_role("button", name="wilder").click()
        expect(names.locator(".words")).not_to_have_text(second)
    names.get_by_role("button", name="another").evaluate(
        "button => { for (let n = 0; n < 50; n++) button.click(); }"
    )
    expect(names.locator("[aria-busy=true]")).to_have_count(0)
    expect(looker.answers).to_have_count(2)
    settings = looker.say("/settings")
    settings.get_by_role("button", name="wild").click()
    expect(looker.window.locator("#toast")).to_have_text("Got it.")
    expect(settings.get_by_role("button", name="• wild •")).to_be_focused()


def test_a_poem_and_a_sonnet(looker: Looker) -> None:
    poem = looker.say("Shall I compare thee")
    expect(poem.locator("strong")).to_have_text("Shall I compare thee")
    before = len(lines_of(poem))
    poem.get_by_role("button", name="continue").click()
    expect(poem).to_contain_text("edited")
    assert len(lines_of(poem)) > before
    looker.say("/sonnet Shall I compare thee to a summer's day")
    sonnet = looker.answers.nth(2)
    expect(sonnet.get_by_role("button", name="another")).to_be_visible()
    assert len(lines_of(sonnet)) == 14


def test_html_and_scripts_are_words(looker: Looker) -> None:
    lines = [
        "<b>bold</b> & <i>it</i> &lt;",
        "<script>document.title = 'broken'</script>",
        "<img src=x onerror=\"document.title='broken'\">",
        "<a href=\"javascript:document.title='broken'\">x</a>",
        "</div></article><h1>broken</h1>",
    ]
    for line in lines:
        assert words_of(looker.say(line)).startswith(line[:20])
    for _ in range(2):
        expect(looker.window.locator(".mine .words")).to_have_text(lines)
        expect(looker.window).to_have_title("Mangosaurus")
        expect(looker.window.locator("h1")).to_have_count(1)
        expect(looker.window.locator("article:not(.start) :is(img, script)")).to_have_count(0)
        looker.window.reload()


def test_two_tabs_a_reload_and_to_be_forgotten(looker: Looker, served: Stage) -> None:
    second = looker.new_window()
    second.goto(served.origin)
    looker.say("/seed 42")
    expect(second.locator("article")).to_have_count(3)
    names = looker.say("/dino")
    second.locator("article").last.get_by_role("button", name="another").click()
    expect(names).to_contain_text("edited")
    shown = looker.bubbles.all_inner_texts()
    looker.window.reload()
    expect(looker.bubbles).to_have_count(5)
    assert looker.bubbles.all_inner_texts() == shown
    looker.say("/forget").get_by_role("button", name="Yes, forget me").click()
    for window in (looker.window, second):
        expect(window.locator("article")).to_have_count(1)
        expect(window.locator("article")).to_contain_text("I've forgotten you")
    looker.line.press("ArrowUp")
    expect(looker.line).to_have_value("")
    looker.window.reload()
    expect(looker.bubbles).to_have_count(1)
    looker.say("/seed 1")
    expect(looker.bubbles).to_have_count(3)


def test_a_code_is_a_link_and_a_creation_is_copied_without_it(
    open_page: Callable[..., Looker], served: Stage
) -> None:
    looker = open_page()
    looker.context.grant_permissions(["clipboard-read", "clipboard-write"])
    name = looker.say("/dino")
    name.get_by_role("button", name="Copy").click()
    expect(looker.window.locator("#toast")).to_have_text("Copied.")
    code = name.get_by_role("link").inner_text()
    copied = looker.window.evaluate("navigator.clipboard.readText()")
    assert (copied.startswith(name.locator("strong").inner_text()), code in copied) == (True, False)
    name.get_by_role("link").click()
    expect(looker.answers).to_have_count(3)
    assert words_of(looker.answers.last) == words_of(name)
    expect(looker.window).to_have_url(f"{served.origin}/")
    other = open_page()
    other.window.goto(f"{served.origin}/#{code}")  # a link shows somebody else the card
    assert is_seen(
        other.answers.nth(1).get_by_role("img", name=name.locator("strong").inner_text())
    )
    other.answers.nth(1).get_by_role("link", name=code, exact=True).click()
    expect(other.answers.nth(2).locator("strong")).to_have_text(name.locator("strong").inner_text())
    other.window.goto(f"{served.origin}/#k7m2p9xk7m")  # nobody's code
    expect(other.bubbles.nth(-2)).to_contain_text("#k7m2p9xk7m")


def test_commands_are_completed_and_all_is_done_with_the_keyboard_alone(looker: Looker) -> None:
    keys, options = looker.window.keyboard, looker.window.get_by_role("option")
    looker.window.get_by_role("button", name="Commands").click()
    expect(options.filter(has_text="/retrain")).to_be_visible()
    keys.type("se")
    expect(options).to_have_count(2)
    keys.press("Tab")
    expect(looker.line).to_have_value("/seed ")
    expect(options).to_have_count(0)
    looker.line.fill("/re")
    keys.type("x")
    expect(options).to_have_count(0)
    looker.line.fill("/s")
    keys.press("ArrowUp")
    expect(looker.window.get_by_role("option", selected=True)).to_contain_text("/status")
    looker.line.fill("/po")
    keys.press("Enter")  # a command that needs words stays in the line
    expect(looker.line).to_have_value("/poem ")
    looker.line.fill("/di")
    expect(looker.window.get_by_role("option", selected=True)).to_contain_text("/dino")
    keys.press("Enter")  # takes what is marked
    name = looker.answers.nth(1)
    expect(looker.window.locator(".mine .words")).to_have_text(["/dino"])
    name.wait_for()
    first = words_of(name)
    for _ in range(20):
        keys.press("Shift+Tab")
        if looker.window.evaluate("document.activeElement.textContent") == "another":
            break
    keys.press("Enter")
    expect(name).to_contain_text("edited")
    assert words_of(name) != first
    expect(name.get_by_role("button", name="another")).to_be_focused()
    keys.press("Tab")
    expect(name.get_by_role("button", name="wilder")).to_be_focused()
    looker.line.focus()
    looker.say("/seed 42")
    for key, line in (
        ("Up", "/seed 42"),
        ("Up", "/dino"),
        ("Up", "/dino"),
        ("Down", "/seed 42"),
        ("Down", ""),
    ):
        keys.press(f"Arrow{key}")
        expect(looker.line).to_have_value(line)
    keys.type("x")
    keys.press("Shift+Enter")
    keys.type("y")
    looker.window.reload()
    expect(looker.line).to_have_value("x\ny")  # a draft survives
    expect(looker.answers).to_have_count(3)
    looker.line.fill("")
    keys.press("ArrowUp")
    expect(looker.line).to_have_value("/seed 42")
    looker.line.fill("/forget")
    keys.press("Enter")
    question = looker.answers.nth(3)
    question.get_by_role("button", name="No, keep everything").focus()
    keys.press("Enter")
    expect(question).to_contain_text("I've kept everything")
    expect(looker.line).to_be_focused()  # because the buttons are gone


def test_documents_both_ways(looker: Looker) -> None:
    looker.say("/seed 42")
    export = looker.say("/export")
    with looker.window.expect_download() as download:
        export.get_by_role("link", name="mangosaurus").click()
    assert re.fullmatch(r"mangosaurus-\d+\.json", download.value.suggested_filename)
    assert '"seed": 42' in Path(download.value.path()).read_text(encoding="utf-8")
    looker.answers.nth(1).get_by_role("button", name="Reply").click()
    cheeses = {"name": "käse <b>.txt", "mimeType": "text/plain", "buffer": "Brie\nKäse\n".encode()}
    looker.window.locator("#file").set_input_files(cheeses)
    expect(looker.window.locator("#beside")).to_contain_text(
        f"käse <b>.txt · {PAGE['learn']} · Replying to: Your seed"
    )
    looker.line.fill("my cheeses")
    looker.window.get_by_role("button", name="Send", exact=True).click()
    sent = looker.window.locator("article.mine").last
    expect(sent.locator(".file")).to_contain_text("käse <b>.txt11 B")
    expect(sent.locator(".words")).to_have_text("my cheeses")
    expect(sent.locator(".quote")).to_contain_text("Your seed is now 42")
    expect(looker.window.locator("#beside")).to_be_hidden()
    picture = {"name": "cities.png", "mimeType": "image/png", "buffer": b"\x89PNG"}
    looker.window.locator("#file").set_input_files(picture)
    expect(looker.window.locator("#beside")).to_have_text("cities.png")  # nothing to learn from
    with looker.window.expect_download() as download:
        sent.get_by_role("link").click()
    assert Path(download.value.path()).read_bytes() == "Brie\nKäse\n".encode()


def test_a_card_is_looked_at_saved_and_shared(looker: Looker) -> None:
    looker.window.evaluate("""() => {
      navigator.canShare = () => true;
      window.shared = new Promise((tell) => {
        navigator.share = async ({ files: [file] }) => tell([file.name, file.size]);
      });
    }""")
    looker.say("/dino 2").get_by_role("button", name="card").click()
    card = looker.answers.nth(2)
    expect(card.get_by_role("img")).to_have_attribute(
        "alt", re.compile(r"^[A-Z]\w+\n(.*\n)+invented, and drawn by rule")
    )
    with looker.window.expect_download() as download:
        card.get_by_role("button", name="Save the picture").click()
    name, size = download.value.suggested_filename, Path(download.value.path()).stat().st_size
    card.get_by_role("button", name="Share the picture").click()
    assert looker.window.evaluate("window.shared") == [name, size]
    assert card.get_by_role("link").last.inner_text() in name
    card.locator(".row button").click()  # the other name
    expect(looker.answers).to_have_count(4)


def test_pictures_alerts_and_typing(looker: Looker, served: Stage) -> None:
    async def draw(chat: PageChat) -> None:
        await chat.picture(CURVE.read_bytes(), Markup("A <b>curve</b>.\n2"))
        await chat.say(Markup("Training"), [[Button("Stop", "stop")]])

    typing = looker.window.locator("#typing")
    expect(typing).to_be_hidden()
    served.run(looker, lambda chat: chat.typing())
    expect(typing).to_be_visible()
    served.run(looker, draw)
    expect(typing).to_be_hidden()
    picture = looker.window.get_by_role("img", name="A picture from Mangosaurus: A curve.")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 240
    expect(looker.answers.nth(1).locator(".words")).to_have_text("A curve.\n2")
    served.run(looker, lambda chat: chat.notice("<b>Careful</b>", alert=True))
    dialog = looker.window.get_by_role("dialog")
    expect(dialog).to_contain_text("<b>Careful</b>")
    looker.window.keyboard.press("Enter")
    expect(dialog).to_be_hidden()


def test_what_is_refused_goes_back_into_the_line(browser: Browser, tmp_path: Path) -> None:
    settings = Settings(database=tmp_path / "people.db", checkpoints=ROOT / "checkpoints")
    with stage(settings, "0.0.0.0") as served:  # people have a pace here
        looker = Looker(browser.new_context(), served.link)
        expect(looker.answers).to_have_count(1)
        expect(looker.window.get_by_role("button", name="Send a file")).to_be_hidden()
        looker.window.evaluate("for (let number = 0; number < 60; number++) say(`/seed ${number}`)")
        expect(looker.window.locator("#toast")).to_have_text(TOO_FAST)
        expect(looker.line).to_have_value(re.compile("^/seed 59\n"))
        looker.context.close()


def test_a_text_that_is_too_long_stays_in_the_line_and_is_told(looker: Looker) -> None:
    for text in ("x" * 5000, "🦕" * 4097):
        looker.line.fill(text)
        looker.line.press("Enter")
        expect(looker.window.locator("#toast")).to_have_text(TOO_LONG)
        expect(looker.line).to_have_value(text)
        looker.window.evaluate("notify('')")
    looker.line.fill("🦕" * 4096)
    looker.line.press("Enter")
    expect(looker.bubbles).to_have_count(3)


def test_what_one_window_has_not_sent_is_not_lost_by_another(looker: Looker, served: Stage) -> None:
    second = looker.new_window()
    second.goto(served.origin)
    # a connection that is broken, and nobody knows it yet
    second.evaluate("socket.send = () => {}")
    second.evaluate("say('/seed 5')")
    looker.say("/seed 6")
    expect(second.locator("article")).to_have_count(3)
    second.evaluate("socket.close()")
    expect(second.locator("#line")).to_have_value("/seed 5")
    expect(second.locator("#toast")).to_have_text(PAGE["unsent"])


def test_what_was_answered_while_the_window_was_hidden_never_comes_back(
    looker: Looker, served: Stage
) -> None:
    hide = """hidden => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.onvisibilitychange();
    }"""
    second = looker.new_window()
    second.goto(served.origin)
    looker.window.evaluate("() => { socket.onmessage = () => {}; say('/seed 7'); }")
    expect(second.locator("article")).to_have_count(3)
    looker.window.evaluate("say = socket.send = () => {}")
    looker.window.evaluate("send({ do: 'say', text: '/seed 8' }, '/seed 8')")  # it arrives nowhere
    looker.window.evaluate(hide, True)
    looker.window.evaluate(hide, False)
    expect(looker.bubbles).to_have_count(3)
    expect(looker.line).to_have_value("/seed 8")
    looker.line.fill("")
    looker.window.evaluate("socket.close()")
    expect(looker.window.get_by_role("alert")).to_be_visible()
    expect(looker.line).to_have_value("")


def test_a_server_that_does_not_answer_does_not_hold_up_the_next_try(looker: Looker) -> None:
    looker.window.route("**/", lambda _: None)
    looker.window.evaluate("socket.close()")
    banner = looker.window.get_by_role("alert")
    expect(banner).to_be_visible()
    expect(banner).to_be_hidden(timeout=4_000)
    looker.window.unroute("**/")


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
    context = browser.new_context(viewport=PHONE, color_scheme="dark", has_touch=True)
    looker = Looker(context, link)
    shoot, banner = pictures(looker, "dark", tmp_path), looker.window.get_by_role("alert")
    try:
        expect(looker.answers).to_have_count(1)  # the greeting; the next one is the answer
        names = looker.say("/dino 3 mango")
        looker.say("Shall I compare thee")
        names.get_by_role("button", name="another").click()
        expect(names).to_contain_text("edited")
        before = [words_of(looker.answers.nth(number)) for number in (1, 2)]
        looker.line.fill("/sonnet To be or not to be")
        looker.line.press("Enter")
        expect(looker.window.locator(".mine")).to_have_count(3)
        process.kill()
        process.communicate(timeout=30)
        expect(banner).to_have_text(PAGE["gone"])
        looker.line.fill("/dino")
        looker.line.press("Enter")
        expect(looker.line).to_have_value("/dino")
        expect(looker.answers.nth(2)).to_be_visible()  # what was said can still be read
        shoot("gone")
        port = int(link.split(":")[2].split("/")[0])
        process, link = started(environment, port)
        expect(looker.window.locator(".note")).to_have_text(PAGE["restarted"])
        expect(banner).to_be_hidden()
        expect(looker.window.locator("#toast")).to_have_text(PAGE["lost"])
        # both are unanswered
        expect(looker.line).to_have_value("/sonnet To be or not to be\n/dino")
        looker.line.fill("/dino")
        expect(looker.answers.last).to_contain_text("Welcome back.")
        expect(looker.window.get_by_role("button", name="another")).to_have_count(2)
        assert sorted(words_of(looker.answers.nth(number)) for number in range(2)) == sorted(before)
        shoot("back")
        looker.line.press("Enter")
        expect(looker.answers.nth(3).get_by_role("button", name="another")).to_be_visible()
        looker.answers.first.get_by_role("button", name="another").click()
        expect(looker.answers.first).to_contain_text("edited")
        looker.window.reload()
        expect(looker.answers).to_have_count(4)
        assert looker.complaints == []
        (tmp_path / "people.db-page").unlink()  # another installation at the same port
        process.terminate()  # an open tab does not hold up the end
        process.communicate(timeout=30)
        assert process.returncode == 0
        process, link = started(environment, port)
        expect(banner).to_have_text(PAGE["stranger"])
        looker.window.goto(link)
        expect(banner).to_be_hidden()
        context.clear_cookies()
        looker.window.goto(link.split("?")[0])
        expect(looker.window.locator("main")).to_contain_text(WITHOUT_LINK)
    finally:
        context.close()
        process.kill()
        process.communicate(timeout=30)


def violations(looker: Looker) -> list[str]:
    found = axe.Axe().run(looker.window).response["violations"]
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
def test_axe_finds_nothing_and_nothing_moves_for_those_who_ask_for_that(
    open_page: Callable[..., Looker], viewport: dict[str, int], scheme: str, served: Stage
) -> None:
    looker = open_page(viewport, color_scheme=scheme, reduced_motion="reduce")
    dots = looker.window.locator("#typing i").first
    assert dots.evaluate("dot => getComputedStyle(dot).animationName") == "none"
    for line in ("/seed 42", "/dino 3 mango", "Shall I compare thee", "/export", "/status"):
        looker.say(line)
    looker.answers.nth(1).get_by_role("button", name="Reply").click()
    assert violations(looker) == []
    looker.line.fill("/")
    assert violations(looker) == []
    looker.line.press("ArrowDown")
    assert violations(looker) == []
    looker.line.press("Escape")
    looker.answers.last.get_by_role("button", name="Copy").click()
    assert violations(looker) == []
    looker.window.evaluate("document.getElementById('alert').showModal()")
    assert violations(looker) == []
    looker.context.clear_cookies()
    looker.window.goto(served.origin)
    assert violations(looker) == []


@pytest.mark.parametrize("viewport", [SMALL, DESKTOP], ids=["320", "1280"])
def test_nothing_is_wider_than_the_screen_and_a_finger_can_hit_everything(
    open_page: Callable[..., Looker], viewport: dict[str, int]
) -> None:
    looker = open_page(viewport, has_touch=viewport != DESKTOP)
    for line in (
        "x" * 4096,
        "😀" * 2048,
        RTL,
        "\u202eevil",
        "/dino 10",
        "/settings",
        "/help",
        "/status",
    ):
        looker.say(line)
    looker.answers.nth(1).get_by_role("button", name="Reply").click()
    looker.line.fill("/")
    wide = looker.window.evaluate(
        "[...document.querySelectorAll('html, #log, article, #composer, #beside, #drop,"
        " #menu')].filter((node) => node.scrollWidth > node.clientWidth ||"
        " node.getBoundingClientRect().right > innerWidth).map((node) => node.outerHTML.slice(0,"
        " 80))"
    )
    assert wide == []
    if viewport == DESKTOP:
        return
    small = looker.window.evaluate(
        "[...document.querySelectorAll('button:not(.act), textarea, [role=option]')]"
        ".filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 44)"
        ".map((node) => node.outerHTML.slice(0, 80))"
    )
    assert small == []


WIDTHS = (320, 360, 390, 768, 1280)
FONTS = ("system-ui", "DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "Liberation Sans")
ROWS = [
    ["another wilder tamer", "details back card"],
    ["another wilder tamer back", "continue,the,poem", "make,it,a,sonnet"],
    ["Yes,,forget,me No,,keep,everything"],
    ["Stop,and,keep,the,best Cancel", "•,three,• five ten"],
    ["use,cf4b27233ab0 compare,39f9415f2826", "remove,abcdefghijklmnopqrst"],
]


def test_no_button_breaks_inside_a_word(open_page: Callable[..., Looker], served: Stage) -> None:
    looker = open_page()

    async def fill(chat: PageChat) -> None:
        for rows in ROWS:
            labels = [[Button(each.replace(",", " "), "") for each in row.split()] for row in rows]
            await chat.say(Markup("Ky"), labels)

    served.run(looker, fill)
    for width in WIDTHS:
        looker.window.set_viewport_size({"width": width, "height": 800})
        for font, size in [(font, 16) for font in FONTS] + [("DejaVu Sans", 24)]:
            broken = looker.window.evaluate(
                """([font, size]) => {
                  document.body.style.fontFamily = font;
                  document.documentElement.style.fontSize = `${size}px`;
                  return [...document.querySelectorAll(".row button")].flatMap((button) => {
                    const text = button.firstChild;
                    const { left, right } = button.getBoundingClientRect();
                    const isTooWide = button.scrollWidth > button.clientWidth;
                    const isOutside = left < 0 || right > innerWidth || isTooWide;
                    const words = [...text.data.matchAll(/\\S+/g)].filter(({ 0: word, index }) => {
                      const range = document.createRange();
                      range.setStart(text, index);
                      range.setEnd(text, index + word.length);
                      const tops = [...range.getClientRects()].map(({ top }) => Math.round(top));
                      return new Set(tops).size > 1;
                    });
                    return isOutside ? [button.textContent] : words.map(([word]) => word);
                  });
                }""",
                [font, size],
            )
            assert broken == [], (width, font, size)


LINKS = Markup(
    "I have these:\n\n<b>pokemon</b> – names: <code>/dino voice:pokemon 5</code>\n<b>keats</b> –"
    " verse: <code>/poem voice:keats A thing of beauty</code>\n\nTo choose the name of the voice,"
    " send it with the caption <code>/retrain names pokemon</code> or <code>/retrain verse"
    " keats</code>. <code>/voices old new</code> gives a voice another name. /help shows what else"
    " I can do.\n\n<code>/seed 42</code> – begins your sequence again; /seed shows"
    " it\n<code>/settings</code> – how daring I am"
)


def test_a_finger_hits_the_link_that_it_is_on_or_else_the_nearest(
    open_page: Callable[..., Looker], served: Stage
) -> None:
    """And a link pushes no lines apart."""
    looker = open_page(PHONE, has_touch=True, is_mobile=True)
    served.run(looker, lambda chat: chat.say(LINKS))
    looker.window.evaluate(
        "() => { window.taken = []; window.say = window.fill = (text) => taken.push(text); }"
    )
    text = looker.answers.last
    for width in WIDTHS[:4]:
        looker.window.set_viewport_size({"width": width, "height": 800})
        for font in FONTS:
            looker.window.evaluate(
                "font => { document.body.style.fontFamily = font; toEnd(); }", font
            )
            places = text.evaluate(
                """article => [...article.querySelectorAll("button.act")].flatMap((link) => {
                  const { left, top, width, height } = link.getBoundingClientRect();
                  const [x, y] = [left + width / 2, top + height / 2];
                  const isHit = link.contains(document.elementFromPoint(x, y));
                  return [{ text: link.textContent, x, y, isHit, top }];
                })"""
            )
            assert [place["text"] for place in places if not place["isHit"]] == []
            for place in places:
                looker.window.touchscreen.tap(place["x"], place["y"])
            taken = looker.window.evaluate("taken.splice(0)")
            assert taken == [place["text"] for place in places], (width, font)
            looker.window.touchscreen.tap(places[0]["x"], places[0]["top"] - 8)
            assert looker.window.evaluate("taken.splice(0)") == [places[0]["text"]]
            # far from every link
            looker.window.touchscreen.tap(places[0]["x"], places[0]["y"] - 40)
            assert looker.window.evaluate("taken.splice(0)") == []


def test_a_long_chat_opens_at_its_end(looker: Looker, served: Stage) -> None:
    async def fill(chat: PageChat) -> None:
        for number in range(600):
            await chat.say(Markup("<b>Number {}</b>\n{}").format(number, "word " * 60))

    served.run(looker, fill)
    expect(looker.answers.last).to_be_in_viewport()
    looker.window.reload()
    expect(looker.bubbles).to_have_count(500)
    expect(looker.answers.last).to_contain_text("Number 599")
    expect(looker.answers.last).to_be_in_viewport()
    looker.window.get_by_role("log").evaluate("log => { log.scrollTop = 0; }")
    while looker.window.evaluate("follows"):  # until the page has noticed
        looker.window.wait_for_timeout(10)
    looker.line.fill("/seed 42")
    newest = looker.window.get_by_role("button", name="To the newest message")
    expect(newest).to_be_hidden()
    served.run(looker, fill)
    expect(newest).to_be_visible()
    expect(looker.answers.last).not_to_be_in_viewport()
    newest.click()
    expect(looker.answers.last).to_be_in_viewport()


def test_on_a_phone_tables_keep_their_columns_and_verse_that_breaks_hangs(
    open_page: Callable[..., Looker], served: Stage
) -> None:
    looker = open_page(PHONE)
    line = "Should with rich events may prompt thy friend,"
    verse, prose = "And " + "many " * 15 + "words", "Prose " * 30
    table = Markup(
        "<pre>latency  usually 115 ms; 99 of 100 take at most 1.2 s and some more\nup       3"
        " s</pre>"
    )

    async def recite(chat: PageChat) -> None:
        for html in (
            Markup("{}").format(line),
            table,
            Markup("{}\nA second line\n\n{}").format(verse, prose),
        ):
            await chat.say(html)

    served.run(looker, recite)
    fitting, tabled, words = (looker.answers.nth(number).locator(".words") for number in (1, 2, 3))
    assert (
        fitting.evaluate(
            "node => node.clientHeight / parseFloat(getComputedStyle(node).lineHeight)"
        )
        < 2
    )
    long, short = (left_edges(row) for row in tabled.locator(".table").all())
    assert len(long) > len(short) == 1
    # where a row breaks, it goes on below its last column
    assert long[0] == short[0] < long[1] == long[-1]
    assert tabled.evaluate("node => node.scrollWidth <= node.clientWidth")
    assert [line.inner_text() for line in words.locator(".line").all()] == [verse, "A second line"]
    marked = words.evaluate(
        "node => { getSelection().selectAllChildren(node); return getSelection().toString(); }"
    )
    assert marked.strip() == f"{verse}\nA second line\n\n{prose}".strip()  # this would be copied
    first, *others = left_edges(words.locator(".line").first)
    assert others
    assert {*others} == {others[0]} != {first}
    assert first < others[0]


def pictures(looker: Looker, scheme: str, folder: Path) -> Callable[[str], None]:
    """Return the function that takes a picture for people to look at: SCREENSHOTS=folder keeps
    them."""
    kept = Path(os.environ.get("SCREENSHOTS", folder))

    def shoot(name: str) -> None:
        looker.settle()
        width = (looker.window.viewport_size or DESKTOP)["width"]
        path = kept / f"{name}-{width}-{scheme}.png"
        looker.window.screenshot(path=path)
        assert path.stat().st_size > 5_000

    return shoot


TRAINING = """Training <b>dino</b>, reading the dinosaurs
<pre>████████░░░░░░░░░░░░  41%
training 1.612 █▆▅▄▄▃▃▂▂▂▂▁▁▁▁▁
held out 1.598 █▆▅▃▂▂▁▁
best     1.591
in use   1.585</pre>
123,456 characters a second, 4 min left
<i>frickavenator, astrophotosaurus, zenyxator, bertasaurus</i>"""


@pytest.mark.parametrize(("viewport", "scheme"), LOOKS)
def test_pictures_of_the_page(
    open_page: Callable[..., Looker],
    viewport: dict[str, int],
    scheme: str,
    tmp_path: Path,
    served: Stage,
) -> None:
    looker = open_page(viewport, color_scheme=scheme, has_touch=viewport == PHONE)
    shoot = pictures(looker, scheme, tmp_path)
    for name, lines in (
        ("welcome", ["/help"]),
        ("names", ["/seed 42", "/dino", "/dino 4 mango", "Shall I compare thee to a summer's day"]),
        ("settings", ["/settings", "/status"]),
        ("models", ["/models poem"]),
    ):
        for line in lines:
            looker.say(line)
        shoot(name)
        for cards, (card, answer) in enumerate(
            (("verse-card", -1), ("name-card", -3)) if name == "names" else ()
        ):
            looker.answers.nth(answer).get_by_role("button", name="card").click()
            expect(looker.window.get_by_role("button", name="Save the picture")).to_have_count(
                cards + 1
            )
            shoot(card)
    looker.say("/sonnet Shall I compare thee to a summer's day")
    expect(looker.answers.last.get_by_role("button", name="another")).to_be_visible()
    shoot("sonnet")

    async def train(chat: PageChat) -> None:
        await chat.say(
            Markup(TRAINING),
            [[Button("Stop and keep the best", "stop"), Button("Cancel", "cancel")]],
        )
        await chat.say(Markup("Trained <b>dino</b> in 3 s: it didn't improve."))

    served.run(looker, train)
    shoot("training")
    looker.say("/export")
    looker.answers.last.get_by_role("button", name="Reply").click()
    looker.window.locator("#file").set_input_files(
        {"name": "x.txt", "mimeType": "text/plain", "buffer": b"Agra\n"}
    )
    looker.line.fill("/se")
    shoot("files")
    looker.window.get_by_role("button", name="Remove").click()
    for line in ("x" * 300, "😀" * 60, RTL, "\u202eevil", f"{RTL}\n{RTL}"):
        looker.say(line)
    looker.window.evaluate("notify(words.unsent)")
    served.run(looker, lambda chat: chat.typing())
    shoot("strange")
    served.run(
        looker, lambda chat: chat.notice("Version 39f9415f2826 is in use already.", alert=True)
    )
    expect(looker.window.get_by_role("dialog")).to_be_visible()
    shoot("alert")
    looker.context.clear_cookies()
    looker.window.goto(served.origin)
    shoot("door")
