"""Makes a version of the dinosaurs that knows more real names: `python -m tools.real_names checkpoints/dino`.

It has the parameters of the version that serves there, and also refuses the names of data/fossils.tsv and
data/near_genera.txt. It is added to the folder, and nothing else changes: an admin takes it into use with `/models`.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from model.checkpoint.versions import SUFFIX, Versions, save
from model.errors import MangosaurusError
from model.training.rules import without_unread_genera


def main(folder: Path) -> None:
    """Add the version to a folder of versions, and print its name."""
    try:
        versions = Versions(folder)
        before = versions.load_current()
        made = without_unread_genera(before)
        description = replace(made.description, created=datetime.now(UTC).isoformat(timespec="seconds"))
        with TemporaryDirectory() as scratch:
            path = Path(scratch) / f"new{SUFFIX}"
            save(path, replace(made, description=description))
            version = versions.add(path)
    except MangosaurusError as error:
        raise SystemExit(f"error: {error}") from error
    more = len(made.other_names) - len(before.other_names)
    print(f"added {version} to {folder}: {before.version} with {more:,} more names that it never gives")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
