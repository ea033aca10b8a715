"""Checks of chapter 1: counting pairs, inventing a name, the loss of a list, smoothing."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from checks import Wrong, call, check, compare
from model.text.sources import DINOSAURS

LETTERS = "\nabcdefghijklmnopqrstuvwxyz"
NAMES = ["yi", "mei", "minmi", "ababa"]
LONGEST_SEARCH = 5_000
"""A name with more draws will never end."""


class Watched:
    """A generator that stops a program which draws without end."""

    def __init__(self, seed: int) -> None:
        self._generator, self._draws = np.random.default_rng(seed), 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        self._draws += 1
        if self._draws > LONGEST_SEARCH:
            raise Wrong(
                "your name never ends. Does it end when ¶ is drawn? And does the first draw use the"
                " row of ¶, and each further draw the row of the last letter?"
            )
        return getattr(self._generator, name)


@check
def check_count_pairs(count_pairs: Callable[..., Any]) -> str:
    found, right = call(count_pairs, NAMES), _counted(NAMES)
    joined = _counted(["\n".join(NAMES)], start="", end="")
    compare(
        "your array",
        found,
        right,
        [
            (_counted(NAMES, end=""), "do the names end with ¶?"),
            (_counted(NAMES, start=""), "do the names begin after ¶?"),
            (_counted(NAMES, start="", end=""), "where is ¶, before a name and after it?"),
            (joined, "what comes before the first name, and after the last?"),
            (right.T, "is the first letter of a pair the row, and the second the column?"),
            (np.minimum(right, 1), "is 1 added for each pair, or is the number only set to 1?"),
            (
                _counted(NAMES[-1:]),
                "only the last name is counted. Is the array made anew for each name?",
            ),
            (
                _counted(NAMES[:1]),
                "only the first name is counted. Does `return` stand inside the loop?",
            ),
            (
                np.tile(right.sum(axis=0), (27, 1)),
                "all rows are the same. `[[0] * 27] * 27` is one row, 27 times.",
            ),
            (
                right / right.sum(),
                "these are shares of all pairs. The counts themselves are asked for.",
            ),
            (
                _counted(_all_names()),
                "is this the list that the function was given? The check uses a shorter one.",
            ),
        ],
    )
    return "These 729 numbers are all that a bigram model knows."


@check
def check_sample_name(sample_name: Callable[..., Any]) -> str:
    name = _name(call(sample_name, _chain("\ncab\n"), Watched(1)))
    if name != "cab":
        raise Wrong(_why_not_cab(name))
    coin = (_chain("\na\n") + _chain("\nb\n")) / 2
    names = [_name(call(sample_name, coin, Watched(seed))) for seed in range(40)]
    if len({name[0] for name in names}) == 1:
        raise Wrong(
            "a and b are equally probable as the first letter, but with 40 seeds it was"
            f" {names[0][0]} each time: is the most probable letter taken, instead of one that is"
            " drawn?"
        )
    again = [_name(call(sample_name, coin, Watched(seed))) for seed in range(40)]
    longest = _name(call(sample_name, _chain("\nabcdefghijklmnopqrstuvwxyz\n"), Watched(1)))
    if longest != LETTERS[1:]:
        raise Wrong(
            f"your name is {longest} where only {LETTERS[1:]} is possible. Does it end before ¶ is"
            " drawn?"
        )
    if names != again:
        raise Wrong(
            "the same seed gives another name the second time: is every letter drawn by"
            " `generator`?"
        )
    return (
        "Every model of this course invents like this, letter by letter; only the probabilities get"
        " better."
    )


@check
def check_mean_loss(mean_loss: Callable[..., Any]) -> str:
    probabilities = (_counted(NAMES) + 0.5) / (_counted(NAMES) + 0.5).sum(axis=1, keepdims=True)
    found = call(mean_loss, probabilities, NAMES)
    losses = [_losses(probabilities, [name]) for name in NAMES]
    right = np.concatenate(losses).mean()
    compare(
        "your loss",
        found,
        right,
        [
            (
                np.concatenate([each[:-1] for each in losses]).mean(),
                "does the end of each name count?",
            ),
            (
                np.concatenate([each[1:] for each in losses]).mean(),
                "does the first letter, after ¶, count?",
            ),
            (
                np.concatenate([each[1:-1] for each in losses]).mean(),
                "where is ¶, before a name and after it?",
            ),
            (np.concatenate(losses).sum(), "that is the sum. By what must you divide?"),
            (
                np.concatenate(losses).sum() / len(NAMES),
                "that is per name. How many letters are there in all names?",
            ),
            (
                np.concatenate(losses).sum() / sum(map(len, NAMES)),
                "did you count the ends among the letters?",
            ),
            (
                np.mean([each.mean() for each in losses]),
                "a mean of means. Is there one mean, of all letters?",
            ),
            (
                np.concatenate(losses).sum() / sum(len(name) + 2 for name in NAMES),
                "¶ counts once a name, not twice.",
            ),
            (
                np.exp(right),
                "that is how many letters it chooses between. Its logarithm is the loss.",
            ),
            (-right, "a loss is positive. Where is the minus?"),
            (right / np.log(2), "that is the loss in bits. Which logarithm gives nats?"),
            (right / np.log(10), "is this the logarithm to base 10?"),
            (np.exp(-np.concatenate(losses)).mean(), "is the logarithm missing?"),
            (
                np.exp(-np.concatenate(losses).sum()),
                "that is the probability of all names. Is the logarithm missing?",
            ),
            (
                -np.log(np.exp(-np.concatenate(losses)).mean()),
                "is the logarithm taken of each probability?",
            ),
            (_losses(probabilities.T, NAMES).mean(), "is the first letter of a pair the row?"),
            (
                losses[-1].mean(),
                "only the last name counts. Does the list begin anew with each name?",
            ),
            (losses[0].mean(), "only the first name counts. Does `return` stand inside the loop?"),
        ],
    )
    return "This one number is how all models of this course are compared."


@check
def check_smoothed(smoothed: Callable[..., Any]) -> str:
    counts = _counted(NAMES) + _counted(["abcdefghijklmnopqrstuvwxyz"])
    sums, too_much = counts.sum(axis=1, keepdims=True), "the rows add up to more than 1: "
    for extra in (0.5, 3.0):
        found, more, late = call(smoothed, counts, extra), counts + extra, counts / sums + extra
        some = np.where(counts == 0, extra, counts)
        compare(
            "your array",
            found,
            more / more.sum(axis=1, keepdims=True),
            [
                (more, "these are counts. When do they become probabilities?"),
                (counts / sums, "is `extra` used?"),
                (
                    some / some.sum(axis=1, keepdims=True),
                    "does each count get `extra`, or only the zeros?",
                ),
                (more / sums, too_much + "are the sums taken before adding?"),
                (more / (sums + extra), too_much + "by how much does a row of 27 numbers grow?"),
                (
                    counts / sums + extra,
                    too_much + "is `extra` added to the counts, or to the probabilities?",
                ),
                (
                    more / counts.sum(axis=1),
                    "is each row divided by its own sum? What does keepdims do?",
                ),
                (
                    more / more.sum(axis=1),
                    "is each row divided by its own sum? What does keepdims do?",
                ),
                (more / more.sum(axis=0), "the columns add up to 1. Which axis is it?"),
                (more / 27, "is 27 the sum of a row?"),
                *(
                    ((counts + a) / (counts + a).sum(axis=1, keepdims=True), "is `extra` used?")
                    for a in (0.01, 0.1, 1)
                ),
                (
                    late / late.sum(axis=1, keepdims=True),
                    "is `extra` added to the counts, or to the probabilities?",
                ),
                (more / more.sum(), "all 729 numbers together add up to 1. Should not each row?"),
            ],
        )
    return "No pair is impossible now, and no held-out name costs infinitely much."


def _counted(names: Sequence[str], start: str = "\n", end: str = "\n") -> Any:
    counts = np.zeros((27, 27))
    for name in names:
        ids = [LETTERS.index(letter) for letter in start + name + end]
        np.add.at(counts, (ids[:-1], ids[1:]), 1)
    return counts


def _losses(probabilities: Any, names: Sequence[str]) -> Any:
    pairs = [pair for name in names for pair in pairwise(f"\n{name}\n")]
    return -np.log(
        [probabilities[LETTERS.index(before), LETTERS.index(after)] for before, after in pairs]
    )


def _all_names() -> list[str]:
    return DINOSAURS.read_text(encoding="utf-8").split()


def _chain(text: str) -> Any:
    """Return probabilities with which nothing but one text can be drawn; other letters follow
    themselves."""
    probabilities = np.eye(27)
    for before, after in pairwise(text):
        probabilities[LETTERS.index(before)] = np.eye(27)[LETTERS.index(after)]
    return probabilities


def _name(found: Any) -> str:
    """Return a name that was given as a string or as a list of letters."""
    letters = (
        found
        if isinstance(found, str)
        else list(found)
        if isinstance(found, (list, tuple))
        else None
    )
    if letters is None or not all(isinstance(letter, str) for letter in letters):
        raise Wrong(
            f"the name should be a string, but it is {found!r:.60}. LETTERS[number] is the letter"
            " of an id."
        )
    return "".join(letters)


def _why_not_cab(name: str) -> str:
    shown = name.replace("\n", "¶")
    begin = (
        f"your name is {shown!r} where only 'cab' is possible, because c follows ¶, a follows c,"
        " and b follows a: "
    )
    if name.strip("\n") == "cab":
        return begin + "¶ begins and ends a name, but is no part of it. Can it be left out?"
    if name == "bac":
        return begin + "that is from behind. Is the last letter's row used, or its column?"
    if "\n" in name:
        return begin + "¶ was drawn, and the name went on. Does it end there?"
    if name == "c":
        return begin + "it has one letter. Is there a loop?"
    if name in {"ab", "ca"}:
        return begin + "one letter is lost. Is each letter added before the next one is drawn?"
    return begin + "does each draw use p=probabilities[last], and begin with the row of ¶?"
