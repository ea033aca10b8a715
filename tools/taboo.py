"""Adds words to data/taboo.txt, as hashes: `python -m tools.taboo 'word' 'beginning*' '*inside*'
'!allowed*'`.
"""

import sys

from bot.taboo import LISTED, hashed
from model.files import write_whole


def main() -> None:
    """Add the words of the command line to the list."""
    lines = {*LISTED.read_text(encoding="ascii").split(), *map(hashed, sys.argv[1:])}
    write_whole(LISTED, "".join(f"{line}\n" for line in sorted(lines)).encode())


if __name__ == "__main__":
    main()
