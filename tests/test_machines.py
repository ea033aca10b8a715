"""The released weights write the same on every processor and with every kernel of OpenBLAS."""

import contextlib
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from model.files import ROOT
from tests.recorded import settings_of_machines


@pytest.mark.recorded
def test_names_poems_and_a_sonnet_are_the_same_on_every_machine() -> None:
    by_setting = written_by_each(sonnets=1)
    here = by_setting.pop("this machine")
    counts = {"names": 40, "poems": 4, "letters": 4, "sonnets": 1}
    assert {kind: len(texts) for kind, texts in here.items()} == counts
    assert len({str(text) for texts in here.values() for text in texts}) > 40
    for name, there in by_setting.items():
        assert there == here, f"differs with {name}"


def written_by_each(sonnets: int) -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.recorded", str(sonnets)]
    with contextlib.ExitStack() as stack:
        children = {}
        for name, variables in settings_of_machines().items():
            environment = os.environ | variables | {"OPENBLAS_NUM_THREADS": "1"}
            child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
            children[name] = stack.enter_context(child)
            stack.callback(child.kill)
        return {name: json.loads(child.communicate()[0]) for name, child in children.items()}
