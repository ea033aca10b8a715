"""How to say a name, as English reads Greek and Latin names: "man-go-SAW-rus".

Rules, one after the other, turn letters into sounds; sounds are parted into syllables, and other
rules spell each syllable. A sound is one character, and a capital (but J) is a long vowel. Between
the sounds stand marks:

    |   where a known part begins or ends; no syllable crosses this mark
    ·   for the second of two equal consonants, which is not said
    !   after the vowel with the main stress, if a name has three vowels or more
    :   the same, if it has fewer
    '   after another stressed vowel
"""

import re
from collections.abc import Mapping

from bot.cards.bodies import table
from bot.cards.subject import beginning_in
from model.names.roots import parts_of

_GROUPS = {
    "B": "(?:(?:s?[fkmnptv]?|[bdgθʃ]?)[lrwJ]?|C)",  # consonants that can begin a word
    "S": "(?:[bdfgkptθ][lr]|[gk]w|C)?",  # consonants that begin a syllable between two vowels
    "V": "[aeiouyAEIOQUWY]",  # a vowel
    "C": "[^aeiouyAEIOQUWY|!:'-]",  # a consonant
    "M": "[!:']",  # a mark of stress
}
"""What these letters stand for in the patterns below."""


def _pattern(pattern: str) -> re.Pattern[str]:
    """Return a pattern in which the letters of _GROUPS stand for groups."""
    for name, group in _GROUPS.items():
        pattern = pattern.replace(name, group)
    return re.compile(pattern)


_SOUNDS = {
    "^p(?=[snt])|^[cgk](?=n)|^m(?=n)|^t(?=s)|^l(?=l)": "",
    "(?:^|(?<=[eioung]))y(?=[aou])": "J", "ph": "f", "th": "θ", "sh": "ʃ", "ch|kh|ck": "k",
    "rh": "r", "qu(?=[aeio])": "kw", "q(?=[iu])": "ʧ", "q": "k", "gu(?=[aeo])": "gw",
    "^x(?=[iu][aeo])": "ʃ", "^x": "z", "x": "ks", "sz|s?c(?=[eiy]|ae|oe)": "s",
    "g(?=[ei]|y(?![aou]))|d?zh": "j", "c": "k", "ae|oe": "E", "a[uw]": "A", "eu(?!s$)": "U",
    "ei|ai|ay": "Y", "oi(?!d)": "Q", "ou": "O",
    # Some well-known endings have a long vowel: -ramus, -venator, -merus, -mimus, -titan, -rhinus.
    "(?<=r)a(?=mus$)|a(?=tor$)": "I", "(?<=m)e(?=rus$)": "E",
    "(?<=m)i(?=mus$)|(?<=t)i(?=tan$)|(?<=r)i(?=nus$)|(?<=f)y(?=sis$)": "Y",
    "(?<=n)o(?=tus$)|o(?=des$|n[iy]ks$)": "W", "(?<=s)u(?=kus$)|u(?=r[ou]s$)": "O",
    r"(C)\1": r"\1·",
    "^": "|",
    # A root that begins with a vowel takes the consonant before it: mono|nykus, hesperor|nis.
    r"(C)\|(VC*?)(?=SV|\||$)": r"\1\2|",
    # No syllable is without a vowel.
    r"(\|C*)\|": r"\1", r"\|(?=C*$)": "",
    # Consonants that no word begins with are parted: comp-sog-na-thus, ar-chae-op-te-ryx.
    r"\|(?!BV)(C+?)(?=BV)": r"\1|",
}  # fmt: skip
_SYLLABLE = _pattern(r"\|?C*VC*?(?=SV|\||$)")
_STRESSED = _pattern(r"^\|?C*(?:[AEIOQUWY]|VC)|^\|(?:CC+V-C|C*V-CC)")
"""Matches the last two syllables of a name if the first of them has the main stress: if it is long,
or if it begins a root and has several consonants before or after its vowel. If nothing matches, the
syllable before these two has the main stress."""
_ALSO_STRESSED = _pattern(
    "^me(?=-ga)|^se(?=-fa-lo)|^ka(?=-ma-ra)|^pa(?=-ra)|^ve(?=-lo-si)"
    "|V(?=C*-C*[aeiouy]-VC*-?$)|V(?=C*-C*VC*-?$)|V(?=C*-$)"
)
"""Finds the stressed vowel of an earlier root. The vowel stands in the last syllable but one of the
root (tye-RAN-no), or in the syllable before if the last one begins with a vowel (BRA-chi-o)."""
_SPELLING = {
    # A short vowel that is stressed takes the next consonant: steg-o-SAW-rus. It takes the first
    # consonant of another root only with the main stress: di-PLOD-o-kus, but da-sen-TROO-rus. The
    # first i of a known root that begins a name is long: mye-kro-RAP-tor, but kim-i-DRAK-o.
    r"'(?=-\|)": "",
    r"!-\|(?=CV)": "!-",
    r"([ae]'|-\|?C*[iy]'|[aeioy]!(?!-\|?C*[ei]-\|?V))-(C)": r"\1\2-",
    # The last vowel of a name: a-las-ka-SEF-a-lee.
    "e(?=M?$)": "E",
    "y(?=M?C|M?$)": "i",
    # A vowel before another vowel: ar-kee-OR-nis.
    r"[eiy](?=M?-\|?V)": "E",
    # A vowel at the end of a syllable is long: THAY-nos, mye-kro-RAP-tor, trye-SER-a-tops,
    # dye-nam-o-SAW-rus.
    "a(?=M-)": "I",
    "e(?=M-)": "E",
    "[iy](?=M-)|(?<=tr)i(?=-)": "Y",
    r"(\|C+)y(?=-.*[!:])": r"\1Y",
    "u(?=M?-)": "O",
    "y": "i",
    # After a consonant, eu is oo: ploo-ro-SEE-lus. Without a consonant, ei is "eye":
    # eye-nee-o-SAW-rus.
    "(C)U": r"\1O",
    r"(^|[-|·])Y": r"\1eye",
}
SAID = table("said")
"""The sounds of beginnings of names that these rules would get wrong, and of words that people
type."""
_LETTERS = str.maketrans(
    {
        "θ": "th",
        "ʃ": "sh",
        "ɡ": "g",
        "ʧ": "ch",
        "J": "y",
        "A": "aw",
        "E": "ee",
        "I": "ay",
        "O": "oo",
    }
    | {"Q": "oy", "U": "yoo", "W": "o", "Y": "ye"}
    | dict.fromkeys("|·!:'", "")
)


def pronunciation(name: str) -> str:
    """Return the syllables of a name as an English reader says them, the stressed one in capitals.

    Consonants that no word begins with are said one by one: "b-k-s-bo-SAW-rus".
    """
    name = name.lower()
    known = beginning_in(SAID, name)
    ends = {end for part in parts_of(name) for end in (part.start, part.end)}
    marked = "".join("|" * (i > 0 and i in ends) + letter for i, letter in enumerate(name))
    if known:
        ends |= {0}
        rest = enumerate(name[len(known) :], len(known))
        # the last consonant of the word stays in its syllable
        marked = f"{SAID[known]}·|" + "".join("|" * (i in ends) + letter for i, letter in rest)
    # consonants before the first mark are said one by one
    alone, _, sounds = _changed(marked, _SOUNDS).partition("|")
    syllables = _SYLLABLE.findall("|" + sounds)
    # the number of the syllable with the main stress
    main = max(len(syllables) - (2 if _STRESSED.search("-".join(syllables[-2:])) else 3), 0)
    # the vowel of that syllable, with its mark
    mark = r"\g<0>!" if len(syllables) > 2 else r"\g<0>:"
    stressed = [_pattern("V").sub(mark, syllable) for syllable in syllables[main : main + 1]]
    roots = "-".join(syllables[:main]).split("|")
    before = "|".join(_ALSO_STRESSED.sub(r"\g<0>'", root, count=1) for root in roots)
    whole = "-".join(filter(None, [before, *stressed, *syllables[main + 1 :]]))
    spelled = _changed(whole if 0 in ends else "-" + whole, _SPELLING)
    texts = []
    for syllable in [*alone.replace("·", ""), *spelled.split("-")]:
        text = syllable.translate(_LETTERS)
        texts.append(text.upper() if {"!", ":"} & {*syllable} else text)
    return "-".join(filter(None, texts))


def _changed(text: str, rules: Mapping[str, str]) -> str:
    """Return a text after all rules, one after the other."""
    for pattern, new in rules.items():
        text = _pattern(pattern).sub(new, text)
    return text
