"""Makes a version of the dinosaurs that refuses more real names: `python -m tools.real_names checkpoints/dino`.

It has the parameters of the version that serves there, and the names of data/fossils.txt and data/near_genera.txt among
those that it never gives. It is added to the folder and not taken into use.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from model.checkpoint.versions import Versions, save
from model.text.sources import unread_genera


def main(folder: Path) -> None:
    """Add the version to a folder of versions, and print its name."""
    before = Versions(folder).load_current()
    description = replace(before.description, created=datetime.now(UTC).isoformat(timespec="seconds"))
    made = replace(before, description=description, other_names=before.other_names | unread_genera())
    with TemporaryDirectory() as scratch:
        save(path := Path(scratch) / "new", made)
        print(Versions(folder).add(path))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
