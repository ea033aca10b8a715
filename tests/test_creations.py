"""Recorded creations come out again, byte for byte, and what sonnets depend on beside their weights stays as it was.

`creations.jsonl` holds 300 requests of the first release with the texts that were drawn: several scripts, temperatures
from 0 to 2, top-p, known words, and poems that continue poems. It also holds 160 creations of the bot with what people
read, recorded before 0.2.0 was rebuilt: 60 times names of the version in use then, 30 continued poems, 40 sonnets, half
of them after strange first lines, and 30 creations of a voice that writes capitals and accents. A change that fails
here breaks the codes that people have kept.
"""

from hashlib import sha256
from pathlib import Path

import pytest

from model.files import ROOT
from tests.recorded import FIRST_RELEASE, RECORDED, VERSIONS, Record, drawn, sum_of, tables_of_sonnets, written

REQUESTS = [record for record in RECORDED if "texts" in record]
CREATIONS = [record for record in RECORDED if "shown" in record]
VOICED = [record for record in CREATIONS if "voice" in record]
NAMES, POEMS, SONNETS = (
    [record for record in CREATIONS if record["genre"] == genre and record not in VOICED]
    for genre in ("dino", "poem", "sonnet")
)
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
"""As `sum_of` in `recorded.py` makes them."""


def test_the_first_release_draws_from_all_characters() -> None:
    """The bot asks for the top-p of the version, so a later default does not change the text of an old code."""
    for network, version in FIRST_RELEASE.items():
        assert VERSIONS[network].load(version).description.top_p == 1


def test_526_creations_are_recorded() -> None:
    assert [len(kind) for kind in (REQUESTS, NAMES, POEMS, SONNETS, VOICED)] == [300, 90, 60, 46, 30]


@pytest.mark.parametrize("network", ["dino", "poem"])
def test_requests_of_the_first_release_draw_the_same_texts(network: str) -> None:
    records = [record for record in REQUESTS if record["network"] == network]
    assert drawn(records, network) == [(record["texts"], record["fails"]) for record in records]


@pytest.mark.parametrize("records", [NAMES, POEMS, VOICED, SONNETS[::11]], ids=["names", "poems", "voice", "sonnets"])
async def test_people_read_what_they_read_before(records: list[Record], tmp_path: Path) -> None:
    assert await written(records, tmp_path) == [record["shown"] for record in records]


@pytest.mark.recorded
@pytest.mark.parametrize("first", range(0, 46, 2))
async def test_every_sonnet_is_what_people_read_before(first: int, tmp_path: Path) -> None:
    records = SONNETS[first : first + 2]
    assert await written(records, tmp_path) == [record["shown"] for record in records]


def test_pronunciations_are_those_that_sonnets_were_written_with() -> None:
    """Another file changes sonnets that people have kept, so it needs a name of its own."""
    content = (ROOT / "data" / "prosody" / "1" / "pronunciations.txt").read_bytes()
    assert sha256(content).hexdigest() == "22117ee8d87be6561d2dc2aacfbd9a6ee942409249586c5d52de632a6af704f6"


def test_tables_are_those_that_sonnets_were_written_with() -> None:
    assert {name: sum_of(table) for name, table in tables_of_sonnets().items()} == SUMS
