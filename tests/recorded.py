"""Recorded creations, and what one machine writes: `python -m tests.recorded` prints that for
`test_machines.py`.

An environment variable makes NumPy or OpenBLAS compute as on another processor.
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info

from model.files import ROOT
from model.weights.checkpoint import TANH_DIGITS
from model.weights.versions import Versions
from model.writing.decoder import Decoder
from model.writing.requests import (
    NameRequest,
    Request,
    Result,
    Sampling,
    SonnetRequest,
    VerseRequest,
    generator_for,
)
from tests.decoding import knowing, with_tanh

Record = dict[str, Any]

RECORDED: list[Record] = [
    json.loads(line)
    for line in (ROOT / "tests" / "creations.jsonl").read_text(encoding="utf-8").splitlines()
]
FIRST_RELEASE = {"dino": "565c4cdbe29e", "poem": "cf4b27233ab0"}
VERSIONS = {name: Versions(ROOT / "checkpoints" / name) for name in ("dino", "poem")}
REQUESTS = {
    network: [record for record in RECORDED if record.get("network") == network]
    for network in VERSIONS
}
FEATURES = {"AVX2": {"X86_V4"}, "no FMA": {"X86_V4", "X86_V3"}}
WITH_AVX512, WITH_AVX2 = {"SkylakeX", "Cooperlake", "SapphireRapids"}, {"Haswell", "Zen"}
OLD_NAMES, OLD_VERSE = REQUESTS["dino"][:50], REQUESTS["poem"][:10]


def drawn(records: Sequence[Record], network: str) -> list[tuple[list[str], bool]]:
    """Return the texts that a network of the first release draws for records, and
    whether it fails."""
    plain = VERSIONS[network].load(FIRST_RELEASE[network])
    found: dict[int, Result] = {}
    for checkpoint, keeps_words in ((plain, False), (knowing(plain, plain.known_words), True)):
        chosen = [
            at
            for at, record in enumerate(records)
            if record.get("known_words", False) == keeps_words
        ]
        found |= zip(
            chosen,
            Decoder(checkpoint).generate([_request(records[at]) for at in chosen]),
            strict=True,
        )
    return [(list(found[at].texts), found[at].error is not None) for at in range(len(records))]


def _request(record: Record) -> Request:
    generator = generator_for(record["seed"], record["turn"])
    sampling = Sampling(record["temperature"], record["top_p"])
    if record["network"] == "dino":
        return NameRequest(generator, record["count"], record["prompt"], sampling)
    return VerseRequest(generator, record["prompt"], sampling)


def settings_of_machines() -> dict[str, dict[str, str]]:
    """Return environment variables by setting: for this machine, and for machines that it can
    compute like.

    NumPy only warns of a feature that it has not found, so such a feature is left out here.
    """
    found = {*np.show_config(mode="dicts")["SIMD Extensions"]["found"]}
    here = {library.get("architecture") for library in threadpool_info()}
    kernels = {"AVX2": "Haswell"} if here & WITH_AVX512 else {}
    kernels |= {"no FMA": "Nehalem"} if here & (WITH_AVX512 | WITH_AVX2 | {"Sandybridge"}) else {}
    like: dict[str, dict[str, str]] = {"this machine": {}}
    for name, features in FEATURES.items():
        if features & found:
            like[name] = {"NPY_DISABLE_CPU_FEATURES": " ".join(features & found)}
        if name in kernels:
            like[name] = like.get(name, {}) | {"OPENBLAS_CORETYPE": kernels[name]}
    return like


def written_here(turns_of_sonnets: list[int]) -> dict[str, Any]:
    """Return 60 creations of old versions, 150 and sonnets of new ones, and the bytes of the
    processor's tanh."""
    poems = [
        VerseRequest(generator_for(1, turn), "", min_characters=30, max_characters=60)
        for turn in range(50)
    ]
    return {
        "tanh": np.tanh(np.linspace(-4, 4, 10_001, dtype=np.float32)).tobytes().hex(),
        "old names": drawn(OLD_NAMES, "dino"),
        "old verse": drawn(OLD_VERSE, "poem"),
        "new names": _new("dino", [NameRequest(generator_for(1, turn)) for turn in range(100)]),
        "new verse": _new("poem", [*poems]),
        "new sonnets": _new(
            "poem", [SonnetRequest(generator_for(1, turn)) for turn in turns_of_sonnets]
        ),
    }


def _new(network: str, requests: list[Request]) -> list[tuple[str, ...]]:
    """Return what weights of the first release write with tanh from the table."""
    checkpoint = VERSIONS[network].load(FIRST_RELEASE[network])
    return [
        result.texts for result in Decoder(with_tanh(checkpoint, TANH_DIGITS)).generate(requests)
    ]


if __name__ == "__main__":
    json.dump(written_here([int(turn) for turn in sys.argv[1:]]), sys.stdout)
