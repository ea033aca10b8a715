"""`/dino`: how many names, first letters, and the reply to a wish that makes no sense."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.commands.names import LONGEST_PREFIX, MOST
from bot.creations import Creation
from bot.settings import Settings
from bot.words import layout, sentences
from bot.writer import Text
from model.text.forms import Genre
from model.text.sources import fossils
from model.weights.fingerprints import Fingerprints
from tests.fake_chat import FakeChat
from tests.serving import ALICE, install, names_in, serving, uncoded, untrained


async def test_a_number_and_first_letters_in_either_order(chat: FakeChat) -> None:
    for words, count, prefix in [
        ("", 1, ""),
        ("5", 5, ""),
        ("000000010", MOST, ""),
        ("mango", 1, "mango"),
        ("5 mango", 5, "mango"),
        ("mango 5", 5, "mango"),
        ("007 MANGO", 7, "mango"),
        ("Ægyptø", 1, "aegypto"),
        ("-mango-", 1, "mango"),
        ("<b>", 1, "b"),
        *((three, 3, "") for three in ("٣", "३", "𝟛", "three", "Three")),
        ("ten", MOST, ""),
        ("five mango", 5, "mango"),
        ("1 five", 1, "five"),
    ]:
        names = names_in((await chat.ask(f"/dino {words}")).html)
        assert len(set(names)) == count, words
        assert all(
            name.startswith(prefix.capitalize()) and name == name.capitalize() for name in names
        ), words


@pytest.mark.parametrize(
    ("wishes", "reply"),
    [
        (
            "0|-1|11|1e9|½|²|5.0|" + "9" * 400 + "|0000000005|1_0|mango5|٠|0x10",
            sentences.HOW_MANY.format(MOST),
        ),
        ("5 5|1 2 3|5 mango 5", sentences.DINO_USAGE),
        ("Mango saurus|5 mango saurus", "One word, please: <code>/dino mango</code>."),
    ],
)
async def test_wrong_numbers_and_too_many_words_are_explained(
    chat: FakeChat, wishes: str, reply: str
) -> None:
    for wish in wishes.split("|"):
        assert (await chat.ask(f"/dino {wish}")).html == reply, wish


async def test_letters_that_no_name_begins_with(chat: FakeChat) -> None:
    for word in ("恐竜", "🦖", "<>", "&!" * 30, "m" * (LONGEST_PREFIX + 1)):
        expected = sentences.FIRST_LETTERS.format(sentences.cut(word, 40), LONGEST_PREFIX)
        assert (await chat.ask(f"/dino {word}")).html == expected


async def test_what_a_reply_says_and_that_a_wrong_number_takes_no_turn(chat: FakeChat) -> None:
    await chat.ask("/seed 42")
    first = (await chat.ask("/dino")).html
    assert re.fullmatch(r"<b>[A-Z][a-z]+</b>\n\n<a>[2-9a-z]{10}</a>", first)
    *lines, _, small = (await chat.ask("/DINO 3 ma")).html.split("\n")
    assert [re.fullmatch(r"<b>Ma[a-z]*</b>", line) is not None for line in lines] == [True] * 3
    assert re.fullmatch("<a>[2-9a-z]{10}</a>", small)
    await chat.ask("/seed 42")
    await chat.ask("/dino 0")
    assert uncoded((await chat.ask("/dino")).html) == uncoded(first)


async def test_letters_that_lead_nowhere(own_settings: Settings, own_checkpoints: Path) -> None:
    endless = untrained("names")
    endless.language_model.parameters["b_y"][endless.vocabulary.newline] = -100
    install(own_checkpoints / "dino", endless)
    async with serving(own_settings) as chat:
        sentence = (
            "I couldn't find a new name that begins with <b>mango</b>, and I never give one that I"
            " know to exist."
        )
        assert (await chat.ask("/dino mango")).html.startswith(sentence)
        for _ in range(2):
            assert (await chat.ask("/dino")).html == sentences.no_new_name(1, "")
        assert await chat.bot.store.creations(ALICE) == []


async def test_when_names_always_fail_the_bot_says_so_and_its_advice_helps(
    settings: Settings,
) -> None:
    async with serving(settings, temperature_dino=0.0) as chat:  # five equal names are not new
        for _ in range(2):
            sentence = (await chat.ask("/dino 5")).html
            assert sentence == sentences.no_new_name(5, "")
        assert "again won't help, but fewer names, other letters or another seed may" in sentence
        assert any([names_in((await chat.ask(f"/dino {letter}")).html) for letter in "abcdefghij"])


async def test_a_name_that_exists_is_never_given_and_that_is_said(
    own_settings: Settings, own_checkpoints: Path
) -> None:
    faithful = untrained("names")
    faithful.language_model.parameters["b_y"][faithful.vocabulary.newline] = 100
    install(own_checkpoints / "dino", faithful)
    async with serving(own_settings) as chat:
        assert "never give one that I know to exist" in (await chat.ask("/dino mangosaurus")).html


async def test_a_real_name_is_called_real_and_lends_new_names_its_beginning(
    own_settings: Settings, own_checkpoints: Path
) -> None:
    genera = Fingerprints.of(["anna", "gerrhosaurus"])
    known = untrained(
        "names", known=("tyrannosaurus", "minmi", "smilodon", "micropachycephalosaurus")
    )
    install(own_checkpoints / "dino", replace(known, other_names=genera))
    async with serving(own_settings) as chat:
        for words, name, what, begins in [
            ("5 PLESIOSAURUS", "Plesiosaurus", "a plesiosaur, a marine reptile", "Plesio"),
            ("Ichthyosaurus", "Ichthyosaurus", "an ichthyosaur, a marine reptile", "Ichthyo"),
            # the list of dinosaurs has it too
            ("smilodon", "Smilodon", "an extinct sabre-toothed mammal", "Smil"),
            ("quetzalcoatlus", "Quetzalcoatlus", "a pterosaur, a flying reptile", "Quetzal"),
            ("tyrannosaurus 2", "Tyrannosaurus", "a dinosaur", "Tyranno"),
            (
                "micropachycephalosaurus",
                "Micropachycephalosaurus",
                "a dinosaur",
                "Micropachycephalo",
            ),
            ("minmi", "Minmi", "a dinosaur", "Minmi"),
            ("Anna", "Anna", "a genus, though not of dinosaurs", "Anna"),
            ("gerrhosaurus", "Gerrhosaurus", "a genus, though not of dinosaurs", "Gerrho"),
        ]:
            html = (await chat.ask(f"/dino {words}")).html
            opening, _, names = html.partition("\n\n")
            assert (
                opening == f"<b>{name}</b> is real: {what}. Here's what I make of <i>{begins}…</i>"
            )
            assert names_in(names)
            assert all(each.startswith(begins) and each != name for each in names_in(names))
            assert (await chat.bot.store.creations(ALICE))[-1].prompt == begins.lower()
        assert "is real" not in (await chat.press("another")).html
        assert [offer.title[:7] for offer in await chat.type("tyrannosaurus")] == ["Tyranno"] * 5


def test_a_real_name_that_old_weights_drew_is_called_real() -> None:
    creation = Creation("", ALICE, Genre.DINO, "", 42, 0, "", 0.9)
    text = Text(("plesiosaurus", "plesionasaurus"), (None, None))
    real, new = layout.reply(creation, text).split("\n")
    assert "lizard; this one is real: a plesiosaur, a marine reptile" in real
    assert "real" not in new + layout.reply(replace(creation, voice="cities"), text)
    assert len(fossils()) > 3000
