"""How to say a name, as English reads Greek and Latin names: "man-go-SAW-rus"."""

import re
from itertools import pairwise

from model.names.roots import parts_of

_SOUNDS = {
    "^p(?=[snt])|^[cgk](?=n)|^m(?=n)|^t(?=s)": "", "ph": "f", "th": "θ", "sh": "ʃ", "ch|kh|ck": "k",
    "rh": "r", "qu": "kw", "q": "ʧ", "gu(?=[aeo])": "gw", "^x(?=[iu][aeo])": "ʃ", "^x": "z",
    "x": "ks", "c(?=[eiy]|ae|oe)": "s", "g(?=[ei]|y(?![aou]))|zh": "j", "c": "k", "ae|oe": "E",
    "a[uw]": "A", "eu(?!s$)": "U", "ei|ai|ay": "Y", "ou": "O", "^y(?=[aou])": "J",
}  # fmt: skip
_SPELLED = str.maketrans(
    dict(zip("θʃʧJEAUYO", ["th", "sh", "ch", "y", "ee", "aw", "yoo", "ye", "oo"], strict=True))
)
"""One character stands for one sound until a syllable is spelled; a capital is a long vowel."""
_LETTER = re.compile("|".join(f"({letters})" for letters in _SOUNDS))
_SYLLABLE = re.compile(
    r"(C*)(V)((?:(?!(?:[bdfgkptθ][lr]|[gk]w)V)C(?!V))*)".replace("V", "[aeiouyEAUYO]").replace(
        "C", "[^aeiouyEAUYO]"
    )
)
_LONG = (
    "mimus",
    "titan",
    "venator",
    "suchus",
    "ramus",
    "physis",
    "urus",
    "odes",
    "onyx",
    "imator",
    "tator",
)
"""A name that ends like this has a long and stressed last syllable but one."""
_FRONT = ("mega", "cephalo", "camara", "para", "archo")
"""Parts that are stressed in front."""


def said(name: str) -> str:
    """Return the syllables of a name as an English reader says them, the stressed one
    in capitals.
    """
    name = name.lower()
    found = list(_SYLLABLE.finditer(_sounds(name)))
    if not found:
        return name
    syllables = [[*match.groups()] for match in found]
    starts = {
        len(_sounds(name[:start])): start for start in (0, *(part.start for part in parts_of(name)))
    }
    main = 0
    if len(syllables) > 2:
        _, vowel, coda = syllables[-2]
        main = len(syllables) - (2 if coda or vowel.isupper() or name.endswith(_LONG) else 3)
    strong = {main}
    for start, end in pairwise([*sorted(starts), len(name) + 9]):
        inside = [i for i in range(main) if start <= found[i].start() < end]
        strong |= _stressed(syllables, inside, name[starts[start] :].startswith(_FRONT)) - {
            main - 1
        }
    for i, (this, after) in enumerate(pairwise(syllables)):
        if this[2] and this[2][-1] == after[0][:1]:  # a double consonant is said once
            this[2] = this[2] if i in strong else this[2][:-1]
            after[0] = after[0][1:] if i in strong else after[0]
        elif i in strong and not this[2] and _is_short(syllables, i, i == main):
            this[2], after[0] = after[0][:1], after[0][1:]
    texts = [
        _spelled(syllables, i, i in strong, found[i].start() in starts)
        for i in range(len(syllables))
    ]
    return "-".join(text.upper() if i == main else text for i, text in enumerate(texts))


def _sounds(name: str) -> str:
    return _LETTER.sub(lambda match: [*_SOUNDS.values()][(match.lastindex or 1) - 1], name)


def _stressed(syllables: list[list[str]], part: list[int], in_front: bool) -> set[int]:
    """Return which syllable of a part is stressed, too: the last but one, or the one before if a
    vowel follows that.
    """
    i = part[0 if in_front or len(part) < 2 else -2] if part else -1
    if (
        part
        and i > part[0]
        and syllables[i][1].islower()
        and not syllables[i][2]
        and not syllables[i + 1][0]
    ):
        i -= 1
    return {i}


def _is_short(syllables: list[list[str]], i: int, is_main: bool) -> bool:
    """Return if a stressed vowel is short, so that the next consonant belongs to it."""
    vowel, after = syllables[i][1], syllables[i + 1 : i + 3]
    if (
        vowel not in "aeioy"
        or (vowel == "o" and not is_main)
        or (vowel in "iy" and not i and not is_main)
    ):
        return False
    return not is_main or (
        len(after) == 2 and not (after[0][1] in "ei" and not after[0][2] and not after[1][0])
    )


def _spelled(syllables: list[list[str]], i: int, is_strong: bool, begins: bool) -> str:
    """Spell a syllable so that its vowel is read as it is said."""
    onset, vowel, coda = syllables[i]
    is_last = i == len(syllables) - 1
    before_vowel = not is_last and not syllables[i + 1][0]
    if vowel == "U" and onset:
        vowel = "O"
    elif coda or (is_last and vowel != "e"):
        vowel = vowel.replace("y", "i")
    elif (
        vowel in "iy"
        and not before_vowel
        and (is_strong or (vowel == "y" and begins and onset) or onset == "tr")
    ):
        vowel = "Y" if onset else "eye"
    elif vowel in "eiy":
        vowel = (
            "E"
            if before_vowel or is_last or (vowel == "e" and is_strong)
            else vowel.replace("y", "i")
        )
    elif is_strong or vowel == "u":
        vowel = {"a": "ay", "u": "O"}.get(vowel, vowel)
    return (onset + vowel + coda).translate(_SPELLED)
