"""Roots: a name has the parts that are known, each at its place, and none where two readings are
equally good."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.words.layout import meaning
from model.names.roots import parts_of, roots

LANGUAGES = """
Greek Latin English Spanish Portuguese French German Italian Polish Hungarian Norse Russian
Chinese Mongolian Korean Japanese Ainu Thai Kazakh Uzbek Uyghur Persian Sanskrit Arabic Hebrew
Tuareg Sotho Chewa Swahili Malagasy Taíno Navajo Lakota Dakota Blackfoot Crow Iñupiaq Quechua
Mapudungun Afrikaans Basque Bengali Berber Catalan Cherokee Czech Danish Dharug Dutch Egyptian
Gaelic Gujarati Hausa Hindi Inuit Khoekhoe Kongo Lao Maasai Malay Manchu Maori Mayi Millcayac
Nahuatl Nepali Occitan Paiute Romanian Swedish Tamil Tehuelche Telugu Tibetan Tupi Turkish Urdu
Ute Vietnamese Welsh Xhosa Zulu Zuni
"""
names = st.one_of(
    st.text(),
    st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz")),
    st.lists(
        st.sampled_from([form.strip("-") for root in roots() for form in root.forms]), max_size=4
    ).map("".join),
)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("onychodon", "onych-, claw, and -odon, tooth"),
        ("Triceratops", "tri-, three, and -ceratops, horned face"),
        ("parasaurolophus", "para-, beside, -sauro-, lizard, and -lophus, crest"),
        ("melanorosaurus", "melan-, black, -oro-, mountain, and -saurus, lizard"),
        ("Astrophotosaurus", "astro-, star, -photo-, light, and -saurus, lizard"),
        ("spinops", "spin-, spine, and -ops, face"),
        ("sinornis", "sin-, China, and -ornis, bird"),
        ("iguanodon", "iguan-, iguana, and -odon, tooth"),
        ("taurovenator", "tauro-, bull, and -venator, hunter"),
        # known in part
        ("Mangopus", "-pus, foot"),
        ("Mangolops", "-ops, face"),
        ("Mangosaura", "-saura, lizard"),
        ("Mangosaurus", "-saurus, lizard"),
        ("Mangolophodon", "-loph-, crest, and -odon, tooth"),
        ("Priodontognathus", "-odonto-, tooth, and -gnathus, jaw"),
        ("Brachytrachelopan", "brachy-, short, and -trachelo-, neck"),
        ("Labrosaurus", "-saurus, lizard"),  # "fierce lizard", which is not abro-, delicate
        ("Ferganocephale", "-cephale, head"),  # from Fergana, which is not gano-, brightness
        ("Quintasaurus", "-saurus, lizard"),  # the fifth, and none of the Uinta Mountains
        ("Borealestes", "boreal-, north, and -lestes, robber"),  # the two roots share a letter
        ("Frickavenator", "-venator, hunter"),
        ("Astrophocaudia", "astro-, star, and -caudia, tail"),
        ("brachytaenius", "brachy-, short"),
        ("Monkonosaurus", "-saurus, lizard"),  # mon- without its o is not mono-
        # tri- ends in a vowel, needs no link, and is too short to stand alone
        ("triosaurus", "-saurus, lizard"),
        ("saurussaurus", "-saurus, lizard"),  # -saurus ends a name
        ("paraxxtri", "para-, beside"),  # tri- does not
        # unknown, or one of two readings
        ("", ""),
        ("raptor", ""),  # one root is no composition
        ("galeamopus", ""),  # "needs a helmet", so -pus is no foot here
        ("eodx", ""),
        ("mango!", ""),
        ("protorosaurus", ""),  # prot-, first + -oro-, mountain, or pro-, before + -toro-, piercing
        ("saurus" * 20, ""),  # longer than any
    ],
)
def test_the_parts_of_a_name_with_their_meanings(name: str, line: str) -> None:
    shown = [
        f"{'-' * (part.start > 0)}{part.letters}{'-' * (part.end < len(name))}, {part.root.meaning}"
        for part in parts_of(name.lower())
    ]
    assert ", ".join(shown) == line.replace("and ", "")
    is_whole = sum(part.end - part.start for part in parts_of(name.lower())) == len(name)
    assert str(meaning(name)) == (line if is_whole else "")


@pytest.mark.parametrize(
    ("name", "letters", "word", "line"),
    [
        ("pizzanykus", "pizza", "pizza", "pizza claw"),
        ("mangosaurus", "mango", "Mango", "Mango lizard"),
        ("mangops", "mango", "mango", "mango face"),
        ("pizzadon", "pizza", "pizza", "pizza tooth"),
        ("footballosaurus", "football", "football", "football lizard"),
        ("busaurus", "bus", "bus", "bus lizard"),
        ("koelnosaurus", "koeln", "Köln", "Köln lizard"),
        ("dinovenator", "dino", "", "dino-, terrible, and -venator, hunter"),  # a beginning
        ("dinovenator", "dino", "dino", "dino hunter"),
        ("olgasaurus", "olga", "Olga", "Olga lizard"),  # it accuses nobody
        ("annaxxlong", "anna", "Anna", ""),  # both parts or none
        ("anornis", "an", "", ""),
    ],
)
def test_a_name_of_a_word_means_the_word_and_its_root(
    name: str, letters: str, word: str, line: str
) -> None:
    assert str(meaning(name, letters, word)) == line


@given(names)
def test_parts_stand_where_they_say_one_after_the_other(name: str) -> None:
    name, start, end = name.lower(), -1, 0
    assert not meaning(name) or parts_of(name)
    for part in parts_of(name):
        assert part.start > start
        assert part.end > end
        assert name[part.start : part.end] == part.letters
        assert any(
            form.strip("-").startswith(part.letters.rstrip("oi")) for form in part.root.forms
        )
        start, end = part.start, part.end
    assert end <= len(name)


def test_every_root_has_a_language_a_source_a_meaning_and_its_own_forms() -> None:
    assert len(roots()) >= 2000
    for root in roots():
        language, _, word = root.source.partition(" ")
        assert language in LANGUAGES.split()
        assert word.strip()
        assert root.meaning.strip()
        assert all(re.fullmatch("-?[a-z]+|[a-z]+-", form) for form in root.forms)
    of_roots = [{form.strip("-") for form in root.forms} for root in roots()]
    assert len(set().union(*of_roots)) == sum(map(len, of_roots))
    first = [root.forms[0].strip("-") for root in roots()]
    assert first == sorted(first)
