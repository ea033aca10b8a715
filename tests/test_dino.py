"""`/dino`: how many names, first letters, and the reply to a wish that makes no sense."""

from __future__ import annotations

import re
import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation import texts
from bot.conversation.admission import ExplainedError
from bot.handlers.dino import LONGEST_PREFIX, MOST, Wish, read_wish
from bot.local.markup import parse_html
from bot.local.telegram import group
from bot.people.records import CODE_CHARACTERS, CODE_LENGTH
from bot.writing.nearest import Neighbourhood
from model.text.vocabulary import Vocabulary
from tests.serving import ALICE, Chat, names_in, uncoded

if TYPE_CHECKING:
    from bot.local.telegram import Telegram

LETTERS = Vocabulary("\n" + string.ascii_lowercase)
HOW_MANY, _ = parse_html(texts.how_many(MOST))


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("", Wish()),
        ("1", Wish(1)),
        ("5", Wish(5)),
        ("000000010", Wish(MOST)),
        ("mango", Wish(None, "mango")),
        ("5 mango", Wish(5, "mango")),
        ("mango 5", Wish(5, "mango")),
        ("007 MANGO", Wish(7, "mango")),
        ("٣", Wish(3)),
        ("Ægyptø", Wish(None, "aegypto")),
        ("-mango-", Wish(None, "mango")),
        ("<b>", Wish(None, "b")),
        ("m" * LONGEST_PREFIX, Wish(None, "m" * LONGEST_PREFIX)),
    ],
)
def test_wishes(words: str, wish: Wish) -> None:
    assert read_wish(words.split(), LETTERS) == wish


@pytest.mark.parametrize("words", ["0", "-1", "11", "1e9", "½", "²", "5.0", "9" * 5000, "0000000005", "1_0", "mango5"])
def test_numbers_that_are_none(words: str) -> None:
    with pytest.raises(ExplainedError, match="1 to 10 names"):
        read_wish(words.split(), LETTERS)


@pytest.mark.parametrize("words", ["5 5", "mango saurus", "5 mango saurus", "1 2 3"])
def test_too_many_words(words: str) -> None:
    with pytest.raises(ExplainedError, match="how many names"):
        read_wish(words.split(), LETTERS)


@pytest.mark.parametrize("word", ["恐竜", "🦖", "<>", "&!" * 30, "m" * (LONGEST_PREFIX + 1)])
def test_letters_that_no_name_begins_with(word: str) -> None:
    with pytest.raises(ExplainedError, match="No name can begin with") as caught:
        read_wish([word], LETTERS)
    text, _ = parse_html(str(caught.value))
    assert word[:39] in text


@given(st.lists(st.text(min_size=1).filter(lambda word: not word.isspace()), max_size=3))
def test_any_words_are_a_wish_or_explained(words: list[str]) -> None:
    try:
        wish = read_wish(words, LETTERS)
    except ExplainedError:
        return
    assert wish.count is None or 1 <= wish.count <= MOST
    assert len(wish.prefix) <= LONGEST_PREFIX


async def test_one_name(chat: Chat) -> None:
    await chat.say("/seed 42")
    (answer,) = await chat.say("/dino")
    name, small = answer.split("\n")
    assert name == name.capitalize()
    assert name.isalpha()
    (neighbour,) = Neighbourhood({"mangosaurus"}).nearest([name.lower()])
    assert neighbour
    new = f"new; the closest name I know is Mangosaurus, {neighbour.distance} letters away"
    assert re.fullmatch(f"{new}; seed 42, turn 1 [{CODE_CHARACTERS}]{{{CODE_LENGTH}}}", small)
    bold, italic, code = chat.telegram.sent[-1]["entities"]
    assert bold == {"type": "bold", "offset": 0, "length": len(name)}
    assert (italic["type"], code["type"]) == ("italic", "code")


async def test_names_with_first_letters(chat: Chat) -> None:
    (answer,) = await chat.say("/dino 5 Ma")
    names = names_in(answer)
    assert len(set(names)) == 5
    assert all(name.startswith("Ma") for name in names)
    assert all(re.search(r"^\w+ Mangosaurus, \d+$", line) for line in answer.split("\n")[:5])
    kinds = [entity["type"] for entity in chat.telegram.sent[0]["entities"]]
    assert kinds == ["bold", "italic"] * 5 + ["italic", "code"]


@pytest.mark.parametrize("text", ["/dino 0", "/dino -1", "/dino 1e9", "/dino 11"])
async def test_a_wrong_number_is_explained_and_takes_no_turn(chat: Chat, text: str) -> None:
    await chat.say("/seed 42")
    (expected,) = await chat.say("/dino")
    await chat.say("/seed 42")
    assert await chat.say(text) == [HOW_MANY]
    (answer,) = await chat.say("/dino")
    assert uncoded(answer) == uncoded(expected)


async def test_capitals_and_the_bots_own_name(chat: Chat, telegram: Telegram) -> None:
    for text in ("/DINO", "/Dino@Mangosaurus_Bot"):
        (answer,) = await chat.say(text)
        assert answer.split("\n")[0].isalpha()


async def test_in_a_group_the_answer_is_a_reply(chat: Chat, telegram: Telegram) -> None:
    telegram.say("/dino@mangosaurus_bot 2", ALICE, group(-5))
    await chat.settled()
    (answer,) = telegram.sent
    assert answer["chat"]["id"] == -5
    assert answer["reply_to_message"]["text"] == "/dino@mangosaurus_bot 2"


async def test_letters_that_lead_nowhere(chat: Chat) -> None:
    # A network that never ends a name.
    checkpoint = chat.mangosaurus.writers["dino"].checkpoint
    checkpoint.language_model.parameters["output.b_y"][checkpoint.vocabulary.newline] = -100
    assert await chat.say("/dino mango") == [parse_html(texts.no_new_name("mango"))[0]]
    assert await chat.say("/dino") == [texts.no_new_name("")]
