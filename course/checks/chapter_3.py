"""The checks of chapter 3, *The way back*."""

from collections.abc import Callable
from typing import Any

import numpy as np

from checks import NotYet, Wrong, call, check, compare, is_right
from checks.chapter_2 import check_forward
from checks.program import check_program
from model.network.gradients import central_differences
from model.network.layers import cross_entropy

Function = Callable[..., Any]
NAMES = ("w_x", "w_h", "b", "w_y", "b_y")


@check
def check_tanh_slope(tanh_slope: Function) -> str:
    z = np.array([-1.5, 0.0, 0.4, 2.0, 4.0])
    h = np.tanh(z)
    right = central_differences(lambda: float(np.tanh(z).sum()), z)
    mistakes = [
        (1 - np.tanh(h) ** 2, "h is already tanh z. Is tanh taken a second time?"),
        (1 - h, "is h squared?"),
        (
            1 - np.abs(h),
            "it is right at 0, 1 and -1, but not between. What does the picture say at 0.73?",
        ),
        (1 - 2 * h, "h is doubled. Python writes the square as h**2."),
        ((1 - h) ** 2, "the square of 1 - h is not 1 - h**2. Is a bracket in the wrong place?"),
        (h**2 - 1, "tanh rises everywhere, so its slope is positive. Is the sign wrong?"),
        (1 + h**2, "tanh is flat where h is 1, so what should the slope be there?"),
        (h**2, "this is 1 in flat places and 0 in the steep one. Is it upside down?"),
        (h * (1 - h), "this is the slope of the sigmoid. What is the slope of tanh where h is 0?"),
    ]
    found = call(tanh_slope, h)
    mistakes.append(
        (found, "the slope is 1 where h is 0, and 0 where h is 1 or -1. It has h only, squared.")
    )
    compare("your slope", found, right, mistakes, tolerance=1e-6)
    return "At h = 0.99 only 0.02 is left, so a unit that is sure passes almost nothing back."


@check
def check_d_logits(d_logits: Function) -> str:
    logits, target = np.array([0.3, -1.2, 0.8, 0.1]), 2
    q = np.eye(4)[target]
    right = central_differences(lambda: cross_entropy(logits, np.array(target))[0], logits)
    p = np.exp(logits) / np.exp(logits).sum()
    mistakes = [
        (
            q - p,
            (
                "the sign is wrong. Should the logit of the letter that came rise, so that its"
                " slope is negative?"
            ),
        ),
        (p, "the letter that came is treated like the others. Is 1 taken away from it?"),
        (-q / p, "this is the slope for p. Does it still have to go back through the softmax?"),
        (np.where(q, -p, p), "the letter that came gets -p. How far is its p from 1?"),
        (p - 1, "1 is taken away from every letter. Should only the one that came lose it?"),
        (
            p - target,
            (
                "the id of the letter is taken away from every p. Is q 1 at that place, and 0"
                " elsewhere?"
            ),
        ),
        (1 - p, "every letter is treated as if it had come. Is q 1 at one place only?"),
        (np.where(q, 1 - p, p), "at the letter that came the slope is p - 1, not 1 - p."),
        (np.where(q, 0, p), "the logit of the letter that came has a slope, too: p - 1."),
        (np.where(q, p - 1, 0), "only the letter that came is pushed. What of the others?"),
    ]
    found = call(d_logits, p, target)
    if np.shape(found) == ():
        raise Wrong(
            "that is one number, for the letter that came. The logits of the other letters have"
            " slopes too: q is an array, 0 for them."
        )
    mistakes.append((found, "it is p, less 1 at the letter that came. What did you add to that?"))
    compare("your d_logits", found, right, mistakes, tolerance=1e-6)
    p, target = np.array([0.1, 0.2, 0.3, 0.15, 0.05, 0.2]), 0
    try:
        of_six = call(d_logits, p, target)
    except Wrong as wrong:
        raise Wrong(
            f"for four letters it is right. For six, {str(wrong).rstrip('.')}. `len(p)` says how"
            " many there are."
        ) from None
    compare(
        "your d_logits of six letters, of which the first came,",
        of_six,
        p - np.eye(6)[target],
        [
            (
                of_six,
                "for four letters, of which the third came, it was right. Are `len(p)` and `target`"
                " used?",
            )
        ],
    )
    return "p - q is what every network here begins its way back with, however large it is."


@check
def check_one_step_back(one_step_back: Function) -> str:
    generator = np.random.default_rng(4)
    w_y, w_h = generator.normal(size=(3, 4)), generator.normal(size=(3, 3))
    d_logits = generator.normal(size=4)
    d_z_next = generator.normal(size=3)
    z = generator.normal(size=3)
    h = np.tanh(z)
    above, following, slope = d_logits @ w_y.T, d_z_next @ w_h.T, 1 - h**2

    def loss() -> float:
        """What moves with this z: the logits, and the z of the next step."""
        return float(np.tanh(z) @ w_y @ d_logits + np.tanh(z) @ w_h @ d_z_next)

    mistakes = [
        (above + following, "is the slope of tanh still missing?"),
        (above * slope, "only what comes from above is there. What does the next step say?"),
        (following * slope, "only what comes from the next step is there. What comes from above?"),
        (
            above + following * slope,
            "does only one of the two arrows pass through tanh? Is a bracket missing?",
        ),
        (
            above * slope + following,
            "does only one of the two arrows pass through tanh? Is a bracket missing?",
        ),
        (
            (above + d_z_next @ w_h) * slope,
            "one arrow takes the forward way. Is w_h turned on its side, w_h.T?",
        ),
        ((above + following) * h, "this multiplies by h. What is the slope of tanh at h?"),
        (
            (above + following) * (1 - np.tanh(h) ** 2),
            "h is already tanh z. Is tanh taken a second time?",
        ),
        (
            (above + following) * (1 - h) ** 2,
            "the square of 1 - h is not 1 - h**2. Is a bracket in the wrong place?",
        ),
        (
            above * following * slope,
            "the two arrows are multiplied. What do slopes do where two ways meet?",
        ),
        ((above - following) * slope, "the two arrows are subtracted. Do both move the cost?"),
        ((above + d_z_next) * slope, "d_z_next arrives as it is. Does it pass through w_h?"),
    ]
    if "parameters" in _names_in(one_step_back):
        raise Wrong(
            "your function takes `parameters` from this page. Use the w_y and the w_h that it is"
            " given; here they have another size."
        )
    found = call(one_step_back, d_logits, d_z_next, h, w_y, w_h)
    mistakes.append(
        (
            found,
            "two arrows arrive, each by its own matrix turned on its side, and are added. Then"
            " comes the slope of tanh, 1 - h², for both.",
        )
    )
    compare("your d_z", found, central_differences(loss, z), mistakes, tolerance=1e-6)
    return (
        "Call it T times, from the last step to the first, and you have back-propagation through"
        " time."
    )


@check
def check_mended(mended: Function) -> str:
    parameters, ids = _random(4, 3, 6), [0, 2, 1, 3, 0]
    by_another_way = {"central_differences", "backward", "compare_with_differences", "program"}
    if named := by_another_way & _names_in(mended):
        raise Wrong(
            f"your function asks {min(named)}. That may give the right slopes, but it mends"
            " nothing: which of the three lines is wrong?"
        )
    found = call(mended, parameters, ids)
    if isinstance(found, dict) and "b" in found:
        found = found["b"]
    compare(
        "your gradient of b",
        found,
        _slopes(parameters, ids)["b"],
        [
            (
                way_back(parameters, ids, w_h=lambda w: w)["b"],
                "that is what the broken one says, too. What is right if there is one step, and"
                " wrong if there are more?",
            ),
            (
                way_back(parameters, ids, slope_at=0)["b"],
                "the arrows are right now, but the slope of tanh is that of the state *before* the"
                " step. It was right: h[t + 1].",
            ),
            (
                way_back(parameters, ids, w_h=lambda w: w, slope_at=0)["b"],
                "the slope of tanh was right, h[t + 1]. The mistake is in one of the arrows.",
            ),
            (
                way_back(parameters, ids, w_h=np.zeros_like)["b"],
                "what comes from the next step has gone. It should be there, on the right way.",
            ),
            (
                way_back(parameters, ids, w_h=lambda w: -w.T)["b"],
                "a minus too much: the two arrows add.",
            ),
            (
                way_back(parameters, ids, w_h=lambda w: np.linalg.inv(w))["b"],
                "that is the inverse of w_h. Turned on its side it is w_h.T.",
            ),
            (
                way_back(parameters, ids, w_h=lambda w: np.eye(3))["b"],
                "d_z arrives as it is. It passes through w_h, the other way round.",
            ),
            (
                found,
                "the broken one differs from the right one in one place of one line. Copy it anew,"
                " and change no more than that.",
            ),
        ],
        tolerance=1e-5,
    )
    _check_exact(found, way_back(parameters, ids)["b"])
    return (
        "It was one missing .T, and it hid because w_h was the same on its side. Check with random"
        " numbers."
    )


@check_program("backward")
def check_backward(backward: Function) -> str:
    if not is_right(check_forward):
        raise NotYet("`backward` needs `forward`, and yours is not right yet. See chapter 2.")
    parameters = _random(27, 4, 8)
    ids = [0, 13, 1, 14, 7, 15, 13, 1, 0]  # m and a are read twice
    found = call(backward, parameters, ids)
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong("the function should return two things, `return cost, gradients`.")
    cost, gradients = found
    if isinstance(cost, dict):
        raise Wrong("the two are the other way round: first the cost, then the gradients.")
    p, steps = forward_pass(parameters, ids)[0], np.arange(len(ids) - 1)
    costs = -np.log(p[steps, ids[1:]])
    spoilt = costs + np.log(p[steps, ids[1:]]) - np.log(np.abs(p[steps, ids[1:]] - 1))
    compare(
        "your cost",
        cost,
        costs.sum(),
        [
            (costs.mean(), "that is the mean over the letters, the loss. The sum is asked for."),
            (-costs.sum(), "a cost is positive. Where is the minus?"),
            *(
                (
                    wrong,
                    "p was changed before the cost was taken from it. Let `d_logits` be a new"
                    " array, such as `p[t] - q`.",
                )
                for wrong in (spoilt.sum(), np.nan)
            ),
            *(
                (costs[t], "that is the cost of one letter. Does `return` stand inside the loop?")
                for t in (-1, 0)
            ),
            (costs[:-1].sum(), "does the last letter count, the ¶ at the end?"),
            (
                -np.log(p[steps, ids[:-1]]).sum(),
                "is this the probability of the letter that was read, not of the one that came?",
            ),
            (cost, "at each step add -ln of what row t of p gave to the letter that came."),
        ],
    )
    if np.shape(cost) != ():
        raise Wrong("your cost is right, but it stands in an array or a list. Return the number.")
    if not isinstance(gradients, dict) or {*gradients} != {*NAMES}:
        raise Wrong(
            f"the gradients should be a dictionary with the names {', '.join(NAMES)}, as the"
            " parameters are."
        )
    right, faults = _slopes(parameters, ids), _faults(parameters, ids)
    for name in ("b_y", "w_y", "b", "w_x", "w_h"):
        mistakes = [(fault[name], question) for fault, question in faults if name in fault]
        mistakes.append((gradients[name], GETS[name]))
        what = f"your gradient of {name}"
        compare(what, gradients[name], right[name], mistakes, tolerance=1e-5)
    exact = way_back(parameters, ids)
    for name in NAMES:
        _check_exact(gradients[name], exact[name])
        if not isinstance(gradients[name], np.ndarray):
            raise Wrong(f"your gradient of {name} is right, but no array. `np.array` makes one.")
    _check_again(backward, parameters, ids, exact)
    _check_other_sizes(backward)
    long = [0, *([1, 2, 3] * 150), 0]
    with np.errstate(all="ignore"):
        of_long = call(backward, parameters, long)[0]
    if not np.isfinite(of_long):
        raise Wrong(
            f"for a sequence of {len(long)} ids your cost is {of_long}: is a product taken before"
            " the logarithm? The computer has run out of small numbers."
        )
    return "All 263 slopes agree with central differences. You have written back-propagation."


GETS = {
    "w_h": "each step adds np.outer(the state before it, d_z).",
    "w_x": "each step adds d_z to the row of the letter that was read.",
    "b": "each step adds d_z. It comes from two arrows, and both go through tanh.",
    "w_y": "each step adds np.outer(the state after it, d_logits).",
    "b_y": "each step adds d_logits, which is p - q.",
}
"""What a gradient gets, as the chapter's table says."""


def _check_again(backward: Function, parameters: Any, ids: Any, exact: Any) -> None:
    """Raises Wrong if a second call still has the slopes of the first."""
    again = call(backward, parameters, ids)[1]
    if all(np.allclose(again[name], exact[name]) for name in NAMES):
        return
    raise Wrong(
        "called once, it is right, and called again with the same name, its gradients are others."
        " Do they begin with zeros in each call? (A value such as `gradients={}` in the line with"
        " `def` is made once, and kept from call to call.)"
    )


def _check_other_sizes(backward: Function) -> None:
    """Raises Wrong if the sizes of the first network are written out in the function."""
    parameters, ids = _random(6, 3, 9), [0, 2, 5, 2, 0]
    exact = way_back(parameters, ids)
    question = "Is a size written as a number? `len(p[t])` and `np.zeros_like` know theirs."
    said = "for 27 letters and 4 units it is right. For 6 letters and 3 units"
    try:
        found = call(backward, parameters, ids)[1]
    except Wrong as wrong:
        raise Wrong(f"{said}, {str(wrong).rstrip('.')}. {question}") from None
    if not all(
        np.shape(found[name]) == exact[name].shape and np.allclose(found[name], exact[name])
        for name in NAMES
    ):
        raise Wrong(f"{said} it is not. {question}")


def _check_exact(found: Any, exact: Any) -> None:
    """Raises Wrong for slopes that are right to some eight digits only, as differences are."""
    if getattr(found, "dtype", None) == np.float32:
        raise Wrong(
            "your slopes are right, but float32 rounds them. Let NumPy take its own float64."
        )
    difference = np.abs(np.asarray(found, dtype=float) - exact).max()
    if difference > 1e-11:
        raise Wrong(
            f"your slopes are right, but only to {-np.log10(difference):.0f} digits, as if every"
            " number had been moved a little. For a network of 5,277 numbers that takes 10,554"
            " forward passes a name. The way back takes the time of two or three."
        )


def _faults(parameters: Any, ids: Any) -> list[tuple[Any, str]]:
    """Return the gradients of usual mistakes, each with a question."""
    right, length = way_back(parameters, ids), len(ids) - 1
    of_targets, of_steps = np.zeros_like(right["w_x"]), np.zeros_like(right["w_x"])
    for t in range(length):
        of_steps[t] = way_back(parameters, ids, only=(t,))["b"]
        of_targets[ids[t + 1]] += of_steps[t]
    twice = "a letter that is read twice should get two pushes, added."
    broken = "does what comes from the next step take the way back, w_h.T?"
    after = way_back(parameters, ids, state=1)
    before = way_back(parameters, ids, state_of_logits=0)
    slope = "is the slope of tanh that of the state after the step, 1 - h[t + 1]**2?"
    gone = "what comes from the next step is missing. Is d_z kept from round to round?"
    forwards = "the loop goes forwards. The last step comes first."
    one_arrow = "does only one of the two arrows pass through tanh? Is a bracket missing?"
    faults: list[tuple[Any, str]] = [
        (
            {name: -array for name, array in right.items()},
            "the signs are the other way round. Is it p - q?",
        ),
        (
            {name: array / length for name, array in right.items()},
            "these are the slopes of the mean. The cost is a sum.",
        ),
        (
            way_back(parameters, ids, only=(0,)),
            "only the first step is in it. Is += there to add up the steps?",
        ),
        (
            way_back(parameters, ids, only=(length - 1,)),
            "only the last step is in it. Does `return` stand inside the loop?",
        ),
        (
            way_back(parameters, ids, target=0),
            "q is 1 at the letter that was *read*. Which one came?",
        ),
        ({"w_x": _once_a_letter(parameters, ids, min)}, twice),
        ({"w_x": _once_a_letter(parameters, ids, max)}, twice),
        (
            {"w_x": of_targets},
            "that is the row of the letter that *came*. The one that was read gets the push.",
        ),
        ({"w_x": of_steps}, "t counts the steps. The letter that was read is `ids[t]`."),
        (
            {"w_x": np.zeros_like(right["w_x"]) + right["b"]},
            "every row gets every push. Only the row of the letter that was read does.",
        ),
        (
            {name: right[name] + parameters[name] for name in NAMES},
            "the parameters themselves are in it. Do the gradients begin with zeros,"
            " `np.zeros_like`?",
        ),
        ({"w_h": right["w_h"].T}, "is it turned on its side? d_w_h[i, j] is h[i] times d_z[j]."),
        ({"w_h": after["w_h"]}, "that takes the state after the step. w_h met the one before."),
        (
            {"w_y": before["w_y"]},
            "that takes the state before the step. w_y met the one after, h[t + 1].",
        ),
        (
            {"w_y": np.zeros_like(right["w_y"]), "b_y": np.zeros_like(right["b_y"])},
            "all are 0. Is this one of the gradients that the loop adds to?",
        ),
        (
            {name: np.zeros_like(right[name]) for name in ("w_h", "w_x", "b")},
            "all are 0. Is this one of the gradients that the loop adds to?",
        ),
    ]
    inner = (
        (way_back(parameters, ids, w_h=lambda w: w), broken),
        (way_back(parameters, ids, w_h=np.zeros_like), gone),
        (way_back(parameters, ids, slope_at=0), slope),
        (way_back(parameters, ids, slope_at=None), "is the slope of tanh missing?"),
        (way_back(parameters, ids, order=1), forwards),
        (
            way_back(parameters, ids, join=lambda above, next_, slope: above * slope + next_),
            one_arrow,
        ),
        (
            way_back(parameters, ids, join=lambda above, next_, slope: above + next_ * slope),
            one_arrow,
        ),
        (
            way_back(parameters, ids, join=lambda above, next_, slope: (above + next_) * slope**2),
            "the slope of tanh is in it twice.",
        ),
        (
            way_back(parameters, ids, carried="d_h"),
            "the step before gets d_h. It should get d_z, which has been through tanh.",
        ),
    )
    return faults + [({n: each[n] for n in ("w_h", "w_x", "b")}, said) for each, said in inner]


def _once_a_letter(parameters: Any, ids: Any, which: Callable[..., int]) -> Any:
    """Return the gradient of w_x if a letter that is read twice gets one push: the one of the
    first step (`min`), or of the last (`max`)."""
    w_x = np.zeros_like(parameters["w_x"])
    for letter in {*ids[:-1]}:
        kept = which(t for t, read in enumerate(ids[:-1]) if read == letter)
        w_x[letter] = way_back(parameters, ids, only=(kept,))["w_x"][letter]
    return w_x


def _names_in(function: Any) -> set[str]:
    """Return the names of other places that a function uses."""
    code = getattr(function, "__code__", None)
    return set() if code is None else {*code.co_names}


def _random(size: int, units: int, seed: int) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    shapes = ((size, units), (units, units), (units,), (units, size), (size,))
    return {name: generator.normal(size=shape) for name, shape in zip(NAMES, shapes, strict=True)}


def forward_pass(parameters: Any, ids: Any) -> tuple[Any, Any]:
    h = [np.zeros(len(parameters["b"]))]
    for letter in ids[:-1]:
        h.append(np.tanh(parameters["w_x"][letter] + parameters["b"] + h[-1] @ parameters["w_h"]))
    exponentials = np.exp(np.array(h[1:]) @ parameters["w_y"] + parameters["b_y"])
    return exponentials / exponentials.sum(axis=1, keepdims=True), np.array(h)


def _slopes(parameters: Any, ids: Any) -> dict[str, Any]:
    """Return the gradients by central differences, which know no formula."""

    def cost() -> float:
        p = forward_pass(parameters, ids)[0]
        return float(-np.log(p[np.arange(len(p)), ids[1:]]).sum())

    return {name: central_differences(cost, array) for name, array in parameters.items()}


def way_back(
    parameters: Any,
    ids: Any,
    *,
    w_h: Function = np.transpose,
    slope_at: int | None = 1,
    state: int = 0,
    state_of_logits: int = 1,
    target: int = 1,
    order: int = -1,
    only: tuple[int, ...] = (),
    join: Function = lambda above, following, slope: (above + following) * slope,
    carried: str = "d_z",
) -> dict[str, Any]:
    """Return the gradients by the formulas, or with a mistake in one of them."""
    p, h = forward_pass(parameters, ids)
    gradients = {name: np.zeros_like(array) for name, array in parameters.items()}
    carry, slopes = np.zeros_like(parameters["b"]), np.ones_like(h[0])
    for t in range(len(p))[::order]:
        d_logits = p[t] - np.eye(len(p[t]))[ids[t + target]]
        if slope_at is not None:
            slopes = 1 - h[t + slope_at] ** 2
        above, following = d_logits @ parameters["w_y"].T, carry @ w_h(parameters["w_h"])
        d_z = join(above, following, slopes)
        carry = d_z if carried == "d_z" else above + following
        if not only or t in only:
            gradients["w_x"][ids[t]] += d_z
            gradients["w_h"] += np.outer(h[t + state], d_z)
            gradients["b"] += d_z
            gradients["w_y"] += np.outer(h[t + state_of_logits], d_logits)
            gradients["b_y"] += d_logits
    return gradients
