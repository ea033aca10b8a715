"""Checks of chapter 1: counting pairs, inventing a name, the loss of a list, smoothing, counting
different letters."""

import hashlib
import inspect
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any

import numpy as np

from checks import Wrong, call, check, compare
from checks.program import check_program
from model.text.sources import DINOSAURS

LETTERS = "\nabcdefghijklmnopqrstuvwxyz"
NAMES = ["yi", "mei", "minmi", "ababa"]
LONGEST_SEARCH = 5_000
"""A name with more draws will never end."""


class Watched:
    """A generator that stops a program which draws without end."""

    def __init__(self, seed: int) -> None:
        self._generator, self._draws = np.random.default_rng(seed), 0

    def __deepcopy__(self, memo: object) -> "Watched":
        return self  # the check counts the draws

    def is_used(self) -> bool:
        return self._draws > 0

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


@check_program("ids_of", "count_pairs")
def check_count_pairs(ids_of: Callable[..., Any], count_pairs: Callable[..., Any]) -> str:
    _check_ids(ids_of)
    sequences, right = _sequences(NAMES), _counted(NAMES)
    found = call(count_pairs, sequences, 27)
    joined = _counted(["\n".join(NAMES)], start="", end="")
    compare(
        "your array",
        found,
        right,
        [
            (
                _counted(NAMES, end=""),
                "does the last pair of a name count, the one that ends in ¶?",
            ),
            (_counted(NAMES, start=""), "does the first pair of a name count, the one after ¶?"),
            (_counted(NAMES, start="", end=""), "are the pairs with ¶ left out?"),
            (joined, "what comes before the first name, and after the last?"),
            (right.T, "is the first letter of a pair the row, and the second the column?"),
            (
                np.minimum(right, 1),
                "is 1 added for each pair, or is the number only set to 1? (`counts[a, b] += 1`"
                " with whole lists of places adds once at each place; `np.add.at(counts, (a, b),"
                " 1)` adds each time.)",
            ),
            (
                sum(np.minimum(_counted([name]), 1) for name in NAMES),
                "a pair that occurs twice in a name counts once. `counts[a, b] += 1` with whole"
                " lists of places adds once at each place; `np.add.at(counts, (a, b), 1)` adds each"
                " time, and so does a loop.",
            ),
            (
                _counted(["\n\n".join(NAMES)]),
                "the end of a name and the beginning of the next one are no pair. Count name by"
                " name.",
            ),
            (
                right + len(NAMES) * np.eye(27)[:, :1] * np.eye(27)[0],
                "the first id of a name has none before it. In Python `ids[-1]` is the last one.",
            ),
            (right + 1, "all are 1 too high. Does the array begin with zeros?"),
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
                right + _counted([name[::-1] for name in NAMES]),
                "each pair is counted forwards and backwards. Only the second letter follows the"
                " first.",
            ),
            (
                np.diag(right.sum(axis=0)),
                "only the squares [i, i] are counted. Are both letters of a pair used?",
            ),
            (found, f"{_worst_pair(found, right)} How often does it stand in {_listed(NAMES)}?"),
        ],
    )
    small = np.array(call(count_pairs, [[0, 2, 1, 0], [0, 1, 0]], 3))
    if small.shape != (3, 3):
        raise Wrong(
            f"with three letters, count_pairs(sequences, 3), your array has the shape"
            f" {small.shape} in place of (3, 3). Is `size` used?"
        )
    many = _sequences(_all_names())
    with np.errstate(over="ignore"):
        whole = np.array(call(count_pairs, many, 27), dtype=float)
    if not np.array_equal(whole, _counted(_all_names())) and whole.max() < 256:
        raise Wrong(
            "on the whole list no count is above 255, but us occurs 898 times: is the array of a"
            " kind that begins again at 0, such as uint8?"
        )
    compare(
        "your array for the whole list",
        whole,
        _counted(_all_names()),
        [(whole, "for four names it was right. What is different if there are many?")],
    )
    if not isinstance(found, np.ndarray):
        raise Wrong(
            "your numbers are right, but they are a list of lists. `np.array(...)` makes an array"
            " of it, to which one can add 0.1."
        )
    return "These 729 numbers are all that a bigram model knows."


def _check_ids(ids_of: Callable[..., Any]) -> None:
    if [*inspect.signature(ids_of).parameters][:1] == ["letters"]:
        raise Wrong(
            "ids_of gets the name first, and then the letters: `def ids_of(name, letters)`."
        )
    for name, letters in (("rex", LETTERS), ("cab", "\ncba")):
        found = call(ids_of, name, letters)
        right = [letters.index(letter) for letter in f"\n{name}\n"]
        try:
            ids = [int(each) for each in found]
        except (TypeError, ValueError):
            raise Wrong(
                f"ids_of({name!r}, letters) should be numbers, but it is {found!r:.60}."
            ) from None
        if ids == right and isinstance(found, list | np.ndarray):
            continue
        if ids == right:
            raise Wrong(
                f"the ids are right, but ids_of returns a {type(found).__name__}. `list(...)` makes"
                " a list of it."
            )
        said = f"ids_of({name!r}, letters) is {ids} where {right} is right: "
        for wrong, question in (
            (right[1:-1], "where is the end, 0, on both sides?"),
            (right[:-1], "where is the 0 after the name?"),
            (right[1:], "where is the 0 before the name?"),
            ([each - 1 for each in right], "is a counted as 0? The end is 0."),
            (
                [LETTERS.index(letter) for letter in f"\n{name}\n"],
                "these are the ids of LETTERS. The check gave other `letters`, in another order.",
            ),
            ([ord(letter) for letter in f"\n{name}\n"], "where in `letters` is each letter?"),
        ):
            if ids == wrong:
                raise Wrong(said + question)
        raise Wrong(said + "where in `letters` is each letter?")


@check
def check_sample_name(sample_name: Callable[..., Any]) -> str:
    watched = Watched(1)
    name = _name(call(sample_name, _chain("\ncab\n"), watched, seconds=3))
    if name != "cab":
        raise Wrong(_why_not_cab(name))
    wide = np.eye(27)[np.zeros(27, int)]  # one letter, and the end: z a little oftener
    wide[0] = np.full(27, 1 / 27)
    wide[0, [0, 26]] = 0, 2 / 27
    names = [_name(call(sample_name, wide, Watched(seed))) for seed in range(40)]
    if set(names) == {"z"}:
        raise Wrong(
            "z is the most probable first letter, but a to y are possible too, and with 40 seeds it"
            " was z each time: is the most probable letter taken, instead of one that is drawn?"
        )
    if not watched.is_used():
        raise Wrong(
            "your function never asks the generator that it is given. Does it make one of its own,"
            " or use np.random? Every letter should be drawn by `generator`."
        )
    if max(names.count(name) for name in names) > 15:
        raise Wrong(
            "with 40 seeds nearly all names are the same, though 26 are possible. Does each draw"
            " use p=probabilities[last]?"
        )
    longest = _name(call(sample_name, _chain("\nabcdefghijklmnopqrstuvwxyz\n"), Watched(1)))
    if longest != LETTERS[1:]:
        raise Wrong(
            f"your name is {longest} where only {LETTERS[1:]} is possible. Does it end before ¶ is"
            " drawn?"
        )
    if names != [_name(call(sample_name, wide, Watched(seed))) for seed in range(40)]:
        raise Wrong(
            "the same seed gives another name the second time: is every letter drawn by"
            " `generator`?"
        )
    _check_lengths(sample_name)
    return (
        "Every model of this course invents like this, letter by letter; only the probabilities get"
        " better."
    )


def _check_lengths(sample_name: Callable[..., Any]) -> None:
    """Raises Wrong if a name can be neither empty nor long."""
    coin = np.eye(27)
    coin[0, :2] = 0.5, 0.5
    coin[1, :2] = 0.02, 0.98
    lengths = [len(_name(call(sample_name, coin, Watched(seed)))) for seed in range(120)]
    if 0 not in lengths:
        raise Wrong(
            "the first roll may show ¶, too. Then the name is empty, and your function never"
            " returned an empty one, although ¶ came first in half of the cases."
        )
    if max(lengths) < 70:
        raise Wrong(
            f"the longest of 120 names has {max(lengths)} letters, where some should have more than"
            " 100. Does it end before ¶ is drawn?"
        )


@check_program("mean_loss")
def check_mean_loss(mean_loss: Callable[..., Any]) -> str:
    probabilities = (_counted(NAMES) + 0.5) / (_counted(NAMES) + 0.5).sum(axis=1, keepdims=True)
    wrong_reads = []

    def predict(reads: Any) -> Any:
        """Return a row for each letter that is read, and remember what was."""
        ids = np.array(reads)
        if ids.ndim != 1 or not np.issubdtype(ids.dtype, np.integer):
            raise Wrong(
                f"predict was given {reads!r:.50}. It wants the ids of one name, such as [0, 25, 9]"
                " for ¶, y and i."
            )
        if len(ids) > 1 and ids[-1] == 0:
            wrong_reads.append(list(ids))
        return probabilities[ids]

    found = call(mean_loss, predict, _sequences(NAMES))
    losses = [_losses(probabilities, [name]) for name in NAMES]
    flat = np.concatenate(losses)
    right = flat.mean()
    read = [probabilities[LETTERS.index(x), LETTERS.index(x)] for n in NAMES for x in f"\n{n}"]
    compare(
        "your loss",
        found,
        right,
        [
            *((np.round(right, n), "is it rounded? Leave it as it is.") for n in (1, 2, 3, 4)),
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
            (flat.sum(), "that is the sum. By what must you divide?"),
            (flat.sum() / len(NAMES), "that is per name. How many letters are there in all names?"),
            (
                flat.sum() / sum(map(len, NAMES)),
                "did you count the ends among the letters?",
            ),
            (
                np.mean([each.mean() for each in losses]),
                "a mean of means. Is there one mean, of all letters?",
            ),
            (
                flat.sum() / sum(len(name) + 2 for name in NAMES),
                "¶ counts once a name, not twice.",
            ),
            (
                np.exp(right),
                "that is how many letters it chooses between. Its logarithm is the loss.",
            ),
            (-right, "a loss is positive. Where is the minus?"),
            (right / np.log(2), "that is the loss in bits. Which logarithm gives nats?"),
            (right / np.log(10), "is this the logarithm to base 10?"),
            (np.exp(-flat).mean(), "is the logarithm missing?"),
            (
                np.exp(-flat.sum()),
                "that is the probability of all names. Is the logarithm missing?",
            ),
            (-np.log(np.exp(-flat).mean()), "is the logarithm taken of each probability?"),
            (
                -np.log(read).mean(),
                "is this the probability of the letter that was read, and not of the next one?",
            ),
            (
                -np.log(
                    probabilities.max(axis=1)[[LETTERS.index(x) for n in NAMES for x in f"\n{n}"]]
                ).mean(),
                "is this the most probable letter, or the one that comes?",
            ),
            (
                losses[-1].mean(),
                "only the last name counts. Does the list begin anew with each name?",
            ),
            (losses[0].mean(), "only the first name counts. Does `return` stand inside the loop?"),
            (
                _losses(probabilities, ["\n\n".join(NAMES)]).mean(),
                "the names are glued together, and ¶¶ counts as a pair. Go name by name.",
            ),
            *(
                (
                    each,
                    "`p[:, targets]` takes every target in every row. One each is"
                    " `p[range(len(targets)), targets]`.",
                )
                for each in _of_all_targets(probabilities)
            ),
            (
                found,
                "take one name, yi. It has three letters to pay for, y, i and ¶, and each costs"
                " -ln of what its row of p gave it. What does your function return for it alone?",
            ),
        ],
    )
    _check_impossible(mean_loss)
    if wrong_reads:
        raise Wrong(
            "your loss is right, but predict was also given the ¶ at the end of a name, and nothing"
            " comes after it. Are the reads `ids[:-1]`?"
        )
    remembered = call(mean_loss, _remember, _sequences(NAMES))
    compare(
        "your loss of a model with a memory",
        remembered,
        np.mean([cost for ids in _sequences(NAMES) for cost in _costs(_remember, ids)]),
        [
            (
                np.mean([-np.log(_remember([i])[0, j]) for i, j in _pairs(_sequences(NAMES))]),
                "for a table your loss is right. But predict gets one letter at a time, and a model"
                " with a memory must see all that came before. Give it `ids[:-1]`, whole.",
            ),
            (
                remembered,
                "for a table your loss is right. A model with a memory must see all letters of a"
                " name at once, from its first ¶, and none of another name.",
            ),
        ],
    )
    whole = call(mean_loss, predict, _sequences(_all_names()))
    if not np.isfinite(whole):
        raise Wrong(
            f"it is right for four names, but for the whole list it is {whole}: is a product taken"
            " before the logarithm? The computer has run out of small numbers."
        )
    compare(
        "your loss of the whole list",
        whole,
        _losses(probabilities, _all_names()).mean(),
        [(whole, "for four names it was right. What is different if there are many?")],
    )
    return "This one number is how all models of this course are compared."


def _of_all_targets(probabilities: Any) -> tuple[float, float]:
    """Return the losses if each row pays for all targets of its name: the mean over all that is
    paid, and over the letters."""
    costs = [-np.log(probabilities[ids[:-1]][:, ids[1:]]).ravel() for ids in _sequences(NAMES)]
    whole = np.concatenate(costs)
    return whole.mean(), whole.sum() / sum(len(name) + 1 for name in NAMES)


def _check_impossible(mean_loss: Callable[..., Any]) -> None:
    """Raises Wrong if a letter that cannot come costs something finite."""
    table = np.full((27, 27), 1 / 26)
    table[:, 25] = 0
    try:
        with np.errstate(divide="ignore"):
            loss = call(mean_loss, lambda reads: table[reads], _sequences(["yi"]))
    except Wrong:  # `math.log` stops at 0
        return
    if np.isfinite(loss):
        raise Wrong(
            "a letter whose probability is 0 costs infinitely much, and yours a finite number. Is"
            " something added to the probabilities?"
        )


@check
def check_smoothed(smoothed: Callable[..., Any]) -> str:
    counts = _counted(NAMES) + _counted(["abcdefghijklmnopqrstuvwxyz"])
    call(smoothed, counts.astype(int), 0.5)  # as the chapter's own
    sums, too_much = counts.sum(axis=1, keepdims=True), "the rows add up to more than 1: "
    for extra in (0.5, 0.03):
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
                (
                    found,
                    f"here `extra` is {extra}. Every count grows by it, and then each row is"
                    " divided by the sum that it has now.",
                ),
            ],
        )
    return "No pair is impossible now, and no held-out name costs infinitely much."


@check
def check_count_different(count_different: Callable[..., Any]) -> str:
    sequences = _sequences([*NAMES, "yima", "ama", "tima"])
    counts, right = np.zeros((27, 27)), np.zeros((27, 27))
    triples = [triple for ids in sequences for triple in zip(ids, ids[1:], ids[2:], strict=False)]
    np.add.at(counts, tuple(np.array(triples).T[1:]), 1)
    np.add.at(right, tuple(np.array(sorted({*triples})).T[1:]), 1)
    first, ends = np.zeros((27, 27)), np.zeros((27, 27))
    np.add.at(first, tuple(np.array(sorted({*triples})).T[:2]), 1)
    np.add.at(ends, tuple(np.array(sorted({*triples})).T[[0, 2]]), 1)
    pairs = np.zeros((27, 27))
    np.add.at(pairs, tuple(np.array(_pairs(sequences)).T), 1)
    by_name, glued = np.zeros((27, 27)), np.zeros((27, 27))
    for ids in sequences:
        np.add.at(
            by_name, tuple(np.array(sorted({*zip(ids, ids[1:], ids[2:], strict=False)})).T[1:]), 1
        )
    flat = [each for ids in sequences for each in ids]
    np.add.at(
        glued, tuple(np.array(sorted({*zip(flat, flat[1:], flat[2:], strict=False)})).T[1:]), 1
    )
    found = call(count_different, sequences, 27)
    compare(
        "your array",
        found,
        right,
        [
            (
                counts,
                "that is how often the pair has a letter before it. How many *different* letters?"
                " A set keeps each triple once.",
            ),
            (pairs, "that is how often the pair occurs. Which letters stand before it?"),
            (
                np.minimum(counts, 1),
                "each pair counts 1 at most. Is the set one of pairs? It should be one of"
                " triples, and each triple adds 1. (`counts[a, b] += 1` with whole lists of places"
                " adds once at each place; `np.add.at(counts, (a, b), 1)` adds each time.)",
            ),
            (
                np.minimum(pairs, 1),
                "each pair counts 1 at most. Is the set one of pairs? Make it of triples.",
            ),
            (
                by_name,
                "a triple that stands in two names counts twice. Does the set begin anew with each"
                " name?",
            ),
            (
                glued,
                "the names are glued together: the last letters of one and the first ones of the"
                " next are no triple.",
            ),
            (first, "that is how many different letters come *after* a pair. And before it?"),
            (ends, "these are the outer letters of a triple. The pair is its second and third."),
            (right.T, "is the first letter of a pair the row, and the second the column?"),
            (
                right + np.minimum(pairs, 1) - np.minimum(counts, 1),
                "before the first ¶ of a name there is no letter, so its pairs count 0.",
            ),
            (
                right - (right > 0),
                "each number is 1 too low. Is the first letter that is seen counted too?",
            ),
            (
                found,
                f"{_worst_pair(found, right)} Which letters stand before it in"
                f" {_listed([*NAMES, 'yima', 'ama', 'tima'])}?",
            ),
        ],
    )
    small = np.array(call(count_different, [[0, 2, 1, 0], [0, 1, 0]], 3))
    if small.shape != (3, 3):
        raise Wrong(
            f"with three letters, count_different(sequences, 3), your array has the shape"
            f" {small.shape} in place of (3, 3). Is `size` used?"
        )
    return (
        "In the whole list us is 26 times as frequent as ul, but it comes after 20 different"
        " letters, and ul after 17."
    )


def _worst_pair(found: Any, right: Any) -> str:
    """Name the pair at which an array is farthest from the right one."""
    try:
        distances = np.abs(np.asarray(found, dtype=float) - right)
    except (TypeError, ValueError):
        return ""  # `compare` tells what it is instead
    row, column = np.unravel_index(distances.argmax(), right.shape)
    pair = LETTERS[row] + LETTERS[column]
    return f"that is the pair {pair!r}.".replace("\\n", "¶")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"¶{name}¶" for name in names)


def _remember(reads: Any) -> Any:
    """Predict from the sum of all that was read, not from the last letter alone."""
    table = 1 + np.arange(27 * 27).reshape(27, 27) % 7
    return (table / table.sum(axis=1, keepdims=True))[np.cumsum(reads) % 27]


def _costs(predict: Callable[..., Any], ids: list[int]) -> Any:
    return -np.log(predict(ids[:-1])[np.arange(len(ids) - 1), ids[1:]])


def _pairs(sequences: Sequence[list[int]]) -> list[tuple[int, int]]:
    return [pair for ids in sequences for pair in pairwise(ids)]


def _sequences(names: Sequence[str]) -> list[list[int]]:
    return [[LETTERS.index(letter) for letter in f"\n{name}\n"] for name in names]


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


def _digest(name: str) -> int:
    """Return the number by which the chapter holds names out."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16)


def _chain(text: str) -> Any:
    """Return probabilities with which nothing but one text can be drawn; other letters follow
    themselves."""
    probabilities = np.eye(27)
    for before, after in pairwise(text):
        probabilities[LETTERS.index(before)] = np.eye(27)[LETTERS.index(after)]
    return probabilities


def _name(found: Any) -> str:
    if isinstance(found, str):
        return found
    if isinstance(found, (list, tuple)) and all(isinstance(letter, str) for letter in found):
        raise Wrong(
            f"the name should be one string, but it is {found!r:.60}."
            ' `"".join(letters)` makes one of them.'
        )
    raise Wrong(
        f"the name should be a string, but it is {found!r:.60}. LETTERS[number] is the letter of an"
        " id."
    )


def _why_not_cab(name: str) -> str:
    shown = name.replace("\n", "¶")
    begin = (
        f"your name is {shown!r} where only 'cab' is possible, because c follows ¶, a follows c,"
        " and b follows a: "
    )
    if name.strip("\n") == "cab":
        return begin + "¶ begins and ends a name, but is no part of it. Can it be left out?"
    if name.lower() == "cab":
        return begin + "all letters are small here. Is there a capital too much?"
    if name == "bac":
        return begin + "that is from behind. Is the last letter's row used, or its column?"
    if not name:
        return begin + "it is empty. Does your loop begin at all? At first the last id is 0."
    if "\n" in name:
        return begin + "¶ was drawn, and the name went on. Does it end there?"
    if name == "c":
        return begin + "it has one letter. Is there a loop?"
    if name in {"ab", "ca"}:
        return begin + "one letter is lost. Is each letter added before the next one is drawn?"
    if name in _by_the_bigrams():
        return begin + "is it `bigram` that is asked? The function is given `probabilities`."
    return begin + "does each draw use p=probabilities[last], and begin with the row of ¶?"


def _by_the_bigrams() -> list[str]:
    """Return what the chapter's two bigrams draw with seed 1: that of all names, and that of the
    training names."""
    drawn, names = [], _all_names()
    for known in (names, [each for each in names if _digest(each) % 10]):
        counts, last, name = _counted(known), 0, ""
        generator = np.random.default_rng(1)
        with suppress(ValueError):
            while not name.endswith("\n"):
                last = generator.choice(27, p=counts[last] / counts[last].sum())
                name += LETTERS[last]
        drawn.append(name.strip("\n"))
    return drawn
