"""The checks of chapter 9."""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from checks import Wrong, call, check, compare
from model.network.layers import Array, Ids, log_softmax, softmax
from model.network.network import LanguageModel
from model.text.vocabulary import Vocabulary
from model.verse.prosody import prosody

BELOW_THE_LINE = "both sums stand below the line. Is there a bracket round their product?"


@check
def check_correlations(correlations: Callable[..., Any]) -> str:
    generator = np.random.default_rng(8)
    feature = generator.normal(size=60) * 3 + 5
    states = (
        generator.normal(size=(60, 4)) + np.outer(feature, [0.5, -0.8, 0.0, 0.1]) + [3, 0, -2, 1]
    )
    a, b = states - states.mean(axis=0), feature - feature.mean()
    right = np.corrcoef(states.T, feature)[-1, :-1]
    whole_mean, across = states - states.mean(), states - states.mean(axis=1, keepdims=True)
    mistakes = [
        (
            feature @ states / np.sqrt((states**2).sum(axis=0) * (feature**2).sum()),
            "did you subtract the means first?",
        ),
        (b @ a, "did you divide by the square root of both sums of squares?"),
        (
            b @ a / 60,
            "this is the covariance; divide by the spread of both, so that units can be compared.",
        ),
        (b @ a / ((a**2).sum(axis=0) * (b**2).sum()), "is the square root missing below the line?"),
        (b @ a / (a**2).sum(axis=0) * (b**2).sum(), BELOW_THE_LINE),
        (b @ a / np.sqrt((a**2).sum(axis=0)) * np.sqrt((b**2).sum()), BELOW_THE_LINE),
        (
            b @ a / (np.sqrt((a**2).sum(axis=0)) * (b**2).sum()),
            "the root is over both sums. Does yours end too soon?",
        ),
        (
            b @ whole_mean / np.sqrt((whole_mean**2).sum(axis=0) * (b**2).sum()),
            "did you subtract one mean for all units? Each unit has its own: axis=0.",
        ),
        (
            b @ a / np.sqrt((a**2).sum() * (b**2).sum()),
            "is one sum below the line over all units? Take axis=0.",
        ),
        (
            b @ a / (a.std(axis=0) * b.std()),
            "did you divide by both spreads, but not by the number of letters?",
        ),
        (
            b @ across / np.sqrt((across**2).sum(axis=0) * (b**2).sum()),
            (
                "did you subtract the mean of each letter over the units? Take that of each unit"
                " over the letters: axis=0."
            ),
        ),
        (abs(right), "did you take absolute values? A unit that counts down has a negative r."),
        (right**2, "this is r²; r itself says also whether the unit goes up or down."),
    ]
    compare("your r", call(correlations, states, feature), right, mistakes)
    return (
        "Unit 1 of the test goes down as the feature goes up. It knows as much as one that goes up."
    )


class Hold(NamedTuple):
    """A way to hold: a part of the state (layers, h and c, units) is set to these values after the
    letters `when`.

    The newline before a text is letter 0, and -1 is before it.
    """

    part: Any
    values: Array
    when: Sequence[int]


SECOND = 2
"""The second letter of a text."""
LINES = (
    ("shall i compare thee to a summer's day?", 161),
    ("the eyes of mighty zeus from heaven beheld", 688),
)
HILL = "i saw a dinosaur upon the hill,"
NOTHING_HELD = (
    "so it is if nothing is held. In the loop, after each step, set c back to its value after the"
    " second letter."
)
H_HELD = "is h held? `state[layer, 0]` is h, and `state[layer, 1]` is c."
MORE = "is more held than one number? All others go on."
NO_NEWLINE = r'did you read the newline first? Take the ids of "\n" + text.'


@check
def check_hold(
    share_of_end: Callable[..., Any],
    network: LanguageModel,
    vocabulary: Vocabulary,
    counter: int,
) -> str:
    for text, unit in LINES:
        right, mistakes = _held(network, vocabulary.ids_of("\n" + text), unit)
        found = call(share_of_end, text, unit)  # who holds it a letter or two sooner is 0.0001 away
        compare(f"with c{unit} held, your share", found, right, mistakes, tolerance=1e-4)
    held, ((free, _), *_) = _held(network, vocabulary.ids_of("\n" + HILL), counter)
    return (
        f"After {HILL!r} the network gives {free:.0%} to the end of the line; with"
        f" c{counter} held, {held:.1%}."
    )


def _held(network: LanguageModel, ids: Ids, unit: int) -> tuple[Any, list[tuple[Any, str]]]:
    """Return the share of a newline after a text with a unit held, and a list of what mistakes
    give. The first mistake is to hold nothing."""
    layer, place = divmod(unit, network.architecture.hidden_size)
    newline, end, c = ids[0], len(ids), (layer, 1, place)
    states, in_line = _states(network, ids), _states(network, ids[1:])

    def hold(part: Any, at: int = SECOND) -> Hold:
        return Hold(part, states[at][part], range(at, end))

    ways = [
        (hold(c), ""),
        (hold(c)._replace(when=()), NOTHING_HELD),
        (hold((layer, 0, place)), H_HELD),
        (hold(c)._replace(part=(layer, 0, place)), H_HELD),
        (hold((layer, slice(None), place)), "are both h and c held? Hold c alone."),
        (
            hold((1 - layer, 1, place)),
            "is this a unit of the other layer? From c384 on they are the upper layer's.",
        ),
        (
            hold(c, at=0),
            "is this its value after the newline? Remember it after the second letter.",
        ),
        (hold(c, at=1), "is this its value after the first letter? Remember it after the second."),
        (
            hold(c, at=3),
            (
                "is this its value after the third letter? The newline has n = 0, the second letter"
                " n = 2."
            ),
        ),
        (
            Hold(c, np.zeros(()), range(end)),
            "is it held at 0? Its value after the second letter is asked for.",
        ),
        (
            hold(c)._replace(when=[end - 2]),
            "is it set back only once? Set it back after every later letter.",
        ),
        (
            hold(c)._replace(when=range(-1, end)),
            "is c held before the newline? Up to the second letter it runs free.",
        ),
        (hold(c)._replace(part=(layer, 1)), MORE),
        *((hold(part), MORE) for part in ((layer, 1), (slice(None), 1), layer, ...)),
    ]
    logits = _logits(network, ids, [way for way, _ in ways])
    right, *others = softmax(logits)[:, newline]
    (sooner,) = softmax(_logits(network, ids[:-1], [hold(c)]))[:, newline]
    without = [Hold(c, in_line[at][c], range(at, end)) for at in (SECOND - 1, SECOND)]
    return right, [
        *zip(others, (said for _, said in ways[1:]), strict=True),
        (
            states[SECOND][c],
            "this is c itself. What does the network say when it has read on with it?",
        ),
        (sooner, "is this the share before the last letter was read?"),
        *((share, NO_NEWLINE) for share in softmax(_logits(network, ids[1:], without))[:, newline]),
        (logits[0, newline], "this is a logit. softmax makes a share of it."),
        (
            log_softmax(logits)[0, newline],
            "this is the logarithm of the share; the share itself is asked for.",
        ),
    ]


def _states(network: LanguageModel, ids: Ids) -> list[Array]:
    """Return the state (layers, h and c, units) after each letter."""
    state, states = network.initial_state(1), []
    for each in ids:
        _, state = network.step(np.array([each]), state)
        states.append(state[:, :, 0])
    return states


def _logits(network: LanguageModel, ids: Ids, holds: Sequence[Hold]) -> Array:
    """Return the logits (B, V) after a text that is read in B ways, side by side."""
    state = network.initial_state(len(holds))
    for n in range(-1, len(ids)):
        if n >= 0:
            logits, state = network.step(np.full(len(holds), ids[n]), state)
        for b, hold in enumerate(holds):
            if n in hold.when:
                state[:, :, b][hold.part] = hold.values
    return logits


@check
def check_counts(counts_after: Callable[..., Any]) -> str:
    for counts, choice in (
        ({2, 3}, ("01",)),
        ({0}, ("2",)),
        ({1}, ("10", "2")),
        ({0, 1}, ("10", "2")),
        ({2, 3, 4}, ("100", "10")),
        ({9}, ("2", "22")),
        ({2, 4}, ("01", "01")),
        ({1}, ("01",)),
        ({3, 9}, ()),
        ({10}, ("2",)),
        (set(), ("2",)),
        ({0, 2}, ("10",)),
    ):
        found = call(counts_after, counts, choice)
        where = f"from {counts or 'no count'} by {' or '.join(choice) or 'no pattern'}"
        if isinstance(found, int | np.integer | dict) or not np.iterable(found):
            raise Wrong(f"the counts should be a set, but {where} they are {found!r:.40}.")
        right = _counts_after(counts, choice)
        if {*found} != right:
            raise Wrong(
                f"{where} your answer is {sorted(found, key=str)}, where {sorted(right)} is right."
                f" {_why_counts({*found}, counts, choice)}"
            )
    return "An empty set means: with this word, no line can be finished any more."


def _why_counts(found: set[Any], counts: set[int], choice: Sequence[str]) -> str:
    """Ask what leads from a wrong answer to the right one."""
    first, last = _counts_after(counts, choice[:1]), _counts_after(counts, choice[-1:])
    of_one = [_counts_after({count}, choice) for count in counts]
    mistakes: list[tuple[set[int], str]] = [
        (
            {start + len(pattern) for start in counts for pattern in choice},
            "Did you ask whether the word fits there?",
        ),
        (
            {start for start in counts for pattern in choice if _fits(pattern, start)},
            "Is this where the word begins? Add its syllables.",
        ),
        (
            counts | _counts_after(counts, choice),
            "Are the old counts still among them? The word stands behind them all.",
        ),
        (first, "Does only the first way to say the word count?"),
        (last, "Does only the last way to say the word count?"),
        *((some, "Does only one of the counts before count? Try each.") for some in of_one),
    ]
    usual = "Does your loop end with the first that fits?" if len(found) == 1 else "Try each pair."
    return next((said for wrong, said in mistakes if wrong == found), usual)


def _fits(pattern: str, start: int) -> bool:
    in_place = all(start + n in (0, 1, 3, 5, 7, 9) for n, mark in enumerate(pattern) if mark == "1")
    return in_place and start + len(pattern) <= 10


def _counts_after(counts: set[int], choice: Sequence[str]) -> set[int]:
    return {start + len(pattern) for start in counts for pattern in choice if _fits(pattern, start)}


TASKS = (
    ({"day": {9}, "forget": {8}, "dismay": {8}}, "with words of one and of two syllables as ends"),
    ({"forget": {8}}, "if only *forget* may end the line"),
    ({"memory": {7}, "understand": {7}}, "if only words of three syllables may end the line"),
)


@check
def check_allowed(allowed: Callable[..., Any], patterns: Mapping[str, Sequence[str]]) -> str:
    words = (
        *("day", "forget", "the", "heaven", "above", "summer", "every", "memory", "understand"),
        *("dismay", "beautiful", "love"),
    )
    for ends, what in TASKS:
        latest = max(max(starts) for starts in ends.values())
        for counts in ({0}, {2, 3}, {5}, {6}, {7}, {8}, {9}, {8, 9}):
            for word in words:
                found = call(allowed, word, counts, ends)
                if found not in (True, False):
                    raise Wrong(
                        f"your answer for {word} after {counts} is {found!r:.40}, but it should be"
                        " True or False. `bool` makes one of a set."
                    )
                after = _counts_after(counts, patterns[word])
                is_last, has_room = bool(ends.get(word, set()) & counts), min(after, default=11)
                if bool(found) == (is_last or has_room <= latest):
                    continue
                raise Wrong(
                    f"{what}, {word} after {sorted(counts)} syllables is"
                    f" {'allowed' if not found else 'not allowed'}: "
                    + _why_allowed(word, after, latest, is_last=is_last, found=bool(found))
                )
    return "No line that begins like this can fail: there is always a word that leads to the end."


def _why_allowed(word: str, after: set[int], latest: int, *, is_last: bool, found: bool) -> str:
    """Say why a word is, or is not, allowed, where an answer has said the contrary."""
    counts = f"the counts after it are {sorted(after)}" if after else "no pattern of it fits there"
    if not found and is_last:
        return "it may be the last word here. Did you ask `ends`, with the counts before it?"
    if not found:
        return (
            f"{counts}, and a last word may still begin after {latest}. Is `latest` the largest of"
            " all beginnings, and is one count enough?"
        )
    if not after:
        return f"{counts}."
    if 10 in after:
        return f"it would reach the end, but {word!r} is not among the words that may be last."
    return f"{counts}, and no last word begins later than after {latest}. Did you ask for room?"


@check
def check_choose(choose: Callable[..., Any]) -> str:
    pencil, usual = np.log([2.0, 1, 1]), np.array([-61.0, -58.5, -70, -59, -58.2])
    cases = [(pencil, 1.0, number) for number in (0.6, 0.0, 0.49, 0.51, 0.74, 0.76, 0.99)]
    cases += [(usual, sharpness, n / 20) for sharpness in (1.0, 2.0, 0.5) for n in range(20)]
    cases += [(np.array([-1200.0, -1000, -1001]), 1.0, number) for number in (0.1, 0.7, 0.9)]
    found = []
    for weights, sharpness, number in cases:
        one = call(choose, weights, sharpness, number)
        if np.ndim(one) or not float(one).is_integer():
            raise Wrong(f"your answer is {one!r:.40}, but it should be the place of one line.")
        if not 0 <= one < len(weights):
            raise Wrong(
                f"of {len(weights)} lines your answer is the one at {one}, for the number {number}"
                " and weights from"
                f" {weights.min():g} to {weights.max():g}. Do the chances add up to 1?"
            )
        found.append(int(one))
    right = [_chosen(softmax(sharpness * weights), number) for weights, sharpness, number in cases]
    if found == right:
        return "Chances laid end to end: so every letter and word of the program is drawn, too."

    def by(way: Callable[[Any, float, float], int]) -> list[int]:
        return [way(*case) for case in cases]

    mistakes = [
        (by(lambda w, s, n: int(w.argmax())), "is this always the line of the largest weight?"),
        (by(lambda w, s, n: _chosen(softmax(w), n)), "is `sharpness` used?"),
        (
            by(lambda w, s, n: _chosen(softmax(w / s), n)),
            "did you divide by the sharpness? It multiplies the weights.",
        ),
        (
            by(lambda w, s, n: _chosen(softmax(-s * w), n)),
            "is the sign turned? A weight nearer to 0 is better.",
        ),
        (
            by(lambda w, s, n: len(w) - 1 - _chosen(softmax(s * w)[::-1], n)),
            "are the chances laid from the last line to the first?",
        ),
        (
            by(lambda w, s, n: int(abs(np.cumsum(softmax(s * w)) - n).argmin())),
            "is this the nearest end? The first end *beyond* the number is asked for.",
        ),
        (
            by(lambda w, s, n: max(int((np.cumsum(softmax(s * w)) <= n).sum()) - 1, 0)),
            "is this the last end before the number? The first one beyond it is asked for.",
        ),
        (
            by(lambda w, s, n: int((softmax(s * w) > n).argmax())),
            "does the number meet the chances themselves? It falls onto them laid end to end.",
        ),
        (
            by(lambda w, s, n: int(abs(softmax(s * w) - n).argmin())),
            "is this the chance nearest to the number? Lay the chances end to end.",
        ),
    ]
    said = next((said for wrong, said in mistakes if wrong == found), "where do the chances end?")
    at = next(n for n, (one, other) in enumerate(zip(found, right, strict=True)) if one != other)
    weights, sharpness, number = cases[at]
    raise Wrong(
        f"for the weights {np.round(weights, 2).tolist()}, sharpness {sharpness:g} and the number"
        f" {number:g}, your answer is {found[at]} where {right[at]} is right: {said}"
    )


def _chosen(chances: Array, number: float) -> int:
    return int((np.cumsum(chances) > number).argmax())


RHYMING = (
    "day may love move above treasure measure light delight night heart part art summer see me free"
)
PAIRS = [
    ("heart", "heart"),
    *combinations(RHYMING.split(), 2),
    ("ache", "cake"),
    ("eye", "i"),
    ("ear", "ear"),
    ("all", "fall"),
    ("outside", "wide"),
    ("kind", "mankind"),
    ("outside", "outright"),
]


@check
def check_rhymes(rhymes: Callable[..., Any]) -> str:
    pronounce = prosody().pronounce
    for one, other in PAIRS:
        sounds = [pronounce(word)[0] for word in (one, other)]
        found = call(rhymes, *sounds)
        if found not in (True, False):
            raise Wrong(
                f"your answer for {one} and {other} is {found!r:.40}, but it should be True or"
                " False."
            )
        (before, tail), (before_other, tail_of_other) = map(_before_and_tail, sounds)
        same = tail == tail_of_other
        right = same and before != before_other
        if bool(found) != right:
            raise Wrong(_why((one, other), sounds, right=right, same=same))
    return (
        "Whoever lets one of two endings be unstressed gets thee and memory as well; the program"
        " does, for a price."
    )


def _before_and_tail(sounds: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    place = max(n for n, sound in enumerate(sounds) if sound.endswith("1"))
    return sounds[:place][-1:], sounds[place:]


def _why(
    words: tuple[str, str], sounds: Sequence[Sequence[str]], *, right: bool, same: bool
) -> str:
    one, other = (f"{word} ({' '.join(each)})" for word, each in zip(words, sounds, strict=True))
    both = f"{one} and {other}"
    if words[0] == words[1]:
        return (
            f"your function lets {words[0]} rhyme with itself. Does the consonant before the vowel"
            " differ?"
        )
    if words == ("eye", "i"):
        return (
            f"{both} sound the same, and nothing stands before either vowel: nothing does not"
            " differ from nothing, so they do not rhyme."
        )
    if words in (("ache", "cake"), ("all", "fall")):
        return (
            f"{both} rhyme. Nothing stands before the vowel of {words[0]}; but index -1 takes"
            " the last sound."
        )
    if right and "outside" in words:
        return f"{both} rhyme. {one} has two vowels with a 1: does the last one count?"
    if right:
        return (
            f"{both} rhyme: the same from the last vowel with a 1 on, but not the one consonant"
            " before it."
        )
    if same:
        return (
            f"{both} are too much alike: the consonant before the vowel is the same. Do you ask"
            " that it differs?"
        )
    return (
        f"{both} do not rhyme. Do you compare everything from the last vowel with a 1 to the end?"
    )
