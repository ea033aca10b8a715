"""The program that you write, my_network.py: each check reads it anew, so save it first.

Where there is none, or it is not finished, the notebooks work with ours, solutions/my_network_N.py
after chapter N. When it becomes an LSTM in chapter 7, `keep_rnn` keeps the RNN as my_rnn.py, and
what the chapters before that examine is there.
"""

import functools
import inspect
import linecache
import re
import shutil
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from checks import Live as Live
from checks import NotYet, Wrong, call, check, is_right

FILE = Path("my_network.py")
OURS = Path(__file__).resolve().parent.parent / "solutions"
RNN = "my_rnn.py"
LSTM_FROM = 7
"""The chapter in which the program becomes an LSTM."""
_OF_A_CELL = {"forward", "backward", "initial_parameters", "optimize", "invent", "train"}


def start_program(chapter: int) -> None:
    """Give you the program as it is before a chapter, unless you have one."""
    if FILE.exists():
        print(f"{FILE.name} is there already, and stays as it is.")
    else:
        shutil.copy(_ours(chapter - 1), FILE)
        print(f"{FILE.name} is now the program as the chapters before this one leave it.")


def keep_rnn() -> None:
    """Copy the program, while it is an RNN, to where the LSTM does not touch it."""
    kept = FILE.with_name(RNN)
    if kept.exists():
        print(f"{RNN} is there already, and stays as it is.")
    elif not FILE.exists():
        print(f"There is no {FILE.name} yet, so there is nothing to keep.")
    elif is_lstm(load()):
        print(f"{FILE.name} is an LSTM already, so it has no RNN to keep.")
    else:
        shutil.copy(FILE, kept)
        print(f"Your RNN is kept as {RNN}. From here on, change {FILE.name}.")


def is_lstm(program: SimpleNamespace) -> bool:
    """Return whether the program's `forward` reads with the parameters of an LSTM."""
    shapes = {"w_x": (3, 8), "w_h": (2, 8), "b": (8,), "w_y": (2, 3), "b_y": (3,)}
    parameters = {name: np.zeros(shape) for name, shape in shapes.items()}
    try:
        found = call(vars(program)["forward"], parameters, [0, 1])
    except (KeyError, NotYet, Wrong):
        return False
    return isinstance(found, tuple | list) and np.shape(found[0]) == (2, 3)


def load(path: Path | None = None) -> SimpleNamespace:
    """Run the file, or another, and return what it defines."""
    path = path or FILE
    if not path.exists():
        raise NotYet(
            f"there is no {path.name} beside this notebook. In the menu: File, New, Python File;"
            " write into it, name it, and save it with Ctrl+S."
        )
    linecache.checkcache(str(path))
    try:
        return SimpleNamespace(**call(lambda: _run(path)))
    except Wrong as wrong:
        if "was not done after" in str(wrong):
            raise Wrong(
                f"{path.name} does not come to an end when it is read. Is there a loop outside of"
                " all functions?"
            ) from None
        raise


def load_for(chapter: int, names: Collection[str] = _OF_A_CELL) -> tuple[SimpleNamespace, str]:
    """Return the program that has what a chapter is about, and the name of its file.

    Before the LSTM that is the RNN. Raises NotYet if a name needs the RNN, and there is none.
    """
    program, kept = load(), FILE.with_name(RNN)
    if chapter >= LSTM_FROM or not is_lstm(program):
        return program, FILE.name
    if kept.exists():
        return load(kept), RNN
    if _OF_A_CELL.isdisjoint(names):
        return program, FILE.name
    raise NotYet(
        f"your {FILE.name} is an LSTM by now, and this chapter is about the RNN. Is there a copy of"
        f" it? Name it {RNN}, and this box looks there."
    )


def check_program(*names: str) -> Callable[[Callable[..., str]], Callable[[], None]]:
    """Like `check`, for a function that examines what the file has under these names."""

    def decorate(examine: Callable[..., str]) -> Callable[[], None]:
        chapter = re.search(r"chapter_(\d+)$", examine.__module__)

        @check  # it wants an answer, and here that is the file
        def tell(_: Path) -> str:
            program, file = load_for(int(chapter[1]) if chapter else LSTM_FROM, names)
            said = examine(*(_named(name, program) for name in names))
            return said if file == FILE.name else f"{said} (This is {file}.)"

        return functools.wraps(examine)(lambda: tell(FILE))

    return decorate


def program(chapter: int, *checks: Callable[[], None]) -> SimpleNamespace:
    """Return your program, if the checks call it right, and ours for what it does not have yet;
    otherwise all of ours."""
    ours, name = _run(_ours(chapter)), FILE.name
    try:
        found, name = load_for(chapter)
        yours = vars(found)
    except (NotYet, Wrong):
        yours = {}
    if not yours or not all(map(is_right, checks)):
        yours = {}
        print(
            "Ours does the work below, solutions/"
            f"{_ours(chapter).name}, until the checks above call yours right."
        )
    elif missing := sorted(ours.keys() - yours.keys()):
        print(f"Your {name} does the work below. Ours helps out with {', '.join(missing)}.")
    else:
        print(f"Your {name} does the work below.")
    return SimpleNamespace(**ours | yours)


class Spy:
    """Stands in for a function of the program; keeps what it is given, and what it returns."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.calls, self.results = list[list[Any]](), list[Any]()
        self.states = list[Any]()
        """What the generator among the arguments was before each call."""

    def __call__(self, *given: Any, **named: Any) -> Any:
        try:
            bound = inspect.signature(self._function).bind(*given, **named)
        except TypeError:
            return self._function(*given, **named)  # it says what is wrong
        bound.apply_defaults()
        self.calls.append([*bound.arguments.values()])
        generators = [each for each in self.calls[-1] if isinstance(each, np.random.Generator)]
        self.states.append(generators[0].bit_generator.state if generators else None)
        self.results.append(self._function(*given, **named))
        return self.results[-1]


@contextmanager
def spied(function: Callable[..., Any], *names: str) -> Iterator[list[Spy]]:
    """While this lasts, a function of the program meets a Spy at each of these names."""
    program = function.__globals__
    before = {name: program[name] for name in names}
    program.update({name: Spy(before[name]) for name in names})
    try:
        yield [program[name] for name in names]
    finally:
        program.update(before)


def _ours(chapter: int) -> Path:
    """Return the last program of ours that is not from after a chapter."""
    paths = [OURS / f"my_network_{number}.py" for number in range(chapter, 0, -1)]
    return next(path for path in paths if path.exists())


def _run(path: Path) -> dict[str, Any]:
    """Raises Wrong if Python cannot."""
    names: dict[str, Any] = {"__name__": "my_network"}
    try:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    except SyntaxError as error:
        raise Wrong(
            f"Python cannot read line {error.lineno} of {path.name}, or the line above it:"
            f" {error.msg}. Is a bracket or a colon missing?"
        ) from error
    except Exception as error:
        lines = [each.lineno for each in traceback.extract_tb(error.__traceback__)][1:2]
        reason = traceback.format_exception_only(error)[-1].strip()
        raise Wrong(f"{path.name} stops at line {lines[0]}: {reason}") from error
    return {name: value for name, value in names.items() if not name.startswith("__")}


def _named(name: str, program: SimpleNamespace) -> Any:
    """Raises NotYet if the program has no such name."""
    found = vars(program)
    if name in found:
        return found[name]
    alike = get_close_matches(name, found, n=1, cutoff=0.75)
    raise NotYet(
        f"{FILE.name} has no `{name}`."
        + (
            f" It has `{alike[0]}`: is that what you mean?"
            if alike
            else " Write it there, save the file with Ctrl+S, and run this box again."
        )
    )
