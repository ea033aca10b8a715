"""Runs the notebooks and keeps their outputs and pictures: `python -m course.outputs [NOTEBOOK
...]`.

Where the new text is the old one to three digits, or a box has the tag `timing`, the old output
stays, so that nothing changes if nothing changed.
"""

import math
import os
import re
import sys
from collections.abc import Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

COURSE = Path(__file__).resolve().parent
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


def alike(first: str, second: str, *, is_timed: bool = False) -> bool:
    """Return whether two texts are the same, but for blanks and for all beyond the third digit of
    their numbers.

    A number that is written with two decimals or more may also differ by one in the last. The
    numbers of `is_timed` texts may be any.
    """
    texts = [_NUMBER.sub("#", text).split() for text in (first, second)]
    pairs = zip(_NUMBER.findall(first), _NUMBER.findall(second), strict=False)
    return texts[0] == texts[1] and (is_timed or all(_agree(*pair) for pair in pairs))


def _agree(first: str, second: str) -> bool:
    decimals = len(first.partition("e")[0].partition(".")[2])
    last = 10.0**-decimals if decimals >= 2 and "e" not in first else 0.0
    return math.isclose(float(first), float(second), rel_tol=1e-3, abs_tol=max(1e-6, 1.001 * last))


def text_of(outputs: Iterable[Any]) -> str:
    """Return what a box has printed."""
    return "".join(
        "".join(output["text"]) for output in outputs if output["output_type"] == "stream"
    )


def pictures_of(outputs: Iterable[Any]) -> list[str]:
    """Return the pictures below a box, as they are in the file."""
    return [
        "".join(output["data"]["image/png"])
        for output in outputs
        if "image/png" in output.get("data", {})
    ]


def _is_same(box: Any, old: Any) -> bool:
    if box.source != old.source or len(pictures_of(box.outputs)) != len(pictures_of(old.outputs)):
        return False
    is_timed = "timing" in box.metadata.get("tags", ())
    same_pictures = is_timed or pictures_of(box.outputs) == pictures_of(old.outputs)
    return same_pictures and alike(text_of(box.outputs), text_of(old.outputs), is_timed=is_timed)


def renew(path: Path) -> None:
    """Run a notebook from top to bottom, and write it back with its outputs.

    Raises CellExecutionError.
    """
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    before = deepcopy(notebook.cells)
    resources = {"metadata": {"path": str(path.parent)}}
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", record_timing=False, resources=resources
    ).execute()
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    for box, old in zip(notebook.cells, before, strict=True):
        if box.cell_type == "code" and _is_same(box, old):
            box.outputs = old.outputs
    path.write_text(nbformat.writes(notebook).rstrip("\n") + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(COURSE.parent)
    paths = [Path(name) for name in sys.argv[1:]] or sorted(COURSE.glob("*.ipynb"))
    for path in paths:
        print(path.name, flush=True)
        renew(path)
