"""Roots: a name has the parts that are known, each at its place, and none where two readings are as good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.roots import explained, parts_of, roots
from model.text.sources import names_corpus

LANGUAGES = frozenset(
    (
        *("Greek", "Latin", "English", "Spanish", "Portuguese", "French", "German", "Italian", "Polish", "Hungarian"),
        *("Norse", "Russian", "Chinese", "Mongolian", "Korean", "Japanese", "Ainu", "Thai", "Kazakh", "Uzbek"),
        *("Uyghur", "Persian", "Sanskrit", "Arabic", "Hebrew", "Tuareg", "Sotho", "Chewa", "Swahili"),
        *("Malagasy", "Taíno", "Navajo", "Lakota", "Dakota", "Blackfoot", "Crow", "Iñupiaq", "Quechua", "Mapudungun"),
    )
)
names = st.one_of(
    st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz")),
    st.lists(st.sampled_from([form.strip("-") for root in roots() for form in root.forms]), max_size=4).map("".join),
)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("onychodon", "onych-, claw + -odon, tooth"),
        ("Triceratops", "tri-, three + -ceratops, horned face"),
        ("parasaurolophus", "para-, beside + -sauro-, lizard + -lophus, crest"),
        ("melanorosaurus", "melan-, black + -oro-, mountain + -saurus, lizard"),
        ("Astrophotosaurus", "astro-, star + -photo-, light + -saurus, lizard"),
        ("spinops", "spin-, spine + -ops, face"),
        ("sinornis", "sin-, China + -ornis, bird"),
        ("iguanodon", "iguan-, iguana + -odon, tooth"),
        ("taurovenator", "tauro-, bull + -venator, hunter"),
    ],
)
def test_the_parts_of_a_whole_name_with_their_meanings(name: str, line: str) -> None:
    assert explained(name) == line


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Frickavenator", "…venator, hunter"),
        ("Astrophocaudia", "astro…, star + …caudia, tail"),
        ("brachytaenius", "brachy…, short"),
        ("Monkonosaurus", "…saurus, lizard"),  # mon- without its o is not mono-
        ("triosaurus", "…saurus, lizard"),  # tri- ends in a vowel, needs no link, and is too short to stand alone
        ("saurussaurus", "…saurus, lizard"),  # -saurus ends a name
        ("paraxxtri", "para…, beside"),  # tri- does not
    ],
)
def test_a_name_that_is_known_in_part_says_so(name: str, line: str) -> None:
    assert explained(name) == line


@pytest.mark.parametrize(
    "name",
    [
        "",
        "raptor",  # one root is no composition
        "galeamopus",  # "needs a helmet", which is no foot
        "eodx",
        "chasm",
        "mango!",
        "protorosaurus",  # prot-, first + -oro-, mountain, or pro-, before + -toro-, piercing
        "agatholus",  # agatho-, good, or -tholus, dome, which share their middle
    ],
)
def test_a_name_is_not_explained_by_chance_or_by_one_of_two_readings(name: str) -> None:
    assert parts_of(name) == ()
    assert explained(name) == ""


@given(names)
def test_parts_are_where_they_say_one_after_another(name: str) -> None:
    end = 0
    for part in parts_of(name):
        assert part.start >= end
        assert name[part.start : part.end] == part.letters
        assert any(form.strip("-").startswith(part.letters.rstrip("oi")) for form in part.root.forms)
        end = part.end
    assert end <= len(name)


@given(st.text())
def test_any_text_may_be_asked_about(text: str) -> None:
    assert bool(explained(text)) == bool(parts_of(text.lower()))


def test_six_dinosaurs_in_seven_say_something() -> None:
    corpus = names_corpus()
    dinosaurs = [*corpus.training, *corpus.held_out]
    assert sum(bool(parts_of(name)) for name in dinosaurs) > len(dinosaurs) * 0.85


def test_every_root_has_a_source_in_a_language_and_a_meaning() -> None:
    assert len(roots()) >= 600
    for root in roots():
        language, _, word = root.source.partition(" ")
        assert language in LANGUAGES
        assert word.strip()
        assert root.meaning.strip()
        for form in root.forms:
            letters = form.strip("-")
            assert form in (letters, f"{letters}-", f"-{letters}")
            assert letters.isascii()
            assert letters.isalpha()
            assert letters.islower()


def test_every_form_belongs_to_one_root() -> None:
    forms = [form for root in roots() for form in root.forms]
    assert len(set(forms)) == len(forms)
    marked = {form.strip("-") for form in forms}
    assert sum(len({form.strip("-") for form in root.forms}) for root in roots()) == len(marked)


def test_roots_are_sorted_by_their_first_form() -> None:
    first = [root.forms[0].strip("-") for root in roots()]
    assert first == sorted(first)
