"""Reads chapters of the course, and runs one box by box, as Jupyter would: `python -m tests.chapter
FILE`.

It runs the notebook twice: as it is, and with the solutions in its boxes and in the student's
program. The second time, it also tries the usual mistakes of each exercise.
"""

import io
import json
import linecache
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from course.outputs import pictures_of, text_of
from model.files import ROOT

COURSE = ROOT / "course"
EXERCISE, CHECK, PROGRAM = "exercise-", "check-", "program-"
"""How the names of boxes begin. One of PROGRAM checks a function in my_network.py, not in a box."""


class Said(NamedTuple):
    """What a box printed, and how many pictures it drew."""

    text: str
    pictures: int


class Box(NamedTuple):
    """A box of a notebook, with the output that was saved with it."""

    name: str
    source: str
    is_code: bool
    is_timed: bool
    saved: Said


class Answer(NamedTuple):
    """A student's source for the box of an exercise. Its check says `says` to a mistake."""

    exercise: str
    source: str
    says: str = ""


def boxes_of(path: Path) -> list[Box]:
    """Read a notebook."""
    return [
        Box(
            each["id"],
            "".join(each["source"]),
            each["cell_type"] == "code",
            "timing" in each["metadata"].get("tags", ()),
            Said(text_of(each.get("outputs", ())), len(pictures_of(each.get("outputs", ())))),
        )
        for each in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ]


def exercises_of(boxes: list[Box]) -> list[str]:
    """Return the names of the exercises, in boxes and in the program."""
    names = (box.name for box in boxes if box.is_code)
    return [name.partition("-")[2] for name in names if name.startswith((EXERCISE, PROGRAM))]


def solved_program(chapter: Path) -> str:
    """Return the program as it should be after a chapter."""
    programs = [
        COURSE / "solutions" / f"my_network_{number}.py"
        for number in range(1, int(chapter.name[:2]) + 1)
    ]
    return [path for path in programs if path.exists()][-1].read_text(encoding="utf-8")


def answers_in(folder: str, chapter: Path) -> list[Answer]:
    """Read the solutions or the mistakes of a chapter."""
    text = (COURSE / folder / f"{chapter.stem}.py").read_text(encoding="utf-8")
    found = re.findall(
        r"^# %% (\S+)\n(?:# says: ([^\n]*)\n)?(.*?)(?=^# %% |\Z)", text, re.MULTILINE | re.DOTALL
    )
    return [Answer(exercise, source.strip("\n"), says) for exercise, says, source in found]


class Kernel:
    """Runs boxes one after the other."""

    def __init__(self) -> None:
        import matplotlib.pyplot as plt

        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._plt, self._pictures = plt, 0
        plt.rcdefaults()
        plt.switch_backend("agg")
        plt.show = lambda *_, **__: self._show()

    def _show(self) -> None:
        self._pictures += len(self._plt.get_fignums())
        self._plt.close("all")

    def run(self, name: str, source: str) -> Said:
        """Run the source of a box."""
        file, self._pictures = f"<{name}>", 0
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(source, file, "exec"), self._names)
            self._show()
        return Said(printed.getvalue(), self._pictures)


def read(
    boxes: list[Box],
    solutions: Mapping[str, str],
    mistakes: list[Answer],
    write: Callable[[str], object],
    program: str = "",
) -> tuple[dict[str, Said], list[str]]:
    """Run a chapter with these solutions; `write` saves the student's program.

    Return the output of each box, and the verdict of its check on each mistake.
    """
    kernel, said, verdicts = Kernel(), dict[str, Said](), list[str]()
    for box in boxes:
        if not box.is_code:
            continue
        kind, dash, exercise = box.name.partition("-")
        kind += dash
        of_exercise = [mistake for mistake in mistakes if mistake.exercise == exercise]
        source = solutions.get(exercise, box.source) if kind == EXERCISE else box.source
        said[box.name] = kernel.run(box.name, source)
        if kind == PROGRAM and program:
            for mistake in of_exercise:
                write(f"{program}\n\n{mistake.source}\n")
                verdicts.append(kernel.run(box.name, box.source).text)
            write(program)
        if kind == CHECK and exercise in solutions:
            for mistake in of_exercise:
                kernel.run(EXERCISE + exercise, mistake.source)
                verdicts.append(kernel.run(box.name, box.source).text)
            kernel.run(EXERCISE + exercise, solutions[exercise])
    return said, verdicts


def main() -> None:
    """Run a chapter both ways, and print everything as JSON."""
    path = Path(sys.argv[1]).resolve()
    os.chdir(path.parent)
    sys.path.insert(0, str(path.parent))
    program_file = vars(import_module("checks.program"))
    boxes, mistakes = boxes_of(path), answers_in("mistakes", path)
    answers, program = answers_in("solutions", path), solved_program(path)
    with TemporaryDirectory() as folder:
        file = program_file["FILE"] = Path(folder) / "my_network.py"
        as_it_is, _ = read(boxes, {}, [], file.write_text)
        file.write_text(program)
        solved, verdicts = read(
            boxes,
            {each.exercise: each.source for each in answers},
            mistakes,
            file.write_text,
            program,
        )
    print(json.dumps({"as it is": as_it_is, "solved": solved, "verdicts": verdicts}))


if __name__ == "__main__":
    main()
