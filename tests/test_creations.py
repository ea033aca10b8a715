"""Recorded creations come out again, byte for byte.

`creations.jsonl` holds creations of the bot with what people read: names, some of them below
strange first letters, poems, some of which go on from poems, and sonnets. A change that fails here
breaks the codes that people keep.
"""

import asyncio
import html
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.chat import Explained
from bot.creations import Creation
from bot.shelf import Shelf
from bot.words import layout
from model.files import ROOT
from model.text.forms import Genre

Record = dict[str, Any]

RECORDED: list[Record] = [
    json.loads(line)
    for line in (ROOT / "tests" / "creations.jsonl").read_text(encoding="utf-8").splitlines()
]
NAMES, POEMS, SONNETS = (
    [record for record in RECORDED if record["genre"] == genre] for genre in Genre
)


@pytest.mark.parametrize(
    "records",
    [
        pytest.param(NAMES, id="names"),
        pytest.param(POEMS[::5], id="poems"),
        pytest.param(SONNETS[:1], id="sonnet"),
        pytest.param(POEMS, marks=pytest.mark.recorded),
        pytest.param(SONNETS, marks=pytest.mark.recorded),
    ],
)
async def test_people_read_what_they_read_before(records: list[Record], tmp_path: Path) -> None:
    assert records
    assert await written(records, tmp_path) == [record["shown"] for record in records]


async def written(records: Sequence[Record], folder: Path) -> list[str]:
    """Return what people read when the bot writes these creations again, side by side.

    The small print is left out. A creation that fails is "".
    """
    for network in ("dino", "poem"):
        (folder / network).symlink_to(ROOT / "checkpoints" / network)
    shelf = Shelf(folder)

    async def read(record: Record) -> str:
        facts = {name: value for name, value in record.items() if name != "shown"}
        made = Creation(code="", person=0, **facts | {"genre": Genre(facts["genre"])})
        try:
            return _plain(made, layout.reply(made, await shelf.write(made)))
        except Explained:
            return ""

    try:
        return await asyncio.gather(*map(read, records))
    finally:
        await shelf.close()


def _plain(made: Creation, shown: str) -> str:
    if made.genre is Genre.DINO:
        shown = "\n".join(re.findall("<b>(.*?)</b>", shown))
    return html.unescape(re.sub("</?b>", "", shown))
