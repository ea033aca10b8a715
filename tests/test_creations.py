"""Recorded creations come out again, byte for byte.

`creations.jsonl` holds creations of the bot with the texts that people read: names, poems and
sonnets. Some names begin with strange letters, and some poems go on from others. A change that
fails here breaks the codes that people keep.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Explained
from bot.creations import Creation
from bot.settings import Settings
from bot.words import layout
from model.files import ROOT
from model.text.forms import Genre
from tests.serving import serving

Record = dict[str, Any]

RECORDED: list[Record] = [
    json.loads(line)
    for line in (ROOT / "tests" / "creations.jsonl").read_text(encoding="utf-8").splitlines()
]
NAMES, POEMS, SONNETS = (
    [record for record in RECORDED if record["genre"] == genre]
    for genre in (Genre.DINO, Genre.POEM, Genre.SONNET)
)


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(NAMES, id="names"),
        pytest.param(POEMS[::13], id="poems"),
        pytest.param(POEMS, marks=pytest.mark.recorded),
        pytest.param(SONNETS, marks=pytest.mark.recorded),
    ],
)
async def test_people_read_the_same_as_before(
    records: list[Record], settings: Settings, released: Path
) -> None:
    """The bot writes these creations again, side by side. The text of one that fails is ""."""
    assert records
    async with serving(settings, checkpoints=released) as chat:

        async def read(record: Record) -> str:
            facts = {name: value for name, value in record.items() if name != "shown"}
            made = Creation(code="", person=0, **facts | {"genre": Genre(facts["genre"])})
            try:
                shown = layout.shown(await chat.bot.shelf.write(made))
            except Explained:
                return ""
            if made.genre is Genre.DINO:
                return "\n".join(text for text, style in shown if style == "name")
            return str(shown)

        texts = await asyncio.gather(*map(read, records))
    assert texts == [record["shown"] for record in records]
