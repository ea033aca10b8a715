"""Examines the answers of chapter 5: the mask, Adam, when to stop, a training and top-p."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from checks import Wrong, call, check, compare
from model.network.layers import Array, Ids, Mask
from model.network.network import LanguageModel
from model.network.parameters import Architecture, Parameters, initial_parameters
from model.network.train import LETTERS, Adam, batch_of, held_out_loss, read_names
from model.text.sources import DINOSAURS

MARK = 2.18  # nats, for the network that somebody trains
LONGEST = 100
"""So many epochs may an answer train."""


@check
def check_mean_loss(mean_loss: Callable[..., Any]) -> str:
    """Is this the mean over the letters, and over them alone?"""
    _, targets, mask = batch_of(["yi", "mei", "troodon", "utahraptor"])
    losses = np.random.default_rng(1).uniform(0, 4, targets.shape)
    mistakes = [
        (losses.mean(), "does the padding count? There a target is -1."),
        (
            (losses * mask).mean(),
            "you set the padding to 0, but then you divide by its places too.",
        ),
        (
            losses.sum() / mask.sum(),
            "you divide by the number of letters, but do you add up the padding too?",
        ),
        (
            losses[mask].sum(),
            "this is the sum of all losses. By how many letters do you divide it?",
        ),
        (losses[mask].sum() / len(mask[0]), "you divide by the number of names, not of letters."),
        (losses[targets > 0].mean(), "the newline, whose id is 0, counts as a letter too."),
        (
            losses[targets > 0].sum() / mask.sum(),
            "the newline, whose id is 0, counts as a letter too.",
        ),
        (losses[~mask].mean(), "this is the mean over the padding. Is the mask turned round?"),
        (
            np.mean([losses[:, b][mask[:, b]].mean() for b in range(len(mask[0]))]),
            (
                "this is the mean of each name's mean: a letter of a short name then counts for"
                " more. Each letter counts the same."
            ),
        ),
    ]
    compare("the mean loss", call(mean_loss, losses, targets), losses[mask].mean(), mistakes)
    return (
        "Each letter counts the same, in a short name as in a long one, and the padding says"
        " nothing."
    )


@check
def check_adam_step(adam_step: Callable[..., Any]) -> str:
    """Is this a step of Adam?"""
    generator = np.random.default_rng(1)
    w, g, m = generator.standard_normal((3, 4))
    v, t, rate = generator.uniform(1, 3, 4), 3, 0.5
    adam = Adam(w.copy())
    adam.m[:], adam.v[:], adam.steps = m, v, t - 1
    adam.update(g, rate)
    found = call(adam_step, w, g, m, v, t, rate)
    if not isinstance(found, (tuple, list)) or len(found) != 3:
        raise Wrong("the function should return three arrays: w, m and v.")
    m_hat, v_hat = adam.m / (1 - 0.9**t), adam.v / (1 - 0.99**t)
    compare("m", found[1], adam.m, [
        (m_hat, "what you return is divided by 1 - 0.9ᵗ already. "
            "The next step needs m as it was before that."),
        (0.1 * m + 0.9 * g, "are 0.9 and 0.1 exchanged? Most of the old average stays."),
        (m, "did m change? It takes in a tenth of the new gradient."),
        (g, "is m the gradient alone? Nine tenths of the old m stay."),
        (0.9 * m + g, "the new gradient counts one tenth."),
        (0.99 * m + 0.01 * g, "m takes 0.9 and 0.1. It is v that takes 0.99 and 0.01."),
    ])  # fmt: skip
    compare("v", found[2], adam.v, [
        (v_hat, "what you return is divided by 1 - 0.99ᵗ already. "
            "The next step needs v as it was before that."),
        (0.99 * v + 0.01 * g, "v is the average of the *squares* of the gradients."),
        (0.9 * v + 0.1 * g**2, "v takes 0.99 and 0.01. It is m that takes 0.9 and 0.1."),
        (0.01 * v + 0.99 * g**2, "are 0.99 and 0.01 exchanged? Most of the old average stays."),
        (0.99 * v + 0.01 * adam.m**2, "is that the square of m? v averages the squares of g."),
        (v, "did v change? It takes in a hundredth of the new gradient's square."),
    ])  # fmt: skip
    root = np.sqrt(v_hat)
    compare("w", found[0], adam.w, [
        (w + rate * m_hat / root, "you go uphill. "
            "The gradient says where the loss grows, and we want it to fall."),
        (w - rate * adam.m / np.sqrt(adam.v),
            "where is the correction for averages that begin at 0?"),
        (w - rate * adam.m / root, "m is not divided by 1 - 0.9ᵗ."),
        (w - rate * m_hat / np.sqrt(adam.v), "v is not divided by 1 - 0.99ᵗ."),
        (w - rate * m_hat / v_hat, "where is the square root? v is an average of squares."),
        (w - rate * g / root, "is the step along g? It is along the average, m."),
        (w - rate * m_hat, "where do you divide by √v?"),
        (w - m_hat / root, "where is the rate?"),
        (w - rate * m / np.sqrt(v), "that step is made of the old m and v. "
            "Take the new ones, and correct them."),
        (w - rate * _hat(m, 0.9, t) / np.sqrt(_hat(v, 0.99, t)),
            "that step is made of the old m and v."),
        (-rate * m_hat / root, "this is the step alone. Add it to w."),
        (w - rate * _hat(adam.m, 0.9, t - 1) / np.sqrt(_hat(adam.v, 0.99, t - 1)),
            "is t one too small?"),
        (w - rate * _hat(adam.m, 0.9, t + 1) / np.sqrt(_hat(adam.v, 0.99, t + 1)),
            "is t one too large?"),
    ])  # fmt: skip
    with np.errstate(all="ignore"):
        found = call(adam_step, np.ones(2), np.array([0.0, 1.0]), np.zeros(2), np.zeros(2), 1, rate)
    if not np.isfinite(np.asarray(found[0], dtype=float)).all():
        raise Wrong(
            "if a gradient has always been 0, so has √v, and 0 / 0 is no number. Is ε below the"
            " fraction line?"
        )
    return (
        "With these few lines nearly every network of today was trained, or with a close relative"
        " of them."
    )


@check
def check_best_and_last(best_and_last: Callable[..., Any]) -> str:
    """When was the network best, and when does the patience run out?"""
    examples: list[tuple[list[float], int]] = [
        ([3, 2.1, 2.4, 2.3, 2.5, 2.6, 2.7, 2.8, 1.9], 3),
        ([3, 2, 2.5, 2.2, 1.9, 2.1, 2.3, 2.0, 1.8], 3),
        ([3.0, 2.5, 2.1, 1.9], 2),
        ([3, 2, 2.6, 2.5, 2.4, 2.3, 2.2, 1], 4),
        ([3, 2, 2.4, 2.3, 1.9, 2.0, 1.95, 1.8, 1.9], 3),
    ]
    for losses, patience in examples:
        found = call(best_and_last, losses, patience)
        if not isinstance(found, (tuple, list)) or len(found) != 2:
            raise Wrong("the function should return two epochs: the best one, and the last.")
        right = _best_and_last(losses, patience)
        case = (
            f"with the losses {', '.join(f'{loss:g}' for loss in losses)} and a patience of"
            f" {patience}, "
        )
        if right[0] < right[1] and _same(found, right[::-1]):
            raise Wrong(
                case + f"the best epoch is {right[0]}, and the last is {right[1]}. Are the two"
                " exchanged?"
            )
        compare(case + "the best epoch", found[0], right[0], [
            (right[1], "this is where we stop. The best epoch lies before it."),
            (int(np.argmin(losses)),
                "you know of a loss that comes after the stop, where no training is any more."),
            (min(losses[: right[1] + 1]), "this is the loss. Its epoch is wanted."),
            (right[0] + 1, "do you count the epochs from 1? Count them from 0."),
            (0, "does any loss ever become the lowest? "
                "Begin with the first loss as the lowest so far."),
        ])  # fmt: skip
        compare(case + "the last epoch", found[1], right[1], [
            (_best_and_last(losses, patience + 1)[1], "you wait one epoch too long. "
                "Count the epochs without a new best."),
            (_best_and_last(losses, patience - 1)[1], "you stop one epoch too soon. "
                "Count the epochs without a new best."),
            (_rises(losses, patience), "you compare each loss with the one before it. "
                "Compare it with the lowest so far."),
            (_rises(losses, 1), "you stop at the first rise. Have patience: "
                "count the epochs without a new best."),
            (_never_anew(losses, patience), "a new best begins the count anew."),
            (len(losses),
                "the epochs are counted from 0, so the last has one less than there are losses."),
            (right[0] + patience, "no training is that long. "
                "If the patience never runs out, we stop after the last."),
            (len(losses) - 1, "the patience runs out before that. Do you stop?"),
        ])  # fmt: skip
    return (
        "That is early stopping. The program keeps a copy of the network at each new best, and"
        " returns it in the end."
    )


class Pupil(LanguageModel):
    """A network that an answer trains, so that `call` hands over no copy.

    It minds what it reads, and how often.
    """

    def __init__(self, others: Sequence[str], most: int) -> None:
        architecture = Architecture("gru", len(LETTERS), 50)
        super().__init__(
            architecture, initial_parameters(architecture, np.random.default_rng(1), np.float64)
        )
        self.others, self.left, self.handed_over = {*others}, most, False

    def __deepcopy__(self, memo: object) -> LanguageModel:
        if self.handed_over:
            return self.copy()
        self.handed_over = True
        return self

    def loss_and_gradients(
        self,
        inputs: Ids,
        targets: Ids,
        state: Array,
        mask: Mask | None = None,
        dropout: Sequence[Array] | None = None,
    ) -> tuple[float, Parameters, Array]:
        names = ["".join(LETTERS[i] for i in column[column > 0]) for column in inputs.T]
        if self.others.intersection(names):
            raise Wrong(
                "it learns from a name of `others`, by which it is measured. Learn from `names`"
                " alone."
            )
        self.left -= len(names)
        if self.left < 0:
            raise Wrong(
                f"it has read its list {LONGEST} times and goes on. Does it stop when the patience"
                " runs out? Or is the rate so small that it hardly learns?"
            )
        return super().loss_and_gradients(inputs, targets, state, mask, dropout)


@check
def check_train_and_stop(train_and_stop: Callable[..., Any]) -> str:
    """Does this train a network, stop in time, and leave it at its best, below the mark?"""
    training, others = read_names(DINOSAURS)
    names, patience = training[::10], 3
    network = Pupil(others, LONGEST * len(names))
    before = network.parameters.whole.copy()
    found = call(train_and_stop, network, names, others, patience)
    if np.ndim(found) != 1 or not np.size(found):
        raise Wrong("the function should return a list of losses, one for each epoch.")
    losses = [float(loss) for loss in found]
    if not np.isfinite(losses).all():
        raise Wrong(
            "a loss is no number any more: the network was thrown too far. Is the rate too large?"
        )
    if (network.parameters.whole == before).all():
        raise Wrong(
            "the network is as it was at the beginning: no step was taken, or it was not this"
            " network's."
        )
    epochs = len(losses)
    best, last = _best_and_last(losses, patience)
    if min(losses) >= np.log(len(LETTERS)):
        raise Wrong(
            "no loss is below blind guessing, log 27 = 3.30. Do the steps go downhill, and is the"
            " rate too large?"
        )
    told = f"after epoch {best + 1} the loss is lowest, {losses[best]:.2f}"
    if epochs - 1 > last:
        raise Wrong(
            f"{told}, and {patience} epochs later the patience is over. You stop too late, after"
            f" epoch {epochs}."
        )
    if epochs - 1 - best < patience:
        raise Wrong(
            f"{told}, and the patience is {patience}. You stop too soon, after epoch {epochs}."
        )
    left = held_out_loss(network, others)
    if not np.isclose(left, losses[best]):
        if np.isclose(left, losses[-1]):
            raise Wrong(
                f"{told}, but the network is as it was at the end, {left:.2f}. Do you put the best"
                " numbers back, and are they a copy, made with `.copy()`?"
            )
        raise Wrong(
            f"{told}, but the network that you leave is at {left:.2f}. Are your losses the held-out"
            " ones?"
        )
    if losses[best] >= MARK:
        raise Wrong(
            f"it stops in time, but {told}, and the mark is {MARK}. Is there a better rate?"
        )
    return (
        f"Your network was best after epoch {best + 1}, with {losses[best]:.3f} nats; the mark was"
        f" {MARK}. You trained it, and you stopped in time."
    )


@check
def check_top_p(top_p: Callable[..., Any]) -> str:
    """Are only the likeliest letters left?"""
    p, exact = np.array([0.1, 0.5, 0.15, 0.25]), np.array([0.0625, 0.5, 0.1875, 0.25])
    for share in (0.6, 0.85, 0.2, 1.0):
        compare(
            f"with a share of {share}, your answer",
            call(top_p, p, share),
            _top_p(p, share),
            _top_p_mistakes(p, share),
        )
    enough = [([0, 2 / 3, 0, 1 / 3], "0.5 has reached the share already. Nothing comes after it.")]
    case = "with p = (0.0625, 0.5, 0.1875, 0.25) and a share of 0.5, your answer"
    compare(case, call(top_p, exact, 0.5), _top_p(exact, 0.5), enough)
    return "Where the network is sure, one letter is left, and where it is not, there are many."


def _top_p_mistakes(p: Array, share: float) -> list[tuple[Array, str]]:
    right, order = _top_p(p, share), np.argsort(-p)
    by_alphabet = np.where(np.cumsum(p) - p < share, p, 0)
    one_less = np.where(
        np.isin(np.arange(len(p)), order[np.cumsum(p[order]) <= share + 1e-12]), p, 0
    )
    strictly_less = np.where(
        np.isin(np.arange(len(p)), order[np.cumsum(p[order]) < share - 1e-12]), p, 0
    )
    short = "the letter with which the sum reaches the share stays too."
    return [
        (np.where(right > 0, p, 0), "what stays does not add up to 1."),
        (p, "is anything left out? Only the likeliest letters stay."),
        (_top_p(p, share, p), "do you begin with the least likely letter?"),
        (
            right[order],
            "these are in the order of their probabilities. Each letter should keep its place.",
        ),
        (
            by_alphabet / by_alphabet.sum(),
            "you add up by the alphabet. Begin with the likeliest letter.",
        ),
        *(
            (np.where(less.any(), less / max(less.sum(), 1e-12), np.nan), short)
            for less in (one_less, strictly_less)
        ),
        *((less, short) for less in (one_less, strictly_less)),
        (
            np.where(p >= share, p, 0),
            "a letter stays because of the sum of all that are likelier, not because of its own p.",
        ),
    ]


def _hat(average: Array, beta: float, t: int) -> Array:
    return average / (1 - beta**t)


def _best_and_last(losses: Sequence[float], patience: int) -> tuple[int, int]:
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return best, epoch
    return best, len(losses) - 1


def _never_anew(losses: Sequence[float], patience: int) -> int:
    """Return the epoch after which a training stops that counts all epochs without a new best, in a
    row or not."""
    misses = 0
    for epoch in range(1, len(losses)):
        misses += losses[epoch] >= min(losses[:epoch])
        if misses >= patience:
            return epoch
    return len(losses) - 1


def _same(found: Sequence[Any], right: tuple[int, int]) -> bool:
    return all(
        np.shape(epoch) == () and epoch == wanted
        for epoch, wanted in zip(found, right, strict=True)
    )


def _rises(losses: Sequence[float], patience: int) -> int:
    """Return the epoch after which a training stops whose loss has risen so many times in a row."""
    rises = 0
    for epoch in range(1, len(losses)):
        rises = rises + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if rises >= patience:
            return epoch
    return len(losses) - 1


def _top_p(p: Array, share: float, ranks: Array | None = None) -> Array:
    """Return what is right, or what is left if the letters are taken in the order of
    other ranks."""
    order = np.argsort(-p if ranks is None else ranks)
    kept = order[np.cumsum(p[order]) - p[order] < share]
    result = np.zeros_like(p)
    result[kept] = p[kept]
    return result / result.sum()
