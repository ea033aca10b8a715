"""Adds words to data/taboo.txt, as hashes: `python -m tools.taboo 'word' 'beginning*' '*inside*' '!allowed*'`."""

import sys

from model import files
from model.text.taboo import LISTED, hashed


def main() -> None:
    """Add the words of the command line to the list."""
    lines = {*LISTED.read_text(encoding="ascii").split(), *map(hashed, sys.argv[1:])}
    files.write_whole(LISTED, "".join(f"{line}\n" for line in sorted(lines)).encode())
    print(f"{LISTED} has {len(lines)} lines")


if __name__ == "__main__":
    main()
