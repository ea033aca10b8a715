"""Checks of chapter 2: softmax, a table that learns, one step by pencil, a whole word in code."""

from collections.abc import Callable
from itertools import pairwise, permutations
from typing import Any

import numpy as np

from checks import NotYet, Wrong, call, check, compare, is_right
from checks.program import check_program
from model.network import layers

LETTERS = "\nam"
LAYER = layers.LayerParameters(
    np.array([[0.0, -2.0], [-2.0, 1.0], [2.0, 0.0]]),
    np.array([[0.0, -1.0], [0.0, 1.0]]),
    np.zeros(2),
)
W_Y = np.array([[-3.0, 3.0, -3.0], [3.0, 0.0, -3.0]])


@check
def check_third_step(z: Any, h: Any, p: Any) -> str:
    first, _ = _read("\n", np.zeros(2))
    before, _ = _read("m", first)
    row, product = LAYER.w_x[1], before @ LAYER.w_h
    right = row + product
    for what, numbers, count in (("z", z, 2), ("h", h, 2), ("p", p, 3)):
        _check_points(what, numbers, count)
    compare(
        "your z",
        z,
        right,
        [
            (row, "that is only the row of a. Where is the old state?"),
            (product, "that is only the old state's part. Where is the row of a?"),
            (
                row + first @ LAYER.w_h,
                "that is the state of the step before. Which one did the second step leave?",
            ),
            (row + before, "is the old state multiplied by w_h?"),
            (row + before[0] * LAYER.w_h[0], "where is the second row of w_h, -0.746 times?"),
            (row + before[1] * LAYER.w_h[1], "where is the first row of w_h, 0.964 times?"),
            (row - product, "is a minus lost? Both parts of the old state make it smaller."),
            (
                row + np.abs(before) @ LAYER.w_h,
                "the second number of the old state is negative. Where is the minus?",
            ),
            (
                row + before @ np.abs(LAYER.w_h),
                "the first row of w_h is (0, -1). Where is its minus?",
            ),
            (row + before @ LAYER.w_h.T, "are rows of w_h added up, or columns?"),
            (
                LAYER.w_x[2] + product,
                "is this the row of m? It reads a now, the row in the middle.",
            ),
            (np.tanh(right), "that is already the new state. What was it before tanh?"),
            (right * (1, -1), "1 - 0.964 - 0.746 is below 0. Where is the minus?"),
            *(
                (
                    (row[0] + sign * before[0], row[1] + before[1]),
                    "the first row of w_h is (0, -1), so it adds nothing to the first number.",
                )
                for sign in (-1, 1)
            ),
            (
                z,
                "which three rows come together in it, and how often each? Write them below each"
                " other, and add.",
            ),
        ],
        tolerance=0.01,
        by_pencil=True,
    )
    state = np.tanh(right)
    compare(
        "your h",
        h,
        state,
        [
            (right, "is tanh still missing?"),
            (-state, "where is the minus?"),
            (state * (1, -1), "where is the minus of the second number?"),
            (np.tan(right), "that is the tangent. Which key is tanh?"),
            (np.tan(np.deg2rad(right)), "that is the tangent, in degrees. Which key is tanh?"),
            (layers.sigmoid(right), "that is 1 / (1 + e^-z). What does tanh give?"),
            (h, "your z is right. What is tanh of its first number, and of its second?"),
        ],
        tolerance=0.01,
        by_pencil=True,
    )
    logits = state @ W_Y
    _check_kind_of_p(p, layers.softmax(logits), layers.softmax(before @ W_Y))
    compare(
        "your p",
        p,
        layers.softmax(logits),
        [
            (logits, "these are the logits. What does softmax make of them?"),
            (np.exp(logits), "by what are the exponentials divided?"),
            (
                logits / logits.sum(),
                "are the logits divided by their sum? First comes e to the power of each.",
            ),
            (layers.softmax(right @ W_Y), "do the logits come from z, or from h?"),
            (
                p,
                "your h is right. Its two numbers say how much of which row of w_y makes the"
                " logits. Then comes e to the power of each, and each is divided by their sum.",
            ),
        ],
        tolerance=0.01,
        by_pencil=True,
    )
    return "It has read a, and expects m with 0.97. You have run a recurrent network by hand."


def _check_points(what: str, numbers: Any, count: int) -> None:
    """Raises Wrong if there are too many numbers, or too few: decimal commas make two of one."""
    if isinstance(numbers, int | float):
        numbers = [numbers]
    if not isinstance(numbers, tuple | list) or len(numbers) == count:
        return
    said = f"your {what} should have {count} numbers in brackets, and has {len(numbers)}."
    if len(numbers) > count and any(isinstance(each, int) and abs(each) > 9 for each in numbers):
        said += " Python writes a decimal point: 0.25 is one number, and 0,25 is two."
    raise Wrong(f"{said} There is one for each {'letter' if what == 'p' else 'unit'}.")


def _check_kind_of_p(p: Any, right: Any, of_old_state: Any) -> None:
    """Raises Wrong for percent, for the state before, and for another order of the letters."""
    try:
        found = np.array(p, dtype=float)
    except (TypeError, ValueError):
        return  # `compare` tells
    if found.shape != (3,) or np.allclose(found, right, atol=0.01):
        return
    if np.allclose(found, 100 * right, atol=1):
        raise Wrong("your p is in percent. Probabilities go from 0 to 1.")
    if np.allclose(found, of_old_state, atol=0.01):
        raise Wrong("your p comes from the state that the second step left. Take the new one.")
    if any(np.allclose(found, right[list(order)], atol=0.01) for order in permutations(range(3))):
        raise Wrong("your p has the right numbers in another order. It is ¶, a, m.")


@check_program("softmax")
def check_softmax(softmax: Callable[..., Any]) -> str:
    logits = np.array([-1.0, 0.5, 2.0, 0.0])
    exponentials = np.exp(logits)
    with np.errstate(all="ignore"):
        found = call(softmax, logits)
    compare(
        "your softmax",
        found,
        layers.softmax(logits),
        [
            (exponentials, "what is still missing, so that they add up to 1?"),
            (logits / logits.sum(), "is e to the power of the logits missing?"),
            (
                layers.log_softmax(logits),
                "these are logarithms of probabilities. Is there a log too much?",
            ),
            (exponentials / exponentials.max(), "the largest is 1 now. Should not the sum be 1?"),
            (
                np.exp(logits / logits.sum()),
                "is the sum taken before e to the power of each, or after it?",
            ),
            (
                exponentials / exponentials.max() / exponentials.sum(),
                "is the same subtracted above and below?",
            ),
            (
                layers.softmax(logits / logits.max()),
                "are the logits divided by the largest? It is subtracted.",
            ),
            (
                layers.softmax(logits * np.log(2)),
                "that is 2 to the power of the logits. Where is e?",
            ),
            (
                layers.softmax(-logits),
                "the smallest logit gets the most. Is there a minus too much?",
            ),
            (
                np.full(4, np.nan),
                "0 / 0 is no number. Is the *largest* of these logits subtracted, whatever it is?",
            ),
            (
                found,
                "two steps are all: e to the power of each logit, and each of these divided by"
                " their sum. Before them, the largest logit may be subtracted.",
            ),
        ],
    )
    large = np.array([1000.0, 999.0, 0.0])
    with np.errstate(all="ignore"):
        found = call(softmax, large)
    if np.allclose(found, [0.5, 0.5, 0]):
        raise Wrong(
            "it gives 1000 and 999 the same. If logits are cut off, their difference is lost;"
            " subtract the same from all of them."
        )
    if not np.allclose(found, layers.softmax(large)):
        raise Wrong(
            "it is right for small logits, but not for 1000, 999 and 0: e^1000 is too large for the"
            " computer. Can you subtract something from all logits first?"
        )
    small = np.array([-1000.0, -1001.0, -1002.0])
    far = np.array([-1000.0, 1000.0])
    with np.errstate(all="ignore"):
        of_small, of_far = call(softmax, small), call(softmax, far)
    compare(
        "your softmax of -1000, -1001 and -1002",
        of_small,
        layers.softmax(small),
        [
            (
                of_small,
                "e^-1000 is 0, and 0 / 0 is no number. Is the *largest* logit subtracted, whatever"
                " it is?",
            )
        ],
    )
    compare(
        "your softmax of -1000 and 1000",
        of_far,
        layers.softmax(far),
        [
            (
                of_far,
                "what is left of 1000 is still too large for e to the power of it. Subtract the"
                " *largest* logit, not the mean or the first: then none is above 0.",
            )
        ],
    )
    table = np.array([[0.0, 1.0, 2.0], [1000.0, 1000.0, 999.0]])
    with np.errstate(all="ignore"):
        rows, exponentials = call(softmax, table), np.exp(table - table.max())
        if not isinstance(rows, np.ndarray):
            raise Wrong("of a table, softmax should make an array. `np.array` makes one of a list.")
        compare(
            "your softmax of two rows",
            rows,
            layers.softmax(table),
            [
                (exponentials / exponentials.sum(), "all rows together add up to 1. Which axis?"),
                (layers.softmax(table.T).T, "the columns add up to 1. Is axis -1 the last one?"),
                (
                    exponentials / exponentials.sum(axis=-1, keepdims=True),
                    "the largest of the *whole table* is subtracted, and small rows become 0 / 0."
                    " Is it the largest of each row?",
                ),
                (
                    rows,
                    "for one row it was right. Of a table, each row is for itself: its own largest"
                    " logit, its own sum.",
                ),
            ],
        )
    return (
        "Only differences between logits count, so 1000, 999 and 0 are as good as 0, -1 and -1000."
    )


@check_program("learn_table")
def check_learn_table(learn_table: Callable[..., Any]) -> str:
    if not is_right(check_softmax):
        raise NotYet("`learn_table` needs `softmax`, and yours is not right yet.")
    sequences = [[0, 2, 1, 0], [0, 2, 1, 2, 1, 0], [0, 1, 0], [0, 2, 2, 3, 1, 0]]
    for epochs in (1, 3):
        right = _learned(sequences, 5, 0.5, epochs)
        found = call(learn_table, sequences, 5, 0.5, epochs)
        compare(
            f"your table after {epochs} epoch{'s' * (epochs > 1)}",
            found,
            right,
            [
                *(
                    (_learned(sequences, 5, 0.5, epochs, fault), question)
                    for fault, question in TABLE_FAULTS.items()
                ),
                (
                    _learned(sequences, 5, -0.5, epochs),
                    "it learns to avoid what comes. Is it minus the rate times p - q?",
                ),
                (layers.softmax(right), "these are probabilities. The logits are asked for."),
                (
                    right + 1,
                    "all are 1 too high. Do the logits begin with zeros?",
                ),
                (
                    _learned(sequences, 5, 0.5, 1),
                    "only the first epoch counts. Do the logits begin with zeros again each time,"
                    " or does `return` stand inside the loop?",
                ),
                (_learned(sequences, 5, 1.0, epochs), "is `rate` used?"),
                (_learned(sequences, 5, 0.5, epochs + 1), "that is one epoch too many."),
                (_learned(sequences, 5, 0.5, epochs - 1), "that is one epoch too few."),
                (right.T, "the row is the letter that is read, and the column the one that comes."),
                (
                    found,
                    "try `learn_table([[0, 1, 0]], 2, 1, 1)` by pencil. Both rows of p are (½, ½)."
                    " The pair 0 1 pushes row 0 by (½, -½), and 1 0 pushes row 1 by (-½, ½). So"
                    " the logits are (-½, ½) and (½, -½).",
                ),
            ],
        )
    return (
        "Nobody counted, and it arrives where counting does, because there the pushes cancel out."
    )


TABLE_FAULTS = {
    "no mean": "is it the *mean* of the pushes?",
    "pushes stay": "the pushes of the epochs before are still in. Do `pushes` and `times` begin"
    " with zeros in each epoch?",
    "all pairs": "the pushes are divided by the number of *all* pairs. How often was this row"
    " read?",
    "after each pair": "the logits move after each pair. Add up all pushes of an epoch first.",
    "after each name": "the logits move after each name. Add up all pushes of an epoch first.",
    "0 / 0": "the row of a letter that was never read is 0 / 0. It should stay as it is.",
    "all rows": "the row of a letter that was never read should stay. Here it gets p, and no q.",
    "p once": "the probabilities are those of the beginning. Take the softmax anew in each epoch.",
    "second letter": "is it the row of the *second* letter that is pushed? Push that of the first.",
    "columns": "each *column* is divided by its own number. Let `times` be a column, (size, 1).",
    "glued": "the names are glued together, and ¶¶ counts as a pair. Go name by name.",
    "once a name": "a letter that is read twice in a name pushes once. `pushes[a] += …` with a list"
    " of places adds once at each place; `np.add.at(pushes, a, …)` adds each time.",
}
"""Usual mistakes of `learn_table`, each with a question."""


def _learned(sequences: Any, size: int, rate: float, epochs: int, fault: str = "") -> Any:
    """Return the logits that `learn_table` learns, or those of a usual mistake."""
    logits, pushes, times = (np.zeros((size, n)) for n in (size, size, 1))
    for some in _between_two_moves(sequences, epochs, fault):
        p = layers.softmax(np.zeros_like(logits) if fault == "p once" else logits)
        if fault != "pushes stay":
            pushes[:], times[:] = 0, 0
        for ids in some:
            pairs = [*pairwise(ids)]
            if fault == "once a name":
                pairs = [*dict(pairs).items()]  # the last pair of each letter
            for before, after in pairs:
                row = after if fault == "second letter" else before
                pushes[row] += p[before] - np.eye(size)[after]
                times[row] += 1
        logits -= rate * _divided(pushes, times, p, fault)
    return logits


def _between_two_moves(sequences: Any, epochs: int, fault: str) -> Any:
    """Return what is read before each move of the table: all sequences, or less by a mistake."""
    if fault == "after each name":
        return [[ids] for ids in sequences * epochs]
    if fault == "after each pair":
        return [[pair] for ids in sequences * epochs for pair in pairwise(ids)]
    if fault == "glued":
        return [[[each for ids in sequences for each in ids]]] * epochs
    return [sequences] * epochs


def _divided(pushes: Any, times: Any, p: Any, fault: str) -> Any:
    """Return the pushes by the times that each row was read, or what a mistake makes of them."""
    if fault == "no mean":
        return pushes
    if fault == "all pairs":
        return pushes / times.sum()
    if fault == "0 / 0":
        return pushes / np.where(times, times, np.nan)
    if fault == "columns":
        return pushes / np.maximum(times, 1).T
    if fault == "all rows":
        return np.where(times, pushes / np.maximum(times, 1), p)
    return pushes / np.maximum(times, 1)


@check_program("forward")
def check_forward(forward: Callable[..., Any]) -> str:
    if not is_right(check_softmax):
        raise NotYet("`forward` needs `softmax`, and yours is not right yet.")
    generator = np.random.default_rng(2)
    shapes = {"b_y": (5,), "w_h": (3, 3), "w_x": (5, 3), "w_y": (3, 5), "b": (3,)}
    parameters = {name: generator.normal(size=shape) for name, shape in shapes.items()}
    reads = [0, 3, 1, 4, 4, 2]
    p, h = _states(parameters, reads)
    try:
        found = call(forward, parameters, reads)
    except Wrong:
        _check_order(forward, parameters, reads)
        raise
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong("the function should return two arrays, `return p, h`.")
    found_p, found_h = found
    if not (isinstance(found_p, np.ndarray) and isinstance(found_h, np.ndarray)):
        raise Wrong("p and h should be arrays. `np.array` makes one of a list.")
    if found_p.dtype == np.float32 or found_h.dtype == np.float32:
        raise Wrong(
            "float32 rounds your numbers. Let NumPy take its own float64, as `np.zeros` does."
        )
    if np.shape(found_p) == h.shape and np.shape(found_h) == p.shape:
        raise Wrong("the two are the other way round: first p, then h.")
    if np.shape(found_h) == (len(reads), 3):
        raise Wrong(
            "h has a row for each letter, but it should have one more: the state before anything"
            " was read, zeros, comes first."
        )
    alone = np.array([_states(parameters, [letter])[1][1] for letter in reads])
    compare(
        "your h",
        found_h,
        h,
        [
            (_states(parameters, reads, squeeze=lambda z: z)[1], "is tanh missing?"),
            (np.vstack([h[:1], alone]), "does the state of the step before take part?"),
            (
                _states({**parameters, "b": np.zeros(3)}, reads)[1],
                "is the bias b missing? It is 0 in our network, but not in every one.",
            ),
            (
                _states({**parameters, "w_x": np.zeros((5, 3))}, reads)[1],
                "does the letter take part?",
            ),
            (
                _states({**parameters, "w_h": parameters["w_h"].T}, reads)[1],
                "are the old state and w_h in the right order, h[t] @ w_h?",
            ),
            (
                _states({**parameters, "w_h": np.eye(3)}, reads)[1],
                "is the old state multiplied by w_h?",
            ),
            (
                _states({**parameters, "w_h": np.diag(parameters["w_h"].diagonal())}, reads)[1],
                "is there a * where @ is meant?",
            ),
            (
                np.vstack([h[:2], np.zeros((5, 3))]),
                "only the first letter is read. Does `return` stand inside the loop?",
            ),
            (
                np.tile(h[-1], (len(h), 1)),
                "all rows are the last state. One array is written over again and again: make a"
                " new one at each step.",
            ),
            (_states(parameters, reads, squeeze=layers.sigmoid)[1], "is this a sigmoid?"),
            (_states(parameters, reads, squeeze=np.tan)[1], "that is the tangent, not tanh."),
            (
                _states(parameters, reads, outside=True)[1],
                "is there one tanh, of the whole sum?",
            ),
            (
                np.vstack([h[:1], _states(parameters, [0, *reads])[1][2:]]),
                "it reads a ¶ too many at the beginning. `reads` has it already.",
            ),
            (
                found_h,
                "each new row is tanh of a sum of three: the letter's row of w_x, the bias b, and"
                " the state before, times w_h.",
            ),
        ],
    )
    logits = h[1:] @ parameters["w_y"] + parameters["b_y"]
    compare(
        "your p",
        found_p,
        p,
        [
            (logits, "these are the logits. Where is softmax?"),
            (
                layers.softmax(logits - parameters["b_y"]),
                "is the bias b_y missing? It is 0 in our network, but not in every one.",
            ),
            (
                layers.softmax(h[:-1] @ parameters["w_y"] + parameters["b_y"]),
                "these come from the states *before* the letters. Is it h[1:]?",
            ),
            (
                np.exp(logits) / np.exp(logits).sum(),
                "all rows together add up to 1. Is softmax for each row by itself?",
            ),
            (
                found_p,
                "your h is right. The logits are the new states times w_y, plus b_y, and softmax"
                " makes p of each row.",
            ),
        ],
    )
    small, word = _small(), [0, 2, 1]
    of_small = call(forward, small, word)[0]
    compare(
        "your p for the network of this chapter",
        of_small,
        _states(small, word)[0],
        [(of_small, "for five letters and three units it was right. Is a size written out?")],
    )
    return "It agrees with model.network.rnn. The state in the loop is all that is recurrent in it."


def _check_order(forward: Callable[..., Any], parameters: Any, reads: Any) -> None:
    """Raises Wrong if `forward` can read parameters in one order only."""
    ordered = {name: parameters[name] for name in ("w_x", "w_h", "b", "w_y", "b_y")}
    try:
        call(forward, ordered, reads)
    except Wrong:
        return
    raise Wrong(
        "the five arrays may stand in any order in the dictionary. Take each by its name, as in"
        ' `parameters["w_x"]`.'
    )


def _states(
    parameters: Any, reads: Any, squeeze: Callable[..., Any] = np.tanh, *, outside: bool = False
) -> tuple[Any, Any]:
    """Return what `forward` should, or with another function than tanh, or with two of them."""
    h = [np.zeros(len(parameters["b"]))]
    for letter in reads:
        z, old = parameters["w_x"][letter] + parameters["b"], h[-1] @ parameters["w_h"]
        h.append(squeeze(z) + squeeze(old) if outside else squeeze(z + old))
    states = np.array(h)
    return layers.softmax(states[1:] @ parameters["w_y"] + parameters["b_y"]), states


def _small() -> dict[str, Any]:
    return {"w_x": LAYER.w_x, "w_h": LAYER.w_h, "b": LAYER.b, "w_y": W_Y, "b_y": np.zeros(3)}


def _read(letter: str, h: Any) -> tuple[Any, Any]:
    h = np.tanh(LAYER.w_x[LETTERS.index(letter)] + LAYER.b + h @ LAYER.w_h)
    return h, layers.softmax(h @ W_Y)
