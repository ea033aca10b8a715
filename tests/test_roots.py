"""Roots: a name is taken apart where the whole of it is certain, and never otherwise."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.roots import LINKS, explained, parts_of, roots
from model.text.sources import names_corpus

letters = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz"))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("onychodon", "onych-, claw + -odon, tooth"),
        ("Triceratops", "tri-, three + -ceratops, horned face"),
        ("parasaurolophus", "para-, beside + -saur-, lizard + -lophus, crest"),
        ("spinops", "spin-, spine + -ops, face"),
        ("sinornis", "sin-, China + -ornis, bird"),
        ("iguanodon", "iguan-, iguana + -odon, tooth"),
        ("taurovenator", "tauro-, bull + -venator, hunter"),
    ],
)
def test_the_parts_of_a_name_with_their_meanings(name: str, line: str) -> None:
    assert explained(name) == line


@pytest.mark.parametrize(
    "name",
    [
        "",
        "raptor",  # one root is no composition
        "mangosaurus",  # mango is no root
        "saurussaurus",  # -saurus ends a name
        "venatorops",
        "odontri",  # tri- begins one
        "triosaurus",  # tri ends in a vowel and needs no link
        "eodx",
        "chasm",
        "mango!",
        "trıceratops",
    ],
)
def test_a_name_with_any_other_part_is_not_taken_apart(name: str) -> None:
    assert parts_of(name) == ()
    assert explained(name) == ""


@given(letters)
def test_parts_and_links_are_the_whole_name(name: str) -> None:
    rest = name
    for part in parts_of(name):
        link = next(link for link in LINKS if rest.startswith(link + part.form))
        rest = rest.removeprefix(link + part.form)
    assert rest in ("", name)


def test_one_dinosaur_in_ten_is_taken_apart() -> None:
    corpus = names_corpus()
    names = [*corpus.training, *corpus.held_out]
    assert sum(bool(parts_of(name)) for name in names) > len(names) / 10


def test_every_root_has_a_source_in_a_language_and_a_meaning() -> None:
    assert len(roots()) >= 150
    for root in roots():
        language, _, word = root.source.partition(" ")
        assert language in ("Greek", "Latin", "Taíno")
        assert word
        assert root.meaning
        assert all(form.strip("-").isalpha() and form == form.lower() for form in root.forms)


def test_every_form_belongs_to_one_root() -> None:
    forms = [form for root in roots() for form in root.forms]
    assert len(set(forms)) == len(forms)
    marked = {form.strip("-") for form in forms}
    assert sum(len({form.strip("-") for form in root.forms}) for root in roots()) == len(marked)


def test_roots_are_sorted_by_their_first_form() -> None:
    first = [root.forms[0].strip("-") for root in roots()]
    assert first == sorted(first)
