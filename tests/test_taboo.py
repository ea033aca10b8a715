"""Words that the bot neither plays with nor shows: the program's list and the operator's, at every
door of the core."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import pytest

from bot import taboo
from bot.creations import CODE_CHARACTERS, new_code
from bot.words import admins, layout, sentences
from model.files import ROOT, TableError
from model.text import sources
from model.text.forms import Genre
from tests.fake_chat import FakeChat
from tests.processes import environment_of, run
from tests.serving import ALICE, code_in, names_in, turn_of, uncoded
from tests.training import file_of
from tools import taboo as tool

Lists = Callable[..., None]


@pytest.fixture
def lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lists]:
    def write(*words: str) -> None:
        taboo.OWN.write_text("\n".join(words), encoding="utf-8")
        taboo.lists.cache_clear()
        taboo._is_listed.cache_clear()

    with monkeypatch.context() as patch:
        patch.setattr(taboo, "OWN", tmp_path / "taboo.txt")
        yield write
    taboo.lists.cache_clear()
    taboo._is_listed.cache_clear()


@pytest.mark.parametrize(
    ("is_listed", "words"),
    [
        (True, "Adolf Putinosaurus Führer kkk Osama's Penisaurus vaginas"),
        (
            True,
            (
                "nigg Niggosaurus hitlerosaurus megahitleria HITLER's Hítler h1tl3r (hitler)"
                " \uff48\uff49tler"
            ),
        ),
        (
            False,
            (
                "Scunthorpe Essex Sussex assume Niger Nigeria Nigersaurus Nigeroceras snigger"
                " niggardly niggling"
            ),
        ),
        (False, "Adolfus Vaginatispora"),
        (
            False,
            (
                "Dick Moby-Dick cockatrice Titus Shiitake Whitley 1337 80085 bass-clarinet Pakistan"
                " Strontium"
            ),
        ),
    ],
)
def test_what_is_listed(is_listed: bool, words: str) -> None:
    assert [word for word in words.split() if taboo.is_taboo(word) != is_listed] == []


def test_names_that_exist_pass_and_so_does_all_that_was_recorded() -> None:
    """Check every seventh of the other genera.

    All of them take five seconds, and passed when the list was made.
    """
    texts = [(sources.DATA / name).read_text() for name in ("dinos.txt", "first_lines.txt")]
    texts += (sources.DATA / "genera.txt").read_text().split()[::7]
    for line in (ROOT / "tests" / "creations.jsonl").read_text().splitlines():
        record = json.loads(line)
        texts += [record["prompt"], *record.get("texts", [record.get("shown")])]
    assert [word for text in texts for word in text.split() if taboo.is_taboo(word)] == []


@pytest.mark.skipif(
    not (sources.DATA / "verse.txt").exists(), reason="needs Shakespeare: python -m model fetch"
)
def test_lines_of_shakespeare_pass() -> None:
    """Check every seventh line."""
    lines = [
        line
        for name in sources.SHAKESPEARE.outputs
        for line in (sources.DATA / name).read_text().splitlines()
    ]
    assert len(lines) > 100_000
    assert [line for line in lines[::7] if taboo.is_taboo(line)] == []


def test_the_list_has_hashes_and_the_tool_adds_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = taboo.LISTED.read_text().splitlines()
    assert all(re.fullmatch(r"!?\*?[0-9a-f]{16}\*?", line) for line in lines)
    assert lines == sorted(set(lines))
    (tmp_path / "list.txt").write_text(f"{lines[0]}\n")
    monkeypatch.setattr(tool, "LISTED", tmp_path / "list.txt")
    monkeypatch.setattr("sys.argv", ["tool", "Góuda*", "!goudas"])
    tool.main()
    assert sorted([lines[0], taboo.hashed("gouda*"), taboo.hashed("!goudas")]) == (
        (tmp_path / "list.txt").read_text().splitlines()
    )


async def test_a_prompt_is_refused_at_every_door_and_takes_no_turn(
    admin: FakeChat, lists: Lists
) -> None:
    message = await admin.ask("/poem my gouda and I")
    lists("gouda", "*brie*")
    for said in (
        *(
            "/dino gouda",
            "/dino 5 Gouda",
            "/dino ubrieo 3",
            "/poem My Góuda",
            "my gouda!",
            "/sonnet Gouda is my love",
        ),
        *(
            "/dino voice:gouda",
            "/retrain names gouda",
            "/voices old gouda",
            "/again gouda",
            "/brie",
            "/dino gouda x",
        ),
    ):
        assert (await admin.ask(said)).html == sentences.TABOO, said
    for button in ("another", "wilder", "continue"):
        await admin.press(button, message=message)
        assert admin.notices[-1] == sentences.plain(sentences.TABOO)
    for typed in ("gouda", "my brie", "bri.e"):
        titles = [offer.title for offer in await admin.type(typed)]
        assert titles == ([] if typed == "bri.e" else [sentences.plain(sentences.TABOO)])
    assert len(await admin.bot.store.creations(900)) == 1
    assert (await admin.ask(f"/again {code_in(message.html)}")).html.startswith(
        sentences.TABOO_VERSE
    )
    assert "goudas" in (await admin.ask("/poem my goudas")).html  # another word


async def test_no_new_code_spells_such_a_word_and_old_ones_still_open(
    chat: FakeChat, lists: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists("*gudda*")
    with monkeypatch.context() as patch:
        patch.setattr("bot.store.new_code", lambda: "aagudda")
        message = await chat.ask("/dino")
    for asked in ("/again aagudda", "aagudda", "/start aagudda"):
        assert (await chat.ask(asked)).html == message.html
    for asked in ("aaaguda gudda", "/dino bbgudda", "bbgudda"):
        assert (await chat.ask(asked)).html == sentences.TABOO
    drawn = map(CODE_CHARACTERS.index, "22gudda222mang22mang")
    assert new_code(lambda _: next(drawn)) == "mang22mang"


async def test_no_voice_is_named_after_a_file_with_such_a_name(admin: FakeChat) -> None:
    content = "\n".join(map("".join, product("bdgk", "aeiou", "lmnr", "aeiou")))
    for name, voice in (("My Hitler list.txt", "voice"), ("cities.txt", "cities")):
        message = await admin.ask("", file=file_of(content, name))
        assert message.html == admins.LEARN.format(voice)


async def test_a_name_that_was_drawn_is_replaced_when_it_is_shown(
    chat: FakeChat, lists: Lists
) -> None:
    fair = await chat.ask("/dino 3 ma")
    first, second, third = names_in(fair.html)
    offered = (await chat.type("ma"))[0]
    lists(second, offered.title.lower())
    for shown in (
        (await chat.ask(f"/again {code_in(fair.html)}")).html,
        (await chat.ask("/seed 0"), await chat.ask("/dino 3 ma"))[1].html,
    ):
        assert uncoded(shown) == f"<b>{first}</b>\n{sentences.TABOO_NAME}\n<b>{third}</b>"
    assert await turn_of(chat, chat.messages[-1]) == 1
    details = (await chat.press("details")).html
    assert (first in details, second in details) == (True, False)
    assert await turn_of(chat, await chat.ask("/dino")) == 2
    assert (await chat.type("ma"))[0].title == layout.unstyled(sentences.TABOO_NAME)
    await chat.ask("/export")
    for message in chat.messages[-2:]:
        assert message.file
        assert second not in message.file[1].decode()
    lists("mangosaurus")  # the known name that is nearest to each
    assert "Mangosaurus" not in (await chat.press("details", message=fair)).html


async def test_verse_that_was_drawn_is_replaced_when_it_is_shown(
    chat: FakeChat, lists: Lists
) -> None:
    poem = await chat.ask("/poem Shall I")
    word = max(
        re.findall("[a-z]+", poem.html.partition("</b>")[2].partition("<a>")[0].lower()), key=len
    )
    lists(word)
    await chat.ask("/seed 0")
    again = await chat.ask("/poem Shall I")
    assert uncoded(again.html) == sentences.TABOO_VERSE
    assert await turn_of(chat, again) == 1
    assert uncoded((await chat.ask(f"/again {code_in(poem.html)}")).html) == sentences.TABOO_VERSE
    assert {made.genre for made in await chat.bot.store.creations(ALICE)} == {Genre.POEM}
    await chat.ask("/export")
    assert all(
        message.file and word not in message.file[1].decode().lower()
        for message in chat.messages[-2:]
    )


def test_the_operators_list_is_a_file_in_the_home_folder(
    checkpoints: Path, tmp_path: Path, lists: Lists
) -> None:
    (tmp_path / "taboo.txt").write_text("# mine\n\n  # fruit\nmang*\n")
    environment = environment_of(checkpoints, tmp_path)
    done = run(environment, input=b"/dino mango\n")
    assert (done.returncode, b"rather not play" in done.stdout) == (0, True)
    lists("#", "", "a b")
    with pytest.raises(TableError, match="line 3: 'a b' is not one word"):
        taboo.lists()
