"""Recorded creations, and the only ways that tests know from a record to its text and to the tables of sonnets.

Whoever moves code edits the functions here, but neither `creations.jsonl` nor the sums in `test_creations.py`.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import shutil
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.chat import Explained
from bot.creations import Creation
from bot.shelf import Shelf
from bot.words import layout
from model.checkpoint.versions import Versions
from model.files import ROOT
from model.sonnets import lines, metre, partners, pronunciation, rhyme, scansion, search, tables
from model.sonnets.prosody import prosody
from model.text.forms import Genre
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, Sampling, VerseRequest, generator_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Record = dict[str, Any]

RECORDED: list[Record] = [
    json.loads(line) for line in (ROOT / "tests" / "creations.jsonl").read_text(encoding="utf-8").splitlines()
]
FIRST_RELEASE = {"dino": "565c4cdbe29e", "poem": "cf4b27233ab0"}
VERSIONS = {name: Versions(ROOT / "checkpoints" / name) for name in ("dino", "poem")}
VOICE = "k7m2p9x"  # weights of 16 units for names and others for verse, trained with --alphabet own


def drawn(records: Sequence[Record], network: str) -> list[tuple[list[str], bool]]:
    """Return the texts that a network of the first release draws for records, and whether it fails."""
    results = Decoder(VERSIONS[network].load(FIRST_RELEASE[network])).generate([_request(record) for record in records])
    return [(list(result.texts), result.error is not None) for result in results]


def _request(record: Record) -> Request:
    generator = generator_for(record["seed"], record["turn"])
    sampling = Sampling(record["temperature"], record["top_p"])
    if record["network"] == "dino":
        return NameRequest(generator, record["count"], record["prompt"], sampling)
    return VerseRequest(generator, record["prompt"], sampling, known_words=record["known_words"])


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
