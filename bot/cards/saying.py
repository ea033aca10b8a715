"""How to say a name, as English reads Greek and Latin names: "man-go-SAW-rus"."""

import re
from itertools import pairwise

from model.text.roots import parts_of

_SOUNDS = {
    "ph": "f", "ch|kh": "k", "rh": "r", "th": "th", "sh": "sh", "ck": "k", "qu": "kw", "gu(?=[aeo])": "gw",
    "x": "ks", "c(?=[eiy]|ae|oe)": "s", "g(?=[eiy])": "j", "c|q": "k", "ae|oe": "ee", "a[uw]": "aw",
    "eu(?!s$)": "yoo", "ei|ai|ay": "ye", "ou": "oo", "^y(?=[aou])": "y",
}  # fmt: skip
_LETTER = re.compile("|".join(f"({sound})" for sound in _SOUNDS) + "|(.)")
_SILENT = re.compile(r"p(?=[st])|[cgk](?=n)|m(?=n)|t(?=s)")
_VOWELS = {*"aeiouy", "ee", "aw", "yoo", "ye", "oo"}
_ONSET = re.compile(r"([bdfgkpt]|th)[lr]")
"""Two sounds that begin a syllable together."""
_LONG = ("mimus", "titan", "venator", "suchus", "ramus", "physis", "urus", "odes", "onyx", "imator", "tator")
"""After these the last syllable but one is long, and is stressed."""
_FRONT = ("mega", "megalo", "cephalo", "camara", "para", "archo")
"""Parts that are stressed in front."""


class _Syllable:
    """The sounds of a syllable, and where in the name its vowel stands."""

    def __init__(self, onset: list[str], vowel: str, at: int) -> None:
        self.onset, self.vowel, self.coda, self.at = onset, vowel, list[str](), at


def said(name: str) -> str:
    """Return the syllables of a name as an English reader says them, the stressed one in capitals."""
    name = name.lower()
    syllables = _syllables(name)
    if not syllables:
        return name
    main = _main(name, syllables)
    strong = _strong(name, syllables, main)
    for i, (this, after) in enumerate(pairwise(syllables)):
        _close(this, after, i in strong, _is_short(syllables, i, i in strong, i == main))
    starts = {part.start for part in parts_of(name)} | {0}
    texts = [_spelled(syllables, i, i in strong, starts) for i in range(len(syllables))]
    return "-".join(text.upper() if i == main else text for i, text in enumerate(texts))


def _is_short(syllables: list[_Syllable], i: int, strong: bool, main: bool) -> bool:
    """Return if a vowel in an open syllable is short, so that the next consonant belongs to it."""
    vowel = syllables[i].vowel
    if not strong or len(vowel) > 1 or vowel == "u":
        return False
    if not main:
        return vowel in "ae" or (vowel in "iy" and i > 0)
    after = syllables[i + 1 : i + 3]
    return len(after) == 2 and not (after[0].vowel in "ei" and not after[0].coda and not after[1].onset)


def _close(this: _Syllable, after: _Syllable, strong: bool, short: bool) -> None:
    """Say a double consonant once, and close a stressed short syllable with the consonant after it."""
    if this.coda and after.onset and this.coda[-1] == after.onset[0]:
        if strong:
            after.onset.pop(0)
        else:
            this.coda.pop()
    elif short and not this.coda and after.onset:
        this.coda.append(after.onset.pop(0))


def _syllables(name: str) -> list[_Syllable]:
    silent = _SILENT.match(name)
    found: list[_Syllable] = []
    between: list[str] = []
    for match in _LETTER.finditer(name, silent.end() if silent else 0):
        group = (match.lastindex or 1) - 1
        sound = [*_SOUNDS.values(), match.group()][group]
        if sound in _VOWELS and (sound != "y" or group == len(_SOUNDS)):
            cut = 0
            if found:
                cut = max(0, len(between) - (2 if _ONSET.fullmatch("".join(between[-2:])) else 1))
                found[-1].coda = between[:cut]
            found.append(_Syllable(between[cut:], sound, match.start()))
            between = []
        else:
            between += [sound] if sound != "ks" else ["k", "s"] if found else ["z"]
    if found:
        found[-1].coda = between
    return found


def _main(name: str, syllables: list[_Syllable]) -> int:
    """Return which syllable is stressed: the last but one if it is long or closed, else the one before it."""
    if len(syllables) < 3:
        return 0
    last = syllables[-2]
    return len(syllables) - (2 if last.coda or len(last.vowel) > 1 or name.endswith(_LONG) else 3)


def _strong(name: str, syllables: list[_Syllable], main: int) -> set[int]:
    """Return the stressed syllables: the main one, and one of each part before it."""
    strong = {main}
    bounds = sorted({0, *(part.start for part in parts_of(name)), syllables[main].at - 1})
    for start, end in pairwise(bounds):
        inside = [i for i, syllable in enumerate(syllables[:main]) if start <= syllable.at < end]
        if not inside:
            continue
        front = name[start:].startswith(_FRONT) or len(inside) < 2
        i = inside[0] if front else inside[-2]
        if i > inside[0] and not syllables[i].coda and not syllables[i + 1].onset and len(syllables[i].vowel) == 1:
            i -= 1
        if i + 1 < main:
            strong.add(i)
    return strong


def _spelled(syllables: list[_Syllable], i: int, strong: bool, starts: set[int]) -> str:
    """Spell a syllable so that its vowel is read as it is said."""
    this, vowel = syllables[i], syllables[i].vowel
    last = i == len(syllables) - 1
    hiatus = not last and not syllables[i + 1].onset
    begins = this.at - len("".join(this.onset)) in starts
    if vowel == "yoo" and this.onset:
        vowel = "oo"
    elif this.coda or (last and vowel != "e"):
        vowel = "i" if vowel == "y" else vowel
    elif vowel in "iy" and not hiatus and (strong or (vowel == "y" and begins) or this.onset == ["t", "r"]):
        vowel = "ye" if this.onset else "eye"
    elif vowel in "eiy":
        vowel = "ee" if hiatus or last or (vowel == "e" and strong) else vowel.replace("y", "i")
    elif strong or vowel == "u":
        vowel = {"a": "ay", "u": "oo"}.get(vowel, vowel)
    return "".join([*this.onset, vowel, *this.coda])
