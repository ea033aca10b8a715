"""The checks of chapter 8."""

from collections.abc import Callable
from itertools import chain, combinations
from typing import Any

import numpy as np

from checks import Wrong, call, check, compare
from model.network.layers import cross_entropy, log_softmax, softmax

SHIFTED = "does row t predict letter t, which was read already? It predicts letter t + 1."
EVERY_LETTER = (
    "does each row meet the letters of the whole line? `a[rows, ids[1:]]` takes one number of each"
    " row."
)


@check
def check_nats(nats_per_letter: Callable[..., Any]) -> str:
    generator = np.random.default_rng(7)
    logits, ids = generator.normal(size=(9, 5)) * 2, generator.integers(0, 5, 9)
    log_p = log_softmax(logits)
    total, _ = cross_entropy(logits[:-1], ids[1:])
    right, rows = total / 8, np.arange(9)
    mistakes = [
        (-log_p[rows, ids].mean(), SHIFTED),
        (-log_p[rows[1:], ids[1:]].mean(), SHIFTED),
        (-log_p[rows[:-1], ids[:-1]].mean(), SHIFTED),
        (
            total,
            (
                "is this the sum over the line? Take the mean, so that long and short lines can be"
                " compared."
            ),
        ),
        (
            total / 9,
            "did you divide by T? Only T - 1 letters were predicted; the first one was given.",
        ),
        (-right, "log p is negative, because p is below 1. A loss is -log p."),
        (right / np.log(2), "is this log2, which gives bits? Nats are natural logarithms."),
        (
            -np.log(np.exp(log_p[rows[:-1], ids[1:]]).mean()),
            "is this the logarithm of the mean? The mean of the logarithms is asked for.",
        ),
        (-logits[rows[:-1], ids[1:]].mean(), "these are logits; did you forget the softmax?"),
        (-log_p[:-1, ids[1:]].mean(), EVERY_LETTER),
        (-log_p[:, ids[1:]].mean(), EVERY_LETTER),
        (
            np.exp(right),
            "this is e^loss, the number of letters to choose from; the loss itself is asked for.",
        ),
    ]
    found = call(nats_per_letter, logits, ids)
    if np.shape(found) in ((8,), (9,)):
        raise Wrong(
            f"your answer has {len(found)} numbers, one for each letter. Their mean is asked for."
        )
    compare("your loss", found, right, mistakes)
    return (
        "This is the number that training makes small, and that the model card of every network"
        " here states."
    )


LAST_ONE = (
    "does `d_table[ids] += d_x` write each row only once? Of two equal ids, the last one counts."
)


@check
def check_look_up(look_up_backward: Callable[..., Any]) -> str:
    generator = np.random.default_rng(81)
    longer = np.array([4, 1, 4, 4, 0, 1]), generator.normal(size=(6, 3))
    for ids, d_x, size in (
        (np.array([0, 1, 0, 2]), np.array([[1.0, 2], [0, 1], [3, -1], [1, 1]]), 3),
        (*longer, 6),  # rows 2, 3 and 5 are read by nobody
    ):
        one_hot = (ids[:, None] == np.arange(size)).astype(float)
        right, last, first = one_hot.T @ d_x, np.zeros((size, d_x.shape[1])), one_hot.T @ d_x
        last[ids] = d_x
        for place, error in reversed([*zip(ids, d_x, strict=True)]):
            first[place] = error
        times = np.maximum(one_hot.sum(axis=0), 1)[:, None]
        found = np.asarray(call(look_up_backward, d_x, ids, size))
        if found.shape == d_x.shape and found.shape != right.shape:
            raise Wrong(
                f"your gradient has a row for each of the {len(ids)} words that were read, but the"
                f" table has {size} rows. Add each error to the row of its word."
            )
        if found.shape == (max(ids) + 1, d_x.shape[1]) != right.shape:
            raise Wrong(
                f"your gradient has {len(found)} rows, and the table has {size}. Words that were"
                " not read have rows too, of zeros."
            )
        mistakes = [
            (last, LAST_ONE),
            (first, "does only the first of two equal ids count? All of them add up."),
            (right / times, "is this a mean? A word that was read twice moves the loss twice."),
            (right / len(ids), "did you divide by N? The errors add up."),
            (right[::-1], "are the rows upside down?"),
            (np.zeros_like(right), "these are zeros. Does your loop write into `d_table`?"),
            (
                np.cumsum(right, axis=0),
                "does each row begin with what the row before had? Each begins with zeros.",
            ),
            (-right, "is the sign turned? A row goes up with its copy."),
        ]
        compare("your gradient", found, right, mistakes)
    return "Words that were not read get zeros, so a step costs no more for a larger vocabulary."


@check
def check_table(table_gradient: Callable[..., Any]) -> str:
    generator = np.random.default_rng(82)
    table, w = generator.normal(size=(5, 3)), generator.normal(size=(3, 3))
    ids, targets = np.array([3, 1, 3, 0, 3]), np.array([1, 3, 4, 3, 1])

    def loss(changed: Any) -> float:
        return cross_entropy(table[ids] @ w @ changed.T, targets)[0]

    y = table[ids] @ w
    q = np.eye(5)[targets]
    p = softmax(y @ table.T)
    d_logits = p - q
    d_y, output = d_logits @ table, d_logits.T @ y

    def read(d_x: Any) -> Any:
        return np.eye(5)[ids].T @ d_x

    entrance, last = read(d_y @ w.T), np.zeros_like(table)
    last[ids] = d_y @ w.T
    right = entrance + output
    mistakes = [
        (output, "that is what it gets where it is turned over. It is read at the other end, too."),
        (entrance, "that is what it gets where it is read. It makes the logits, too."),
        (right / 5, "is this the gradient of the mean? The sum of the losses is asked for."),
        (right / 2, "is this the mean of both parts? They add up."),
        (output - entrance, "are both parts added?"),
        (read(d_y) + output, "on its way from y to x, the error passes w. Is a `@ w.T` missing?"),
        (
            read(d_y @ w) + output,
            "on the way back, the error of x is `d_y @ w.T`. Is a `.T` missing?",
        ),
        (entrance + d_logits.T @ table[ids], "the logits meet y, not x: `d_logits.T @ y`."),
        (
            read(p @ table @ w.T) + p.T @ y,
            "is d_logits p alone? It is p - q: the target of each row has 1 less.",
        ),
        (-right, "is it q - p? The loss falls where the target's logit grows: p - q."),
        (last + output, f"of the first part: {LAST_ONE}"),
    ]
    found = call(table_gradient, table, w, ids, targets)
    compare("your gradient", found, right, mistakes)
    nudge = np.zeros_like(table)
    nudge[3, 0] = 1e-5
    slope = (loss(table + nudge) - loss(table - nudge)) / 2e-5
    return (
        f"Moved only where it is turned over, the number at [3, 0] has the slope {slope:.3f}. Moved"
        f" at both ends, it has {right[3, 0]:.3f}."
    )


@check
def check_sample(loss_on_sample: Callable[..., Any]) -> str:
    generator = np.random.default_rng(83)
    usual = generator.normal(size=6) * 2, np.array([1, 0.5, 0.5, 0.1, 0.9, 0.02])
    large = np.array([1000.0, 998, -1000, 997]), np.array([0.5, 1, 0.25, 0.125])
    pencil = np.log([8.0, 4]), np.array([1, 0.5])
    for (logits, chances), place in ((pencil, 0), (usual, 3), (large, 1)):
        less = logits - np.log(chances)
        log_z = less.max() + np.log(np.exp(less - less.max()).sum())
        right = log_z - logits[place]
        plain, more = -log_softmax(logits)[place], logits + np.log(chances)
        found = call(loss_on_sample, logits, chances, place)
        if np.ndim(found) == 0 and not np.isfinite(found):
            raise Wrong(
                f"with a logit of {logits.max():g} your loss is {found}. e^1000 is too large for a"
                " float: take the largest one from all, and add it to the logarithm again."
            )
        mistakes = [
            (plain, "is this the loss as if the sample were all? Each term counts 1/a times."),
            (
                -log_softmax(less)[place],
                (
                    "did you take ln a from the target's logit too? That is Z's business alone; the"
                    " gradient is the same, but the loss is not."
                ),
            ),
            (-log_softmax(more)[place], "did you multiply by a? A rare word counts 1/a times."),
            (
                more.max() + np.log(np.exp(more - more.max()).sum()) - logits[place],
                "did you multiply by a? A rare word counts more: 1/a times.",
            ),
            (log_z, "this is ln Z. The loss is ln Z less the target's logit."),
            (-right, "is the sign turned? The loss is ln Z less the target's logit."),
            (right - less.max(), "is the largest logit added to the logarithm again?"),
            (
                log_z - logits[0],
                "did you take the first logit? The target stands at `place`.",
            ),
            (
                np.exp(np.clip(right, None, 50)),
                "this is e^loss, as unsure as between so many words. The loss is its logarithm.",
            ),
            (np.exp(np.clip(log_z, None, 50)) - logits[place], "is the logarithm of Z missing?"),
        ]
        compare("your loss", found, right, mistakes)
    z = [
        np.exp(usual[0][[*chosen]]) / usual[1][[*chosen]]
        for chosen in chain.from_iterable(combinations(range(6), size) for size in range(7))
    ]
    chances_of = [
        np.prod([a if n in chosen else 1 - a for n, a in enumerate(usual[1])])
        for chosen in chain.from_iterable(combinations(range(6), size) for size in range(7))
    ]
    mean = sum(chance * terms.sum() for chance, terms in zip(chances_of, z, strict=True))
    return (
        f"Over all 64 samples of six words, the estimated Z is {mean:.3f} on average; Z is"
        f" {np.exp(usual[0]).sum():.3f}."
    )


@check
def check_nearest(nearest: Callable[..., Any]) -> str:
    table = np.array(
        [[3.0, 4], [4, 3], [8, -6], [30, 10], [-3, -4], [0.3, 0.5], [0.1, 0.1], [-40, 35]]
    )
    lengths = np.linalg.norm(table, axis=1)
    for row, count in ((0, 3), (1, 4), (5, 2)):
        found = np.asarray(call(nearest, table, row, count))
        products = table @ table[row]
        cosines = products / lengths
        order = np.argsort(-cosines)
        right = order[order != row][:count]
        if found.shape != (count,):
            raise Wrong(
                f"{count} words are asked for, and your answer has the shape {found.shape}. It"
                " should be their numbers."
            )
        if row in found.tolist():
            raise Wrong(
                f"your answer for row {row} has {row} itself, and every row is nearest to itself."
                " Leave it out."
            )
        distances = np.linalg.norm(table - table[row], axis=1)
        unit = table / lengths[:, None]
        ways = [
            (-products, "are these products alone? Divide by the lengths, or long rows win."),
            (cosines, "are the farthest first? `np.argsort` puts the smallest first."),
            (products, "are the farthest first, and by products alone?"),
            (distances, "is this by distance? The cosine asks for directions, not for lengths."),
            (-abs(cosines), "did you take absolute values? -1 is the opposite direction."),
            (
                -products / lengths**2,
                "did you divide by the squares of the lengths? `norm` has the root already.",
            ),
            (-(table @ unit[row]), "are the lengths of the others missing?"),
        ]
        mistakes = []
        for key, said in ways:
            others = np.argsort(key, kind="stable")
            mistakes.append((others[others != row][:count], said))
        if found.tolist() != right.tolist():
            said = "what are their cosines?"
            if {*found.tolist()} == {*right.tolist()}:
                said = "these are the right words, and the nearest should stand first."
            said = next(
                (said for wrong, said in mistakes if found.tolist() == wrong.tolist()), said
            )
            raise Wrong(
                f"for row {row}, your answer is {found.tolist()}, where {right.tolist()} is right:"
                f" {said}"
            )
    return "Row 3 of the test is long, and near to many by its product. Its direction is another."
