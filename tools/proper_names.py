"""Makes data/proper_names.txt anew: the words that the editors of Shakespeare and of the other
poets write with a capital wherever they stand.
"""

from collections import Counter
from itertools import chain

from model import files
from model.text import sources
from model.text.cleaning import documents
from model.text.encodings import read_file
from model.text.vocabulary import fold
from tools.pronunciations import words_in

SHARE = 0.75
"""A word is a name if it has a capital at least this often, where it does not begin a line or a
sentence."""
FEWEST = 5
"""A name has a capital in so many places. Networks write no word that they have read less often."""


def main() -> None:
    """Read the plays and all poems, and write the names, folded and sorted.

    France's counts as France. I and O are no names.
    """
    poets = read_file(sources.DATA / "poetry.txt").text
    texts = chain(documents(sources.shakespeare()), [poets.split("\n")])
    capital, small = Counter[str](), Counter[str]()
    for word, is_within in (found for lines in texts for line in lines for found in words_in(line)):
        name = fold(word).removesuffix("'s")
        if word[0].islower():
            small[name] += 1
        elif is_within and not (word.isupper() and len(word) > 1):
            capital[name] += 1
    names = sorted(
        name
        for name, count in capital.items()
        if count >= max(FEWEST, SHARE * (count + small[name]))
        and name not in ("i", "o")
        and not name.startswith("i'")
    )
    files.write_whole(sources.PROPER_NAMES, "".join(f"{name}\n" for name in names).encode())


if __name__ == "__main__":
    main()
