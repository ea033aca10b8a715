"""What one machine writes: `python -m tests.machines` prints it, for `test_machines.py` to compare.

An environment variable makes NumPy or OpenBLAS compute as on another processor.
"""

import json
import sys
from typing import Any

import numpy as np

from model.checkpoint.encoding import TANH_DIGITS
from model.writing.decoder import Decoder
from model.writing.requests import NameRequest, Request, SonnetRequest, VerseRequest, generator_for
from tests.decoding import with_tanh
from tests.recorded import FIRST_RELEASE, RECORDED, VERSIONS, drawn

OLD_NAMES, OLD_VERSE = (
    [record for record in RECORDED if record.get("network") == network][:count]
    for network, count in (("dino", 50), ("poem", 10))
)


def new(network: str, requests: list[Request]) -> list[tuple[str, ...]]:
    """Return what released weights write with tanh from the table."""
    checkpoint = VERSIONS[network].load(FIRST_RELEASE[network])
    return [result.texts for result in Decoder(with_tanh(checkpoint, TANH_DIGITS)).generate(requests)]


def written(turns_of_sonnets: list[int]) -> dict[str, Any]:
    """Return 60 creations of old versions, 300 and sonnets of new ones, and the bytes of the processor's tanh."""
    poems = [VerseRequest(generator_for(1, turn), "", min_characters=30, max_characters=60) for turn in range(100)]
    return {
        "tanh": np.tanh(np.linspace(-4, 4, 10_001, dtype=np.float32)).tobytes().hex(),
        "old names": drawn(OLD_NAMES, "dino"),
        "old verse": drawn(OLD_VERSE, "poem"),
        "new names": new("dino", [NameRequest(generator_for(1, turn)) for turn in range(200)]),
        "new verse": new("poem", [*poems]),
        "new sonnets": new("poem", [SonnetRequest(generator_for(1, turn)) for turn in turns_of_sonnets]),
    }


if __name__ == "__main__":
    json.dump(written([int(turn) for turn in sys.argv[1:]]), sys.stdout)
