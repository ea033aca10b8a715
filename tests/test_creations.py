"""Recorded creations come out again, byte for byte, and what they depend on beside their weights
stays as it was.

`creations.jsonl` holds 300 requests of the first release with the texts that were drawn: several
scripts, temperatures from 0 to 2, top-p, known words, and poems that continue poems. It also holds
292 creations of the bot with what people read: names and poems of several versions, some of which
continue poems, sonnets, many after strange first lines, and 30 creations of a voice that writes
capitals and accents. A change that fails here breaks the codes that people have kept. Whoever moves
code edits how this file reaches it, but neither `creations.jsonl` nor SUMS.
"""

import asyncio
import html
import json
import re
import shutil
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Explained
from bot.creations import Creation
from bot.shelf import Shelf
from bot.words import layout
from model.files import ROOT
from model.names import composition
from model.text.forms import LONGEST_NAME, Genre
from model.verse import (
    free,
    lines,
    metre,
    partners,
    poem,
    pronunciation,
    rhyme,
    scansion,
    seam,
    search,
    sonnet,
    tables,
)
from model.verse.prosody import prosody
from model.writing import names
from tests.recorded import FIRST_RELEASE, RECORDED, REQUESTS, VERSIONS, Record, drawn

CREATIONS = [record for record in RECORDED if "shown" in record]
VOICED = [record for record in CREATIONS if "voice" in record]
NAMES, POEMS, SONNETS = (
    [record for record in CREATIONS if record["genre"] == genre and record not in VOICED]
    for genre in ("dino", "poem", "sonnet")
)
VOICE = "k7m2p9x"  # weights of 16 units for names and others for verse, trained with --alphabet own


def test_the_first_release_draws_from_all_characters() -> None:
    """The bot asks for the top-p of the version, so a later default does not change the text of an
    old code."""
    for network, version in FIRST_RELEASE.items():
        assert VERSIONS[network].load(version).description.top_p == 1


def test_592_creations_are_recorded() -> None:
    assert [len(kind) for kind in (*REQUESTS.values(), NAMES, POEMS, SONNETS, VOICED)] == [
        150,
        150,
        120,
        90,
        52,
        30,
    ]


@pytest.mark.parametrize(
    ("network", "every"),
    [("dino", 1), ("poem", 3), pytest.param("poem", 1, marks=pytest.mark.recorded)],
)
def test_requests_of_the_first_release_draw_the_same_texts(network: str, every: int) -> None:
    records = REQUESTS[network][::every]
    assert drawn(records, network) == [(record["texts"], record["fails"]) for record in records]


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(NAMES, id="names"),
        pytest.param(
            POEMS[:60:3] + POEMS[62::15], id="poems"
        ),  # those that were written by lines take longer
        pytest.param(POEMS, marks=pytest.mark.recorded),
        pytest.param(VOICED, id="voice"),
        pytest.param([SONNETS[15], SONNETS[50]], id="sonnets"),  # one of each edition
        *(pytest.param(SONNETS[at : at + 2], marks=pytest.mark.recorded) for at in range(0, 52, 2)),
    ],
)
async def test_people_read_what_they_read_before(records: list[Record], tmp_path: Path) -> None:
    assert await written(records, tmp_path) == [record["shown"] for record in records]


async def written(records: Sequence[Record], folder: Path) -> list[str]:
    """Return what people read when the bot writes these creations again, without the small print;
    "" if it cannot.

    They are written side by side, from checkpoints in an empty folder.
    """
    for network in VERSIONS:
        (folder / network).symlink_to(ROOT / "checkpoints" / network)
    voice = shutil.copytree(ROOT / "tests" / "weights", folder / "voices" / VOICE)
    (voice / "about.json").write_text("{}")
    shelf = Shelf(folder)

    async def read(record: Record) -> str:
        facts = {name: value for name, value in record.items() if name != "shown"}
        facts |= {"genre": Genre(facts["genre"]), "voice": VOICE if "voice" in facts else ""}
        made = Creation(code="", person=0, **facts)
        try:
            return _plain(made, layout.reply(made, await shelf.write(made)))
        except Explained:
            return ""

    try:
        return await asyncio.gather(*map(read, records))
    finally:
        await shelf.close()


def _plain(made: Creation, shown: str) -> str:
    is_verse = made.genre is not Genre.DINO
    return html.unescape(
        re.sub("</?b>", "", shown) if is_verse else "\n".join(re.findall("<b>(.*?)</b>", shown))
    )


# What texts depend on beside their weights.

SUMS = {
    "tables": "df11f9bb57ffa960f0f92d46e7c4378f544704a65ac009cf2f9a4c7acbe9bca9",
    "constants": "da18e3b2bbbd3ffc59a0197eaca9eb023e4c0450e4cd075f8db836f64c788138",
    "the second edition": "7834acc652b6fc65977baa990fb38e1b15c8cf98f8fb8e6ce0e797642a56d010",
    "poems": "54a2376d1275794c953edbd16ea1bf791d87fca96d738535d2f0216ddec2a3e5",
    "names": "845e63b6e463cbf7a89866a86fc70b97830d20bdff762a7f3f6b39513632b92e",
    "words as they sound": "18c51aee3ebd7c9962d32d3dbefa23aabd048b9f0e960a9501282b57bc9a68b3",
    "words in the second edition": (
        "6d9db2aaef85b6bbe5a1a26928c0bcdeb5317375e9642a6ae66f02f37ca929e8"
    ),
}


def test_tables_and_constants_are_those_that_texts_were_written_with() -> None:
    assert {name: sum_of(value) for name, value in beside_weights().items()} == SUMS


def beside_weights() -> dict[str, object]:
    """Return the tables as they are read, the constants of all rules, and how each word of released
    verse sounds."""
    first, known_words = prosody(), VERSIONS["poem"].load(FIRST_RELEASE["poem"]).known_words
    forms, rhymes = first.pronounce.forms, first.rhymes
    strict = pronunciation.Pronouncer(first.dictionary.pronunciations, forms, strict=True)
    costs = [
        search.COST_OF_REPETITION,
        search.COST_OF_OVERUSE,
        search.COST_OF_MIXING,
        search.SHARE_OF_LEANING,
    ]
    by_first_fit = [
        [*table.items()] for table in (forms.suffixes, forms.prefixes)
    ]  # so their order counts
    by_hand = [forms.words, by_first_fit, forms.spellings]
    return {
        "tables": [
            *by_hand,
            rhymes.learned,
            rhymes.promoted,
            first.never_last,
            first.often,
            first.addresses,
        ],
        "constants": [
            [
                pronunciation.VOICELESS,
                pronunciation.SIBILANTS,
                pronunciation.VOWELS,
                rhyme.ONSETS,
                rhyme.DULL,
            ],
            [
                pronunciation.LONGEST_WORD,
                pronunciation.MOST_APOSTROPHES,
                pronunciation.MOST_READINGS,
            ],
            [
                metre.SYLLABLES,
                metre.LONGEST,
                metre.PRONOUNS,
                scansion.LATEST_START,
                scansion.PUNCTUATION,
            ],
            [
                partners.ENOUGH,
                search.MOST_CHARACTERS,
                lines.PRECISION,
                lines.OF_DRAWN,
                tables.ENOUGH_WORDS,
            ],
            [sonnet.ROWS, sonnet.SCHEME, sonnet.STOPS, search.LOWEST_TEMPERATURE, search.ATTEMPTS],
            [{kind.name: cost for kind, cost in sonnet.COSTS.items()}, costs],
        ],
        "the second edition": [
            {kind.name: cost for kind, cost in sonnet.EDITIONS[2][0].items()},
            [
                sonnet.EDITIONS[2][1],
                sonnet.EE,
                sonnet.LINE_OF_THING,
                sonnet.LONGEST_THING,
                sonnet.THING.pattern,
            ],
        ],
        "poems": [
            [poem.COST_OF_NAMES, poem.LONG_WORD],
            [tables.STOPS, free.STOPS, free.UNUSUAL],
            [
                seam.WHOLE,
                seam.LIKELY,
                seam.MARKS,
                seam.LONG,
                seam.LINES,
                seam.MORE_LINES,
                seam.LINES_OF_A_PART,
            ],
        ],
        "names": [
            [composition.LINKS, composition.VOWELS, composition.SHORTEST_BETWEEN],
            [names.SHORTEST, names.LONGEST, names.LONGEST_PARTLY, names.LETTERS_MORE, LONGEST_NAME],
            [names.SEQUENCE, names.OWN_NAME, names.JOINT.pattern],
        ],
        "words as they sound": [
            [
                word,
                found,
                metre.patterns(word, found),
                [[*rhyme.endings(one)] for one in found],
                rhyme.letters(word),
            ]
            for word in sorted(known_words)
            for found in [first.pronounce(word)]
        ],
        "words in the second edition": [[word, strict(word)] for word in sorted(known_words)],
    }


def sum_of(value: object) -> str:
    """Return the sha256 of a value as JSON in ASCII with sorted keys and no white space; sets are
    sorted lists."""
    return sha256(
        json.dumps(_listed(value), sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _listed(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        return sorted(_listed(one) for one in value)
    return [_listed(one) for one in value] if isinstance(value, list | tuple | range) else value
