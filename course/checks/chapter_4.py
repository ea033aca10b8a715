"""The checks of chapter 4, *Clipping and going down*."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from checks import NotYet, Wrong, call, check, compare, is_right
from checks.chapter_2 import check_forward
from checks.chapter_3 import NAMES, check_backward, forward_pass, way_back
from checks.program import Live, check_program
from model.network.layers import softmax

Function = Callable[..., Any]
Gradients = Mapping[str, Any]


@check_program("initial_parameters")
def check_initial_parameters(initial_parameters: Function) -> str:
    size, units = 30, 64
    found = call(initial_parameters, size, units, np.random.default_rng(3))
    _check_shapes(found, size, units)
    again, other = (
        call(initial_parameters, size, units, np.random.default_rng(seed)) for seed in (3, 4)
    )
    for name in ("b", "b_y"):
        compare(
            f"your {name}",
            found[name],
            np.zeros(len(found[name])),
            [(found[name], "the biases begin with zeros, and only the weights are drawn.")],
        )
    _check_kind(found)
    arrays = {name: np.asarray(found[name], dtype=float) for name in ("w_x", "w_h", "w_y")}
    for name, array in arrays.items():
        right = (0.1 if name == "w_y" else 1) / np.sqrt(units)
        middle, spread = array.mean(), array.std()
        said = (
            f"the numbers of your {name} are {spread:.3g} in size (that is their standard"
            f" deviation), where {right:.3g} is right: "
        )
        if np.unique(array).size < 10:
            raise Wrong(
                f"all numbers of your {name} are the same. Then all units do the same, get the"
                " same slopes, and stay the same for ever. Are they drawn?"
            )
        if abs(middle) > 0.2 * spread:
            raise Wrong(
                f"the mean of your {name} is {middle:.3g}, and should be near 0. Is it"
                " generator.normal, and not generator.random?"
            )
        if abs(spread / right - 1) < 0.1:
            continue
        sizes = (
            (1, "is it multiplied by anything?"),
            (1 / np.sqrt(units), "w_y should be a tenth of that, so that the logits begin near 0."),
            (1 / units, "is the root missing? One over the root of the units."),
            (1 / np.sqrt(size), "is it the root of the units, and not of the letters?"),
            (np.sqrt(units), "one *over* the root of the units."),
            (1 / np.sqrt(50), "is that 50, whatever the `units` are?"),
            (0.1 / np.sqrt(50), "is that 50, whatever the `units` are?"),
            (0.1 / units, "is the root missing? One over the root of the units."),
            (0.1, "is it also divided by the root of the units?"),
            (0.01, "that is the network that is asleep."),
        )
        for wrong, question in sizes:
            if abs(spread / wrong - 1) < 0.1:
                raise Wrong(said + question)
        raise Wrong(
            f"{said}1 / np.sqrt(units), and a tenth of that for w_y. What else is in your product?"
        )
    if not np.array_equal(found["w_x"], again["w_x"]):
        raise Wrong(
            "the same seed gives other numbers the second time: is all drawn by `generator`?"
        )
    if np.array_equal(found["w_x"], other["w_x"]):
        raise Wrong(
            "another generator gives the same numbers. Does your function make one of its own?"
        )
    _check_order(arrays, size, units)
    _check_other_units(initial_parameters)
    return "Its states are spread out, and its first loss is that of blind guessing: healthy."


def _check_other_units(initial_parameters: Function) -> None:
    """Raises Wrong if the size of the numbers fits the number of units above only."""
    found = call(initial_parameters, 5, 9, np.random.default_rng(3))
    _check_shapes(found, 5, 9)
    if not np.allclose(found["w_x"], np.random.default_rng(3).normal(size=(5, 9)) / 3):
        raise Wrong(
            "for 64 units it is right, and for 9 it is not. Is a number written out? One over the"
            " root of the `units` is another one for each network."
        )


def _check_kind(found: Gradients) -> None:
    """Raises Wrong for what cannot learn: lists, and arrays of whole numbers."""
    for name in NAMES:
        if not isinstance(found[name], np.ndarray):
            raise Wrong(
                f"your {name} is a {type(found[name]).__name__}. `np.array` makes an array of it."
            )
        if found[name].dtype == np.float32:
            raise Wrong(f"float32 rounds your {name}. Let NumPy take its own float64.")
        if found[name].dtype.kind != "f":
            raise Wrong(
                f"your {name} is an array of whole numbers ({found[name].dtype}), and learning"
                " moves it by fractions, for which it has no room. `np.zeros(units)` has room."
            )


def _check_order(arrays: Gradients, size: int, units: int) -> None:
    """Raises Wrong if the numbers were drawn in another order than w_x, w_h, w_y."""
    generator = np.random.default_rng(3)
    for name, shape in (("w_x", (size, units)), ("w_h", (units, units)), ("w_y", (units, size))):
        right = generator.normal(size=shape) / np.sqrt(units) * (0.1 if name == "w_y" else 1)
        if not np.allclose(arrays[name], right):
            raise Wrong(
                f"your numbers are as large as they should be, but those of {name} are others than"
                " this generator should give. Draw w_x first, then w_h, then w_y, each by one"
                " `generator.normal(size=...)`, or you see other figures than this page."
            )


def _check_shapes(found: Any, size: int, units: int) -> None:
    if not isinstance(found, Mapping) or {*found} != {*NAMES}:
        raise Wrong(f"the function should return a dictionary with the names {', '.join(NAMES)}.")
    shapes = ((size, units), (units, units), (units,), (units, size), (size,))
    for name, right in zip(NAMES, shapes, strict=True):
        if np.shape(found[name]) != right:
            raise Wrong(
                f"for {size} letters and {units} units, your {name} has the shape"
                f" {np.shape(found[name])}, but it should have {right}."
            )


@check
def check_clip_by_value(clip_by_value: Function) -> str:
    gradients = {"w": np.array([[8.0, -12.0, 0.5], [-0.25, 4.0, -4.5]]), "b": np.array([3.0, -7.0])}
    limit = 4.0
    right = {name: np.clip(array, -limit, limit) for name, array in gradients.items()}
    found = _clipped(clip_by_value, gradients, limit)
    for name, array in gradients.items():
        mistakes = [
            (array, "nothing is clipped. Is what np.clip returns used?"),
            (
                np.minimum(array, limit),
                "only large numbers are cut. What about numbers below -limit?",
            ),
            (
                np.maximum(array, -limit),
                "only very negative numbers are cut. What about numbers above the limit?",
            ),
            (
                np.clip(array, 0, limit),
                "negative numbers became 0. Does the range begin at -limit?",
            ),
            (
                np.where(np.abs(array) > limit, 0, array),
                "too large numbers became 0. They should become the limit.",
            ),
            (
                np.where(np.abs(array) > limit, limit, array),
                "a very negative number became positive. Is its sign kept?",
            ),
            (
                np.full_like(array, -limit),
                "every number became -limit. Does np.clip get the lower end first?",
            ),
            (np.minimum(np.abs(array), limit), "where are the signs? -7 should become -limit."),
            (
                array * min(1, limit / _norm(gradients)),
                "this clips by norm. Here every number is cut by itself.",
            ),
            (np.clip(array, -1, 1), "this cuts at 1. Is the limit that was asked for used?"),
            (
                np.clip(array, -5, 5),
                "this cuts at 5, but the limit was 4. Is the limit that was asked for used?",
            ),
            (
                found[name],
                f"it was {_numbers(array)}, and the limit is {limit:g}. A number between"
                f" -{limit:g} and {limit:g} stays; every other becomes the nearer of the two.",
            ),
        ]
        compare(f"your gradient of {name}", found[name], right[name], mistakes)
    return "Now no single number can move further than rate times limit in a step."


@check_program("clip")
def check_clip(clip: Function) -> str:
    long = {"w": np.array([[8.0, -6.0], [1.0, 2.0]]), "b": np.array([3.0, -7.0])}
    short = {name: array / 10 for name, array in long.items()}
    limit = 4.0
    barely_long = {name: array * 4.2 / _norm(long) for name, array in long.items()}
    for gradients in (long, short, barely_long):
        norm = _norm(gradients)
        right = _shortened(gradients, limit)
        count = sum(array.size for array in gradients.values())
        sum_of_norms = sum(float(np.linalg.norm(array)) for array in gradients.values())
        shrinking = {name: array.copy() for name, array in gradients.items()}
        for array in shrinking.values():
            array *= min(
                1, limit / float(np.sqrt(sum((each**2).sum() for each in shrinking.values())))
            )
        try:
            found = _clipped(clip, gradients, limit)
        except Wrong as wrong:
            if gradients is short and "returns nothing" in str(wrong):
                raise Wrong(
                    "for gradients that are short enough, your clip returns nothing. Is there a"
                    " `return` for that case, too?"
                ) from None
            raise
        for name, array in gradients.items():
            own = float(np.linalg.norm(array))
            mistakes = [
                (array, "nothing is clipped. Is the norm compared with the limit?"),
                (
                    array * limit / norm,
                    (
                        f"a gradient with a norm of {norm:.1f} is stretched to {limit:.0f}. Should"
                        " it not stay?"
                    ),
                ),
                (
                    array * min(1, limit / own),
                    "each array has its own norm here. Are all of them one arrow?",
                ),
                (
                    array * limit / own,
                    "each array has its own norm here. Are all of them one arrow?",
                ),
                (
                    array * np.minimum(1, limit / np.linalg.norm(array, axis=-1, keepdims=True)),
                    "each row has its own norm here. Are all arrays one arrow?",
                ),
                (
                    array * min(1, limit / (norm / np.sqrt(count))),
                    "is this the root of the *mean* of the squares? The norm is that of their sum.",
                ),
                (
                    np.clip(array, -limit, limit),
                    (
                        "this clips by value, and the arrow turns. Is every number multiplied by"
                        " the same?"
                    ),
                ),
                (
                    shrinking[name],
                    (
                        "the norm was taken again after the first array had shrunk. Take it once,"
                        " at the start."
                    ),
                ),
                (array / norm, "the norm is 1 now. Is it also multiplied by the limit?"),
                (
                    array * limit / norm**2,
                    "the limit is divided by the square of the norm. Is the root missing?",
                ),
                (
                    array * min(1, limit / sum_of_norms),
                    "the norms of the arrays are added. Add the squares, then take the root.",
                ),
                (array * norm / limit, "it grew. Is the fraction upside down?"),
                (
                    found[name],
                    f"the norm of all arrays together is {norm:.3f}, and the limit {limit:g}. So"
                    f" every number is multiplied by {min(1, limit / norm):.4g}.",
                ),
            ]
            compare(f"your gradient of {name}", found[name], right[name], mistakes)
    nothing = {"w": np.zeros((2, 2)), "b": np.zeros(2)}
    with np.errstate(all="ignore"):
        still = _clipped(clip, nothing, limit)
    if not all(np.array_equal(still[name], array) for name, array in nothing.items()):
        raise Wrong(
            "gradients of zeros should stay zeros. Is something divided by their norm, which is 0?"
        )
    return "The arrow is shorter, and still points the same way."


@check_program("optimize")
def check_optimize(optimize: Function) -> str:
    for needed, check_it in (
        ("forward", check_forward),
        ("backward", check_backward),
        ("clip", check_clip),
    ):
        if not is_right(check_it):
            raise NotYet(f"`optimize` needs `{needed}`, and yours is not right yet.")
    rate, limit = 0.2, 4.0
    parameters, ids = _steep()
    before = {name: array.copy() for name, array in parameters.items()}
    cost, gradients = _cost_and_gradients(before, ids)
    found = call(optimize, parameters, ids, rate, limit)
    after = _moved(before, _shortened(gradients, limit), rate)
    if isinstance(found, Mapping):
        if {*found} == {*NAMES} and np.allclose(_whole(found), _whole(after)):
            raise Wrong(
                "the new arrays are right, but they are returned in a dictionary. The caller's"
                " `parameters` should change, and the cost be returned."
            )
        raise Wrong("your function returns a dictionary. It should return the cost.")
    _look_at_the_step(parameters, after, _step_faults(before, ids, rate, limit))
    later = _cost_and_gradients(after, ids)[0]
    compare(
        "your cost",
        found,
        cost,
        [
            (later, "this is the cost after the update. The one from before it is wanted."),
            (cost / (len(ids) - 1), "this is the mean over the letters. The sum is wanted."),
            (found, "return the first of the two things that your `backward` returns."),
        ],
    )
    parameters, _ = _steep()
    high = 1000.0  # no gradient here is as long
    call(optimize, parameters, ids, rate, high)
    stretched = _moved(before, gradients, rate * high / _norm(gradients))
    _look_at_the_step(
        parameters,
        _moved(before, gradients, rate),
        [
            (
                stretched,
                f"with a limit of {high:g} the gradient is short enough, and should stay as it is."
                " Yours is stretched. Is it `clip(gradients, limit)`, and times the rate?",
            ),
            (
                _moved(before, _shortened(gradients, limit), rate),
                f"it clips at {limit:g}, and this time the limit was {high:g}. Is `limit` used?",
            ),
        ],
    )
    return "Call it for each name in turn, and you have a training."


def _look_at_the_step(
    found: Gradients, right: Gradients, faults: Sequence[tuple[Gradients, str]]
) -> None:
    """Raises Wrong if the parameters are not right after a step."""
    whole = _whole(found)
    if np.allclose(whole, _whole(right), rtol=1e-6, atol=1e-6):
        return
    for fault, question in faults:
        if np.allclose(whole, _whole(fault), rtol=1e-6, atol=1e-6):
            raise Wrong(f"after your step the network is not what it should be: {question}")
    for name in NAMES:
        compare(
            f"after your step, {name}",
            found[name],
            right[name],
            [
                (
                    found[name],
                    "each array moves by -rate times its own gradient, after `clip` has had all of"
                    " them. Is anything else done to it?",
                )
            ],
        )


def _step_faults(
    before: Gradients, ids: list[int], rate: float, limit: float
) -> list[tuple[Gradients, str]]:
    """Return the parameters after a step with a usual mistake, each with a question."""
    _, g = _cost_and_gradients(before, ids)
    letters = len(ids) - 1
    short = _shortened(g, limit)
    after = _moved(before, short, rate)
    of_all_but_the_last = _cost_and_gradients(before, ids[:-1])[1]
    by_itself = {name: _shortened({name: g[name]}, limit)[name] for name in NAMES}
    by_value = {name: np.clip(g[name], -limit, limit) for name in NAMES}
    one_by_one = dict(before)
    for name in NAMES:
        anew = _shortened(_cost_and_gradients(one_by_one, ids)[1], limit)
        one_by_one[name] = before[name] - rate * anew[name]
    divided = "the step is too short: is the gradient divided by the number of letters?"
    return [
        (
            before,
            "the network is as it was. `a = a - b` makes a new array. Does `a -= b` change the old"
            " one?",
        ),
        (_moved(before, short, -rate), "it went uphill. Is it minus the gradient?"),
        (
            _moved(before, g, rate),
            "the gradients were not clipped, or only after the update. Is what your clip returns"
            " used?",
        ),
        (
            _moved(before, short, 1),
            "the step is too long. Is it multiplied by the rate, and after it was clipped?",
        ),
        (_moved(before, short, rate**2), "the rate is in it twice. Clip by `limit` alone."),
        (
            _moved(before, by_value, rate),
            "this clips by value. This exercise asks for by norm, by your `clip`.",
        ),
        (
            _moved(before, by_itself, rate),
            "each array is clipped by itself. Let your `clip` have the whole dictionary.",
        ),
        (
            {name: (after if name == NAMES[0] else before)[name] for name in NAMES},
            "only the first array has moved. Does `return` stand inside the loop?",
        ),
        (
            {name: (after if name.startswith("w") else before)[name] for name in NAMES},
            "the biases have not moved.",
        ),
        (one_by_one, "the gradients are computed anew for each array. Compute them once."),
        (
            _moved(before, _shortened(of_all_but_the_last, limit), rate),
            "does backward get all ids? The last letter is missing.",
        ),
        (_moved(before, _shortened(g, 5), rate), "it clips at 5, but the limit was 4."),
        (_moved(before, _shortened(g, 1), rate), "it clips at 1, but the limit was 4."),
        (
            _moved(before, short, 2 * rate),
            "the step was taken twice. Is there one update too many?",
        ),
        *(
            (_moved(before, short, other), f"it moves at a rate of {other}. Is `rate` used?")
            for other in (0.01, 0.02, 0.03)
        ),
        (_moved(before, short, rate / letters), divided),
        (_moved(before, _shortened(g, limit * letters), rate / letters), divided),
    ]


@check_program("invent")
def check_invent(invent: Function) -> str:
    if not is_right(check_forward):
        raise NotYet("`invent` needs `forward`, and yours is not right yet. See chapter 2.")
    letters = "\nabcm"
    name = call(invent, _chain("cab"), letters, np.random.default_rng(1))
    if isinstance(name, str) and name != "cab":
        _check_kind_of_p(invent, letters)
    _check_only_name(name)
    endless = call(invent, _chain("a", ends=False), letters, np.random.default_rng(1))
    if endless.strip("a") or len(endless) != 40:
        raise Wrong(
            f"a name that never ends should stop after 40 letters, and yours has {len(endless)}."
        )
    for temperature in (1.0, 0.5, 2.0):
        _check_temperature(invent, letters, temperature)
    _check_memory(call(invent, _memory(), "\nam", np.random.default_rng(1)))
    twice = [
        [call(invent, _coin(), letters, np.random.default_rng(seed)) for seed in range(20)]
        for _ in range(2)
    ]
    if twice[0] != twice[1]:
        raise Wrong("the same seed gives another name: is every letter drawn by `generator`?")
    _check_default_temperature(invent, letters)
    _check_asks_forward(invent, letters)
    return "This function will write all names of your network, whatever it has learned."


def _check_only_name(name: Any) -> None:
    if isinstance(name, list | tuple):
        raise Wrong('the name should be one string. `"".join(letters)` makes one of a list.')
    if not isinstance(name, str):
        raise Wrong(f"the name should be a string, but it is {name!r:.60}.")
    begin = f"your name is {name.replace(chr(10), '¶')!r} where only 'cab' is possible: "
    if name != "cab":
        for wrong, question in (
            (name == "", "is the name over before its first letter? It begins by *reading* ¶."),
            (name.strip("\n") == "cab", "¶ begins and ends a name, but is no part of it."),
            (name.lower() == "cab", "all letters are small here."),
            (name == "ab", "one letter is lost. Is the first that is drawn kept, too?"),
            (name == "c" * len(name), "does it read what it has drawn? Is it the *last* row of p?"),
        ):
            if wrong:
                raise Wrong(begin + question)
        raise Wrong(begin + "does `forward` get all ids so far, with 0 at the beginning?")


def _check_memory(name: str) -> None:
    """Raises Wrong if what comes does not depend on all that was read."""
    if name == "baba":
        raise Wrong("your name has letters that this network does not know. Are `letters` used?")
    if name != "mama":
        raise Wrong(
            "chapter 2's network, which can only write mama, writes"
            f" {name.replace(chr(10), '¶')!r} by your function: it cannot tell the first a from the"
            " second. It remembers no more than it reads: does `forward` get *all* ids so far?"
        )


def _check_kind_of_p(invent: Function, letters: str) -> None:
    """Raises Wrong if a softmax is taken of probabilities."""
    flat = softmax(np.array([0.05, 0.1, 0.15, 0.7, 0.0]))
    if np.abs(_first_letters(invent, letters, 1.0) - flat[:4]).max() < 0.07:
        raise Wrong(
            "p are probabilities already, not logits, and a softmax of them is nearly flat. Take"
            " `p ** (1 / temperature)`, divided by its sum."
        )


def _first_letters(invent: Function, letters: str, temperature: float) -> Any:
    """Return how often of 300 times ¶, a, b and c are drawn first, as shares."""
    draws = [
        call(invent, _coin(), letters, np.random.default_rng(seed), temperature)
        for seed in range(300)
    ]
    return np.array([sum(each[:1] == letter for each in draws) for letter in ("", *"abc")]) / 300


def _check_temperature(invent: Function, letters: str, temperature: float) -> None:
    p = np.array([0.05, 0.1, 0.15, 0.7])
    powers = p ** (1 / temperature)
    right = powers / powers.sum()
    shares = _first_letters(invent, letters, temperature)
    if np.abs(shares - right).max() < 0.1:
        return
    said = f"at the temperature {temperature}, "
    if shares.max() == 1:
        raise Wrong(said + "300 seeds gave the same letter. Is it drawn, by `generator`?")
    if np.abs(shares - p).max() < 0.1:
        raise Wrong(
            said + "it draws as at the temperature 1. Is `temperature` used? (To divide p by it is"
            " undone when p is divided by its sum. Logits are divided, so p gets a power.)"
        )
    if shares[0] == 0:
        raise Wrong(said + "¶ should come first now and then, and then the name is empty.")
    wrong = p**temperature / (p**temperature).sum()
    if np.abs(shares - wrong).max() < 0.1:
        raise Wrong(said + "it is the wrong way round: hot should be bold. Is it 1 / temperature?")
    raise Wrong(
        f"{said}c should come first in {right[3]:.0%} of 300 names, and it came in"
        f" {shares[3]:.0%}. Is p ** (1 / temperature) divided by its sum?"
    )


def _check_default_temperature(invent: Function, letters: str) -> None:
    """Raises Wrong if a name is drawn at another temperature than 1 when none is given."""
    for seed in range(20):
        given, by_default = (
            call(invent, _coin(), letters, np.random.default_rng(seed), *temperature)
            for temperature in ((1.0,), ())
        )
        if given != by_default:
            raise Wrong(
                "without a temperature it draws otherwise than at 1. Does the line with `def` say"
                " `temperature=1.0`?"
            )


def _check_asks_forward(invent: Function, letters: str) -> None:
    """Raises Wrong if `invent` knows by itself how a network reads, or does not let `forward` read
    the whole name."""
    word = "bacabcbacb"
    rows = np.full((41, 5), 1e-12)
    rows[np.arange(41), [letters.index(letter) for letter in word.ljust(41, "\n")]] = 1 - 4e-12
    program = getattr(invent, "__globals__", {})
    yours = program.get("forward")
    program["forward"] = lambda _, reads: (rows[: len(reads)], np.zeros((len(reads) + 1, 5)))
    try:
        name = call(invent, _chain("cab"), letters, np.random.default_rng(1))
    finally:
        program["forward"] = yours
    if name == "cab":
        raise Wrong(
            "the names are right, but `invent` takes the steps of the network by itself. Let your"
            " `forward` read. When it reads by another cell, in chapter 7, `invent` should not"
            " even notice."
        )
    if name != word:
        raise Wrong(
            f"a network that knows only the word {word} writes {name} by your function. Does"
            " `forward` get *all* ids so far, from the 0 at the beginning, and is the last row of p"
            " taken?"
        )


def _numbers(array: Any) -> str:
    return ", ".join(f"{each:g}" for each in np.ravel(array))


def _clipped(function: Function, gradients: Gradients, limit: float) -> Gradients:
    """Return what an answer makes of gradients.

    Raises Wrong if it is not a dictionary with the same names.
    """
    found = call(function, gradients, limit)
    if not isinstance(found, Mapping) or set(found) != set(gradients):
        raise Wrong(
            f"the function should return a dictionary with the names {', '.join(gradients)}."
        )
    return found


def _memory() -> dict[str, Any]:
    """Return chapter 2's network, of which a step depends on all before it, but surer: whatever is
    drawn, it writes mama."""
    return {
        "w_x": np.array([[0.0, -2.0], [-2.0, 1.0], [2.0, 0.0]]),
        "w_h": np.array([[0.0, -1.0], [0.0, 1.0]]),
        "b": np.zeros(2),
        "w_y": 20 * np.array([[-3.0, 3.0, -3.0], [3.0, 0.0, -3.0]]),
        "b_y": np.zeros(3),
    }


def _norm(gradients: Gradients) -> float:
    return float(np.sqrt(sum((array**2).sum() for array in gradients.values())))


def _shortened(gradients: Gradients, limit: float) -> Gradients:
    """Return what clipping by norm makes of the gradients."""
    factor = min(1.0, limit / _norm(gradients))
    return {name: factor * array for name, array in gradients.items()}


def _whole(parameters: Gradients) -> Any:
    return np.concatenate([np.ravel(parameters[name]) for name in NAMES])


def _moved(parameters: Gradients, gradients: Gradients, step: float) -> Gradients:
    return {name: parameters[name] - step * gradients[name] for name in NAMES}


def _steep() -> tuple[Live, list[int]]:
    """Return parameters and a name whose gradient is longer than 5."""
    generator = np.random.default_rng(7)
    shapes = ((5, 4), (4, 4), (4,), (4, 5), (5,))
    arrays = {n: 2 * generator.normal(size=shape) for n, shape in zip(NAMES, shapes, strict=True)}
    return Live(arrays), [0, *(int(each) for each in generator.integers(1, 5, 12)), 0]


def _cost_and_gradients(parameters: Gradients, ids: list[int]) -> tuple[float, Gradients]:
    p = forward_pass(parameters, ids)[0]
    return float(-np.log(p[np.arange(len(p)), ids[1:]]).sum()), way_back(parameters, ids)


def _chain(word: str, *, ends: bool = True) -> dict[str, Any]:
    """Return parameters with which only one word can come, or its last letter for ever."""
    letters = "\nabcm"
    w_y = np.full((5, 5), -30.0)
    text = "\n" + word + ("\n" if ends else word[-1])
    for before, after in pairwise(text):
        w_y[letters.index(before), letters.index(after)] = 30
    return {
        "w_x": 20.0 * np.eye(5),
        "w_h": np.zeros((5, 5)),
        "b": np.zeros(5),
        "w_y": w_y,
        "b_y": np.zeros(5),
    }


def _coin() -> dict[str, Any]:
    """Return parameters for which ¶, a, b and c come first with 0.05, 0.1, 0.15 and 0.7."""
    coin = _chain("a")
    coin["w_y"][:, 0] = 30
    coin["w_y"][0] = [*np.log([0.05, 0.1, 0.15, 0.7]), -50]
    return coin
