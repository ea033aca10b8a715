"""What the words on a card are about: the tables of data/words.tsv, and how they are found."""

import re
import string
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.biography import FACTS, biography
from bot.cards.bodies import BESIDE, THINGS, table
from bot.cards.card import name_card
from bot.cards.creature import CALM, Creature
from bot.cards.scene import GROUND, HEIGHT, WIDTH, world
from bot.cards.subject import FORMS, GRAVE, LESSER, NAMED, QUIET, TYPED, beginning_in, subject_of
from bot.taboo import is_taboo
from bot.words.font import lacking
from model.names.words import with_root
from model.text.sources import real_names
from model.text.vocabulary import fold
from tests.fake_chat import FakeChat

SUBJECTS = [*dict.fromkeys(FORMS.values())]
LETTERS = st.text(string.ascii_lowercase, max_size=6)
ROOTS = ("saurus", "raptor", "titan", "mimus")


def captions(subject: str) -> list[str]:
    return [fact for fact, keys in FACTS.items() if any(subject in key for key in keys)]


def test_each_word_has_three_captions_and_some_have_a_thing() -> None:
    assert len(SUBJECTS) > 100
    things = table("beside")
    assert {*things.values()} == {*THINGS}
    assert {f"#{word}" for word in things} <= {*SUBJECTS}
    for subject in SUBJECTS:
        word = subject[1:]
        assert len(captions(subject)) > 2
        assert FORMS[word] == subject
    assert len(captions(TYPED)) > 39
    assert len(captions(NAMED)) > 39
    assert len(captions(QUIET)) > 9


def test_no_form_belongs_to_two_words_or_is_grave() -> None:
    rows = [*table("word").values(), *table("lesser").values()]
    counts = Counter(form for forms in rows for form in forms.split())
    assert set(counts.values()) == {1}
    assert GRAVE.isdisjoint(FORMS)
    assert all(form.isalpha() and form == fold(form) for form in {*FORMS, *GRAVE})


def test_all_captions_quote_what_was_typed_or_nothing() -> None:
    for subject in SUBJECTS:
        assert not any("{" in caption for caption in captions(subject))
    assert all(re.search("“{(Typed)?}", caption) for caption in captions(TYPED))
    assert all("{}" in caption for caption in captions(NAMED))
    assert not any("{" in caption for caption in captions(QUIET))


def test_no_caption_about_a_person_has_a_pronoun_for_them() -> None:
    pronouns = re.compile(r"\b(he|she|him|her|his|hers|himself|herself)\b", re.IGNORECASE)
    assert [caption for caption in captions(NAMED) if pronouns.search(caption)] == []


def test_captions_speak_as_people_do_and_are_short() -> None:
    stiff = re.compile(r"\b(do|does|did|is|are|was|has|have|had|will|would|could|can) ?not\b")
    subjects = (*SUBJECTS, TYPED, NAMED, QUIET)
    told = [caption for subject in subjects for caption in captions(subject)]
    assert [caption for caption in told if stiff.search(caption)] == []
    assert max(map(len, told)) < 125
    assert not any(is_taboo(caption) or lacking(caption) for caption in told)
    assert not any(mark in caption for caption in told for mark in "'\"")


@pytest.mark.parametrize(
    ("typed", "subject"),
    [
        ("pizza", "#pizza"),
        ("Pizzas", "#pizza"),
        ("PÍZZA", "#pizza"),
        ("the baker's pizza", "#pizza"),
        ("My cat’s", "#cat"),
        ("I hate Mondays", "#monday"),
        ("cheesecake", "#cheese"),
        ("ice cream", "#icecream"),
        ("ice-cream van", "#icecream"),
        ("hot dog", "#hotdog"),
        ("New York", "#newyork"),
        ("French fries", "#fries"),
        ("teacher", "#teacher"),
        ("tea", "#tea"),
        ("steam", TYPED),
        ("catalogue", TYPED),
        ("scar", TYPED),
        ("running away", "#marathon"),
        ("to procrastinate", TYPED),
        ("my dead hamster", QUIET),
        ("World War pizza", QUIET),
        ("elon musk", QUIET),
        ("Elon-Musk's car", QUIET),
        ("french people", QUIET),
        ("warm", TYPED),
    ],
)
def test_which_entry_fits_what_was_typed(typed: str, subject: str) -> None:
    assert subject_of("anything", typed) == subject


@given(st.sampled_from([*FORMS]), st.sampled_from(("", "’s", "'s", "!", " 7", "…")), st.booleans())
def test_an_entry_fits_its_forms_however_they_are_written(
    form: str, behind: str, is_loud: bool
) -> None:
    assert subject_of("x", (form.upper() if is_loud else form.capitalize()) + behind) == FORMS[form]


@given(st.sampled_from([*FORMS, *GRAVE]), LETTERS, LETTERS)
def test_mere_letters_are_no_entry(form: str, before: str, behind: str) -> None:
    word = before + form + behind
    expected = QUIET if word in GRAVE else FORMS.get(word, TYPED)
    assert subject_of("x", word) == expected


@given(st.sampled_from([*FORMS]), st.lists(LETTERS.filter(bool), max_size=3), st.integers(0, 3))
def test_an_entry_is_found_among_other_words(form: str, words: list[str], at: int) -> None:
    words.insert(at, form)
    runs = {"".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
    subject = subject_of("x", " ".join(words))
    if runs.isdisjoint(GRAVE):
        fits = {run for run in runs & FORMS.keys() if len(run) >= len(form)}
        assert subject in {FORMS[run] for run in fits | (runs & FORMS.keys() - LESSER)}
    elif "".join(words) not in FORMS:
        assert subject == QUIET


@given(st.sampled_from([*FORMS]), st.sampled_from(ROOTS))
def test_a_name_without_a_word_begins_with_its_longest_entry(form: str, root: str) -> None:
    for name in with_root(form, root):
        begun = beginning_in(FORMS, name)
        assert FORMS[begun]
        expected = "" if name in real_names() else FORMS[begun]
        assert subject_of(name, "") == expected


@pytest.mark.parametrize("name", ["carnotaurus", "eggplantosaurus", "teachosaurus", "mongosaurus"])
def test_a_name_that_only_shares_letters_with_an_entry_is_told_of_as_before(name: str) -> None:
    assert subject_of(name, "") == ""
    assert not any(key for key in FACTS[biography(Creature(name))] if any("#" in w for w in key))


@given(
    st.text(string.ascii_lowercase, min_size=4, max_size=12), st.sampled_from(["pizza", "to err"])
)
def test_a_caption_follows_from_name_and_word(name: str, word: str) -> None:
    first, again = (name_card(name, code, "", word) for code in ("k7m2p9xb4q", "other"))
    assert first[1] == again[1]


def test_the_card_of_a_pizza_shows_one_and_tells_of_it() -> None:
    svg, words = name_card("pizzadon", "", "pizza tooth", "pizza")
    assert any(caption in words for caption in captions("#pizza"))
    with_thing, without = (world(Creature("pizzadon", subject)) for subject in ("#pizza", TYPED))
    assert all(piece in svg for piece in re.findall(r'd="([^"]*)"', with_thing))
    pieces = [len(re.findall("<path|<circle", drawn)) for drawn in (with_thing, without)]
    assert pieces[0] - pieces[1] == 2 * len(THINGS["pizza"])  # each with its outline


@pytest.mark.parametrize("subject", BESIDE)
def test_a_thing_stands_inside_the_picture_between_creature_and_person(subject: str) -> None:
    for root in ROOTS:
        name = f"q{root}"
        creature = Creature(name, subject)
        svg = world(creature)
        assert creature.person in CALM
        assert creature.pose != "sleeping"
        placed = re.findall(r"translate\(([-\d.]+) (\d+)\) scale\((-?[\d.]+) ([\d.]+)\)", svg)
        (person_x, *_), (x, y, turn, scale), *_ = [placed[0], placed[2]]
        animal_x, animal_scale = float(placed[1][0]), float(placed[1][2])
        points = [
            (u * float(scale), v * float(scale))
            for _, part in THINGS[creature.thing]
            for u, v, *_ in part
        ]
        assert all(abs(u) <= min(float(x), WIDTH - float(x)) for u, _ in points)
        assert all(0 <= int(y) + v <= HEIGHT for _, v in points)
        assert int(y) > GROUND
        assert animal_x + creature.box()[1] * animal_scale < float(x) < float(person_x)
        assert (turn < "0") == svg.startswith("<g transform")  # letters are never mirrored


def test_things_are_about_as_tall_as_people() -> None:
    for thing, parts in THINGS.items():
        heights = [-y for _, part in parts for _, y, *_ in part]
        across = [x for _, part in parts for x, *_ in part]
        assert 40 < max(heights) < 126, thing
        assert -62 < min(across) < 0 < max(across) < 62, thing
        assert min(heights) > -6, thing


def test_a_person_is_told_of_by_name_as_it_is_written() -> None:
    """Some captions say the name several times."""
    told = set()
    for i in range(100):
        _, words = name_card(
            f"jose{'a' * (i % 20)}{i // 20 * 'b'}saurus", "", "", "José", is_person=True
        )
        assert words.startswith("José is\n")
        told.add(words.split("\n")[-2])
    assert told <= {caption.replace("{}", "José") for caption in captions(NAMED)}
    assert any(life.count("José") > 1 for life in told)


def test_a_word_that_the_font_or_the_list_refuses_is_not_quoted(
    taboo_words: Callable[..., None],
) -> None:
    taboo_words("gouda")
    for typed in ("gouda", "my Gouda", "ピザ"):
        life = biography(Creature("goudasaurus", TYPED), typed)
        assert life in captions(QUIET)
    assert biography(Creature("goudasaurus", TYPED), "edam") not in captions(QUIET)


@pytest.mark.parametrize("typed", ["gou da", "g o u d a", "GOU-DA"])
async def test_refused_words_are_sought_in_all_words_joined(
    chat: FakeChat, taboo_words: Callable[..., None], typed: str
) -> None:
    taboo_words("gouda")
    assert "rather not" in (await chat.ask(f"/dino {typed}")).text


@pytest.mark.draws_cards
async def test_a_chat_tells_of_the_word_that_was_typed(chat: FakeChat) -> None:
    """Three letters are the beginning of a name, but tell of the word all the same."""
    told = {}
    for typed in ("pizza", "cat", "blorf"):
        await chat.ask(f"/dino {typed}")
        told[typed] = chat.messages[-1].alt
    assert any(caption in told["pizza"] for caption in captions("#pizza"))
    assert any(caption in told["cat"] for caption in captions("#cat"))
    assert any(
        caption.format("blorf", Typed="Blorf") in told["blorf"] for caption in captions(TYPED)
    )
