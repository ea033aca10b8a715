"""Recorded creations, and the only ways that tests know from a record to its text and to the tables of sonnets.

A change of rooms edits the functions here. It changes neither `creations.jsonl` nor the sums in `test_creations.py`.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from bot.conversation.replies import Reply, request_for
from bot.people.records import Creation, network_of
from bot.writing.archive import Archive
from model.checkpoint.versions import Versions
from model.decoding import elizabethan, lines, metre, partners, pronunciation, rhyme, scansion, searches, sonnet
from model.decoding.decoder import Decoder
from model.decoding.requests import NameRequest, Request, RequestError, Sampling, VerseRequest, generator_for
from model.files import ROOT
from model.text.dictionary import read_dictionary
from model.text.forms import Genre

if TYPE_CHECKING:
    from collections.abc import Sequence

Record = dict[str, Any]

RECORDED: list[Record] = [
    json.loads(line) for line in (ROOT / "tests" / "creations.jsonl").read_text(encoding="utf-8").splitlines()
]
FIRST_RELEASE = {"dino": "565c4cdbe29e", "poem": "cf4b27233ab0"}
VERSIONS = {name: Versions(ROOT / "checkpoints" / name) for name in ("dino", "poem")}
VOICE = "accents"  # weights of 16 units for names and others for verse, trained with --alphabet own


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


async def written(records: Sequence[Record]) -> list[str]:
    """Return what people read when the bot writes these creations again, without the small print; "" if it cannot.

    They are written side by side. The bot takes 16 sonnets at a time, each for a second.
    """
    archive = Archive({**VERSIONS, network_of(VOICE): Versions(ROOT / "tests" / "weights")})

    async def read(record: Record) -> str:
        facts = {name: value for name, value in record.items() if name != "shown"}
        made = Creation("", 0, Genre(facts.pop("genre")), **facts)
        try:
            return _plain(Reply(made, await archive.write(made.network, made.version, request_for(made))))
        except RequestError:
            return ""

    try:
        return await asyncio.gather(*map(read, records))
    finally:
        await archive.stop()


def _plain(reply: Reply) -> str:
    if reply.creation.genre is Genre.DINO:
        text = "\n".join(re.findall("<b>(.*?)</b>", reply.html))
    else:
        text = re.sub("</?b>", "", reply.html.rpartition("\n\n<i>")[0])
    return html.unescape(text)


def tables() -> dict[str, object]:
    """Return what sonnets depend on beside their weights and `data/pronunciations.txt`.

    Mappings whose order counts, as the first rule that fits a word wins, are lists of pairs here.
    """
    return {
        "words said by hand": elizabethan.BY_HAND,
        "suffixes": elizabethan.SUFFIXES,
        "prefixes": list(elizabethan.PREFIXES.items()),
        "spellings": elizabethan.SPELLINGS,
        "sounds": [pronunciation.VOICELESS, pronunciation.SIBILANTS, rhyme.VOWELS, rhyme.ONSETS, rhyme.DULL],
        "learned rhymes": [rhyme.LEARNED, rhyme.LEARNED_IF_PROMOTED],
        "words at line ends": [metre.PRONOUNS, partners.NEVER_LAST],
        "words that sonnets repeat or mix": [sonnet.FREE_WORDS, sonnet.ADDRESSES],
        "marks": [scansion.PUNCTUATION, sonnet.STOPS],
        "numbers": {
            "longest word": pronunciation.LONGEST_WORD,
            "most apostrophes": pronunciation.MOST_APOSTROPHES,
            "most readings": pronunciation.MOST_READINGS,
            "syllables": [metre.FEET, metre.LONGEST, scansion.LATEST_START],
            "enough rhymes": partners.ENOUGH,
            "longest line": lines.LONGEST_LINE,
            "weights": [lines.PRECISION, lines.OF_DRAWN],
            "rows": sonnet.ROWS,
            "partners": sonnet.PARTNERS,
            "coldest": sonnet.COLDEST,
            "attempts": sonnet.ATTEMPTS,
            "costs": [
                {kind.name: cost for kind, cost in sonnet.COSTS.items()},
                sonnet.COST_OF_REPETITION,
                sonnet.COST_OF_OVERUSE,
                sonnet.COST_OF_MIXING,
                sonnet.SHARE_OF_LEANING,
            ],
            "enough words": searches.ENOUGH_WORDS,
        },
        "words as they sound": _sounds(),
    }


def _sounds() -> list[list[object]]:
    """Return each word of the released verse with its readings, their stresses and what they rhyme with."""
    pronounce = pronunciation.Pronouncer(read_dictionary(ROOT / "data" / "pronunciations.txt").pronunciations)
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
