"""The notebooks of the course: they run, their checks tell solutions from mistakes, and their saved
outputs are what they print.

`make test` runs chapter 2, and looks at the form of all; `make test-course` runs all, and
opens JupyterLab.
"""

import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from course.__main__ import copy, main
from course.checks import Wrong, call, compare
from course.outputs import alike
from model.files import ROOT
from tests.chapter import (
    CHECK,
    COURSE,
    EXERCISE,
    PROGRAM,
    Said,
    answers_in,
    boxes_of,
    exercises_of,
)

CHAPTERS = sorted(COURSE.glob("*.ipynb"))
QUICK = "02"
"""The chapter that every test run reads."""
JUPYTER = ROOT / ".venv-course" / "bin"
MACHINE = re.compile(
    r"/(?:home|root|tmp|work|usr|Users|mnt|opt)/|[A-Z]:\\\\|site-packages|ipykernel_"
)

every_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda path: str(path.stem))


@every_chapter
def test_a_chapter_has_exercises_with_checks_hints_solutions_and_mistakes(chapter: Path) -> None:
    boxes = boxes_of(chapter)
    names, exercises = [box.name for box in boxes], exercises_of(boxes)
    assert len({*names}) == len(names)
    assert len(exercises) >= 2
    for task, box, check in zip(boxes, boxes[1:], [*boxes[2:], None], strict=False):
        if box.is_code and box.name.startswith((EXERCISE, PROGRAM)):
            assert not task.is_code, box.name
            assert re.findall(r"<summary>Hint (\d)</summary>\n\n", task.source) == [
                "1",
                "2",
                "3",
            ], box.name
        if box.is_code and box.name.startswith(EXERCISE):
            assert check is not None
            assert "..." in box.source
            assert check.name == box.name.replace(EXERCISE, CHECK, 1)
            assert check.saved.text.startswith("Not yet"), check.name
        if box.name.startswith(PROGRAM):
            assert box.saved.text.startswith("Not yet"), box.name
    in_boxes = [each for each in exercises if EXERCISE + each in names]
    assert [each.exercise for each in answers_in("solutions", chapter)] == in_boxes
    mistakes = answers_in("mistakes", chapter)
    assert all(mistake.says for mistake in mistakes)
    counts = Counter(mistake.exercise for mistake in mistakes)
    assert counts.keys() == {*exercises}
    assert min(counts.values()) >= 2, counts


@every_chapter
def test_a_chapter_has_at_most_3500_words_and_six_exercises(chapter: Path) -> None:
    boxes = boxes_of(chapter)
    prose = [word for box in boxes if not box.is_code for word in box.source.split()]
    assert len(prose) <= 3500
    assert len(exercises_of(boxes)) <= 6


@every_chapter
def test_a_chapter_tells_nothing_of_the_machine_that_ran_it(chapter: Path) -> None:
    for box in json.loads(chapter.read_text(encoding="utf-8"))["cells"]:
        for output in box.get("outputs", ()):
            printed = output["output_type"] == "stream" and output["name"] == "stdout"
            # no stderr, value or traceback
            assert printed or "image/png" in output.get("data", ()), box["id"]
            assert not MACHINE.search("".join(output.get("text", ()))), box["id"]


@pytest.mark.parametrize(
    "chapter",
    [
        pytest.param(path, marks=[] if path.name.startswith(QUICK) else pytest.mark.course)
        for path in CHAPTERS
    ],
    ids=lambda path: str(path.stem),
)
def test_a_chapter_runs_as_it_is_and_solved_and_its_checks_tell_mistakes(chapter: Path) -> None:
    environment = os.environ | {
        "MPLBACKEND": "Agg",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, "-m", "tests.chapter", str(chapter)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    as_it_is, solved = (
        {name: Said(*said) for name, said in told[way].items()} for way in ("as it is", "solved")
    )
    for box in boxes_of(chapter):
        if box.is_code:
            said = as_it_is[box.name]
            assert alike(said.text, box.saved.text, is_timed=box.is_timed), (
                box.name,
                said.text,
                box.saved.text,
            )
            assert said.pictures == box.saved.pictures, box.name
    for exercise in exercises_of(boxes_of(chapter)):
        said = solved[(CHECK if EXERCISE + exercise in solved else PROGRAM) + exercise]
        assert said.text.startswith("Right."), (exercise, said.text)
    mistakes = answers_in("mistakes", chapter)
    mistakes.sort(key=lambda mistake: exercises_of(boxes_of(chapter)).index(mistake.exercise))
    for mistake, verdict in zip(mistakes, told["verdicts"], strict=True):
        assert mistake.says in verdict, (mistake, verdict)
        begins = "Right." if mistake.says == "Right." else "Not"  # some answers are odd, but right
        assert verdict.startswith(begins), (mistake, verdict)


def test_an_answer_that_does_not_end_is_stopped_and_its_arguments_stay_as_they_were() -> None:
    def endless(ids: list[int]) -> None:
        while ids:
            pass

    def longer(ids: list[int]) -> list[int]:
        ids.append(0)
        return ids

    with pytest.raises(
        Wrong, match=r"not done after 0\.1 seconds of computing, and was stopped at `while ids:`"
    ):
        call(endless, [1], seconds=0.1)
    mine = [1]
    with pytest.raises(Wrong, match="changes its argument ids"):
        call(longer, mine)
    assert mine == [1]
    assert call(longer, mine, may_change=(0,)) is mine


def test_an_answer_that_catches_everything_is_left_and_never_runs_again() -> None:
    rounds = 0

    def stubborn() -> None:
        nonlocal rounds
        while True:
            try:
                while True:
                    rounds += 1
            except BaseException:
                continue

    def deeper(ids: list[int]) -> None:
        while ids:
            try:
                stubborn()
            except BaseException:
                continue

    for answer in (lambda _: stubborn(), deeper):
        with pytest.raises(
            Wrong, match=r"not done after 0\.1 seconds of computing, and was stopped at `"
        ):
            call(answer, [1], seconds=0.1)
        after = rounds
        assert after > 0
        sum(range(1_000_000))  # lets every thread that can run do so
        assert rounds == after


def test_an_answer_that_leaves_python_is_told_where() -> None:
    with pytest.raises(Wrong, match=r"stops at `.*`: SystemExit"):
        call(lambda: sys.exit(1))


def test_numbers_that_no_mistake_explains_are_told_what_they_have_in_common() -> None:
    right = np.arange(1.0, 7).reshape(2, 3)
    for found, says in (
        (-right, "Each sign is the wrong one"),
        (2 * right, "Each number is 2 times"),
        (right + 1, r"Each number is \+1 away"),
        (right[::-1], "in another order"),
        (0 * right, "Is anything written into it"),
        (np.where(right > 4, np.nan, right), "the logarithm of 0"),
        (np.where(right > 4, 0, right), "4 of its 6 numbers are right"),
    ):
        with pytest.raises(Wrong, match=says):
            compare("your answer", found, right)
    square = np.arange(9.0).reshape(3, 3)
    with pytest.raises(Wrong, match="Is it transposed"):
        compare("your answer", square.T, square)
    with pytest.raises(Wrong, match="2 of its 3 rows are right; look at row 1"):
        compare("your answer", square * [[1], [2], [1]], square)


def test_what_wrong_numbers_have_in_common_is_said_only_where_no_known_mistake_is_met() -> None:
    right = np.arange(1.0, 7).reshape(2, 3)
    for found in (-right, 2 * right, right + 1, right[::-1], 0 * right, right * [1, 1, 2]):
        with pytest.raises(Wrong, match=r"is right: is it this\?$"):
            compare("your answer", found, right, [(right + 9, "or that?"), (found, "is it this?")])
    for number in (-3.0, np.inf):
        with pytest.raises(Wrong, match=r"is right: is it this\?$"):
            compare("your answer", number, 3.0, [(number, "is it this?")])


def test_a_program_is_read_anew_each_time_and_never_written_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(COURSE)
    monkeypatch.chdir(tmp_path)
    program, file = importlib.import_module("checks.program"), Path("my_network.py")
    check = program.check_program("forward")(lambda forward: forward())
    check()
    for source in (
        "step = 1",
        "def foward(): return 'Well done.'",
        "def forward(: return 'Well done.'",
        "1 / 0",
        "def forward(): return 'Well done.'",
    ):
        file.write_text(source)
        check()
    lines = capsys.readouterr().out.splitlines()
    for line, says in zip(
        lines,
        (
            "Not yet: there is no my_network.py beside this notebook.",
            "Not yet: my_network.py has no `forward`. Write it there",
            "Not yet: my_network.py has no `forward`. It has `foward`",
            "Not quite: Python cannot read line 1 of my_network.py",
            "Not quite: my_network.py stops at line 1: ZeroDivisionError",
            "Right. Well done.",
        ),
        strict=True,
    ):
        assert line.startswith(says), line
    program.start_program(4)
    assert file.read_text() == source
    file.unlink()
    program.start_program(4)
    assert file.read_text() == (COURSE / "solutions" / "my_network_3.py").read_text()


def test_the_rnn_is_kept_when_the_lstm_comes_and_earlier_checks_look_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(COURSE)
    monkeypatch.chdir(tmp_path)
    program = importlib.import_module("checks.program")
    chapter_2, chapter_7 = (importlib.import_module(f"checks.chapter_{n}") for n in (2, 7))
    file, rnn = Path("my_network.py"), Path("my_rnn.py")
    solutions = COURSE / "solutions"
    program.keep_rnn()
    shutil.copy(solutions / "my_network_7.py", file)
    program.keep_rnn()
    chapter_2.check_forward()
    assert not rnn.exists()
    shutil.copy(solutions / "my_network_6.py", file)
    program.keep_rnn()
    program.keep_rnn()
    shutil.copy(solutions / "my_network_7.py", file)
    chapter_2.check_forward()
    chapter_7.check_lstm_forward()
    assert rnn.read_bytes() == (solutions / "my_network_6.py").read_bytes()
    lines = capsys.readouterr().out.splitlines()
    for line, says in zip(
        lines,
        (
            "There is no my_network.py yet",
            "my_network.py is an LSTM already",
            "Not yet: your my_network.py is an LSTM by now",
            "Your RNN is kept as my_rnn.py",
            "my_rnn.py is there already",
            "Right.",
            "Right.",
        ),
        strict=True,
    ):
        assert line.startswith(says), line


def test_a_copy_is_the_students(tmp_path: Path) -> None:
    """A second start keeps the students' own files, renews the checks, and names the notebooks that
    they have changed."""
    mine, first = tmp_path / "mine", CHAPTERS[0].name
    assert copy(mine) == []
    (mine / first).write_text("my answers")
    (mine / "notes.txt").write_text("my notes")
    (mine / "checks" / "__init__.py").write_text("")
    (mine / CHAPTERS[1].name).unlink()
    assert copy(mine) == [first]
    assert (mine / first).read_text() == "my answers"
    for again in ("checks/__init__.py", CHAPTERS[1].name, "README.md"):
        assert (mine / again).read_bytes() == (COURSE / again).read_bytes()
    (other := tmp_path / "other").mkdir()
    (other / "thesis.txt").write_text("my thesis")
    for refused in (other, COURSE):
        with pytest.raises(FileExistsError, match="other files"):
            copy(refused)
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]


def test_without_jupyterlab_the_command_says_that_it_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for missing in ("jupyterlab", "jupyterlab.labapp"):
        monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.setattr("sys.argv", ["course", str(tmp_path / "mine")])
    with pytest.raises(SystemExit, match="JupyterLab is missing"):
        main()
    assert not (tmp_path / "mine").exists()


def test_the_first_page_leads_to_every_chapter() -> None:
    page = (COURSE / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"\]\((\w+\.ipynb)\)", page) == [chapter.name for chapter in CHAPTERS]
    for link in re.findall(r"\]\(([^)]+)\)", page):
        assert (COURSE / link).exists(), link


@pytest.mark.course
def test_make_course_opens_jupyterlab_on_a_copy_whose_kernel_knows_the_networks(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "mine"
    environment = os.environ | {"JUPYTER_TOKEN": "course", "HOME": str(tmp_path)}
    command: list[str | Path] = [JUPYTER / "python", "-m", "course", folder, "--no-browser"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        told = ""
        for line in server.stderr:
            told += line
            if "http://127.0.0.1:" in line:
                server.terminate()
    assert f"from local directory: {folder}\n" in told
    assert "/lab/tree/README.md" in told
    shown = {path.name for path in folder.iterdir()}
    assert {"README.md", "checks", "solutions", *(path.name for path in CHAPTERS)} <= shown
    assert "mistakes" not in shown
    (chapter,) = (path.name for path in CHAPTERS if path.name.startswith("02"))
    done = subprocess.run(
        [JUPYTER / "jupyter", "execute", chapter],
        cwd=folder,
        env={key: value for key, value in environment.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("program", sorted((COURSE / "solutions").glob("my_network_*.py")))
def test_the_students_program_has_at_most_200_lines_and_none_is_packed(program: Path) -> None:
    lines = program.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
    assert [line for line in lines if len(line) > 100 or ";" in line] == []


@pytest.mark.course
@pytest.mark.parametrize("source", ["dinos.txt", "genera.txt"])
def test_the_students_program_learns_from_any_list_and_invents(
    source: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The last check of chapter 7, with the program as the solutions make it."""
    monkeypatch.syspath_prepend(COURSE)
    monkeypatch.chdir(tmp_path)
    chapter_7 = importlib.import_module("checks.chapter_7")
    shutil.copy(COURSE / "solutions" / "my_network_7.py", "my_network.py")
    names = (ROOT / "data" / source).read_text(encoding="utf-8").splitlines()
    Path("my_list.txt").write_text("\n".join(names[:: len(names) // 250]), encoding="utf-8")
    chapter_7.check_my_list("my_list.txt")
    assert re.match(r"Right\. Your 1\d\d lines .* It invents .*, ", capsys.readouterr().out)


def test_the_last_box_invents_with_the_numbers_that_a_program_has_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It invents with the numbers as they are, and with them rounded to multiples of 1/256."""
    monkeypatch.syspath_prepend(COURSE)
    monkeypatch.chdir(tmp_path)
    check = importlib.import_module("checks.chapter_10").check_my_numbers
    program, kept = Path("my_network.py"), Path("my_list.npz")
    invent = "def invent(p, letters, generator): return letters[int(256 * p['w'][0] % 1 > 0)]"
    load = "import numpy as np\ndef load(path): return {'w': np.array([0.3, 1])}, 'ab'"
    for source in (invent, f"{invent}\n{load}"):
        program.write_text(source)
        check("my_list.npz")
    kept.touch()
    check("my_list.npz")
    no_load, no_file, told = capsys.readouterr().out.splitlines()
    assert no_load.startswith("Not yet: my_network.py has no `load` yet")
    assert no_file == "Not yet: there is no my_list.npz beside this notebook."
    assert told.startswith("Right. It has 2 numbers, and invents b, b, b, b. On the grid")
    assert "a, a, a, a. Of 20 names, 0 are the same" in told
