"""The checks of chapter 10."""

from collections.abc import Callable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from checks import NotYet, Wrong, call, check, compare
from checks.program import load

DURATIONS = ((9.0, 1.0, 3.0, 7.0, 2.0, 2.0), (8.0, 30.0, 3.0, 4.0, 2.0, 1.0))
"""The seconds that two functions take, call after call.

The first call is slow, and so is one of the others.
"""


class _Clock:
    """A clock that stands still until somebody works."""

    def __init__(self) -> None:
        self.now, self.calls = 0.0, [0, 0]
        self.order: list[int] = []

    def __call__(self) -> float:
        return self.now

    def work(self, number: int) -> None:
        times = DURATIONS[number]
        self.now += times[self.calls[number] % len(times)]
        self.calls[number] += 1
        self.order.append(number)

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Clock":
        return self


@check
def check_times(median_times: Callable[..., Any]) -> str:
    rounds = 5
    clock = _Clock()
    functions = [partial(_Clock.work, clock, number) for number in (0, 1)]
    found = call(median_times, functions, rounds, clock)
    first, second = (np.array(times) for times in DURATIONS)
    if min(clock.calls) < rounds:
        raise Wrong(
            f"the functions ran {clock.calls[0]} and {clock.calls[1]} times in {rounds} rounds. Is"
            " it function()?"
        )
    if np.shape(found) == (2,) and np.all(abs(np.asarray(found)) < 0.1):
        raise Wrong("your times are far too short. Do you ask the clock that you were given?")
    pooled = np.median([*first[1:], *second[1:]])
    mistakes = [
        (
            [first[1:].mean(), second[1:].mean()],
            "are these means? One interruption spoils a mean; take the median.",
        ),
        (
            [np.median(first[:-1]), np.median(second[:-1])],
            "is the first call among the times? Run each function once before you measure.",
        ),
        (
            [np.median(first), np.median(second)],
            "is the first call among the times? Warm up without measuring.",
        ),
        (
            [np.median(first[1:]), np.median(first[1:] + second[1:])],
            "does the clock start once a round? It must start anew for each function.",
        ),
        (
            [first[:-1].mean(), second[:-1].mean()],
            "are these means, and is the first call among them? Warm up, and take the median.",
        ),
        (
            [first[1:].min(), second[1:].min()],
            "is this the shortest time? That is a good measure too, but the median is asked for.",
        ),
        ([first[1:].sum(), second[1:].sum()], "are these sums? Take the median."),
        ([pooled, pooled], "do both functions share one list? `[[]] * 2` is the same list twice."),
        (
            [-np.median(first[1:]), -np.median(second[1:])],
            "did you subtract the end from the start?",
        ),
        (
            [np.median(first[1:]), np.median(second[:-1])],
            "is the first call of the second function among its times? Warm up each of them.",
        ),
    ]
    compare("your list", found, [np.median(first[1:]), np.median(second[1:])], mistakes)
    if max(len([*same]) for _, same in groupby(clock.order)) >= rounds:
        raise Wrong(
            "the times are right, but one function had all its rounds before the other began. Let"
            " them take turns."
        )
    clock = _Clock()
    functions = [partial(_Clock.work, clock, number) for number in (0, 1)]
    few = call(median_times, functions, 4, clock)
    always = ([np.median(first[1:]), np.median(second[1:])], "is `rounds` used?")
    right = [np.median(first[1:5]), np.median(second[1:5])]
    one_of_two = "of four times the median is the mean of the two in the middle. `median` knows."
    upper, lower = (([sorted(first[1:5])[n], sorted(second[1:5])[n]], one_of_two) for n in (2, 1))
    compare("with 4 rounds in place of 5, your list", few, right, [always, upper, lower])
    return "Whoever measures like this believes fewer miracles."


class _Whole(np.ndarray[Any, Any]):
    """An array that cannot be taken step by step."""

    def __iter__(self) -> Any:
        raise Wrong(LOOP)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, int | np.integer):
            raise Wrong(LOOP)
        return np.asarray(self)[place]

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Whole":
        return self.copy()

    def reshape(self, *shape: Any, **more: Any) -> Any:
        return np.asarray(self).reshape(*shape, **more)


LOOP = (
    "this takes the steps one by one. One product does it: put the rows of all steps one below the"
    " other, with `reshape`."
)


@check
def check_in_one_piece(weight_gradient: Callable[..., Any]) -> str:
    """Is this the sum of x[t].T @ d_z[t]?"""
    generator = np.random.default_rng(9)
    x, d_z = generator.normal(size=(4, 3, 2)), generator.normal(size=(4, 3, 5))
    steps = [x_t.T @ d_z_t for x_t, d_z_t in zip(x, d_z, strict=True)]
    right = sum(steps)
    found = np.asarray(call(weight_gradient, x.view(_Whole), d_z.view(_Whole)))
    if found.shape == (4, 2, 5):
        raise Wrong("this is one gradient for each step, (T, D, K). w is one for all: add them up.")
    if found.shape == (5, 2):
        raise Wrong("this has the shape of w.T, (K, D). Which factor is turned on its side?")
    if found.shape != right.shape:
        raise Wrong(
            f"your gradient has the shape {found.shape}, but w_x has D rows and K columns, (2, 5):"
            " one row for each input, one column for each output."
        )
    mistakes = [
        (right / 4, "is this a mean over the steps? Each step moves the loss, so they add up."),
        (right / 12, "is this a mean over all rows? Each row moves the loss, so they add up."),
        (steps[-1], "is this the last step alone?"),
        (steps[0], "is this the first step alone?"),
        (x.sum(0).T @ d_z.sum(0), "each step's x belongs to its own d_z: multiply, then add."),
        (
            x.reshape(2, -1) @ d_z.reshape(-1, 5),
            "`reshape` to (D, T B) mixes the numbers up. Make it (T B, D), and turn that with .T.",
        ),
    ]
    compare("your gradient", found, right, mistakes)
    return "Four products of three rows, or one of twelve: the sum does not know the difference."


@check
def check_grid(on_grid: Callable[..., Any]) -> str:
    numbers = np.array([0.7312, -0.7312, 0.0019, 0.0021, -1.0, 2.9, 0.33333])
    for digits in (8, 3):
        scale = 2.0**digits
        mistakes = [
            (
                np.floor(numbers * scale) / scale,
                "is this rounded down? The nearest multiple is asked for.",
            ),
            (
                np.trunc(numbers * scale) / scale,
                "are the digits cut off? The nearest multiple is asked for.",
            ),
            (
                np.rint(numbers * 256) / 256,
                "are these multiples of 1/256? How many digits are kept is an argument.",
            ),
            (np.rint(numbers * scale) // scale, "`//` leaves whole numbers; divide with `/`."),
            (
                np.rint(numbers * scale),
                "these are whole numbers; divide again by the same power of two.",
            ),
            (
                np.round(numbers, digits),
                "are these decimal digits? The digits are binary: multiples of 2^-digits.",
            ),
            (
                np.rint(numbers * digits) / digits,
                "are these multiples of 1/digits? They should be multiples of 2^-digits.",
            ),
            (
                np.rint(numbers / scale) * scale,
                "are these multiples of 2^digits? They should be multiples of 2^-digits.",
            ),
        ]
        try:
            found = call(on_grid, numbers, digits)
        except Wrong as wrong:
            if "`^`" in str(wrong):
                raise Wrong(
                    "`^` is no power in Python. 2 to the power of digits is `2.0**digits`."
                ) from None
            raise
        compare(
            "your rounded array",
            found,
            np.rint(numbers * scale) / scale,
            mistakes,
            tolerance=1e-9,
        )
    return "No number moved by more than half a step, which is 2^-(digits + 1)."


@check
def check_bits(bits_needed: Callable[..., Any]) -> str:
    cases = [(1, 4, 4), (3, 2, 2), (384, 8, 8), (769, 7, 8), (769, 6, 8), (1000, 10, 1), (2, 1, 1)]
    found = [call(bits_needed, *case) for case in cases]
    if not all(isinstance(number, int | float | np.number) for number in found):
        raise Wrong(f"your answer should be a whole number, but it is {found[0]!r:.40}.")
    numbers = [float(number) for number in found]
    right = [(terms * (2**of_w - 1) * (2**of_h - 1)).bit_length() for terms, of_w, of_h in cases]
    bound = [of_w + of_h + (terms - 1).bit_length() for terms, of_w, of_h in cases]
    if numbers == bound:
        return (
            "Your rule adds up digits and never says too few; the largest sum itself sometimes"
            " needs one less."
        )
    logs = [np.log2(terms * (2**of_w - 1) * (2**of_h - 1)) for terms, of_w, of_h in cases]
    mistakes = [
        (
            [of_w + of_h for _, of_w, of_h in cases],
            "that is enough for one product. How much larger is the sum of all terms?",
        ),
        (
            [terms + of_w + of_h for terms, of_w, of_h in cases],
            (
                "a thousand terms do not need a thousand digits more: twice as many terms need one"
                " more."
            ),
        ),
        (
            [max(of_w, of_h) + (terms - 1).bit_length() for terms, of_w, of_h in cases],
            "a product of numbers with m and n digits has up to m + n.",
        ),
        (
            [(terms * 2**of_w * 2**of_h).bit_length() for terms, of_w, of_h in cases],
            (
                "too many for most sums. Is 2**n the largest number with n digits? It has n + 1;"
                " take 2**n - 1."
            ),
        ),
        (
            [terms * (2**of_w - 1) * (2**of_h - 1) for terms, of_w, of_h in cases],
            "this is the sum itself; how many binary digits does it have?",
        ),
        (
            [of_w + of_h + terms.bit_length() - 1 for terms, of_w, of_h in cases],
            "log2 of the terms must be rounded up: a part of a digit takes a whole one.",
        ),
        (
            [((2**of_w - 1) * (2**of_h - 1)).bit_length() for _, of_w, of_h in cases],
            "that is enough for one product. How much larger is the sum of all terms?",
        ),
        (
            [len(bin(terms * (2**of_w - 1) * (2**of_h - 1))) for terms, of_w, of_h in cases],
            "`bin` writes 0b before the digits.",
        ),
        (logs, "a part of a digit takes a whole one."),
        (
            np.ceil(logs),
            "a power of two has one digit more than its logarithm says: 2 is 10.",
        ),
        (
            [of_w + of_h + np.log2(terms) for terms, of_w, of_h in cases],
            "log2 of the terms must be rounded up: a part of a digit takes a whole one.",
        ),
        (
            [terms * of_w * of_h for terms, of_w, of_h in cases],
            "digits of a product add up; they do not multiply.",
        ),
    ]
    for case, number, true in zip(cases, numbers, right, strict=True):
        if number != true:
            question = next(
                (f": {text}" for wrong, text in mistakes if np.allclose(wrong, numbers)), "."
            )
            raise Wrong(f"your bits_needed{case} is {number:g} where {true} is right{question}")
    return "769 terms, 6 digits of w and 8 of h need 24, and a float32 has just 24."


@check
def check_my_numbers(path: str) -> str:
    """Invent with the numbers that the student's program has kept, and with them on a grid."""
    program = load()
    for name in ("load", "invent"):
        if name not in vars(program):
            raise NotYet(f"my_network.py has no `{name}` yet; chapter 6 writes it.")
    if not Path(path).exists():
        raise NotYet(f"there is no {path} beside this notebook.")
    parameters, letters = call(program.load, path)
    rounded = {name: np.rint(256 * array) / 256 for name, array in parameters.items()}
    plain, on_grid = (
        [
            call(program.invent, numbers, letters, np.random.default_rng(seed), may_change=(2,))
            for seed in range(20)
        ]
        for numbers in (parameters, rounded)
    )
    same = sum(one == other for one, other in zip(plain, on_grid, strict=True))
    return (
        f"It has {sum(array.size for array in parameters.values()):,} numbers, and invents"
        f" {', '.join(plain[:4])}. On the grid, with the same seeds: {', '.join(on_grid[:4])}. Of"
        f" 20 names, {same} are the same, letter for letter."
    )
