"""Examines the answers of chapter 6: when to stop, a training, a program of one's own, dropout."""

import inspect
import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

from checks import Live, NotYet, Wrong, call, check, compare, verdict_of
from checks import program as programs
from checks.chapter_3 import way_back
from checks.chapter_4 import check_optimize
from checks.chapter_5 import check_adam_step
from checks.program import Spy, check_program, spied
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
    parameters, generator = Live(_first_parameters()), np.random.default_rng(1)
    patience, before = 3, generator.bit_generator.state
    watched = _Watched(optimize, parameters, training, held_out)
    program = getattr(train, "__globals__", {})
    program["optimize"] = watched  # train looks for it there
    try:
        losses = call(
            train, parameters, training, held_out, 0.3, patience, generator,
            seconds=60, may_change=(0, 5),
        )  # fmt: skip
    finally:
        program["optimize"] = optimize
    if np.ndim(losses) != 1 or not np.size(losses):
        raise Wrong("train should return a list of losses, one for each epoch.")
    losses = [float(loss) for loss in losses]
    watched.look_at_the_epochs(len(losses))
    if generator.bit_generator.state == before:
        raise Wrong(
            "the order of the names does not come from `generator`. Ask it,"
            " `generator.permutation(n)`: then whoever takes the same seed gets the same network."
        )
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

    def __call__(
        self, parameters: Any, ids: Any, rate: float, limit: float, *more: Any, **named: Any
    ) -> Any:
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
        cost = self._optimize(parameters, ids, rate, limit, *more, **named)
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


@check_program("main", "train", "read_names", "letters_of", "invent", "initial_parameters")
def check_main(main: Callable[..., Any], *_: Any) -> str:
    """Does the program read a list, learn, and invent?"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "villages.txt"
        names, others = _villages(path)
        invented, _ = run_main(main, path, names, others)
        file = programs.FILE.with_name(Path(main.__code__.co_filename).name).resolve()
        try:
            done = subprocess.run(
                [sys.executable, str(file), str(path)],
                capture_output=True, encoding="utf-8", errors="replace", timeout=120, check=False,
                cwd=folder,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise Wrong(
                f"`python {file.name} villages.txt` was not done after two minutes."
            ) from None
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        if "FileNotFoundError" in reason:
            reason += ". Does it read the list that it is told? `main(sys.argv[1])`"
        raise Wrong(f"`python {file.name} villages.txt` stops: {reason}")
    if not done.stdout.strip():
        raise Wrong(
            f"main works, but `python {file.name} villages.txt` prints nothing. Are the two lines"
            ' with `if __name__ == "__main__":` at the end, at the left edge?'
        )
    last = max(invented, key=len)
    return (
        f"It read {len(names) + len(others)} made-up villages and invented, among others, {last}."
    )


def run_main(
    main: Callable[..., Any], path: Path, names: Sequence[str], others: Sequence[str],
    seconds: float = 120,
) -> tuple[list[str], list[float]]:  # fmt: skip
    """Return the names that main invents, and the held-out losses. `others` are held out.

    Raises Wrong if main does not read, learn, and invent as it should.
    """
    said = io.StringIO()
    with spied(main, "initial_parameters", "train", "invent") as spies:
        try:
            with redirect_stdout(said):
                call(main, str(path), seconds=seconds)
        except Wrong as wrong:
            if "substring not found" in str(wrong):
                raise Wrong(
                    "main stops at a name with a letter that is not among the letters. Take the"
                    " letters of this list, of both its halves."
                ) from None
            if "returns nothing" not in str(wrong):  # it prints
                raise
    first, training, inventing = spies
    _look_at_what_is_said(said.getvalue(), [*names, *others], inventing.results)
    _look_at_the_beginning(first)
    losses = _look_at_the_training(training, names, others)
    _look_at_the_lowest(said.getvalue(), losses)
    for arguments in inventing.calls:
        if arguments[3] != 0.8:
            raise Wrong(f"it invents at a temperature of {arguments[3]:g}. Take 0.8.")
        if arguments[0] is not training.calls[-1][0]:
            raise Wrong("invent gets other `parameters` than those that train has taught.")
    return inventing.results, losses


def _look_at_the_beginning(first: Spy) -> None:
    """Raises Wrong if the first parameters are not those that the task wants."""
    if not first.calls:
        raise Wrong("where do the first parameters come from? `initial_parameters` draws them.")
    if first.calls[-1][1] != 50:
        raise Wrong(f"the network has {first.calls[-1][1]} units. Give it 50.")
    if first.states[-1] != np.random.default_rng(1).bit_generator.state:
        raise Wrong(
            "the generator is another one. With `np.random.default_rng(1)` everybody who runs the"
            " program gets the same names. Make it once, before the first parameters."
        )


def _look_at_the_training(
    training: Spy, names: Sequence[str], others: Sequence[str]
) -> list[float]:
    """Return the losses. Raises Wrong if it learns from other names, or in another way."""
    if not training.calls:
        raise Wrong("main never calls `train`.")
    parameters, learned, measured, rate, patience, _, *more = training.calls[-1]
    letters = ["\n", *sorted(set("".join([*names, *others])))]
    halves = [
        sorted([0, *map(letters.index, name), 0] for name in some) for some in (names, others)
    ]
    learned, measured = (sorted([*map(int, ids)] for ids in some) for some in (learned, measured))
    if [learned, measured] == halves[::-1]:
        raise Wrong(
            f"it learns from {len(learned)} names and measures by {len(measured)}: the two lists of"
            " `read_names` are exchanged."
        )
    if learned == measured:
        raise Wrong("it measures by the names that it learns from. Hand over the held-out ones.")
    if [learned, measured] != halves:
        raise Wrong(
            f"it learns from {len(learned)} names and measures by {len(measured)}, where"
            f" {len(halves[0])} and {len(halves[1])} are right. Does `train` get the ids of the two"
            " lists of `read_names`?"
        )
    rates = {0.003} if more and more[0] else {0.03}
    if np.shape(parameters["b"]) != np.shape(parameters["w_h"])[:1]:
        rates.add(0.1)  # an LSTM
    if rate not in rates:
        raise Wrong(f"it trains with a rate of {rate:g}. Take {min(rates):g}.")
    if patience != 5:
        raise Wrong(f"it trains with a patience of {patience}. Take 5.")
    return [float(loss) for loss in training.results[-1]]


def _look_at_the_lowest(said: str, losses: Sequence[float]) -> None:
    """Raises Wrong if the lowest loss is not printed."""
    printed = re.findall(r"\d+\.(\d+)", said), re.findall(r"\d+\.\d+", said)
    numbers = [(float(number), 0.51 * 10.0 ** -len(d)) for d, number in zip(*printed, strict=True)]

    def is_said(loss: float) -> bool:
        return any(abs(number - loss) <= error for number, error in numbers)

    if is_said(min(losses)):
        return
    right = f"the lowest held-out loss is {min(losses):.3f}"
    if is_said(losses[-1]):
        raise Wrong(f"{right}, and you print the last one, {losses[-1]:.3f}. Take `min(losses)`.")
    if is_said(losses[0]):
        raise Wrong(f"{right}, and you print the first one, {losses[0]:.3f}. Take `min(losses)`.")
    raise Wrong(f"{right}, but you print {numbers[0][0]:g}.")


def _villages(path: Path) -> tuple[list[str], list[str]]:
    """Write some 60 villages with letters of their own. Return those to learn from, and others."""
    generator = np.random.default_rng(3)
    beginnings, ends = ["ö", "skö", "lö", "kvö", "tö", "vo"], ["tok", "kött", "lov", "sö", "vollo"]
    middles = ["l", "t", "k", "ss", ""]
    drawn = [
        "".join(str(generator.choice(each)) for each in (beginnings, middles, ["o", "ö"], ends))
        for _ in range(60)
    ]
    names = list(dict.fromkeys(["vöðo", *drawn]))  # the first is held out, and no other has its ð
    path.write_text("\n".join(names) + "\n", encoding="utf-8")
    return [name for n, name in enumerate(names) if n % 10], names[::10]


def _look_at_what_is_said(said: str, words: Sequence[str], invented: Sequence[Any]) -> None:
    """Raises Wrong if it is not a loss and the names that were invented."""
    if not said.strip():
        raise Wrong("main prints nothing.")
    lines, letters = [line.strip() for line in said.splitlines()], set("".join(words))
    if strange := sorted(set("".join(map(str, invented))) - letters):
        raise Wrong(
            f"it invents names with {', '.join(strange[:3])}, which the list does not have. Does it"
            " read the list that it is given?"
        )
    if not re.search(r"\d\.\d", said):
        raise Wrong("where is the lowest held-out loss? Print it, too.")
    if len(invented) == 1 and lines.count(invented[0]) > 1:
        raise Wrong("it prints one name again and again. Call `invent` anew for each.")
    if len(invented) != 20:
        raise Wrong(
            f"it invents {len(invented)} names, where 20 are wanted, each in a line of its own."
        )
    for name in map(str.strip, invented):
        if name not in lines:
            line = next((line for line in lines if name in line), "nowhere")
            raise Wrong(
                f"each name should stand in a line of its own, and alone. It invents {name!r}, and"
                f" prints `{line:.60}`."
            )
    losses = [float(number) for number in re.findall(r"\d+\.\d+", said)]
    if min(losses) > np.log(len(letters) + 1):
        raise Wrong(
            f"the loss is {min(losses):.2f}, no better than guessing among {len(letters) + 1}"
            " letters. Is it trained, and is it the mean per letter?"
        )


@check_program("save", "load", "main", "initial_parameters", "train", "invent")
def check_keep(
    save: Callable[..., Any],
    load: Callable[..., Any],
    main: Callable[..., Any],
    first: Any,
    *_: Any,
) -> str:
    """Does the network survive the end of the program?"""
    letters = "\naböþ"
    parameters = call(first, len(letters), 7, np.random.default_rng(2), may_change=(2,))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "small.npz"
        _call_that_returns_nothing(save, str(path), parameters, letters)
        if not path.exists():
            others = ", ".join(each.name for each in Path(folder).iterdir()) or "no file"
            raise Wrong(f"save should write {path.name}, but there is {others}.")
        try:
            with np.load(path) as arrays:
                [*arrays.values()]
        except (ValueError, OSError):
            raise Wrong(
                "the file does not consist of arrays alone. `np.savez(path, letters=letters,"
                " **parameters)` writes each array by its name."
            ) from None
        found = call(load, str(path))
        _look_at_what_is_loaded(found, parameters, letters)
        _look_at_the_kept(main, Path(folder))
    return "It learned once, and will invent for as long as you keep the file."


def _call_that_returns_nothing(function: Callable[..., Any], *arguments: Any) -> None:
    try:
        call(function, *arguments)
    except Wrong as wrong:
        if "returns nothing" not in str(wrong):
            raise


def _look_at_what_is_loaded(found: Any, parameters: dict[str, Array], letters: str) -> None:
    """Raises Wrong if it is not what was saved."""
    if not isinstance(found, tuple | list) or len(found) != 2:
        raise Wrong("load should return two things, `return parameters, letters`.")
    if isinstance(found[0], str | np.ndarray):
        raise Wrong("load returns the two the other way round: first the parameters.")
    loaded, read = found
    if not isinstance(loaded, dict):
        raise Wrong(
            f"the parameters should be a dictionary again, but they are {type(loaded).__name__}."
            " `dict(arrays)` makes one of what `np.load` returns."
        )
    if "letters" in loaded:
        raise Wrong(
            "the letters are among the parameters, and `optimize` would take them for an array of"
            ' numbers. `parameters.pop("letters")` takes them out.'
        )
    if set(loaded) != set(parameters):
        raise Wrong(
            f"of the arrays {', '.join(parameters)}, load returns {', '.join(loaded) or 'none'}."
        )
    for name, array in parameters.items():
        compare(f"the {name} that is loaded", loaded[name], array, tolerance=1e-12)
    if not isinstance(read, str):
        raise Wrong(
            f"the letters that are loaded are {type(read).__name__}. `str(...)` makes a string of"
            " them again."
        )
    if read != letters:
        raise Wrong(f"the letters that are loaded are {read!r} where {letters!r} is right.")


def _look_at_the_kept(main: Callable[..., Any], folder: Path) -> None:
    """Raises Wrong if main does not save beside the list, and invent from what was saved."""
    path, kept = folder / "villages.txt", folder / "villages.npz"
    names, others = _villages(path)
    run_main(main, path, names, others)
    if not kept.exists():
        raise Wrong(
            "`main` does not save what it has learned from villages.txt as villages.npz, beside"
            ' the list. `Path(path).with_suffix(".npz")` is its name.'
        )
    said = io.StringIO()
    with spied(main, "train", "invent") as (training, inventing), redirect_stdout(said):
        _call_that_returns_nothing(main, str(kept))
    if training.calls:
        raise Wrong("given villages.npz, main trains again. It should load, and only invent.")
    if len(inventing.calls) < 20 or len(said.getvalue().split()) < 15:
        raise Wrong(
            f"given villages.npz, main prints {len(said.getvalue().split())} names where 20 are"
            " wanted."
        )
    if strange := sorted(set(said.getvalue()) - set("".join([*names, *others, "\n "]))):
        raise Wrong(
            f"given villages.npz, main prints {', '.join(strange[:3])}, too. Does it invent with"
            " the letters that were saved?"
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
        np.asarray(call(dropout_mask, shape, 0.5, generator, may_change=(2,))) for _ in range(5)
    ]
    if (again[0] == again[1]).all():
        raise Wrong("two masks are the same. Draw from the `generator` that you are given.")
    if len({(mask == 0).sum() for mask in again}) == 1:
        raise Wrong(
            f"in each of five masks exactly {(again[0] == 0).sum()} of {again[0].size} numbers are"
            " 0. Each unit should be off by a chance of its own, whatever the others are."
        )
    seeded = [
        np.asarray(call(dropout_mask, shape, 0.5, np.random.default_rng(1), may_change=(2,)))
        for _ in range(2)
    ]
    if (seeded[0] != seeded[1]).any():
        raise Wrong(
            "two generators with the same seed give two different masks. Is everything drawn from"
            " `generator`, and nothing from `np.random`?"
        )
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


@check_program("optimize", "train", "adam_step", "dropout_mask", "clip", "backward")
def check_both(
    optimize: Callable[..., Any], train: Callable[..., Any], adam_step: Any, mask: Any, *_: Any
) -> str:
    """Have Adam and dropout moved into the program?"""
    for name, verdict in (
        ("adam_step", verdict_of(check_adam_step, adam_step)),
        ("dropout_mask", verdict_of(check_dropout_mask, mask)),
        ("optimize without `memory` and `stays`", verdict_of(check_optimize)),
    ):
        if not verdict.startswith("Right."):
            raise Wrong(f"{name}: {verdict.removeprefix('Not quite: ')}")
    if len(inspect.signature(optimize).parameters) < 6:
        raise NotYet("give `optimize` two more arguments, `memory=None` and `stays=1.0`.")
    _look_at_adam(optimize)
    _look_at_the_stays(optimize)
    if len(inspect.signature(train).parameters) < 8:
        raise NotYet(
            "`optimize` is right. Now give `train` two more arguments, `adam=False` and"
            " `dropout=0.0`."
        )
    _look_at_what_train_hands_over(train)
    return "Nothing that you have built is left in a box."


def _look_at_adam(optimize: Callable[..., Any]) -> None:
    """Raises Wrong if three steps with a memory are not those of Adam."""
    sequence, rate, limit = _ids("dadi"), 0.1, 0.5
    found, memory = Live(_first_parameters()), dict[str, Any]()
    right, forgets, no_clip = _first_parameters(), _first_parameters(), _first_parameters()
    averages, others = (
        {name: (np.zeros_like(a), np.zeros_like(a)) for name, a in right.items()} for _ in range(2)
    )
    for t in (1, 2, 3):
        call(optimize, found, sequence, rate, limit, memory, may_change=(4,))
        for way, limited, kept, step in (
            (right, limit, averages, t),
            (forgets, limit, None, 1),
            (no_clip, np.inf, others, t),
        ):
            gradients = _shortened(way_back(way, sequence), limited)
            for name, gradient in gradients.items():
                m, v = kept[name] if kept else (0 * gradient, 0 * gradient)
                m, v = 0.9 * m + 0.1 * gradient, 0.99 * v + 0.01 * gradient**2
                m_hat, v_hat = m / (1 - 0.9**step), v / (1 - 0.99**step)
                way[name] = way[name] - rate * m_hat / (np.sqrt(v_hat) + 1e-8)
                if kept:
                    kept[name] = m, v
        for name, array in right.items():
            compare(f"after step {t} with a memory, {name}", found[name], array, [
                (_first_parameters()[name], "nothing has moved. Does the new w get into"
                    " `parameters`?"),
                (forgets[name], "that is a first step, again and again. m, v and t stay in"
                    " `memory` from step to step."),
                (no_clip[name], "where is the clipping? It comes before Adam."),
            ])  # fmt: skip


def _look_at_the_stays(optimize: Callable[..., Any]) -> None:
    """Raises Wrong if a unit that is off is not off, or its row of w_y is lost."""
    sequence, rate = _ids("dadi"), 0.1
    stays = 2.0 * (np.arange(12) % 2)[:, None]
    found, before = Live(_first_parameters()), _first_parameters()
    call(optimize, found, sequence, rate, 1e9, None, stays, may_change=(4,))
    thinned = before | {"w_y": stays * before["w_y"]}
    gradients, plain = way_back(thinned, sequence), way_back(before, sequence)
    right = gradients | {"w_y": stays * gradients["w_y"]}
    for name in ("w_y", "b_y", "w_h", "w_x", "b"):
        compare(f"with every other unit off, {name} after a step", found[name],
            before[name] - rate * right[name], [
            (before[name] - rate * plain[name], "this is the step of a network whose units are all"
                " on. `backward` gets the parameters with `stays * w_y`."),
            (before[name] - rate * gradients[name], "the row of a unit that is off should stay as"
                " it is. What multiplies w_y on the way there multiplies its gradient on the way"
                " back."),
            (thinned[name] - rate * right[name], "the rows of the units that are off are lost for"
                " ever. Give `backward` a new dictionary, and leave `parameters` as they are."),
            (thinned[name] - rate * gradients[name], "the rows of the units that are off are lost"
                " for ever. Give `backward` a new dictionary, and leave `parameters` as they are."),
        ])  # fmt: skip


def _look_at_what_train_hands_over(train: Callable[..., Any]) -> None:
    """Raises Wrong if `optimize` does not get a memory and masks, or gets them unasked."""
    training, held_out = ([_ids(name) for name in names] for names in (NAMES[:4], OTHERS[:1]))

    def steps(*knobs: Any) -> list[list[Any]]:
        generator = np.random.default_rng(1)
        with spied(train, "optimize") as (spy,), _with_a_word_on_columns():
            call(train, Live(_first_parameters()), training, held_out, 0.003, 1, generator, *knobs,
                seconds=60, may_change=(5,))  # fmt: skip
        if not spy.calls:
            raise Wrong("no step was taken: train should call `optimize` for each sequence.")
        return spy.calls

    *_, memory, stays = steps()[-1]
    if memory is not None or np.size(stays) != 1 or stays != 1:
        raise Wrong("without `adam` and `dropout`, train should train as before.")
    with_adam = steps(True)
    if any(each[4] is None for each in with_adam):
        raise Wrong("with adam=True, `optimize` gets no memory. `{}` is an empty one.")
    if len({id(each[4]) for each in with_adam}) > 1:
        raise Wrong("the memory is made anew on the way. Make it once, before the first epoch.")
    if any(each[3] != 5 for each in with_adam):
        raise Wrong("optimize gets another limit than 5.")
    masks = [np.asarray(each[5]) for each in steps(False, 0.5)]
    if masks[0].shape != (12, 1):
        raise Wrong(
            f"with dropout, `stays` has the shape {masks[0].shape}. It should be a column with a"
            " number for each unit, (H, 1): each multiplies a row of w_y."
        )
    if not any((mask == 0).any() for mask in masks) or not np.isclose(masks[0].max(), 2):
        raise Wrong("with a dropout of 0.5, half of the units should be off, and the others twice.")
    if all((mask == masks[0]).all() for mask in masks):
        raise Wrong("each name meets the same units. Draw a new mask before each step.")


@contextmanager
def _with_a_word_on_columns() -> Iterator[None]:
    try:
        yield
    except Wrong as wrong:
        question = " `stays` should be a column, (H, 1)." if "broadcast" in str(wrong) else ""
        raise Wrong(f"{wrong}{question}") from None


def _shortened(gradients: dict[str, Array], limit: float) -> dict[str, Array]:
    norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
    return {name: gradient * min(1.0, limit / norm) for name, gradient in gradients.items()}


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
