"""The released weights write the same on every processor and with every kernel of OpenBLAS."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from model.files import ROOT
from tests.recorded import settings_of_machines

TIMEOUT = 50


@pytest.mark.parametrize("sonnets", [0, pytest.param(2, marks=pytest.mark.recorded)])
def test_names_poems_and_sonnets_are_the_same_on_every_machine(sonnets: int) -> None:
    by_setting = written_by_each(sonnets)
    here = by_setting.pop("this machine")
    counts = {"names": 40, "poems": 4, "letters": 4, "sonnets": sonnets}
    assert {kind: len(texts) for kind, texts in here.items()} == counts
    assert len({str(text) for texts in here.values() for text in texts}) > 40
    for name, there in by_setting.items():
        assert there == here, f"differs with {name}"


def written_by_each(sonnets: int) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.recorded", str(sonnets)]
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
