"""Examines the answers of chapter 5: the mask, Adam, when to stop, temperature and top-p."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from checks import Wrong, call, check, compare
from model.network.layers import Array, softmax
from model.network.train import Adam, batch_of


@check
def check_mean_loss(mean_loss: Callable[..., Any]) -> str:
    """Is this the mean over the letters, and over them alone?"""
    _, targets, mask = batch_of(["yi", "mei", "troodon", "utahraptor"])
    losses = np.random.default_rng(1).uniform(0, 4, targets.shape)
    mistakes = [
        (losses.mean(), "does the padding count? There a target is -1."),
        ((losses * mask).mean(), "you set the padding to 0, but then you divide by its places too."),
        (losses.sum() / mask.sum(), "you divide by the number of letters, but do you add up the padding too?"),
        (losses[mask].sum(), "this is the sum of all losses. By how many letters do you divide it?"),
        (losses[mask].sum() / len(mask[0]), "you divide by the number of names, not of letters."),
        (losses[targets > 0].mean(), "the newline, whose id is 0, counts as a letter too."),
        (losses[targets > 0].sum() / mask.sum(), "the newline, whose id is 0, counts as a letter too."),
        (losses[~mask].mean(), "this is the mean over the padding. Is the mask turned round?"),
        (
            np.mean([losses[:, b][mask[:, b]].mean() for b in range(len(mask[0]))]),
            "this is the mean of each name's mean: a letter of a short name then counts for more. Each letter counts "
            "the same.",
        ),
    ]
    compare("the mean loss", call(mean_loss, losses, targets), losses[mask].mean(), mistakes)
    return "Each letter counts the same, in a short name as in a long one, and the padding says nothing."


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
        (m_hat, "what you return is divided by 1 - 0.9ᵗ already. The next step needs m as it was before that."),
        (0.1 * m + 0.9 * g, "are 0.9 and 0.1 exchanged? Most of the old average stays."),
        (m, "did m change? It takes in a tenth of the new gradient."),
        (g, "is m the gradient alone? Nine tenths of the old m stay."),
        (0.9 * m + g, "the new gradient counts one tenth."),
        (0.99 * m + 0.01 * g, "m takes 0.9 and 0.1. It is v that takes 0.99 and 0.01."),
    ])  # fmt: skip
    compare("v", found[2], adam.v, [
        (v_hat, "what you return is divided by 1 - 0.99ᵗ already. The next step needs v as it was before that."),
        (0.99 * v + 0.01 * g, "v is the average of the *squares* of the gradients."),
        (0.9 * v + 0.1 * g**2, "v takes 0.99 and 0.01. It is m that takes 0.9 and 0.1."),
        (0.01 * v + 0.99 * g**2, "are 0.99 and 0.01 exchanged? Most of the old average stays."),
        (0.99 * v + 0.01 * adam.m**2, "is that the square of m? v averages the squares of g."),
        (v, "did v change? It takes in a hundredth of the new gradient's square."),
    ])  # fmt: skip
    root = np.sqrt(v_hat)
    compare("w", found[0], adam.w, [
        (w + rate * m_hat / root, "you go uphill. The gradient says where the loss grows, and we want it to fall."),
        (w - rate * adam.m / np.sqrt(adam.v), "where is the correction for averages that begin at 0?"),
        (w - rate * adam.m / root, "m is not divided by 1 - 0.9ᵗ."),
        (w - rate * m_hat / np.sqrt(adam.v), "v is not divided by 1 - 0.99ᵗ."),
        (w - rate * m_hat / v_hat, "where is the square root? v is an average of squares."),
        (w - rate * g / root, "is the step along g? It is along the average, m."),
        (w - rate * m_hat, "where do you divide by √v?"),
        (w - m_hat / root, "where is the rate?"),
        (w - rate * m / np.sqrt(v), "that step is made of the old m and v. Take the new ones, and correct them."),
        (w - rate * _hat(m, 0.9, t) / np.sqrt(_hat(v, 0.99, t)), "that step is made of the old m and v."),
        (-rate * m_hat / root, "this is the step alone. Add it to w."),
        (w - rate * _hat(adam.m, 0.9, t - 1) / np.sqrt(_hat(adam.v, 0.99, t - 1)), "is t one too small?"),
        (w - rate * _hat(adam.m, 0.9, t + 1) / np.sqrt(_hat(adam.v, 0.99, t + 1)), "is t one too large?"),
    ])  # fmt: skip
    with np.errstate(all="ignore"):
        found = call(adam_step, np.ones(2), np.array([0.0, 1.0]), np.zeros(2), np.zeros(2), 1, rate)
    if not np.isfinite(np.asarray(found[0], dtype=float)).all():
        raise Wrong("if a gradient has always been 0, so has √v, and 0 / 0 is no number. Is ε below the fraction line?")
    return "With these few lines nearly every network of today was trained, or with a close relative of them."


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
        case = f"with the losses {', '.join(f'{loss:g}' for loss in losses)} and a patience of {patience}, "
        if right[0] < right[1] and _same(found, right[::-1]):
            raise Wrong(case + f"the best epoch is {right[0]}, and the last is {right[1]}. Are the two exchanged?")
        compare(case + "the best epoch", found[0], right[0], [
            (right[1], "this is where we stop. The best epoch lies before it."),
            (int(np.argmin(losses)), "you know of a loss that comes after the stop, where no training is any more."),
            (min(losses[: right[1] + 1]), "this is the loss. Its epoch is wanted."),
            (right[0] + 1, "do you count the epochs from 1? Count them from 0."),
            (0, "does any loss ever become the lowest? Begin with the first loss as the lowest so far."),
        ])  # fmt: skip
        compare(case + "the last epoch", found[1], right[1], [
            (_best_and_last(losses, patience + 1)[1], "you wait one epoch too long. "
                "Count the epochs without a new best."),
            (_best_and_last(losses, patience - 1)[1], "you stop one epoch too soon. "
                "Count the epochs without a new best."),
            (_rises(losses, patience), "you compare each loss with the one before it. "
                "Compare it with the lowest so far."),
            (_rises(losses, 1), "you stop at the first rise. Have patience: count the epochs without a new best."),
            (_never_anew(losses, patience), "a new best begins the count anew."),
            (len(losses), "the epochs are counted from 0, so the last has one less than there are losses."),
            (right[0] + patience, "no training is that long. If the patience never runs out, we stop after the last."),
            (len(losses) - 1, "the patience runs out before that. Do you stop?"),
        ])  # fmt: skip
    return (
        "That is early stopping. The program keeps a copy of the network at each new best, and returns it in the end."
    )


@check
def check_soften(soften: Callable[..., Any]) -> str:
    """Are these the probabilities at a temperature?"""
    logits, temperature = np.array([2.0, -1.0, 0.5, 3.0]), 0.5
    exponentials = np.exp(logits / temperature)
    largest_is_1 = exponentials / exponentials.max()
    p = softmax(logits)
    mistakes = [
        (
            softmax(logits * temperature),
            "you multiply by the temperature. A low one should make likely letters likelier.",
        ),
        (p, "where is the temperature?"),
        (p / temperature, "you divide the probabilities, and then they do not add up to 1. Divide the logits."),
        (softmax(p / temperature), "you divide the probabilities. Divide the logits, before the softmax."),
        (exponentials, "these are the exponentials. Divide them by their sum."),
        (largest_is_1, "these are the exponentials. Divide them by their sum."),
        (largest_is_1 / exponentials.sum(), "subtract the maximum above and below: in both exponentials."),
        (
            p ** (1 / temperature),
            "this is p to the power of 1 / temperature, a good idea. But it does not add up to 1.",
        ),
        (softmax(logits - temperature), "you subtract the temperature. That changes nothing: divide by it."),
    ]
    compare("p", call(soften, logits, temperature), softmax(logits / temperature), mistakes)
    large = np.array([1000.0, 999.99, -1000.0])
    with np.errstate(all="ignore"):
        found = call(soften, large, 0.01)
    if not np.isfinite(np.asarray(found, dtype=float)).all():
        raise Wrong("with logits such as 1000 the exponential overflows. What may you subtract from all of them?")
    compare("with large logits, p", found, softmax(large / 0.01))
    return "At 1 it is softmax, near 0 the likeliest letter always wins, and far above 1 all letters are equal."


@check
def check_top_p(top_p: Callable[..., Any]) -> str:
    """Are only the likeliest letters left?"""
    p, exact = np.array([0.1, 0.5, 0.15, 0.25]), np.array([0.0625, 0.5, 0.1875, 0.25])
    for share in (0.6, 0.85, 0.2, 1.0):
        compare(
            f"with a share of {share}, your answer", call(top_p, p, share), _top_p(p, share), _top_p_mistakes(p, share)
        )
    enough = [([0, 2 / 3, 0, 1 / 3], "0.5 has reached the share already. Nothing comes after it.")]
    case = "with p = (0.0625, 0.5, 0.1875, 0.25) and a share of 0.5, your answer"
    compare(case, call(top_p, exact, 0.5), _top_p(exact, 0.5), enough)
    return "Where the network is sure, one letter is left, and where it is not, there are many."


def _top_p_mistakes(p: Array, share: float) -> list[tuple[Array, str]]:
    right, order = _top_p(p, share), np.argsort(-p)
    by_alphabet = np.where(np.cumsum(p) - p < share, p, 0)
    one_less = np.where(np.isin(np.arange(len(p)), order[np.cumsum(p[order]) <= share + 1e-12]), p, 0)
    strictly_less = np.where(np.isin(np.arange(len(p)), order[np.cumsum(p[order]) < share - 1e-12]), p, 0)
    short = "the letter with which the sum reaches the share stays too."
    return [
        (np.where(right > 0, p, 0), "what stays does not add up to 1."),
        (p, "is anything left out? Only the likeliest letters stay."),
        (_top_p(p, share, p), "do you begin with the least likely letter?"),
        (right[order], "these are in the order of their probabilities. Each letter should keep its place."),
        (by_alphabet / by_alphabet.sum(), "you add up by the alphabet. Begin with the likeliest letter."),
        *((np.where(less.any(), less / max(less.sum(), 1e-12), np.nan), short) for less in (one_less, strictly_less)),
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
    """Return the epoch after which a training stops that counts all epochs without a new best, in a row or not."""
    misses = 0
    for epoch in range(1, len(losses)):
        misses += losses[epoch] >= min(losses[:epoch])
        if misses >= patience:
            return epoch
    return len(losses) - 1


def _same(found: Sequence[Any], right: tuple[int, int]) -> bool:
    return all(np.shape(epoch) == () and epoch == wanted for epoch, wanted in zip(found, right, strict=True))


def _rises(losses: Sequence[float], patience: int) -> int:
    """Return the epoch after which a training stops whose loss has risen so many times in a row."""
    rises = 0
    for epoch in range(1, len(losses)):
        rises = rises + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if rises >= patience:
            return epoch
    return len(losses) - 1


def _top_p(p: Array, share: float, ranks: Array | None = None) -> Array:
    """Return what is right, or what is left if the letters are taken in the order of other ranks."""
    order = np.argsort(-p if ranks is None else ranks)
    kept = order[np.cumsum(p[order]) - p[order] < share]
    result = np.zeros_like(p)
    result[kept] = p[kept]
    return result / result.sum()
