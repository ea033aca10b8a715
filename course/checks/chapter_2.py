"""Checks of chapter 2: one step by pencil, softmax, one step in code, the loss of a word."""

from collections.abc import Callable
from typing import Any

import numpy as np

from checks import Wrong, call, check, compare
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
            (layers.sigmoid(right), "that is 1 / (1 + e^-z). What does tanh give?"),
        ],
        tolerance=0.01,
        by_pencil=True,
    )
    logits = state @ W_Y
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
            (layers.softmax(logits)[::-1], "that is from behind. The order is ¶, a, m."),
            (100 * layers.softmax(logits), "that is in percent. Probabilities go from 0 to 1."),
        ],
        tolerance=0.01,
        by_pencil=True,
    )
    return "It has read a, and expects m with 0.97. You have run a recurrent network by hand."


@check
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
        ],
    )
    large = np.array([1000.0, 999.0, 0.0])
    try:
        with np.errstate(all="ignore"):
            compare("your softmax", call(softmax, large), layers.softmax(large))
    except Wrong:
        raise Wrong(
            "it is right for small logits, but not for 1000, 999 and 0: e^1000 is too large for the"
            " computer. Can you subtract something from all logits first?"
        ) from None
    return (
        "Only differences between logits count, so 1000, 999 and 0 are as good as 0, -1 and -1000."
    )


@check
def check_step(step: Callable[..., Any]) -> str:
    generator = np.random.default_rng(2)
    w_x, w_h, b, h = (generator.normal(size=shape) / 2 for shape in ((4, 3), (3, 3), (3,), (3,)))
    x = np.eye(4)[2]
    found = call(step, x, h, w_x, w_h, b)
    z = x @ w_x + b + h @ w_h
    right = np.tanh(z)
    if np.shape(found) == (3, 3):
        raise Wrong("your new state has 3 × 3 numbers instead of 3: is there a * where @ is meant?")
    compare(
        "your new state",
        np.squeeze(found) if isinstance(found, np.ndarray) else found,
        right,
        [
            (z, "is tanh missing?"),
            (np.tanh(x @ w_x + b), "does the old state h take part?"),
            (
                np.tanh(x @ w_x + h @ w_h),
                "is the bias b missing? It is 0 in our network, but not in every one.",
            ),
            (np.tanh(h @ w_h + b), "does the letter x take part?"),
            (
                np.tanh(x @ w_x + b + h @ w_h.T),
                "are the old state and w_h in the right order, h @ w_h?",
            ),
            (np.tanh(x @ w_x + b) + np.tanh(h @ w_h), "is there one tanh, of the whole sum?"),
            (np.tanh(x @ w_x + b) + h @ w_h, "is there one tanh, of the whole sum?"),
            (np.tanh(x @ w_x + h @ w_h) + b, "does the bias belong inside tanh?"),
            (np.tan(z), "that is the tangent. It should be tanh."),
            (layers.softmax(z), "that is softmax. It is for the logits; here tanh is meant."),
            (np.tanh(x @ w_x + b + h), "is the old state multiplied by w_h?"),
            (layers.sigmoid(z), "is this a sigmoid? This network has tanh."),
        ],
    )
    return "It agrees with model.network.rnn. This line is the whole memory of a recurrent network."


@check
def check_word_loss(word_loss: Callable[..., Any]) -> str:
    for word in ("mama", "amm"):
        found, losses = call(word_loss, word), _losses("\n" + word, word + "\n")
        favourites = -np.log([p.max() for p in _expected("\n" + word)])
        forgetful = _losses("\n" + word, word + "\n", carry=False).mean()
        compare(
            f"your loss of {word}",
            found,
            losses.mean(),
            [
                (losses.sum(), "that is the sum. What is it per letter?"),
                (losses[:-1].mean(), "does the end of the word count?"),
                (
                    losses.sum() / len(word),
                    "by how many letters must you divide? ¶ is one of them.",
                ),
                (losses[0], "only the first letter counts. Does `return` stand inside the loop?"),
                (-losses.mean(), "a loss is positive. Where is the minus?"),
                (
                    losses.mean() / np.log(2),
                    "that is the loss in bits. Which logarithm gives nats?",
                ),
                (np.exp(-losses).mean(), "is the logarithm missing?"),
                (-np.log(np.exp(-losses).mean()), "is the logarithm taken of each probability?"),
                (np.exp(-losses.sum()), "that is the probability of the word. What is its loss?"),
                (favourites.mean(), "is this the most probable letter, or the one that comes?"),
                (forgetful, "does each step get the state that the step before left?"),
                (
                    _losses("\n" + word, "\n" + word).mean(),
                    "is this the probability of the letter that was just read?",
                ),
                (
                    _losses(word, word).mean(),
                    "is this the probability of the letter that was just read?",
                ),
                (
                    _losses(word, word[1:] + "\n").mean(),
                    "does it read ¶ first, to predict the first letter?",
                ),
            ],
        )
    return (
        "The state goes from round to round in one variable, and that is all that is recurrent"
        " in it."
    )


def _read(letter: str, h: Any) -> tuple[Any, Any]:
    h = np.tanh(LAYER.w_x[LETTERS.index(letter)] + LAYER.b + h @ LAYER.w_h)
    return h, layers.softmax(h @ W_Y)


def _expected(letters: str, *, carry: bool = True) -> list[Any]:
    """Return the probabilities after each letter."""
    h, expected = np.zeros(2), []
    for letter in letters:
        after, p = _read(letter, h)
        h = after if carry else h
        expected.append(p)
    return expected


def _losses(letters: str, targets: str, *, carry: bool = True) -> Any:
    expected = _expected(letters, carry=carry)
    return -np.log([p[LETTERS.index(target)] for p, target in zip(expected, targets, strict=True)])
