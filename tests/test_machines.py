"""New versions write the same on every processor and with every kernel of OpenBLAS, and old
versions the same names.

Old verse can differ where NumPy computes without FMA; `pytest -s` shows how much of it does.
"""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from model.files import ROOT
from tests.recorded import OLD_NAMES, OLD_VERSE, Record, settings_of_machines

TIMEOUT = 50


def written_by_each(*turns_of_sonnets: int) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.recorded", *map(str, turns_of_sonnets)]
    children = {
        name: subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | variables | {"OPENBLAS_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
        )
        for name, variables in settings_of_machines().items()
    }
    try:
        return {
            name: json.loads(child.communicate(timeout=TIMEOUT)[0])
            for name, child in children.items()
        }
    finally:
        for child in children.values():
            child.kill()
            child.communicate()


def recorded(records: list[Record]) -> list[list[object]]:
    return [[record["texts"], record["fails"]] for record in records]


@pytest.mark.parametrize(
    "turns_of_sonnets",
    [(), *(pytest.param((turn,), marks=pytest.mark.recorded) for turn in range(3))],
)
def test_60_old_and_150_new_creations_and_sonnets(turns_of_sonnets: tuple[int, ...]) -> None:
    by_setting = written_by_each(*turns_of_sonnets)
    here = by_setting.pop("this machine")
    assert [len(here[kind]) for kind in ("new names", "new verse", "new sonnets")] == [
        100,
        50,
        len(turns_of_sonnets),
    ]
    assert len({*map(str, here["new names"]), *map(str, here["new verse"])}) > 125
    for name, there in by_setting.items():
        assert there["old names"] == recorded(OLD_NAMES), name
        for kind in ("new names", "new verse", "new sonnets"):
            assert there[kind] == here[kind], f"{kind} differ with {name}"
        differing = sum(
            a != b for a, b in zip(there["old verse"], recorded(OLD_VERSE), strict=True)
        )
        print(f"{name}: an old version writes {differing} of {len(OLD_VERSE)} poems differently")
        if name == "no FMA":
            assert there["tanh"] != here["tanh"]  # otherwise this test would show nothing
        else:
            assert not differing, name
