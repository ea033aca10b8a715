"""The released weights reproduce 300 recorded creations, byte for byte.

`creations.jsonl` holds the texts of the first release, each with its request: several scripts, temperatures from 0 to
2, top-p, known words, and poems that continue poems. A change that fails here breaks the codes that people have kept.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from model.checkpoint.versions import Versions
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, Sampling, VerseRequest, generator_for

ROOT = Path(__file__).parents[1]
RECORDED = [json.loads(line) for line in (ROOT / "tests" / "creations.jsonl").read_text(encoding="utf-8").splitlines()]
RELEASED = {"dino": "565c4cdbe29e", "poem": "cf4b27233ab0"}


def request(record: dict[str, Any]) -> Request:
    generator = generator_for(record["seed"], record["turn"])
    sampling = Sampling(record["temperature"], record["top_p"])
    if record["network"] == "dino":
        return NameRequest(generator, record["count"], record["prompt"], sampling)
    return VerseRequest(generator, record["prompt"], sampling, known_words=record["known_words"])


def test_the_first_release_draws_from_all_characters() -> None:
    """The bot asks for the top-p of the version, so a later default does not change the text of an old code."""
    for network, version in RELEASED.items():
        assert Versions(ROOT / "checkpoints" / network).load(version).description.top_p == 1


def test_300_creations_are_recorded() -> None:
    assert len(RECORDED) == 300


@pytest.mark.parametrize("network", ["dino", "poem"])
def test_recorded_creations_are_reproduced(network: str) -> None:
    checkpoint = Versions(ROOT / "checkpoints" / network).load(RELEASED[network])
    records = [record for record in RECORDED if record["network"] == network]
    results = Decoder(checkpoint).generate([request(record) for record in records])
    assert [list(result.texts) for result in results] == [record["texts"] for record in records]
    assert [result.error is not None for result in results] == [record["fails"] for record in records]
