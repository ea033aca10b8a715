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
Placed = Callable[[str, int], bool]


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
def check_allowed(
    allowed_letters: Callable[..., Any],
    words: Mapping[str, str],
    leads_on: Placed,
    ends_line: Placed,
) -> str:
    for start in range(10):
        for part in ("", "s", "sleep", "be", "m", "mountain", "the", "forget", "night", "dinosaur"):
            found = call(allowed_letters, part, start)
            if isinstance(found, dict) or not np.iterable(found):
                raise Wrong(f"the allowed letters should be a set, but they are {found!r:.60}")
            right = _allowed(part, start, words, leads_on, ends_line)
            if set(found) != right:
                raise Wrong(_explain(part, start, set(found), right, words))
    return (
        "These letters never stop a good line and never let a bad one begin. The program looks them"
        " up in a table."
    )


ENDS = {" ": "the space ' '", "\n": r"the newline '\n'"}


def _allowed(
    part: str, start: int, words: Mapping[str, str], leads_on: Placed, ends_line: Placed
) -> set[str]:
    found = set()
    for word in words:
        if (
            word.startswith(part)
            and word != part
            and (leads_on(word, start) or ends_line(word, start))
        ):
            found.add(word[len(part)])
    if part in words:
        found |= {" "} if leads_on(part, start) else set()
        found |= {"\n"} if ends_line(part, start) else set()
    return found


def _explain(
    part: str, start: int, found: set[Any], right: set[str], words: Mapping[str, str]
) -> str:
    where = f"after {part!r}, in a word that began after {start} syllables, "
    longer = sorted(
        (letters for letters in found if not isinstance(letters, str) or len(letters) != 1), key=str
    )
    missing, more = right - found, sorted(found - right - set(longer), key=str)
    if longer:
        return (
            f"{where}your answer has {longer[0]!r}, but single characters are asked for:"
            " word[len(part)]."
        )
    if len(found) == 1 and len(right) > 2 and found < right:
        return (
            f"{where}your answer has only {found.pop()!r}. Does your loop end with the first word"
            " that fits?"
        )
    if missing & set(ENDS):
        return (
            f"{where}{ENDS[min(missing & set(ENDS))]} is missing. What may follow a word that is"
            " complete?"
        )
    if missing:
        return (
            f"{where}{sorted(missing)[0]!r} is missing. A word counts if it leads on, and also if"
            " it ends the line."
        )
    if more[0] in ENDS and part not in words:
        return (
            f"{where}your answer has {ENDS[more[0]]}, but {part!r} is no complete word. Is word =="
            " part?"
        )
    if more[0] in ENDS:
        kind = "leads on to more words" if more[0] == " " else "ends the line"
        return (
            f"{where}your answer has {ENDS[more[0]]}. Did you ask whether the word {kind} from"
            " there?"
        )
    word = next((word for word in words if word.startswith(part + more[0])), None)
    if word is None:
        return (
            f"{where}your answer has {more[0]!r}, but no word begins with {part + more[0]!r}. Is it"
            " word[len(part)]?"
        )
    return (
        f"{where}your answer has {more[0]!r}, which leads only to words such as {word!r} that do"
        " not fit there. Did you ask leads_on and ends_line?"
    )


RHYMING = (
    "day may love move above treasure measure light delight night heart part art summer see me free"
)
PAIRS = [
    ("heart", "heart"),
    *combinations(RHYMING.split(), 2),
    ("ache", "cake"),
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
    if words == ("ache", "cake"):
        return (
            f"{both} rhyme. Nothing stands before the vowel of ache; but index -1 takes the last"
            " sound."
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
