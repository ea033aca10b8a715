"""New versions write the same on every processor and with every kernel of OpenBLAS, and old versions the same names.

Old verse can differ where NumPy computes without FMA; `pytest -s` shows how much of it does.
"""

import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from model.files import ROOT
from tests.recorded import OLD_NAMES, OLD_VERSE, Record

TIMEOUT = 50
FEATURES = {"AVX2": {"X86_V4"}, "no FMA": {"X86_V4", "X86_V3"}}
WITH_AVX512, WITH_AVX2 = {"SkylakeX", "Cooperlake", "SapphireRapids"}, {"Haswell", "Zen"}


def settings() -> dict[str, dict[str, str]]:
    """Return environment variables by setting: for this machine, and for machines that it can compute like.

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


def written_by_each(*turns_of_sonnets: int) -> dict[str, dict[str, Any]]:
    """Start a child for each setting, and return what each wrote."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.recorded", *map(str, turns_of_sonnets)]
    children = {
        name: subprocess.Popen(
            command, cwd=ROOT, env=os.environ | variables | {"OPENBLAS_NUM_THREADS": "1"}, stdout=subprocess.PIPE
        )
        for name, variables in settings().items()
    }
    try:
        return {name: json.loads(child.communicate(timeout=TIMEOUT)[0]) for name, child in children.items()}
    finally:
        for child in children.values():
            child.kill()
            child.communicate()


def recorded(records: list[Record]) -> list[list[object]]:
    return [[record["texts"], record["fails"]] for record in records]


@pytest.mark.parametrize(
    "turns_of_sonnets", [(), *(pytest.param((turn,), marks=pytest.mark.recorded) for turn in range(3))]
)
def test_60_old_and_150_new_creations_and_sonnets(turns_of_sonnets: tuple[int, ...]) -> None:
    by_setting = written_by_each(*turns_of_sonnets)
    here = by_setting.pop("this machine")
    assert [len(here[kind]) for kind in ("new names", "new verse", "new sonnets")] == [100, 50, len(turns_of_sonnets)]
    assert len({*map(str, here["new names"]), *map(str, here["new verse"])}) > 125
    for name, there in by_setting.items():
        assert there["old names"] == recorded(OLD_NAMES), name
        for kind in ("new names", "new verse", "new sonnets"):
            assert there[kind] == here[kind], f"{kind} differ with {name}"
        differing = sum(a != b for a, b in zip(there["old verse"], recorded(OLD_VERSE), strict=True))
        print(f"{name}: an old version writes {differing} of {len(OLD_VERSE)} poems differently")
        if name == "no FMA":
            assert there["tanh"] != here["tanh"]  # otherwise this test would show nothing
        else:
            assert not differing, name
