"""Examines the answers of chapter 6: when to stop, a training, a program of one's own, dropout."""

import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from checks import Wrong, call, check, compare
from checks import program as programs
from checks.program import Live, check_program
from model.network.layers import Array

Sequences = list[list[int]]
LONGEST = 60
"""So many epochs may an answer train."""
ALPHABET = "\nadeik"
NAMES = [
    *("dada", "adik", "kade", "ided", "eka", "kidi", "dak", "ade"),
    *("kak", "ida", "deda", "kika", "aked", "ikid", "dei", "kaik"),
]
OTHERS = ["dadi", "kide", "adak", "eki"]


@check
def check_best_and_last(best_and_last: Callable[..., Any]) -> str:
    """When was the network best, and when does the patience run out?"""
    examples: list[tuple[list[float], int]] = [
        ([3, 2.1, 2.4, 2.3, 2.5, 2.6, 2.7, 2.8, 1.9], 3),
        ([3, 2, 2.5, 2.2, 1.9, 2.1, 2.3, 2.0, 1.8], 3),
        ([3.0, 2.5, 2.1, 1.9], 2),
        ([3, 2, 2.6, 2.5, 2.4, 2.3, 2.2, 1], 4),
        ([3, 2, 2.4, 2.3, 1.9, 2.0, 1.95, 1.8, 1.9], 3),
        ([2.0, 2.0, 2.0], 2),
        ([3, 2.5, 2.5, 2.7, 2.5, 2.4], 3),
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
            (_last_lowest(losses[: right[1] + 1]), "a loss that only equals the lowest so far "
                "does not count as a new lowest."),
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
            (_rises(losses, patience, ties=False), "you compare each loss with the one before it. "
                "Compare it with the lowest so far."),
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


@check_program(
    "train", "optimize", "forward", "mean_loss", "backward", "initial_parameters", "ids_of"
)
def check_train(
    train: Callable[..., Any], optimize: Callable[..., Any], forward: Callable[..., Any], *_: Any
) -> str:
    """Does this learn from the right names, stop in time, and leave the network at its best?"""
    training, held_out = ([_ids(name) for name in names] for names in (NAMES, OTHERS))
    parameters = Live(_first_parameters())
    patience = 3
    watched = _Watched(optimize, parameters, training, held_out)
    program = getattr(train, "__globals__", {})
    program["optimize"] = watched  # train looks for it there
    try:
        losses = call(
            train, parameters, training, held_out, 0.3, patience, np.random.default_rng(1),
            seconds=60, may_change=(0, 5),
        )  # fmt: skip
    finally:
        program["optimize"] = optimize
    if np.ndim(losses) != 1 or not np.size(losses):
        raise Wrong("train should return a list of losses, one for each epoch.")
    losses = [float(loss) for loss in losses]
    watched.look_at_the_epochs(len(losses))
    _look_at_the_losses(losses, watched.afterwards(forward))
    best, last = _best_and_last(losses, patience)
    told = f"after epoch {best + 1} the loss is lowest, {losses[best]:.3f}"
    if len(losses) - 1 > last:
        raise Wrong(
            f"{told}, and {patience} epochs later the patience is over. You stop too late, after"
            f" epoch {len(losses)}."
        )
    if len(losses) - 1 - best < patience:
        raise Wrong(
            f"{told}, and the patience is {patience}. You stop too soon, after epoch {len(losses)}."
        )
    left = _loss(forward, parameters, held_out)
    if not np.isclose(left, losses[best]):
        if np.isclose(left, losses[-1]):
            raise Wrong(
                f"{told}, but the network is as it was at the end, {left:.3f}. Are the best arrays"
                " copies, made with `.copy()`, and do you put them into `parameters`, as"
                " `parameters.update(best)` does?"
            )
        raise Wrong(
            f"{told}, but the network that you leave is at {left:.3f}. Which arrays do"
            " you put back?"
        )
    return (
        f"It stopped after epoch {len(losses)}, and left the network as it was after epoch"
        f" {best + 1}. You may let it run all night now."
    )


def _ids(name: str) -> list[int]:
    return [ALPHABET.index(letter) for letter in f"\n{name}\n"]


def _first_parameters() -> dict[str, Array]:
    generator, size, units = np.random.default_rng(2), len(ALPHABET), 12
    shapes = {"w_x": (size, units), "w_h": (units, units), "w_y": (units, size)}
    arrays = {name: generator.normal(size=shape) * 0.3 for name, shape in shapes.items()}
    return arrays | {"b": np.zeros(units), "b_y": np.zeros(size)}


def _loss(forward: Callable[..., Any], parameters: dict[str, Array], sequences: Sequences) -> float:
    """Return the mean loss in nats per letter."""
    losses = []
    for ids in sequences:
        p = np.asarray(forward(parameters, ids[:-1])[0])
        losses.extend(-np.log(p[range(len(p)), ids[1:]]))
    return float(np.mean(losses))


class _Watched:
    """An `optimize` that minds what it is given, and how often, and what comes of it."""

    def __init__(
        self,
        optimize: Callable[..., Any],
        parameters: Live,
        training: Sequences,
        held_out: Sequences,
    ) -> None:
        self._optimize, self._parameters = optimize, parameters
        self._training, self._held_out = training, held_out
        self._read, self._states = list[list[int]](), list[dict[str, Array]]()

    def __call__(self, parameters: Any, ids: Any, rate: float, limit: float) -> Any:
        try:
            sequence = [int(each) for each in ids]
        except TypeError:
            raise Wrong(
                f"optimize gets {ids!r:.40} in place of a sequence. The numbers of a permutation"
                " are places in `training`."
            ) from None
        if sequence in self._held_out:
            raise Wrong(
                "it learns from a name of `held_out`, by which it is measured. Learn from"
                " `training` alone."
            )
        if sequence not in self._training:
            raise Wrong(f"it learns from {sequence!r:.60}, which is not in `training`.")
        if parameters is not self._parameters:
            raise Wrong("optimize gets other `parameters` than those that train is given.")
        if rate != 0.3:
            raise Wrong(
                f"optimize gets the rate {rate:g}, and not the one that train is given, 0.3."
            )
        if limit != 5:
            raise Wrong(f"optimize gets the limit {limit:g}. Take 5.")
        self._read.append(sequence)
        if len(self._read) > LONGEST * len(self._training):
            raise Wrong(
                f"it has read its list {LONGEST} times and goes on. Does it stop when the patience"
                " runs out?"
            )
        cost = self._optimize(parameters, ids, rate, limit)
        if len(self._read) % len(self._training) == 0:
            self._states.append({name: array.copy() for name, array in parameters.items()})
        return cost

    def afterwards(self, forward: Callable[..., Any]) -> dict[str, list[float]]:
        """Return the losses of held-out names and of those that were read after each epoch."""
        return {
            "held out": [_loss(forward, state, self._held_out) for state in self._states],
            "training": [_loss(forward, state, self._training) for state in self._states],
            "sums": [
                _loss(forward, state, self._held_out) * sum(len(ids) - 1 for ids in self._held_out)
                for state in self._states
            ],
        }

    def look_at_the_epochs(self, epochs: int) -> None:
        """Raises Wrong if an epoch has not every sequence once, in an order of its own."""
        count = len(self._training)
        if not self._read:
            raise Wrong("no step was taken: train should call `optimize` for each sequence.")
        if len(self._read) != epochs * count:
            raise Wrong(
                f"you return {epochs} losses, but took {len(self._read)} steps; with {count} names"
                f" an epoch has {count}. Is there one loss after each epoch, and a step for each"
                " name?"
            )
        orders = [self._read[n : n + count] for n in range(0, len(self._read), count)]
        if any(sorted(order) != sorted(self._training) for order in orders):
            raise Wrong(
                "in some epoch a name is read twice, and another one not at all."
                " `generator.permutation(n)` has each number once."
            )
        if orders[0] == self._training:
            raise Wrong("the names come in the order of the list. Let `generator` shuffle them.")
        if epochs > 1 and orders[0] == orders[1]:
            raise Wrong(
                "the names come in the same order in each epoch. Ask for a new permutation inside"
                " the outer loop."
            )


def _look_at_the_losses(losses: list[float], right: dict[str, list[float]]) -> None:
    if np.allclose(losses, right["held out"]):
        return
    said = "the losses that you return are not those of the held-out names: "
    if np.allclose(losses, right["training"]):
        raise Wrong(said + "you measure by the names that it reads.")
    if np.allclose(losses, right["sums"]):
        raise Wrong(said + "these are sums. `mean_loss` has the mean.")
    if np.allclose(losses[1:], right["held out"][:-1]):
        raise Wrong(said + "you measure before each epoch. Measure after it.")
    raise Wrong(
        said + f"after epoch 1 yours is {losses[0]:.3f} where {right['held out'][0]:.3f} is right."
    )


@check_program("main", "train", "read_names", "letters_of", "invent")
def check_main(main: Callable[..., Any], *_: Any) -> str:
    """Does the program read a list, learn, and invent?"""
    words = ["".join(part) for part in _words()]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "my_list.txt"
        path.write_text("\n".join(words) + "\n", encoding="utf-8")
        said = io.StringIO()
        try:
            with redirect_stdout(said):
                call(main, str(path), seconds=120)
        except Wrong as wrong:
            if "substring not found" in str(wrong):
                raise Wrong(
                    f"main stops at {words[0]}, a name of the list whose ð is not among the"
                    " letters. Take the letters of this list, of both its halves."
                ) from None
            if "returns nothing" not in str(wrong):  # it prints
                raise
        _look_at_what_is_said(said.getvalue(), words)
        file = programs.FILE.resolve()
        done = subprocess.run(
            [sys.executable, str(file), str(path)],
            capture_output=True, encoding="utf-8", errors="replace", timeout=300, check=False,
            cwd=folder,
        )  # fmt: skip
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise Wrong(f"`python {file.name} my_list.txt` stops: {reason}")
    if not done.stdout.strip():
        raise Wrong(
            f"main works, but `python {file.name} my_list.txt` prints nothing. Are the two lines"
            ' with `if __name__ == "__main__":` at the end, at the left edge?'
        )
    *_, last = done.stdout.split()
    return f"It read {len(words)} made-up villages and invented, among others, {last}."


def _words() -> list[list[str]]:
    """Return some 90 villages with letters of their own."""
    generator = np.random.default_rng(3)
    beginnings, ends = ["ö", "skö", "lö", "kvö", "tö", "vo"], ["tok", "kött", "lov", "sö", "vollo"]
    middles = ["l", "t", "k", "ss", ""]
    rest = [
        [str(generator.choice(each)) for each in (beginnings, middles, ["o", "ö"], ends)]
        for _ in range(90)
    ]
    return [["vöðo"], *rest]  # the first name is held out, and no other has its ð


def _look_at_what_is_said(said: str, words: list[str]) -> None:
    """Raises Wrong if it is not a loss and twenty names."""
    if not said.strip():
        raise Wrong("main prints nothing.")
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    letters = set("".join(words))
    invented = [line for line in lines if re.fullmatch(r"[^\W\d_]+", line)]
    if strange := sorted(set("".join(invented).lower()) - letters):
        raise Wrong(
            f"it invents names with {', '.join(strange[:3])}, which the list does not have. Does it"
            " read the list that it is given?"
        )
    if not re.search(r"\d\.\d", said):
        raise Wrong("where is the lowest held-out loss? Print it, too.")
    if len(invented) < 15:
        raise Wrong(
            f"it prints {len(invented)} names, each in a line of its own, where 20 are wanted."
        )
    if len(set(invented)) < 3:
        raise Wrong("it prints one name again and again. Call `invent` anew for each.")
    losses = [float(number) for number in re.findall(r"\d+\.\d+", said)]
    if min(losses) > np.log(len(letters) + 1):
        raise Wrong(
            f"the loss is {min(losses):.2f}, no better than guessing among {len(letters) + 1}"
            " letters. Is it trained, and is it the mean per letter?"
        )


@check
def check_dropout_mask(dropout_mask: Callable[..., Any]) -> str:
    """Are enough units off, each for itself, and are the others larger for it?"""
    generator = np.random.default_rng(1)
    shape = (60, 50)
    for share in (0.75, 0.2):
        found = call(dropout_mask, shape, share, generator, may_change=(2,))
        if np.shape(found) != shape:
            raise Wrong(f"the array has the shape {np.shape(found)}, but it should have {shape}.")
        _look_at_the_mask(np.asarray(found, dtype=float), share)
    again = [
        np.asarray(call(dropout_mask, shape, 0.5, generator, may_change=(2,))) for _ in range(2)
    ]
    if (again[0] == again[1]).all():
        raise Wrong("two masks are the same. Draw from the `generator` that you are given.")
    whole = call(dropout_mask, shape, 0.0, generator, may_change=(2,))
    if not np.allclose(np.asarray(whole, dtype=float), 1):
        raise Wrong("with a share of 0 all units should stay as they are: an array of ones.")
    return "With 50 units there are 2^50 such masks, so hardly one ever comes twice."


def _look_at_the_mask(found: Array, share: float) -> None:
    off, right = (found == 0).mean(), 1 / (1 - share)
    said = f"with a share of {share}, "
    if off == 0:
        raise Wrong(said + "no number is 0. Some units are off.")
    if abs(off - share) > 0.06:
        if abs(off - (1 - share)) < 0.06:
            raise Wrong(
                said + f"{off:.0%} of the units are off. The share says how many are *off*."
            )
        if (found == found[0]).all() or (found == found[:, :1]).all():
            raise Wrong(
                said + "all rows are the same, or all columns. Draw a number for each place."
            )
        raise Wrong(said + f"{off:.0%} of the units are off.")
    if len({*np.unique(found)}) > 2:
        raise Wrong(said + "there are more than two different numbers. A unit is off, or it stays.")
    if (found == found[0]).all() or (found == found[:, :1]).all():
        raise Wrong(said + "all rows are the same, or all columns. Draw a number for each place.")
    stays = found.max()
    if np.isclose(stays, right):
        return
    for wrong, question in (
        (1, "where is the factor, so that the sum stays about the same?"),
        (
            1 / share,
            "you divide by the share of those that are off. Divide by that of those that stay.",
        ),
        (1 - share, "multiplied? They should become larger: divide by 1 - share."),
        (1 + share, "that is 1 + share, and it should be 1 / (1 - share)."),
        (share, "that is the share itself, and it should be 1 / (1 - share)."),
    ):
        if np.isclose(stays, wrong):
            raise Wrong(said + f"what stays is {stays:.3g} where {right:.3g} is right: {question}")
    raise Wrong(said + f"what stays is {stays:.3g} where {right:.3g} is right.")


def _last_lowest(losses: Sequence[float]) -> int:
    return max(epoch for epoch, loss in enumerate(losses) if loss == min(losses))


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


def _rises(losses: Sequence[float], patience: int, *, ties: bool = True) -> int:
    """Return the epoch after which a training stops whose loss has risen so many times in a row."""
    rises = 0
    for epoch in range(1, len(losses)):
        is_higher = losses[epoch] > losses[epoch - 1] or (
            ties and losses[epoch] == losses[epoch - 1]
        )
        rises = rises + 1 if is_higher else 0
        if rises >= patience:
            return epoch
    return len(losses) - 1
