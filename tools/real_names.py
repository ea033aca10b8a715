"""Makes a version of the dinosaurs with the rules of today: `python -m tools.real_names
checkpoints/dino`.

It has the parameters of the version that serves there. It never gives the names of data/fossils.txt
and data/near_genera.txt. A share of its names consists wholly of roots of data/roots.tsv: SHARE,
unless you give another. It is added to the folder and not taken into use.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from model.evaluation.evaluation import sampled_texts
from model.names.composition import Composition
from model.names.roots import Root, ends_of, linked_pieces_of, pieces_of, roots
from model.names.rules import JOINT
from model.text.sources import names_corpus, unread_genera
from model.training.rules import shared_endings
from model.weights.checkpoint import Checkpoint
from model.weights.fingerprints import Fingerprints
from model.weights.versions import Versions, save
from model.writing.requests import NameRequest, generator_for

# a name ends with a root that ends at least this many real dinosaurs, and with none of UNFIT_ENDS
FEWEST_ENDS = 4
UNFIT_ENDS = {"-oides"}
UNFIT = {
    "ascari-",
    "entero-",
    "eroto-",
    "helmintho-",
    "paedo-",
    "sapro-",
    "scato-",
    "scoleco-",
    "spermo-",
    "vermi-",
}
"""A form of each root that is unwanted in a name."""
DRAWN, SEED = 16_000, 29
COMMON = (0.002, 1.0), (0.02, 0.5)
"""A root that has a larger share of the drawn names than the first number is common: such names are
accepted with the probability (number / share) to the power of the second number. First roots before
others, then roots at the end."""


def main(folder: Path) -> None:
    """Add the version to a folder of versions, and print its name."""
    made = with_roots(Versions(folder).load_current(), names_corpus().training, DRAWN)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = replace(made, description=replace(made.description, created=now))
    with TemporaryDirectory() as scratch:
        save(path := Path(scratch) / "new", made)
        print(Versions(folder).add(path))


def with_roots(before: Checkpoint, names: Iterable[str], drawn: int) -> Checkpoint:
    """Return a checkpoint with the rules for whole names, which are learnt from real names and from
    names it draws.
    """
    last = {
        root
        for root, count in ends_of(names).items()
        if count >= FEWEST_ENDS and UNFIT_ENDS.isdisjoint(root.forms)
    }
    made = replace(
        before,
        other_names=before.other_names | Fingerprints.of(unread_genera()),
        endings=shared_endings(names),
        joints=frozenset(joint[1] for name in names for joint in JOINT.finditer(name)),
        roots=root_table(last),
    )
    requests = [NameRequest(generator_for(SEED, turn)) for turn in range(drawn)]
    way = partial(Composition(made.roots, made.vocabulary.characters).way, prefix="")
    counts = Counter(piece.letters for name in sampled_texts(made, requests) for piece in way(name))
    priced = root_table(last, {letters: count / drawn for letters, count in counts.items()})
    return replace(made, roots=priced)


def root_table(last: set[Root], shares: Mapping[str, float] = {}) -> frozenset[str]:
    """Return the table of roots (see `names.composition`), of which some may be `last` in a name.

    Letters that two roots share belong to the one which has them as a form, not as a form and a
    link.
    """
    owners: dict[str, Root] = {}
    for read in (pieces_of, linked_pieces_of):
        for root in (each for each in roots() if UNFIT.isdisjoint(each.forms)):
            for letters in chain.from_iterable(map(read, root.forms)):
                if root in last or letters[0] != "-":
                    owners.setdefault(letters, root)
    lines: dict[Root, list[str]] = {}
    for letters, root in owners.items():
        common, power = COMMON[letters[0] == "-"]
        chance = min(1.0, common / shares.get(letters, common)) ** power
        lines.setdefault(root, []).append(letters if chance == 1 else f"{letters}={chance:.3f}")
    return frozenset(map(" ".join, lines.values()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
