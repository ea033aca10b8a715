"""Examines the answers of chapter 5: a list, the mask, Adam, an epoch and top-p."""

import inspect
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from checks import NotYet, Wrong, call, check, compare, verdict_of
from checks.chapter_4 import check_invent
from checks.program import check_program
from model.network.layers import Array, Ids, Mask
from model.network.network import LanguageModel
from model.network.parameters import Architecture
from model.network.train import LETTERS, Adam, batch_of

Batches = list[tuple[Ids, Ids, Mask]]

MESSY = """Rex
  Yi
mei

Troodon\t
rex
allosaurus
KOL
mahakala
zby
utahraptor
yi
Anzu
balaur
jakapil
 irritator
 mei
citipati
gasosaurus
minmi
Oksoko

tsaagan
Wilde Gera
khaan
Saint-Cloud
dracorex
"""


@check_program("read_names", "letters_of")
def check_read_names(read_names: Callable[..., Any], letters_of: Callable[..., Any]) -> str:
    """Are names cleaned up, split, and their letters found?"""
    lines = MESSY.splitlines()
    names = _names(lines)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.txt"
        path.write_text(MESSY, encoding="utf-8")
        found = call(read_names, str(path))
        again = call(read_names, str(path))
        path.write_text("þorshöfn\nés\n" * 3, encoding="utf-8")
        icelandic = call(read_names, str(path))
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise Wrong("read_names should return two lists: names to learn from, and names held out.")
    training, held_out = ([*part] for part in found)
    if any(not isinstance(name, str) for name in training + held_out):
        raise Wrong("read_names should return two lists of names, and a name is a string.")
    _look_at_the_names(training, held_out, names)
    wanted = [name for n, name in enumerate(names) if n % 10], names[::10]
    if ([*again[0]], [*again[1]]) != (training, held_out):
        raise Wrong(
            "called twice, read_names splits the same list in two ways. A `set` has no order;"
            " `dict.fromkeys` keeps that of the list."
        )
    if (training, held_out) != wanted:
        for wrong, question in (
            (
                (names[::10], names[::10]),
                "both lists have the same names, those that are held out. The names to learn from"
                " are all the others.",
            ),
            (wanted[::-1], "the names to learn from come first, the held-out ones second."),
            ((names, names[::10]), "the held-out names are among those to learn from, too."),
            (
                (names[len(names[::10]) :], names[: len(names[::10])]),
                "those are the first names of the list, all beginning alike in a sorted one. Take"
                " every tenth.",
            ),
            (
                ([name for n, name in enumerate(names) if n % 10 != 9], names[9::10]),
                "the first name is held out, and then every tenth after it.",
            ),
            (
                ([name for n, name in enumerate(names) if n % 10], [names[0]]),
                "only the first name is held out, and not every tenth after it.",
            ),
        ):
            if (training, held_out) == wrong:
                raise Wrong(question)
        if sorted(training + held_out) == sorted(names) and len(held_out) == len(wanted[1]):
            raise Wrong(
                f"the held-out names are {', '.join(held_out)} where {', '.join(wanted[1])} is"
                " right. Is the list still in its own order?"
            )
        raise Wrong(
            f"of {len(names)} names you hold out {', '.join(held_out) or 'none'}; every tenth is"
            f" {', '.join(wanted[1])}."
        )
    if ([*icelandic[0]], [*icelandic[1]]) != (["és"], ["þorshöfn"]):
        raise Wrong(
            "of the two names þorshöfn and és, something else is left. Is the file read with"
            ' `encoding="utf-8"`?'
        )
    for some in (["yi", "rex"], ["þór", "ás"]):
        _look_at_the_letters(call(letters_of, some), some)
    return "Your program can read any list of the world, and examine itself on a tenth of it."


def _names(lines: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(line.strip().lower() for line in lines if line.strip()))


def _look_at_the_names(training: list[str], held_out: list[str], names: list[str]) -> None:
    """Raises Wrong if they are not clean."""
    found = training + held_out
    said = "read_names leaves "
    if training == held_out == names[::10]:
        return  # the comparison has a sentence for it
    if "wilde" in found:
        raise Wrong(
            "read_names makes two names of 'Wilde Gera'. A name may have a blank inside: cut the"
            " text into lines with `.splitlines()`, and not into words."
        )
    if "" in found or any(name.isspace() for name in found):
        raise Wrong(said + "an empty line among the names.")
    if odd := next((name for name in found if name != name.strip()), None):
        raise Wrong(said + f"blanks around a name: {odd!r}. Use `.strip()` on each line.")
    if odd := next((name for name in found if name != name.lower()), None):
        raise Wrong(said + f"capital letters: {odd!r}.")
    _look_at_the_halves(training, held_out, names)
    if missing := sorted(set(names) - set(found)):
        question = "Where did it go?"
        if not any(name.isalpha() for name in missing):
            question = "A name may also have a blank or a hyphen in it."
        raise Wrong(f"{', '.join(missing[:3])} is in no half. {question}")


def _look_at_the_halves(training: list[str], held_out: list[str], names: list[str]) -> None:
    """Raises Wrong if a name is in them more than once."""
    found = training + held_out
    if set(training) & set(held_out) and len(found) > len(names):
        odd = min(set(training) & set(held_out))
        if set(held_out) <= set(training):
            raise Wrong("the held-out names are among those to learn from, too.")
        raise Wrong(
            f"{odd!r} is in both halves, because it stands twice in the list. Take each name once,"
            " and split then."
        )
    if len(found) > len(set(found)):
        odd = next(name for name in found if found.count(name) > 1)
        raise Wrong(f"{odd!r} comes twice. Take each name once, before you count to ten.")


def _look_at_the_letters(found: Any, names: list[str]) -> None:
    """Raises Wrong if they are not all letters of the names, sorted, the end first."""
    right = "\n" + "".join(sorted(set("".join(names))))
    if isinstance(found, (list, tuple)) and list(found) == list(right):
        raise Wrong('letters_of returns a list. Make a string of it: `"".join(...)`.')
    if found == right:
        return
    said = f"letters_of({names}) is {found!r:.60} where {right!r} is right: "
    if not isinstance(found, str):
        raise Wrong(said + "it should be a string.")
    for wrong, question in (
        (right[1:], "where is the end, which has the id 0?"),
        (right[1:] + "\n", "the end comes first: its id is 0."),
        ("\n" + "".join(sorted("".join(names))), "each letter only once."),
        ("\nabcdefghijklmnopqrstuvwxyz", "take the letters that occur, and no others."),
    ):
        if found == wrong:
            raise Wrong(said + question)
    if sorted(found) == sorted(right):
        raise Wrong(said + "sort the letters, or their ids are others at each start.")
    raise Wrong(said + "which letters occur in these names?")


@check
def check_masked_mean(masked_mean: Callable[..., Any]) -> str:
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
    compare("the mean loss", call(masked_mean, losses, targets), losses[mask].mean(), mistakes)
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
    three = {"w": adam.w, "m": adam.m, "v": adam.v}
    order = [next((name for name in three if _is_close(each, three[name])), "") for each in found]
    if sorted(order) == ["m", "v", "w"] and order != [*three]:
        raise Wrong(f"all three are right, but in the order {', '.join(order)}. Return w, m, v.")
    m_hat, v_hat = adam.m / (1 - 0.9**t), adam.v / (1 - 0.99**t)
    compare("m", found[1], adam.m, [
        (m_hat, "what you return is divided by 1 - 0.9ᵗ already. "
            "The next step needs m as it was before that."),
        (0.1 * m + 0.9 * g, "are 0.9 and 0.1 exchanged? Most of the old average stays."),
        (m, "did m change? It takes in a tenth of the new gradient."),
        (g, "is m the gradient alone? Nine tenths of the old m stay."),
        (0.9 * m + g, "the new gradient counts one tenth."),
        (0.999 * m + 0.001 * g, "m takes 0.9 and 0.1."),
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
        (0.999 * v + 0.001 * g**2, "that is with 0.999, as it is elsewhere. Here it is 0.99."),
        (0.99 * v + 0.1 * g**2, "v takes 0.99 and 0.01; together they are 1."),
        (0.99 * v + g**2, "the square of the new gradient counts one hundredth."),
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
    tiny = np.full(2, 1e-5)
    found = call(adam_step, np.zeros(2), tiny, np.zeros(2), np.zeros(2), 1, 0.1)
    compare("with a gradient of 0.00001 and a rate of 0.1, the first w", found[0], -0.1 * tiny / (
        tiny + 1e-8), [
        (-0.1 * tiny / np.sqrt(tiny**2 + 1e-8), "is ε inside the root? There it is far too large: "
            "add it after the root is taken."),
        (-0.1 * tiny / (tiny + 1e-4), "is ε 0.0001? It is 1e-8."),
        (-0.1 * tiny / (0.1 * tiny + 1e-8), "v is not corrected while it is small."),
    ], tolerance=2e-3)  # fmt: skip
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
def check_one_epoch(one_epoch: Callable[..., Any]) -> str:
    """Does this read each batch once, and take the steps of a training?"""
    epochs = _two_epochs()
    network, adam = _pupil()
    first = call(one_epoch, network, adam, epochs[0], may_change=(0, 1))
    after_one = network.parameters.whole.copy()
    second = call(one_epoch, network, adam, epochs[1], may_change=(0, 1))
    found = network.parameters.whole
    right = _taught(epochs)
    if (after_one == _pupil()[0].parameters.whole).all():
        raise Wrong("the network is as it was before: no step was taken.")
    if np.shape(first) != ():
        raise Wrong("the function should return one number, the loss of the epoch.")
    for question, wrong in _taught_wrongly(epochs):
        if np.allclose(found, wrong, rtol=1e-7, atol=1e-9):
            raise Wrong(
                "after two epochs, the network's numbers are not what they should be: " + question
            )
    if not np.allclose(found, right, rtol=1e-7, atol=1e-9):
        raise Wrong(
            "after two epochs, the network's numbers are not what they should be. Compare your"
            " lines with the four points above, one by one."
        )
    costs, letters = _costs(epochs)
    for loss, cost, count in zip((first, second), costs, letters, strict=True):
        compare(
            "the network learns what it should, but the loss that you return",
            loss,
            sum(cost) / sum(count),
            [
                (sum(cost), "this is the sum of all costs. Divide it by all letters."),
                (
                    np.mean([nats / n for nats, n in zip(cost, count, strict=True)]),
                    "this is the mean of the batches' means: a letter of a small batch then counts"
                    " for more.",
                ),
                (cost[-1] / count[-1], "this is the loss of the last batch alone."),
                (cost[0] / count[0], "this is the loss of the first batch alone."),
                (sum(cost) / count[-1], "you divide by the letters of the last batch alone."),
                (sum(cost) / len(cost), "you divide by the number of batches, not of letters."),
                (cost[-1] / sum(count), "does the cost of each batch go into the total?"),
                (
                    sum(cost) / sum(len(mask[0]) for _, _, mask in epochs[0]),
                    "you divide by the number of names, not of letters.",
                ),
            ],
        )
    return "That is a training: the bot's networks learned with these lines, and a few more."


def _pupil() -> tuple[LanguageModel, Adam]:
    """Return a small network with large numbers, whose gradients are longer than 1 at times."""
    network = LanguageModel.initialise(
        Architecture("rnn", len(LETTERS), 6), np.random.default_rng(5), np.float64
    )
    network.parameters.w_y[:] *= 4
    return network, Adam(network.parameters.whole)


def _two_epochs() -> list[Batches]:
    """Return two epochs of three batches, with few letters and with many."""
    batches = [
        batch_of(["yi", "mei", "micropachycephalosaurus"]),
        batch_of(["zby", "kol", "anzu"]),
        batch_of(["utahraptor", "rex", "tyrannosaurus"]),
    ]
    return [batches, batches[::-1]]


def _to_one(gradient: Array) -> Array:
    return gradient * min(1, 1 / np.linalg.norm(gradient))


def _direction(gradient: Array, mask: Mask) -> Array:
    return _to_one(gradient / mask.sum())


def _taught(
    epochs: list[Batches],
    *,
    masked: bool = True,
    direction: Callable[[Array, Mask], Array] = _direction,
    rate: float = 0.01,
    anew: str = "never",
    carries: bool = False,
    taken: slice = slice(None),
) -> Array:
    """Return all numbers of a network after these epochs, taught right or with a usual mistake."""
    network, adam = _pupil()
    for batches in epochs:
        if anew == "epoch":
            adam = Adam(network.parameters.whole)
        state = network.initial_state(3)
        for inputs, targets, mask in batches[taken]:
            if not carries:
                state = network.initial_state(3)
            if anew == "batch":
                adam = Adam(network.parameters.whole)
            _, gradients, state = network.loss_and_gradients(
                inputs, targets, state, mask if masked else None
            )
            step = direction(gradients.whole, mask)
            if anew == "plain":
                network.parameters.whole[:] -= rate * step
            else:
                adam.update(step, rate)
    return network.parameters.whole


def _taught_wrongly(epochs: list[Batches]) -> list[tuple[str, Array]]:
    """Return what usual mistakes make of the network, each with a question that leads to it."""
    directions: list[tuple[str, Callable[[Array, Mask], Array]]] = [
        (
            "you divide by all places of the array. The padding has no letters.",
            lambda gradient, mask: _to_one(gradient / mask.size),
        ),
        (
            "every gradient comes out 1 long. Is it divided by the number of letters (not of"
            " names), and is only one that is longer than 1 shrunk?",
            lambda gradient, mask: gradient / np.linalg.norm(gradient),
        ),
        ("where is the clipping?", lambda gradient, mask: gradient / mask.sum()),
        (
            "you clip the sum. First divide by the letters, then clip.",
            lambda gradient, mask: _to_one(gradient) / mask.sum(),
        ),
        (
            "you clip by value. Here it is by norm.",
            lambda gradient, mask: np.clip(gradient / mask.sum(), -1, 1),
        ),
        (
            "where are the division by the number of letters, and the clipping?",
            lambda gradient, mask: gradient,
        ),
    ]
    padding = "the padding moves it. Do you hand over the mask?"
    return [
        (padding, _taught(epochs, masked=False)),
        (
            padding,
            _taught(
                epochs, masked=False, direction=lambda gradient, mask: _to_one(gradient / mask.size)
            ),
        ),
        *((question, _taught(epochs, direction=one)) for question, one in directions),
        ("you go uphill. `update` subtracts already.", _taught(epochs, rate=-0.01)),
        *(("is the rate 0.01?", _taught(epochs, rate=rate)) for rate in (0.001, 0.003, 0.1, 1.0)),
        (
            "Adam is made anew for each batch, so it never remembers anything. Use the one that"
            " you are given.",
            _taught(epochs, anew="batch"),
        ),
        (
            "Adam is made anew in each epoch, and forgets what it knew. Use the one that you are"
            " given.",
            _taught(epochs, anew="epoch"),
        ),
        ("is that plain descent? `adam.update` takes the step.", _taught(epochs, anew="plain")),
        (
            "each batch goes on with the state of the one before. Its names are other ones: begin"
            " with a fresh state.",
            _taught(epochs, carries=True),
        ),
        (
            "only the first batch is read. Does `return` stand inside the loop?",
            _taught(epochs, taken=slice(1)),
        ),
        (
            "only the last batch takes a step. Does the step stand inside the loop?",
            _taught(epochs, taken=slice(-1, None)),
        ),
        ("is the last batch left out?", _taught(epochs, taken=slice(-1))),
    ]


def _costs(epochs: list[Batches]) -> tuple[list[list[float]], list[list[int]]]:
    """Return the cost of each batch of each epoch, on the way, and its letters."""
    network, adam = _pupil()
    costs, letters = [], []
    for batches in epochs:
        costs.append([])
        letters.append([])
        for inputs, targets, mask in batches:
            nats, gradients, _ = network.loss_and_gradients(
                inputs, targets, network.initial_state(3), mask
            )
            gradient = gradients.whole / mask.sum()
            adam.update(gradient * min(1, 1 / np.linalg.norm(gradient)), 0.01)
            costs[-1].append(nats)
            letters[-1].append(int(mask.sum()))
    return costs, letters


@check_program("top_p", "invent", "forward")
def check_top_p(top_p: Callable[..., Any], invent: Callable[..., Any], *_: Any) -> str:
    """Are only the likeliest letters left, and does `invent` draw from them?"""
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
    _look_at_ten(top_p)
    _look_at_invent(invent)
    return "Where the network is sure, one letter is left, and where it is not, there are many."


def _look_at_ten(top_p: Callable[..., Any]) -> None:
    """Raises Wrong if a sum that never quite reaches the share leaves letters out."""
    ten = np.full(10, 0.1)
    never = (
        "To a computer, ten times 0.1 add up to 0.9999999999999999, so the sum never reaches 1."
        " What does your function do then?"
    )
    try:
        found = call(top_p, ten, 1.0)
    except Wrong as wrong:
        raise Wrong(f"with ten letters of 0.1 each and a share of 1, {wrong} {never}") from None
    case = "with ten letters of 0.1 each and a share of 1, your answer"
    fewer = [(np.eye(10)[n], never) for n in range(10)]
    compare(case, found, ten, fewer)


def _look_at_invent(invent: Callable[..., Any]) -> None:
    """Raises Wrong if it does not draw from what top_p leaves."""
    if len(inspect.signature(invent).parameters) < 5:
        raise NotYet("top_p is right. Now give `invent` a fifth argument, `share=1.0`.")

    before = verdict_of(check_invent)
    if not before.startswith("Right."):
        raise Wrong(f"invent, without a share: {before.removeprefix('Not quite: ')}")

    def letters_of_names(*knobs: float) -> str:
        generator = np.random.default_rng(1)
        names = [call(invent, _five_letters(), "\nabcd", generator, *knobs, may_change=(2,))
                 for _ in range(300)]  # fmt: skip
        if not all(isinstance(name, str) for name in names):
            raise Wrong("invent should return a string.")
        return "".join(f"{name}\n" for name in names)

    for knobs, wanted, question in (
        ((), "\nabcd", "if nothing is said, nothing is left out: `share=1.0`."),
        ((1.0,), "\nabcd", "if no share is given, nothing is left out: `share=1.0`."),
        ((1.0, 0.6), "\na", "with a share of 0.6 only the end and `a` can come."),
        ((1.0, 0.8), "\nab", "with a share of 0.8 the end, `a` and `b` can come."),
        ((2.0, 0.7), "\nab", "at a temperature of 2 and a share of 0.7 the end, `a` and `b` can"
            " come. First the temperature, and then top_p."),
    ):  # fmt: skip
        drawn = letters_of_names(*knobs)
        case = (
            "a network gives the end, a, b, c and d the shares 0.5, 0.25, 0.15, 0.08 and 0.02:"
            f" {question}"
        )
        if found := sorted(set(drawn) - set(wanted)):
            raise Wrong(f"{case} Your invent writes {', '.join(found)}, too.")
        if missing := sorted(set(wanted) - set(drawn)):
            raise Wrong(f"{case} Your invent never writes {', '.join(missing)}.")
    ends = letters_of_names(1.0, 0.6)
    share = ends.count("\n") / len(ends)
    if abs(share - 2 / 3) > 0.1:
        raise Wrong(
            f"with a share of 0.6, two letters of three should be the end, and {share:.0%} are."
            " Does `generator.choice` get what top_p returns?"
        )


def _five_letters() -> dict[str, Array]:
    """Return the parameters of an RNN that gives five letters the same shares at each step."""
    zeros = {name: np.zeros(shape) for name, shape in
             {"w_x": (5, 3), "w_h": (3, 3), "b": (3,), "w_y": (3, 5)}.items()}  # fmt: skip
    return zeros | {"b_y": np.log([0.5, 0.25, 0.15, 0.08, 0.02])}


def _top_p_mistakes(p: Array, share: float) -> list[tuple[Array, str]]:
    right, order = _top_p(p, share), np.argsort(-p)
    by_alphabet = np.where(np.cumsum(p) - p < share, p, 0)
    sums = np.cumsum(p[order]).round(9)  # 0.5 + 0.25 + 0.1 is not quite 0.85
    up_to_share, below_share = np.zeros_like(p), np.zeros_like(p)
    up_to_share[order[sums <= share]] = p[order[sums <= share]]
    below_share[order[sums < share]] = p[order[sums < share]]
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
        (up_to_share, short),
        (below_share, short),
        *((less / less.sum(), short) for less in (up_to_share, below_share) if less.any()),
        (
            np.where(p >= share, p, 0),
            "a letter stays because of the sum of all that are likelier, not because of its own p.",
        ),
    ]


def _is_close(found: Any, right: Array) -> bool:
    return np.shape(found) == right.shape and bool(np.allclose(found, right))


def _hat(average: Array, beta: float, t: int) -> Array:
    return average / (1 - beta**t)


def _top_p(p: Array, share: float, ranks: Array | None = None) -> Array:
    """Return what is right, or what is left if the letters are taken in the order of
    other ranks."""
    order = np.argsort(-p if ranks is None else ranks)
    kept = order[np.cumsum(p[order]) - p[order] < share]
    result = np.zeros_like(p)
    result[kept] = p[kept]
    return result / result.sum()
