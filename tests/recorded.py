"""Prints texts that this machine writes, as JSON, for `test_machines`: `python -m tests.recorded`.

Environment variables make NumPy and OpenBLAS compute as on another processor.
"""

import json
import sys

import numpy as np
from threadpoolctl import threadpool_info

from model.files import ROOT
from model.weights.versions import Versions
from model.writing.decoder import Decoder
from model.writing.requests import (
    NameRequest,
    Request,
    SonnetRequest,
    VerseRequest,
    generator_for,
)

VERSIONS = {name: Versions(ROOT / "checkpoints" / name) for name in ("dino", "poem", "letters")}
FEATURES = {"AVX2": {"X86_V4"}, "no FMA": {"X86_V4", "X86_V3"}}
WITH_AVX512, WITH_AVX2 = {"SkylakeX", "Cooperlake", "SapphireRapids"}, {"Haswell", "Zen"}


def settings_of_machines() -> dict[str, dict[str, str]]:
    """Return environment variables by kind of machine: for this one, and for each kind that
    it can imitate.

    NumPy only warns of a feature that it has not found, so such a feature is left out here.
    """
    found = {*np.show_config(mode="dicts")["SIMD Extensions"]["found"]}
    here = {library.get("architecture") for library in threadpool_info()}
    kernels = {}
    if here & WITH_AVX512:
        kernels["AVX2"] = "Haswell"
    if here & (WITH_AVX512 | WITH_AVX2 | {"Sandybridge"}):
        kernels["no FMA"] = "Nehalem"
    like: dict[str, dict[str, str]] = {"this machine": {}}
    for name, features in FEATURES.items():
        if features & found:
            like[name] = {"NPY_DISABLE_CPU_FEATURES": " ".join(features & found)}
        if name in kernels:
            like[name] = like.get(name, {}) | {"OPENBLAS_CORETYPE": kernels[name]}
    return like


def written_here(sonnets: int) -> dict[str, list[tuple[str, ...]]]:
    """Return names, poems by words and by letters, and sonnets of the released weights."""
    names: list[Request] = [NameRequest(generator_for(1, turn)) for turn in range(40)]
    poems: list[Request] = [VerseRequest(generator_for(1, turn), rows=12) for turn in range(4)]
    letters: list[Request] = [VerseRequest(generator_for(1, turn), rows=12) for turn in range(4)]
    return {
        "names": _written("dino", names),
        "poems": _written("poem", poems),
        "letters": _written("letters", letters),
        "sonnets": _written(
            "poem", [SonnetRequest(generator_for(1, turn)) for turn in range(sonnets)]
        ),
    }


def _written(network: str, requests: list[Request]) -> list[tuple[str, ...]]:
    checkpoint = VERSIONS[network].load_released()
    return [result.texts for result in Decoder(checkpoint).generate(requests)]


if __name__ == "__main__":
    json.dump(written_here(int(sys.argv[1])), sys.stdout)
