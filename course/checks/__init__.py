"""Tells in a sentence what is right or wrong with an answer, and never ends in a traceback.

The files beside this one have the checks of the chapters. A check calls `call` and `compare`,
raises `Wrong` with what it finds, and returns a sentence for a right answer. `call` leaves an
answer that does not come to an end, and tells if one spoils its arguments.
"""

import contextvars
import ctypes
import functools
import inspect
import io
import linecache
import re
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Mistakes = Sequence[tuple[Any, str]]
"""Values that a usual mistake gives, each with a question that leads to it."""

STOPS = {
    "indexing arrays could not be broadcast": "{}. Both indices must be equally long.",
    r"[^*]\*[^*].*could not be broadcast": "{}. Is there a `*` where `@` is meant?",
    "¶|substring not found": '{}. In code the end is `"\\n"`; ¶ is only how it is printed.',
    r"np\.eye\(3\).*broadcast": (
        "{}. There may be more letters than three, and here are four. `len(p)` says how many."
    ),
    r"w_x\"\]\[:,|w_x\[:,": "{}. A letter has a row of w_x, not a column: `w_x[letter]`.",
    r"broadcast together with shapes \((\d+),\d+\) \(\1,\)": (
        "{}. A table meets one number for each row here. Those should stand in a column, where"
        " `keepdims=True` leaves them."
    ),
    r"\[t\].*out of bounds for axis 0": (
        "{}. t counts the steps. The row of the letter is the one at `reads[t]`."
    ),
    "axis 1 is out of bounds for array of dimension 1": (
        "{}. What it gets may be one row or a table. `axis=-1` is the last axis of both."
    ),
    "truth value of an array": (
        "{}. This takes one number, and here it gets an array. A formula of NumPy works for both."
    ),
    r"\+ ?1\].*index out of range": (
        "{}. The last one has none after it. Does your loop end one sooner?"
    ),
    "name '(LETTERS|ALPHABET|ID)' is not defined": (
        "{}. Your program knows only what stands in its file, and nothing of this page. Use"
        " `letters`, which the function is given."
    ),
    "does not have enough dimensions": (
        "{}. A single number meets a matrix here. `np.zeros(H)` has a zero for each unit."
    ),
    "name 'norm_of' is not defined": (
        "{}. norm_of stands on this page, and not in your program. Write its line there."
    ),
    "matmul": (
        "these shapes do not fit together. Is a `.T` missing, or one too many? Or is a size written"
        " as a number, such as 50?"
    ),
    r"bitwise_xor|for \^:": "`^` is no power in Python. The square of h is `h**2`.",
    "converted to Python scalars": (
        "this takes one number, and the check gives it an array. Is there a function of the "
        "name in NumPy?"
    ),
    "list indices must be integers or slices, not NoneType": (
        "{}. Is an array meant? `np.array` makes one of a list."
    ),
    "out of bounds for axis . with size 384": (
        "{}. A layer has 384 units; is this one in the upper layer?"
    ),
    r"index \d\d+ is out of bounds for axis . with size [12]$": (
        "{}. Is an index missing before it?"
    ),
    "'Parameters' object does not support item assignment": (
        "this takes no new array. First `array = "
        "network.parameters[name]`, and then `array -= ...`."
    ),
    "Cannot cast ufunc .* to dtype\\('u?int": (
        "this array holds whole numbers, and a fraction finds no room in it. `a + b` makes a new "
        "array, `a += b` writes into the old one."
    ),
    "name 'np' is not defined": (
        "{}. A program imports what it needs by itself. Does it begin with `import numpy as np`?"
    ),
    "UnboundLocalError": (
        "{}. A name to which a function gives a value anywhere is its own. Has it one before this "
        "line?"
    ),
    "RecursionError": "{}. The function calls itself again and again. When does it stop?",
    "robabilities do not sum to 1|probabilities contain NaN": (
        "{}. Counts become probabilities when a row is divided by its sum, and logits by softmax."
    ),
    "'NoneType' object is not|NoneType.*unsupported|unsupported operand.*NoneType": (
        "{}. Something here is None. A function that changes an array in place returns nothing, so "
        "do not write `a = ` before it."
    ),
}
"""What to say when an answer stops, by a sign in its line and in Python's own words, which may have
a place in it."""


class Wrong(Exception):
    """An answer is wrong; the message says what is, and stands behind "Not quite: "."""


class NotYet(Exception):
    """The box is still empty."""


class Live(dict[str, Any]):
    """Parameters that `call` does not copy, so that a check sees what an answer did to them."""


class TooLong(BaseException):
    """Raised inside an answer whose time is up."""


class ForEver(BaseException):
    """Raised inside an answer that has caught TooLong: whoever catches this one sleeps for ever."""

    def __init__(self) -> None:  # Python makes it in the thread that catches it
        threading.Event().wait()


SECONDS = 10.0
"""So long may a function compute, if its check does not give it more."""
BUSY = 20
"""On a busy computer, or asleep, a function may take so many times as long."""
LINES = 1000
"""If a function prints more lines in one call, none of them is shown."""


def check(examine: Callable[..., str]) -> Callable[..., None]:
    """Turn a function that examines answers into one that prints the verdict."""

    @functools.wraps(examine)
    def tell(*answers: Any) -> None:
        try:
            if answers[0] is ... or answers[0] is None:
                raise NotYet
            print("Right.", examine(*answers))
        except NotYet as not_yet:
            print(
                "Not yet:",
                str(not_yet) or "fill in the box above, run it, and then run this one again.",
            )
        except Wrong as wrong:
            print("Not quite:", wrong)
        except Exception as error:  # a check that an odd answer surprises
            print(
                f"Not quite: your answer cannot be compared with the right one ({error}). Is it of"
                " the right kind?"
            )

    return tell


def verdict_of(check: Callable[..., None], *answers: Any) -> str:
    """Return what a check says, and print nothing."""
    with redirect_stdout(io.StringIO()) as verdict:
        check(*answers)
    return verdict.getvalue().strip()


def is_right(check: Callable[..., None], *answers: Any) -> bool:
    """Return whether a check calls the answers right, and print nothing."""
    return verdict_of(check, *answers).startswith("Right.")


def call(
    function: Callable[..., Any],
    *arguments: Any,
    seconds: float = SECONDS,
    may_change: Collection[int] = (),
) -> Any:
    """Return a function's answer to copies of the arguments.

    Those at the places `may_change` are no copies, so a check sees what becomes of them. Raises
    NotYet for an empty box, and Wrong if the function stops, computes for more than so many
    seconds, or changes another argument.
    """
    if not callable(function):
        raise Wrong(
            f"this should be a function, but it is {function!r:.60}. Was its name used again"
            " further down?"
        )
    copies = dict[int, Any]()
    given = [
        argument
        if number in may_change or isinstance(argument, Live)
        else deepcopy(argument, copies)
        for number, argument in enumerate(arguments)
    ]
    name = getattr(function, "__name__", "your function")
    printed, answer = _Printed(), _Answer(function, given)
    with redirect_stdout(printed):
        place = answer.wait(seconds)
    if not printed.is_too_long():
        print(printed.getvalue(), end="")
    if place is not None:
        question = "Does each of its loops end?"
        if printed.is_too_long():
            question = "It only prints. Does it come to a `return`?"
        raise Wrong(
            f"{name} was not done after {seconds:g} seconds of computing, and was stopped{place}."
            f" {question}"
        )
    if isinstance(answer.error, Wrong):  # of an argument that watches what is done with it
        raise answer.error
    if answer.error is not None:
        raise Wrong(
            f"{name} stops{_place(answer.error)}: {_reason(answer.error)}"
        ) from answer.error
    result = answer.result
    if result is None and not _is_empty(function):
        raise Wrong(f"{name} returns nothing. Does its last line begin with `return`?")
    if result is None or result is ...:
        raise NotYet
    _check_unchanged(function, arguments, given)
    return result


def _check_unchanged(
    function: Callable[..., Any], arguments: Sequence[Any], given: Sequence[Any]
) -> None:
    """Raises Wrong if the function has written into a copy that it was given."""
    for number, (argument, after) in enumerate(zip(arguments, given, strict=True)):
        if not _is_same(argument, after):
            names = list(inspect.signature(function).parameters)
            raise Wrong(
                f"{getattr(function, '__name__', 'your function')} changes its argument"
                f" {names[min(number, len(names) - 1)]}, which belongs to whoever called it. `a +="
                " b` and `a[0] = b` write into an array that is there; `a = a + b` and `a.copy()`"
                " make a new one."
            )


class _Printed(io.StringIO):
    """Keeps what a function prints, but only its first lines, or a loop without an end fills the
    memory and the page."""

    _lines = 0

    def write(self, text: str) -> int:
        self._lines += text.count("\n")
        return len(text) if self.is_too_long() else super().write(text)

    def is_too_long(self) -> bool:
        return self._lines > LINES


class _Answer(threading.Thread):
    """Calls a function in a thread of its own, so that a check can leave it whatever it does."""

    error: BaseException | None = None
    result: Any = None

    def __init__(self, function: Callable[..., Any], given: Sequence[Any]) -> None:
        super().__init__(daemon=True)
        self._function, self._given = function, given
        self._context = contextvars.copy_context()  # np.errstate is in it

    def run(self) -> None:
        try:
            self.result = self._context.run(self._function, *self._given)
        except BaseException as error:
            self.error = error

    def wait(self, seconds: float) -> str | None:
        """Wait for the end. Return the line at which it stood if it has not come by then.

        The seconds are those that this process computes, so other programs take none of them. It is
        stopped between two steps of Python. A single call of NumPy is over first.
        """
        most, latest = time.process_time() + seconds, time.monotonic() + BUSY * seconds
        self.start()
        try:
            while self.is_alive() and time.process_time() < most and time.monotonic() < latest:
                self.join(0.02)
            if not self.is_alive():
                return None
            place = self._line()
        finally:
            for stop in (TooLong, ForEver):
                if self.is_alive():
                    self._raise(stop)
                    self.join(0.5)
        return place

    def _raise(self, error: type[BaseException]) -> None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self.ident or 0), ctypes.py_object(error)
        )

    def _line(self) -> str:
        """Name the line of the answer that is being run."""
        stack = traceback.extract_stack(sys._current_frames().get(self.ident or 0))
        own = [frame.name == "run" and frame.filename == __file__ for frame in stack]
        return _at(stack[own.index(True) + 1 :][:1]) if any(own) else ""


def _is_same(before: Any, after: Any) -> bool:
    """Return whether a copy is unchanged. What cannot be compared counts as unchanged."""
    if isinstance(before, np.ndarray) and before.dtype != object:
        return before.shape == after.shape and before.tobytes() == after.tobytes()
    if isinstance(before, Mapping):
        return before.keys() == after.keys() and all(
            _is_same(before[name], after[name]) for name in before
        )
    if isinstance(before, list | tuple):
        return len(before) == len(after) and all(map(_is_same, before, after))
    return not isinstance(before, set) or before == after


def compare(
    what: str,
    found: Any,
    right: Any,
    mistakes: Mistakes = (),
    *,
    tolerance: float = 1e-6,
    by_pencil: bool = False,
) -> None:
    """Raise Wrong unless `found` is `right`, an array or a number; `what` is its name, such as
    "your gradient".

    What somebody works out `by_pencil`, the sentence does not give away.
    """
    if found is ... or found is None:
        raise NotYet(f"{what} is still missing. What is before it is right.")
    try:
        found = np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        raise Wrong(f"{what} should consist of numbers, but it is {found!r:.60}") from None
    right = np.asarray(right, dtype=float)
    if right.shape == () and found.size == 1:
        found = found.reshape(())
    if right.shape == () and found.shape != ():
        raise Wrong(f"{what} should be one number, but it is {found.size} numbers.")
    if found.shape != right.shape:
        question = " Is it transposed?" if found.shape == right.shape[::-1] else ""
        raise Wrong(
            f"{what} has the shape {found.shape}, but it should have {right.shape}.{question}"
        )
    if np.allclose(found, right, rtol=tolerance, atol=tolerance):
        return
    worst = np.unravel_index(
        np.argmax(np.nan_to_num(np.abs(found - right), nan=np.inf)), right.shape
    )
    place = f" at [{', '.join(map(str, worst))}]" if right.shape else ""
    begin = (
        f"{what} has the right shape, but {found[worst]:.4g}{place},"
        if place
        else f"{what} is {found[worst]:.4g}"
    )
    said = f"{begin} where {right[worst]:.4g} is right"
    for mistake, question in mistakes:
        if np.shape(mistake) == found.shape and np.allclose(
            found, mistake, rtol=tolerance, atol=tolerance, equal_nan=True
        ):
            raise Wrong(f"{f'{what} is not right' if by_pencil else said}: {question}")
    raise Wrong(f"{what} is not right{place}." if by_pencil else f"{said}.{_sign(found, right)}")


def _sign(found: Array, right: Array) -> str:
    """Return a sentence on what the wrong numbers have in common, if they have anything."""
    if not np.isfinite(found).all():
        return (
            " What is nan or inf comes from a division by 0, the logarithm of 0, or the exponential"
            " of a large number."
        )
    if right.shape == ():
        return " The sign is the wrong one." if np.isclose(found, -right) else ""
    if not found.any():
        return " Is anything written into it? It is 0."
    if np.allclose(found, -right):
        return " Each sign is the wrong one."
    if found.ndim == 2 and found.shape == found.T.shape and np.allclose(found.T, right):
        return " Is it transposed?"
    if np.allclose(np.sort(found, axis=None), np.sort(right, axis=None)):
        return " These are the right numbers, but in another order."
    factor = float((found * right).sum() / (right**2).sum()) if right.any() else 0.0
    if factor and np.allclose(found, factor * right):
        return f" Each number is {factor:.4g} times the right one."
    if np.allclose(found - right, (found - right).flat[0]):
        return f" Each number is {float((found - right).flat[0]):+.4g} away from the right one."
    return _part(np.asarray(np.isclose(found, right, rtol=1e-6, atol=1e-9)))


def _part(close: np.ndarray[Any, np.dtype[np.bool_]]) -> str:
    """Return a sentence on where an array is right."""
    rows = np.asarray(close.reshape(len(close), -1).all(axis=1))
    if close.ndim == 2 and rows.any() and len(rows) > 2:
        wrong = ", ".join(map(str, np.flatnonzero(~rows)[:5]))
        return f" {rows.sum()} of its {len(rows)} rows are right; look at row {wrong}."
    if close.any():
        return f" {close.sum()} of its {close.size} numbers are right."
    return ""


def _is_empty(function: Callable[..., Any]) -> bool:
    """Return whether the body of a function does nothing, like `...`."""
    code, empty = function.__code__.co_code, (lambda: None).__code__.co_code
    # a version of Python may keep `...` as one instruction that does nothing
    return len(code) <= len(empty) + 2


def _reason(error: BaseException) -> str:
    """Return Python's words, or ours if we know what such an error comes from."""
    reason = traceback.format_exception_only(error)[-1].strip().removesuffix(".")
    stop = f"{_place(error)}: {reason}"
    known = (said.format(reason) for sign, said in STOPS.items() if re.search(sign, stop))
    return next(known, reason)


def _place(error: BaseException) -> str:
    """Name the line of the answer in which an error was raised."""
    return _at(traceback.extract_tb(error.__traceback__)[1:2])


def _at(frame: Sequence[traceback.FrameSummary]) -> str:
    line = linecache.getline(frame[0].filename, frame[0].lineno or 0).strip() if frame else ""
    return f" at `{line}`" if line else ""
