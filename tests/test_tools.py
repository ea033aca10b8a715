"""The lists of names in data/, and the texts that the programs behind it leave out: held-out names
and verse, and unwanted words."""

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from unicodedata import category, normalize

import pytest

from bot.cards.bodies import BODIES
from model.files import PROGRAM, read_table
from model.text import sources
from model.text.corpus import Corpus
from model.text.sources import DINOSAURS, fossils, names_corpus
from model.text.vocabulary import Vocabulary
from tools.genera import far_from
from tools.poetry import Poetry


def names_in(path: Path) -> list[str]:
    return path.read_text(encoding="ascii").splitlines()


READ = names_in(DINOSAURS)
GENERA = names_in(sources.GENERA)
NEAR = names_in(sources.NEAR_GENERA)
OTHERS = names_in(sources.OTHER_GENERA)


@pytest.mark.parametrize("names", [READ, GENERA, NEAR, OTHERS, list(fossils())])
def test_names_are_plain_and_sorted(names: Sequence[str]) -> None:
    assert sorted(set(names)) == names
    assert all(re.fullmatch("[a-z]{2,}", name) for name in names)


def test_no_dinosaur_is_in_another_list() -> None:
    assert set(READ).isdisjoint([*GENERA, *NEAR, *OTHERS, *fossils()])
    assert set(GENERA).isdisjoint(NEAR)
    assert set(OTHERS).isdisjoint([*GENERA, *NEAR, *fossils()])


def test_the_group_of_a_fossil_is_a_noun_with_its_article() -> None:
    for group in fossils().values():
        assert re.fullmatch(r"(a(?= [^aeiou])|an(?= [aeiou])) [a-zA-Z ,;-]+", group), group


def test_a_real_dinosaur_has_an_age_a_size_and_a_drawing() -> None:
    columns = ("genus", "from", "to", "food", "metres", "places", "body")
    rows = read_table(PROGRAM / "data" / "real_dinosaurs.tsv", columns)
    genera = [row[0] for row in rows]
    assert sorted(set(genera)) == genera
    assert set(genera) <= set(READ)
    for _, oldest, youngest, food, metres, places, body in rows:
        assert 252 > int(oldest) > int(youngest) >= 66
        assert 0 < float(metres) < 40
        assert re.fullmatch("[a-z, ]+", food), food
        assert re.fullmatch("(the )?[A-Z][A-Za-z, ]+", places), places
        assert body in BODIES


def test_first_names_are_written_in_latin_letters_once() -> None:
    rows = read_table(PROGRAM / "data" / "first_names.tsv", ("name", "latin"))
    names = [name for name, _ in rows]
    assert sorted(set(names)) == names
    for name, latin in rows:
        assert {category(character)[0] for character in name} <= {"L", "M"}
        assert normalize("NFC", name).lower() == name
        assert re.fullmatch("[a-z]{2,}", latin), name


def test_the_corpus_reads_no_genus_that_resembles_a_held_out_dinosaur() -> None:
    corpus = names_corpus()
    assert sorted(corpus.training + corpus.held_out) == READ
    assert {*corpus.pretraining} == {*GENERA, *corpus.reading}
    assert {*corpus.reading} == {*fossils()} - {*NEAR}
    assert far_from(corpus.held_out, corpus.pretraining) == [*corpus.pretraining]


SONNET = "when i do count the clock that tells the time,"
HELD_OUT = "two loves i have of comfort and despair,"
PLAY = (
    "but soft, what light through yonder window breaks?\ni bring the beauty of my gentle death to"
    " others and see the brave day sunk in hideous night"
)
TEXTS = (SONNET, HELD_OUT, PLAY)
SHAKESPEARE = Corpus(
    "verse", TEXTS[:1], TEXTS[1:2], TEXTS[2:], Vocabulary.from_texts(TEXTS), "digest"
)
UNREAD = "The clock that tells the night and day is brave,"
GOOD = [
    "I see the beauty of the night and day,",
    "And count the brave, the others of the time;",
    "But beauty breaks the gentle night and day,",
    "And death in hideous light, and in the night.",
    "The window breaks, and others see the night;",
    "I bring the light of others to the night,",
    "And gentle night is sunk in beauty, death,",
    "And in the night I count the time of death.",
]
MORE = [line.replace("night", "clock") for line in GOOD]
MORE[1] = "And count the brave, the others of the day;"


@pytest.mark.parametrize(
    "line",
    [
        "I see the night,",
        "the beauty of the night and of the day",
        "HAMLET. I see the beauty of the night",
        "A Long Night of Beauty, Death and Hideous Light",
        "But soft! What light through yonder window breaks?",
        "When I doe count the clock that tells the tyme",
        "O TWO LOVES I Have -- of Comfort; and Despair",
        "The clock, that tells the night! and day is braue",
        "And see the gouda of the night and day,",
        "I see the beauty of the night -- and day!",
    ],
)
def test_a_line_that_is_no_good_ends_a_document(line: str) -> None:
    """It is prose, a line of Shakespeare's or of a held-out document in another spelling, has an
    unwanted word, or was there before."""
    chooser = Poetry(SHAKESPEARE, [sha256(b"gouda").hexdigest()[:16]], [UNREAD])
    assert list(chooser.documents([*GOOD, line, *MORE])) == ["\n".join(GOOD), "\n".join(MORE)]
