"""Recorded creations come out again, byte for byte, and what sonnets depend on beside their weights stays as it was.

`creations.jsonl` holds 300 requests of the first release with the texts that were drawn: several scripts, temperatures
from 0 to 2, top-p, known words, and poems that continue poems. It also holds 226 creations of the bot with what people
read: names and poems of several versions, some of which continue poems, sonnets, many after strange first lines, and 30
creations of a voice that writes capitals and accents. A change that fails here breaks the codes that people have kept.
Whoever moves code edits how this file reaches it, but neither `creations.jsonl` nor SUMS.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest

from bot.chat import Explained
from bot.creations import Creation
from bot.shelf import Shelf
from bot.words import layout
from model.files import ROOT
from model.sonnets import lines, metre, partners, pronunciation, rhyme, scansion, search, tables
from model.sonnets.prosody import prosody
from model.text.forms import Genre
from tests.recorded import FIRST_RELEASE, RECORDED, REQUESTS, VERSIONS, Record, drawn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CREATIONS = [record for record in RECORDED if "shown" in record]
VOICED = [record for record in CREATIONS if "voice" in record]
NAMES, POEMS, SONNETS = (
    [record for record in CREATIONS if record["genre"] == genre and record not in VOICED]
    for genre in ("dino", "poem", "sonnet")
)
VOICE = "k7m2p9x"  # weights of 16 units for names and others for verse, trained with --alphabet own


def test_the_first_release_draws_from_all_characters() -> None:
    """The bot asks for the top-p of the version, so a later default does not change the text of an old code."""
    for network, version in FIRST_RELEASE.items():
        assert VERSIONS[network].load(version).description.top_p == 1


def test_526_creations_are_recorded() -> None:
    assert [len(kind) for kind in (*REQUESTS.values(), NAMES, POEMS, SONNETS, VOICED)] == [150, 150, 90, 60, 46, 30]


@pytest.mark.parametrize("network", REQUESTS)
def test_requests_of_the_first_release_draw_the_same_texts(network: str) -> None:
    records = REQUESTS[network]
    assert drawn(records, network) == [(record["texts"], record["fails"]) for record in records]


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(NAMES, id="names"),
        pytest.param(POEMS, id="poems"),
        pytest.param(VOICED, id="voice"),
        pytest.param([SONNETS[15], SONNETS[44]], id="sonnets"),  # one of each version
        *(pytest.param(SONNETS[at : at + 2], marks=pytest.mark.recorded) for at in range(0, 46, 2)),
    ],
)
async def test_people_read_what_they_read_before(records: list[Record], tmp_path: Path) -> None:
    assert await written(records, tmp_path) == [record["shown"] for record in records]


async def written(records: Sequence[Record], folder: Path) -> list[str]:
    """Return what people read when the bot writes these creations again, without the small print; "" if it cannot.

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
        await shelf.stop()


def _plain(made: Creation, shown: str) -> str:
    is_verse = made.genre is not Genre.DINO
    return html.unescape(re.sub("</?b>", "", shown) if is_verse else "\n".join(re.findall("<b>(.*?)</b>", shown)))


# What sonnets depend on.

SUMS = {
    "words said by hand": "fd908a9a4083e34a9de95793b8b81aa2e6368ac602bfc510c4adca9bd728fda8",
    "suffixes": "a5b7cfb7988f96f98bae303e03e985777cc6b53d370998d22bb8d6767615c9b6",
    "prefixes": "1b01a190c44b4963b87d5c04d25b2d7a4735124ad8ca380e0df67bbae0dd3b7b",
    "spellings": "afd3c2ad45f84a7c5efce11ecc528e1b92fd6814256f42540c94306b2f3eff03",
    "sounds": "bcf73a43113b10805776b56eaebd62046ffa4dff60e4a65c8187b196611dd082",
    "learned rhymes": "ca2792a4bbd76c0e0691c68fdb951846cbbf243761535f51812c961dbd7fd45b",
    "words at line ends": "d00633d5241bc4235bc1836d0bc293a298818883a38f9894b2ec18d1997ad519",
    "words that sonnets repeat or mix": "22276450c42236401443963b54ffdbc9be9bd6bc38dee0199299bada629a9a1a",
    "marks": "9a9918ca5b39e0d33d1f50abe5b9fb4fd1eb07298d1472f6ede68dabca9658ff",
    "numbers": "ad1d1e7387815310a4c3f2d5289cd1ae88d53285149c508f97d5e7ac6e7a6f0b",
    "words as they sound": "18c51aee3ebd7c9962d32d3dbefa23aabd048b9f0e960a9501282b57bc9a68b3",
}


def test_tables_are_those_that_sonnets_were_written_with() -> None:
    assert {name: sum_of(table) for name, table in tables_of_sonnets().items()} == SUMS


def tables_of_sonnets() -> dict[str, object]:
    """Return what sonnets depend on beside their weights and the file of pronunciations.

    Mappings whose order counts, as the first rule that fits a word wins, are lists of pairs here.
    """
    first = prosody()
    forms = first.pronounce.forms
    return {
        "words said by hand": {word: ", ".join(map(" ".join, readings)) for word, readings in forms.words.items()},
        "suffixes": {letters: " ".join(sounds) for letters, sounds in forms.suffixes.items()},
        "prefixes": [(letters, " ".join(sounds)) for letters, sounds in forms.prefixes.items()],
        "spellings": forms.spellings,
        "sounds": [pronunciation.VOICELESS, pronunciation.SIBILANTS, pronunciation.VOWELS, rhyme.ONSETS, rhyme.DULL],
        "learned rhymes": [first.rhymes.learned, first.rhymes.promoted],
        "words at line ends": [metre.PRONOUNS, first.never_last],
        "words that sonnets repeat or mix": [first.often, first.addresses],
        "marks": [scansion.PUNCTUATION, search.STOPS],
        "numbers": {
            "longest word": pronunciation.LONGEST_WORD,
            "most apostrophes": pronunciation.MOST_APOSTROPHES,
            "most readings": pronunciation.MOST_READINGS,
            "syllables": [metre.SYLLABLES, metre.LONGEST, scansion.LATEST_START],
            "enough rhymes": partners.ENOUGH,
            "longest line": lines.MOST_CHARACTERS,
            "weights": [lines.PRECISION, lines.OF_DRAWN],
            "rows": search.ROWS,
            "partners": search.SCHEME,
            "coldest": search.LOWEST_TEMPERATURE,
            "attempts": search.ATTEMPTS,
            "costs": [
                {kind.name: cost for kind, cost in search.COSTS.items()},
                search.COST_OF_REPETITION,
                search.COST_OF_OVERUSE,
                search.COST_OF_MIXING,
                search.SHARE_OF_LEANING,
            ],
            "enough words": tables.ENOUGH_WORDS,
        },
        "words as they sound": _sounds(),
    }


def _sounds() -> list[list[object]]:
    """Return each word of the released verse with its readings, their stresses and what they rhyme with."""
    pronounce = prosody().pronounce
    known_words = VERSIONS["poem"].load(FIRST_RELEASE["poem"]).known_words
    return [
        [
            *(word, readings, metre.patterns(word, readings)),
            *([list(rhyme.endings(reading)) for reading in readings], rhyme.letters(word)),
        ]
        for word in sorted(known_words)
        for readings in [pronounce(word)]
    ]


def sum_of(value: object) -> str:
    """Return the sha256 of a value as JSON in ASCII with sorted keys and no white space; sets are sorted lists."""
    return sha256(json.dumps(_listed(value), sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _listed(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _listed(one) for key, one in value.items()}
    if isinstance(value, frozenset):
        return sorted(_listed(one) for one in value)
    return [_listed(one) for one in value] if isinstance(value, list | tuple | range) else value
