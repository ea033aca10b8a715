"""Examines the answers of chapter 7: the LSTM, the program that has one, and the GRU."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from checks import NotYet, Wrong, call, check, compare
from checks import program as programs
from checks.program import Live, check_program, load
from model.evaluation.ngram import KneserNey
from model.network import gru
from model.network.gradients import central_differences
from model.network.layers import Array, LayerParameters, sigmoid, softmax
from model.text.vocabulary import Vocabulary

Step = Callable[..., Any]
Numbers = dict[str, Array]
BATCH_SIZE, INPUTS, HIDDEN_SIZE = 3, 4, 5
FEWEST = 60
"""So many names make a list."""
_LETTERS = "\nadeiknr"
_NAME = [0, 7, 1, 6, 4, 7, 3, 5, 0]
_WHOLE = (
    *("ids_of", "read_names", "letters_of", "initial_parameters"),
    *("forward", "backward", "optimize", "train", "invent"),
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
    if not np.allclose(call(forward, parameters, _NAME[:-1])[0], _read(parameters, _NAME[:-1])):
        raise NotYet("first let forward become an LSTM's: the box further up says what is missing.")
    found = call(backward, parameters, _NAME)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise Wrong("backward should return two things: the cost, and the gradients.")
    cost, gradients = found
    right = _cost(parameters, _NAME)
    compare("the cost", cost, right, [
        (right / (len(_NAME) - 1), "this is the mean. The cost is the sum over all letters."),
    ])  # fmt: skip
    if not isinstance(gradients, Mapping) or set(gradients) != set(parameters):
        raise Wrong(f"the gradients should be a dictionary with {', '.join(parameters)}.")
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
    generator, letters = np.random.default_rng(1), call(program.letters_of, [*names, *others])
    training, held_out = (
        [call(program.ids_of, name, letters) for name in some] for some in (names, others)
    )
    parameters = Live(
        call(program.initial_parameters, len(letters), 50, generator, may_change=(2,))
    )
    losses = call(
        program.train, parameters, training, held_out, 0.1, 3, generator,
        seconds=600, may_change=(0, 5),
    )  # fmt: skip
    if min(losses) >= np.log(len(letters)):
        raise Wrong(
            f"its lowest held-out loss is {min(losses):.2f}, no better than guessing among"
            f" {len(letters)} letters."
        )
    invented = [
        call(program.invent, parameters, letters, generator, 0.8, may_change=(0, 2))
        for _ in range(40)
    ]
    new = [name for name in dict.fromkeys(invented) if name and name not in {*names, *others}]
    if len(new) < 5:
        raise Wrong(
            f"of 40 names that it invents, {len(new)} are new: {', '.join(new) or 'none'}. Does"
            " `invent` draw by all the probabilities?"
        )
    lines = len(programs.FILE.read_text(encoding="utf-8").splitlines())
    counted = KneserNey(names, Vocabulary(letters), longest=4).probabilities(others)
    return (
        f"Your {lines} lines read {len(names)} names, and never {len(others)} others. There the"
        f" best counting gets {-np.log(counted[-1]).mean():.2f} nats per letter, and your network"
        f" {min(losses):.2f}. It invents {', '.join(new[:7])}. Welcome to the makers of networks."
    )


@check
def check_cho_step(cho_step: Step) -> str:
    """Is this a step of the GRU in which r multiplies h before the product?"""
    x, h, _, p = _example(gru.GATES)
    mistakes = [
        (
            gru.forward((x @ p.w_x + p.b)[None], gru.State(h), p.w_h)[0][0],
            "is r applied after the product? That is the textbook's variant. Cho's reads r * h.",
        ),
        (
            _r_around(x, h, p),
            "does r multiply the whole sum? It multiplies h alone, before the product with w_n.",
        ),
        (_cho(x, h, p, keep=lambda u: 1 - u), "are u and 1 - u exchanged? Where u is 1, h stays."),
        (
            _cho(x, h, p, reset=lambda r: 1 + 0 * r),
            "where is r? It multiplies h before the product with w_n.",
        ),
        (_cho(x, h, p, new=sigmoid), "does n go through the sigmoid? n is no gate: it is a tanh."),
        (
            _cho(x, h, p, stays=lambda r, h: r * h),
            "is h lost for r * h? The last equation reads h as it was.",
        ),
        (
            _cho(x, h, p, order="urn"),
            "are r and u exchanged? The blocks stand in the order r, u, n.",
        ),
        (_cho(x, h, p._replace(b=0 * p.b)), "did you forget the bias p.b?"),
        (_cho(x, h, p, new=lambda z: z), "is n without its tanh?"),
        (
            _cho(x, h, p, squash=np.tanh),
            "do the gates go through tanh? A gate lies between 0 and 1: a sigmoid.",
        ),
        (
            _cho(x, h, p, show=lambda n, h: h),
            "does h' consist of h alone? n takes the room that u leaves: 1 - u.",
        ),
    ]
    found = call(cho_step, x, h, p)
    if isinstance(found, tuple) and len(found) == 1:
        (found,) = found
    compare("h'", found, _cho(x, h, p), mistakes)
    return (
        "Both variants are in use. The textbook's needs one product for all three blocks, this one"
        " two."
    )


@check
def check_peephole(peephole_back: Step) -> str:
    """Are these the derivatives of an output gate that looks at c?"""
    d_h, z, c, w = (_random(seed, BATCH_SIZE, HIDDEN_SIZE) for seed in range(1, 5))
    w = 1.5 * w[0]

    def loss() -> float:
        return float((d_h * sigmoid(z + w * c) * np.tanh(c)).sum())

    found = call(peephole_back, d_h, z, c, w)
    if not isinstance(found, (tuple, list)) or len(found) != 3:
        raise Wrong("the function should return three arrays: d_z, d_c and d_w.")
    right = [central_differences(loss, array) for array in (z, c, w)]
    names = {"d_z": right[0], "d_c": right[1], "d_w": right[2]}
    order = [next((name for name in names if _is_close(each, names[name])), "") for each in found]
    if sorted(order) == sorted(names) and order != [*names]:
        raise Wrong(
            f"all three are right, but in the order {', '.join(order)}. Return d_z, d_c, d_w."
        )
    o, tanh_c = sigmoid(z + w * c), np.tanh(c)
    d_o = d_h * tanh_c
    d_z = d_o * o * (1 - o)
    through_tanh = d_h * o * (1 - tanh_c**2)
    no_peep = sigmoid(z)
    compare("d_z", found[0], right[0], [
        (d_o, "this is d_o. To get to z, where is the slope of the sigmoid, o (1 - o)?"),
        (d_o * (1 - o**2), "that is the slope of tanh. The sigmoid's is o (1 - o)."),
        (d_h * o * (1 - o), "what multiplies o in h = o ⊙ tanh c?"),
        (d_h * c * o * (1 - o), "o is multiplied by tanh c, not by c itself."),
        (d_h * tanh_c * no_peep * (1 - no_peep), "is o computed without the peephole? "
            "z + w ⊙ c is in the sigmoid."),
        (d_z * w, "this has w in it. z reaches the sigmoid as it is; only c is multiplied by w."),
    ], tolerance=1e-5)  # fmt: skip
    compare("d_c", found[1], right[1], [
        (through_tanh, "c reaches h on two ways now. "
            "Where is the one through the peephole, d_z ⊙ w?"),
        (d_z * w, "c reaches h on two ways. "
            "Where is the one through tanh, d_h ⊙ o ⊙ (1 - tanh² c)?"),
        (through_tanh + d_z, "on the way through the peephole, c is multiplied by w."),
        (through_tanh + d_o * w, "that way begins at z, not at o: "
            "where is the slope of the sigmoid?"),
        (d_h * o + d_z * w, "where is the slope of tanh, 1 - tanh² c?"),
        (d_h * o * (1 - c**2) + d_z * w,
            "the slope of tanh is 1 minus the square of its *value*, tanh c."),
        (d_h * o * (1 - (o * tanh_c) ** 2) + d_z * w, "the value of the tanh is not h here: "
            "h is o ⊙ tanh c."),
        (through_tanh * d_z * w, "the two ways are added, not multiplied: both move h."),
    ], tolerance=1e-5)  # fmt: skip
    compare("d_w", _one_row(found[2], d_z * c), right[2], [
        (d_z.sum(axis=0), "w is multiplied by c, so the derivative is too."),
        ((d_z * c).mean(axis=0), "is this the mean over the rows? "
            "Each row moves the loss, so they add up."),
        ((d_z * tanh_c).sum(axis=0), "w is multiplied by c itself, not by its tanh."),
        ((d_o * c).sum(axis=0), "where is the slope of the sigmoid? Begin with d_z."),
    ], tolerance=1e-5)  # fmt: skip
    return (
        "All three agree with central differences. You have derived a gradient that is in no file"
        " of this project."
    )


def _one_row(d_w: Any, of_each_row: Array) -> Any:
    if np.shape(d_w) == of_each_row.shape[:1]:
        raise Wrong(
            "d_w has one number for each row, but w has one for each unit. Which axis do you sum"
            " over?"
        )
    if np.shape(d_w) == of_each_row.shape:
        raise Wrong(
            f"d_w has the shape {of_each_row.shape}, one row for each sequence, but w has one row"
            " for all. What happens to the gradients of a parameter that is used several times?"
        )
    return d_w


def _is_close(found: Any, right: Array) -> bool:
    return np.shape(found) == right.shape and bool(np.allclose(found, right, rtol=1e-5, atol=1e-7))


def _random(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def _example(gates: tuple[str, ...]) -> tuple[Array, Array, Array, LayerParameters]:
    """Return x, h, c and the parameters of a cell with these gates."""
    width = len(gates) * HIDDEN_SIZE
    p = LayerParameters(
        _random(1, INPUTS, width), _random(2, HIDDEN_SIZE, width), _random(3, width)
    )
    h = np.tanh(_random(5, BATCH_SIZE, HIDDEN_SIZE))
    return _random(4, BATCH_SIZE, INPUTS), h, _random(6, BATCH_SIZE, HIDDEN_SIZE), p


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
    _look_at_the_first_biases(np.asarray(first["b"], dtype=float))
    if min(np.std(first[name]) for name in ("w_x", "w_h", "w_y")) == 0:
        raise Wrong("w_x, w_h and w_y should be random: units that are alike stay alike.")


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
    ("that is the order in the picture. In the file it is o, i, f, g.", {"order": "figo"}),
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


def _cho(
    x: Array, h: Array, p: LayerParameters, *, order: str = "run",
    squash: Callable[[Array], Array] = sigmoid, new: Callable[[Array], Array] = np.tanh,
    reset: Callable[[Array], Array] = _unchanged, keep: Callable[[Array], Array] = _unchanged,
    show: Callable[[Array, Array], Array] = lambda n, _: n,
    stays: Callable[[Array, Array], Array] = lambda _, h: h,
) -> Array:  # fmt: skip
    """Return h' of the GRU of 2014, or of what a usual mistake makes of it."""
    z = dict(zip(order, np.split(x @ p.w_x + p.b, 3, axis=-1), strict=True))
    w = dict(zip(order, np.split(p.w_h, 3, axis=-1), strict=True))
    r, u = squash(z["r"] + h @ w["r"]), keep(squash(z["u"] + h @ w["u"]))
    return (1 - u) * show(new(z["n"] + (reset(r) * h) @ w["n"]), h) + u * stays(r, h)


def _r_around(x: Array, h: Array, p: LayerParameters) -> Array:
    """Return h' of a GRU whose r multiplies z_n too."""
    z_r, z_u, z_n = np.split(x @ p.w_x + p.b + h @ p.w_h, 3, axis=-1)
    u = sigmoid(z_u)
    return (1 - u) * np.tanh(sigmoid(z_r) * z_n) + u * h
