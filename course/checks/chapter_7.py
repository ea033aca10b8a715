"""Examines the answers of chapter 7: the LSTM, and the program that has one."""

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np

from checks import NotYet, Wrong, call, check, compare, verdict_of
from checks import program as programs
from checks.chapter_6 import run_main
from checks.program import check_program, load
from model.evaluation.ngram import KneserNey
from model.network.gradients import central_differences
from model.network.layers import Array, sigmoid, softmax
from model.text.vocabulary import Vocabulary

Step = Callable[..., Any]
Numbers = dict[str, Array]
HIDDEN_SIZE = 5
FEWEST = 60
"""So many names make a list."""
_LETTERS = "\nadeiknr"
_NAME = [0, 7, 1, 6, 4, 7, 3, 5, 0]
_WHOLE = (
    *("ids_of", "read_names", "letters_of", "initial_parameters"),
    *("forward", "backward", "optimize", "train", "invent", "main"),
)


@check
def check_half_life(half_life: Callable[[float], Any]) -> str:
    """After how many steps is an error on the lane half as large?"""
    whole_number = "the answer need not be a whole number. Can you do without a loop?"
    for bias in (2.0, 0.5, 5.0):
        f = float(sigmoid(np.float64(bias)))
        right = np.log(0.5) / np.log(f)
        mistakes = [
            (1 / right, "is the fraction upside down?"),
            (
                -right,
                (
                    "the logarithm of a number below 1 is negative, and here are two. Where does"
                    " your minus come from?"
                ),
            ),
            *((whole(right), whole_number) for whole in (np.ceil, np.round)),
            (np.log(0.5) / np.log(np.tanh(bias)), "is your gate a tanh? A gate is a sigmoid."),
            (
                np.log(0.5) / np.log(bias),
                "is the bias itself taken for the gate? f is sigmoid(bias).",
            ),
            (np.log(0.5) / np.log(1 - f), "is that 1 - f? The forget gate says what stays."),
            (
                1 / (1 - f),
                "after 1 / (1 - f) steps a little more than a third is left. When is it one half?",
            ),
            (
                0.5 / f,
                (
                    "the factor is f to the power of k, not f times k. How do you get k down from"
                    " the exponent?"
                ),
            ),
            (
                np.log(0.5) - np.log(f),
                "k times log f is log ½. So divide by log f; do not subtract it.",
            ),
        ]
        compare(
            f"for a bias of {bias:g}, the half-life",
            call(half_life, bias),
            right,
            mistakes,
            tolerance=1e-3,
        )
    return (
        "One half is left after that many steps, a quarter after twice as many, and so on: an"
        " exponential decay."
    )


@check_program("initial_parameters", "forward", "sigmoid", "softmax")
def check_lstm_forward(initial_parameters: Step, forward: Step, *_: Any) -> str:
    """Are these the numbers of an LSTM, and do they read a name?"""
    _look_at_the_first(call(initial_parameters, 7, 5, np.random.default_rng(1), may_change=(2,)))
    _look_at_the_spread(initial_parameters)
    parameters, ids = _random_network(), _NAME
    found = call(forward, parameters, ids[:-1])
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise Wrong(
            "forward should return two things: p, and whatever backward needs. Put the second one"
            " into brackets: `return p, (h, c, gates)`."
        )
    p, right = found[0], _read(parameters, ids[:-1])
    if np.shape(p) == right.shape and not np.allclose(np.sum(np.asarray(p), axis=-1), 1):
        raise Wrong("the rows of p do not add up to 1. Where is the softmax?")
    compare("p", p, right, [
        (_read(parameters, ids[:-1], **how), question)
        for question, how in _FORWARD_MISTAKES
    ])  # fmt: skip
    return "The same cell wrote this project's verse, with more units and in two layers."


@check_program("backward", "forward")
def check_lstm_backward(backward: Step, forward: Step) -> str:
    """Are these the derivatives of an LSTM's cost?"""
    parameters = _random_network()
    first = "first let forward become an LSTM's: the box further up says what is missing."
    try:
        p = call(forward, parameters, _NAME[:-1])[0]
    except Wrong:
        raise NotYet(first) from None
    if not np.allclose(p, _read(parameters, _NAME[:-1])):
        raise NotYet(first)
    found = deepcopy(call(backward, parameters, _NAME))
    again = call(backward, parameters, _NAME)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise Wrong("backward should return two things: the cost, and the gradients.")
    cost, gradients = found
    right = _cost(parameters, _NAME)
    compare("the cost", cost, right, [
        (right / (len(_NAME) - 1), "this is the mean. The cost is the sum over all letters."),
    ])  # fmt: skip
    if not isinstance(gradients, Mapping) or set(gradients) != set(parameters):
        raise Wrong(f"the gradients should be a dictionary with {', '.join(parameters)}.")
    if any(not np.allclose(again[1][name], gradients[name]) for name in parameters):
        raise Wrong(
            "called twice with the same name, backward returns other gradients the second time."
            " Does each call begin with zeros of its own? (A default such as `gradients={}` is made"
            " once, when Python reads the `def`, and all calls share it.)"
        )
    variants = [(_back(parameters, _NAME, {fault}), said) for fault, said in _BACK_MISTAKES.items()]
    for name in ("w_y", "b_y", "b", "w_h", "w_x"):
        compare(
            f"d_{name}",
            gradients[name],
            central_differences(lambda: _cost(parameters, _NAME), parameters[name]),
            [(variant[name], said) for variant, said in variants],
            tolerance=1e-5,
        )
    return (
        "All gradients agree with central differences, so your derivation is right, and your"
        " program is an LSTM."
    )


@check
def check_my_list(path: str) -> str:
    """Does the student's program learn from a list of theirs, and invent?"""
    program = load()
    missing = [name for name in _WHOLE if name not in vars(program)]
    if missing:
        raise NotYet(f"{programs.FILE.name} has no `{missing[0]}` yet.")
    if not Path(path).exists():
        raise NotYet(
            f"there is no {path} beside this notebook. Write one name a line, and save it."
        )
    names, others = call(program.read_names, path)
    if len(names) + len(others) < FEWEST:
        raise NotYet(
            f"{path} has {len(names) + len(others)} names. Bring at least {FEWEST}, or there is"
            " nothing to learn from."
        )
    for verdict in (verdict_of(check_lstm_forward), verdict_of(check_lstm_backward)):
        if not verdict.startswith("Right."):
            raise NotYet(f"the checks further up do not call your LSTM right. {verdict}")
    invented, losses = run_main(program.main, Path(path), names, others, seconds=1800)
    letters = call(program.letters_of, [*names, *others])
    if min(losses) >= np.log(len(letters)):
        raise Wrong(
            f"its lowest held-out loss is {min(losses):.2f}, no better than guessing among"
            f" {len(letters)} letters."
        )
    new = [name for name in dict.fromkeys(invented) if name and name not in {*names, *others}]
    if len(new) < 3:
        raise Wrong(
            f"of 20 names that it invents, {len(new)} are new: {', '.join(new) or 'none'}. Does"
            " `invent` draw by all the probabilities?"
        )
    lines = len(programs.FILE.read_text(encoding="utf-8").splitlines())
    counted = KneserNey(names, Vocabulary(letters), longest=4).probabilities(others)
    return (
        f"Your {lines} lines read {len(names)} names, and never {len(others)} others. There the"
        f" best counting gets {-np.log(counted[-1]).mean():.2f} nats per letter, and your network"
        f" {min(losses):.2f}. It invents {', '.join(new[:7])}. Welcome to the makers of networks."
    )


def _random(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def _unchanged(gate: Array) -> Array:
    return gate


def _random_network() -> Numbers:
    """Return random numbers of a network of five units, biases and all."""
    shapes = {
        "w_x": (len(_LETTERS), 20),
        "w_h": (HIDDEN_SIZE, 20),
        "b": (20,),
        "w_y": (HIDDEN_SIZE, len(_LETTERS)),
        "b_y": (len(_LETTERS),),
    }
    return {name: _random(seed, *shape) for seed, (name, shape) in enumerate(shapes.items())}


def _look_at_the_first(first: Any) -> None:
    """Raises Wrong if an LSTM of 7 letters and 5 units does not begin like this."""
    shapes = {"w_x": (7, 20), "w_h": (5, 20), "b": (20,), "w_y": (5, 7), "b_y": (7,)}
    if not isinstance(first, Mapping) or set(first) != set(shapes):
        raise Wrong(f"initial_parameters should return a dictionary with {', '.join(shapes)}.")
    for name, shape in shapes.items():
        found = np.shape(first[name])
        if found == shape:
            continue
        said = f"for 7 letters and 5 units, {name} has the shape {found} in place of {shape}. "
        if found == tuple(5 if size == 20 else size for size in shape):
            raise Wrong(
                said + "That is the RNN's; an LSTM has four blocks of columns side by side."
            )
        if found[::-1] == shape:
            raise Wrong(said + "Is it transposed?")
        raise Wrong(said + "Four blocks stand side by side, and each has a column for each unit.")
    for name, array in first.items():
        if not np.issubdtype(np.asarray(array).dtype, np.floating):
            raise Wrong(
                f"{name} holds whole numbers, and a step of learning adds fractions. Write 0.0 and"
                " 1.0, or leave `int` away."
            )
    _look_at_the_first_biases(np.asarray(first["b"], dtype=float))


def _look_at_the_spread(initial_parameters: Step) -> None:
    """Raises Wrong if the random numbers are not as large as those of chapter 4, or not random."""
    size, units = 30, 64
    first, again = (
        call(initial_parameters, size, units, np.random.default_rng(1), may_change=(2,))
        for _ in range(2)
    )
    for name in ("w_x", "w_h", "w_y"):
        array, right = np.asarray(first[name]), (0.1 if name == "w_y" else 1) / np.sqrt(units)
        if array.std() == 0:
            raise Wrong("w_x, w_h and w_y should be random: units that are alike stay alike.")
        if not np.array_equal(array, again[name]):
            raise Wrong(
                f"two generators of the same seed give two different {name}. Is everything drawn"
                " from `generator`, and nothing from `np.random`?"
            )
        blocks = np.split(array, 4, axis=1) if name != "w_y" else []
        if blocks and all(np.array_equal(block, blocks[0]) for block in blocks):
            raise Wrong(
                f"the four blocks of {name} are alike, so all gates begin alike. Draw four times as"
                " many numbers: `generator.normal(size=(..., 4 * units))`."
            )
        if abs(array.std() / right - 1) > 0.15:
            raise Wrong(
                f"the numbers of {name} are {array.std():.3g} in size (that is their standard"
                f" deviation), where {right:.3g} is right, as in chapter 4: one over the root of"
                " the units, and a tenth of that for w_y."
            )


def _look_at_the_first_biases(b: Array) -> None:
    o, i, f, g = np.split(b, 4)
    if not np.allclose(f, 1):
        if np.allclose(o, 1) or np.allclose(i, 1) or np.allclose(g, 1):
            raise Wrong("a block of b is 1, but not that of the forget gate: o, i, f, g.")
        if np.allclose(b, np.resize([0, 0, 1, 0], 20)):
            raise Wrong(
                "every fourth number of b is 1. The blocks stand one after the other, so the third"
                " block is 1: `np.repeat`, not `np.tile`."
            )
        raise Wrong("the biases of the forget gate, the third block of b, should begin with 1.")
    if np.any(o) or np.any(i) or np.any(g):
        raise Wrong("all biases but those of the forget gate should begin with 0.")


def _read(
    parameters: Numbers, reads: Sequence[int], *, order: str = "oifg",
    squash: Callable[[Array], Array] = sigmoid, new: Callable[[Array], Array] = np.tanh,
    keep: Callable[[Array], Array] = _unchanged, show: Callable[..., Array] | None = None,
    of_h: float = 1, of_b: float = 1, of_c: float = 1, early: bool = False, of_what: str = "c",
) -> Array:  # fmt: skip
    """Return p (T, V) of an LSTM, or of what a usual mistake makes of it."""
    h = c = np.zeros(HIDDEN_SIZE)
    rows = []
    for letter in reads:
        before = h
        sums = parameters["w_x"][letter] + of_b * parameters["b"] + of_h * h @ parameters["w_h"]
        z = dict(zip(order, np.split(sums, 4), strict=True))
        old = c if of_what == "c" else before
        c_next = keep(squash(z["f"])) * of_c * old + squash(z["i"]) * new(z["g"])
        h = (show or _shown)(squash(z["o"]), c_next, c)
        c = c_next
        rows.append((before if early else h) @ parameters["w_y"] + parameters["b_y"])
    return softmax(np.array(rows))


def _shown(o: Array, c_next: Array, c: Array) -> Array:
    return o * np.tanh(c_next)


_FORWARD_MISTAKES: list[tuple[str, dict[str, Any]]] = [
    ("do you unpack the blocks in the order o, i, f, g?", {"order": "gfio"}),
    ("do you unpack the blocks in the order o, i, f, g, as in the picture?", {"order": "figo"}),
    ("do you unpack the blocks in the order o, i, f, g?", {"order": "ifog"}),
    ("that is PyTorch's order of the blocks. Here it is o, i, f, g.", {"order": "ifgo"}),
    ("are i and f exchanged? f belongs to the old c, i to what is new.", {"order": "ofig"}),
    ("are o and i exchanged?", {"order": "iofg"}),
    ("does g go through the sigmoid too? g is no gate: it is a tanh.", {"new": sigmoid}),
    ("is g without its tanh?", {"new": _unchanged}),
    ("do the gates go through the sigmoid?", {"squash": _unchanged}),
    (
        "z alone is not enough: where are σ and tanh?",
        {"squash": _unchanged, "new": _unchanged},
    ),
    (
        "do the gates go through tanh? A gate lies between 0 and 1: a sigmoid.",
        {"squash": np.tanh},
    ),
    ("did you forget the bias b?", {"of_b": 0}),
    ("does each step begin with h = 0? It reads the h of the step before.", {"of_h": 0}),
    ("does 1 - f multiply c? Where f is 1, all of c stays.", {"keep": lambda f: 1 - f}),
    ("where is the old c? f ⊙ c of it stays.", {"of_c": 0}),
    ("f multiplies h. It says how much of the old *c* stays.", {"of_what": "h"}),
    ("is c kept whole? f says how much of it stays.", {"keep": np.ones_like}),
    ("is c' shown without its tanh?", {"show": lambda o, c_next, c: o * c_next}),
    (
        "does h' read the old c? It shows the new one, c'.",
        {"show": lambda o, c_next, c: o * np.tanh(c)},
    ),
    (
        "does the output gate o multiply what shows?",
        {"show": lambda o, c_next, c: np.tanh(c_next)},
    ),
    (
        "is the tanh around both? Only c' goes through it, and then comes o.",
        {"show": lambda o, c_next, c: np.tanh(o * c_next)},
    ),
    (
        "does w_y read c? What shows is h'.",
        {"show": lambda o, c_next, c: c_next},
    ),
    ("do the logits read the state before the letter? They read h[1:].", {"early": True}),
]


def _cost(parameters: Numbers, ids: Sequence[int]) -> float:
    p = _read(parameters, ids[:-1])
    return float(-np.log(p[range(len(p)), ids[1:]]).sum())


_BACK_MISTAKES = {
    "no next h": "what comes from the next step, `d_z @ w_h.T`, is missing in d_h.",
    "no next c": "c' has two ways to the cost. What the next step sends back, the old d_c, is"
    " missing.",
    "no f": "on its way to the step before, d_c is multiplied by f.",
    "no o": "in h' = o ⊙ tanh c', tanh c' gets d_h times o.",
    "no tanh slope": "c' reaches h' through tanh. Where is the slope, 1 - tanh² c'?",
    "slope of c": "the slope of tanh is 1 minus the square of its *value*, tanh c'.",
    "new c": "d_f is d_c' times the *old* c, c[t].",
    "swapped": "are d_i and d_g exchanged? Each factor of i ⊙ g gets d_c' times the other one.",
    "no gate slopes": "from o, i and f to their z, where is the slope of the sigmoid, o (1 - o)?",
    "g as a gate": "g comes from a tanh. Its slope is 1 - g², not g (1 - g).",
    "no g slope": "from g to z_g, where is the slope of tanh, 1 - g²?",
    "gates as g": "o, i and f come from a sigmoid. Its slope is o (1 - o), not 1 - o².",
    "c in o": "in h' = o ⊙ tanh c', o gets d_h times tanh c', not c'.",
    "picture's order": "do you put the four blocks side by side in the order o, i, f, g?",
    "other order": "do you put the four blocks side by side in the order o, i, f, g?",
    "h after": "z read the h *before* the step: `np.outer(h[t], d_z)`.",
    "uphill": "is that q - p? The slopes of the logits are p - q.",
    "f too early": "d_f, d_i and d_g take d_c' before it is multiplied by f.",
    "d_c grows": "does d_c add up over the steps? After a step it becomes d_c' ⊙ f, and no more.",
    "last step": "only one step adds to this gradient. The same numbers work at every step: +=.",
}


def _back(parameters: Numbers, ids: Sequence[int], faults: Collection[str] = ()) -> Numbers:
    """Return the gradients of an LSTM's cost, or what usual mistakes make of them."""
    h, c, gates, d_logits = _forward(parameters, ids)
    d_logits = -d_logits if "uphill" in faults else d_logits
    d = {name: np.zeros_like(array) for name, array in parameters.items()}
    d["w_y"], d["b_y"] = h[1:].T @ d_logits, d_logits.sum(axis=0)
    d_z, d_c = np.zeros(4 * HIDDEN_SIZE), np.zeros(HIDDEN_SIZE)
    for t in reversed(range(len(ids) - 1)):
        from_next = 0 if "no next h" in faults else d_z @ parameters["w_h"].T
        d_h = d_logits[t] @ parameters["w_y"].T + from_next
        d_blocks, d_c = _back_through_the_cell(d_h, d_c, gates[t], (c[t], c[t + 1]), faults)
        d_z = np.concatenate(d_blocks)
        if "last step" in faults:
            d |= {"w_h": np.zeros_like(d["w_h"]), "b": np.zeros_like(d_z)}
        d["w_x"][ids[t]] += d_z
        d["w_h"] += np.outer(h[t + 1] if "h after" in faults else h[t], d_z)
        d["b"] += d_z
    return d


def _back_through_the_cell(
    d_h: Array, d_next: Array, gates: Array, cs: tuple[Array, Array], faults: Collection[str]
) -> tuple[list[Array], Array]:
    """Return d_z in four blocks, and d_c for the step before."""
    (o, i, f, g), (old, new), tanh_c = gates, cs, np.tanh(cs[1])
    slope = 1 - tanh_c**2
    slope = 1 - new**2 if "slope of c" in faults else slope
    slope = np.ones_like(slope) if "no tanh slope" in faults else slope
    through_h = d_h * slope if "no o" in faults else d_h * o * slope
    d_c = through_h if "no next c" in faults else d_next + through_h
    d_c = d_c * f if "f too early" in faults else d_c
    d_o = d_h * (new if "c in o" in faults else tanh_c)
    d_i, d_g = (d_c * i, d_c * g) if "swapped" in faults else (d_c * g, d_c * i)
    d_f = d_c * (new if "new c" in faults else old)
    slopes = [_slope_of_gate(each, faults) for each in (o, i, f)]
    slopes.append(1 - g**2)
    if "g as a gate" in faults:
        slopes[3] = g * (1 - g)
    if "no g slope" in faults:
        slopes[3] = np.ones_like(g)
    blocks = [d * slope for d, slope in zip((d_o, d_i, d_f, d_g), slopes, strict=True)]
    if "picture's order" in faults:
        blocks = [blocks[place] for place in (2, 1, 3, 0)]
    if "other order" in faults:
        blocks = [blocks[place] for place in (0, 2, 1, 3)]
    if "d_c grows" in faults:
        return blocks, d_c + d_c * f
    return blocks, d_c if {"no f", "f too early"} & set(faults) else d_c * f


def _slope_of_gate(gate: Array, faults: Collection[str]) -> Array:
    if "no gate slopes" in faults:
        return np.ones_like(gate)
    return 1 - gate**2 if "gates as g" in faults else gate * (1 - gate)


def _forward(parameters: Numbers, ids: Sequence[int]) -> tuple[Array, Array, Array, Array]:
    """Return h and c (T + 1, H), the gates (T, 4, H), and p - q (T, V)."""
    h, c = np.zeros((2, len(ids), HIDDEN_SIZE))
    gates = np.zeros((len(ids) - 1, 4, HIDDEN_SIZE))
    for t, letter in enumerate(ids[:-1]):
        z = np.split(parameters["w_x"][letter] + parameters["b"] + h[t] @ parameters["w_h"], 4)
        o, i, f, g = gates[t] = *map(sigmoid, z[:3]), np.tanh(z[3])
        c[t + 1] = f * c[t] + i * g
        h[t + 1] = o * np.tanh(c[t + 1])
    p = softmax(h[1:] @ parameters["w_y"] + parameters["b_y"])
    return h, c, gates, p - np.eye(len(_LETTERS))[ids[1:]]
