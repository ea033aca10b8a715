"""Names: each is new, and differs from the names before it.

A name is a line. Each row is an attempt, and chance takes one of the attempts that pass. An attempt
fails if the weights know the name, as it is or folded. If they have tables of real names, a name
must also be worth keeping; when all attempts fail, the first new name is taken. If they have a
table of roots, SHARE of the names consist wholly of roots, and the others end with one.
"""

import math
from functools import cached_property

from model.errors import RequestError
from model.names.composition import MOST_BARRED, SHARE, Composition, Piece
from model.names.roots import LATER
from model.names.rules import LETTERS_MORE, LONGEST_PARTLY, Worth
from model.search import NO_WEIGHT, Beginning, Drawing, Line, Search
from model.text.forms import LONGEST_NAME, USUAL_TEMPERATURE
from model.text.vocabulary import NO_CHARACTER, fold
from model.weights.checkpoint import Checkpoint

FEWEST_ENDS = 4  # a root behind a word ends at least so many known names, in the same letters
UNFIT = "-long"  # behind a word, it reads like English
COLDEST = 1e-100
"""The lowest temperature, which stands for 0. Divided by it, two different logits are so far apart
that the lower logit gets probability 0, and nothing overflows."""


class Names:
    """What all names by a checkpoint share."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.vocabulary = checkpoint.vocabulary
        self.known = checkpoint.known_names.union(filter(None, map(fold, checkpoint.known_names)))
        self.others = checkpoint.other_names
        self.longest = max([LONGEST_NAME, *map(len, checkpoint.known_names)])
        self.worth = Worth(checkpoint.sequences, checkpoint.endings, checkpoint.joints)
        self._roots = checkpoint.roots
        self._composition: Composition | None = None

    @property
    def roots(self) -> Composition | None:
        """The table of roots, made anew when it has too many nodes; None without one."""
        if self._roots and (not self._composition or self._composition.nodes.are_many):
            self._composition = Composition(self._roots, self.vocabulary.characters)
        return self._composition

    @cached_property
    def ends(self) -> tuple[Piece, ...]:
        """The roots that may stand behind a word (see `names.words`); none without a table."""
        return tuple(
            piece
            for piece in (self.roots.ends if self.roots else ())
            if piece.letters != UNFIT
            and sum(name.endswith(piece.letters.removeprefix(LATER)) for name in self.known)
            >= FEWEST_ENDS
        )

    def knows(self, name: str) -> bool:
        """Return whether a name exists, as it is or folded."""
        return any(
            one in names for one in {name, fold(name)} for names in (self.known, self.others)
        )


class NameSearch(Search):
    """New names, one after the other."""

    at_once, rows = 1_000, 10

    def __init__(
        self,
        drawing: Drawing,
        names: Names,
        prefix: str,
        count: int,
        attempts: int,
    ) -> None:
        super().__init__(drawing, COLDEST)
        self._names, self.wanted, self._attempts = names, count, attempts
        self._prefix = names.vocabulary.fold(prefix).replace("\n", "").lstrip(" ")
        if prefix and not self._prefix:
            raise RequestError(f"prefix is {prefix!r}; none of its characters can begin a name")
        if len(self._prefix) >= names.longest:
            raise RequestError(
                f"prefix is {self._prefix!r}; a name has at most {names.longest} characters"
            )
        # one more, for the end or for a letter too many
        self.most_tokens = names.longest + 1 - len(self._prefix)
        self._gives_one = not drawing.temperature
        self._spare = ""  # a new name that was not worth keeping, for when all attempts fail
        self._roots: Composition | None = None
        if 0 < drawing.temperature <= USUAL_TEMPERATURE["names"]:
            self._roots = names.roots
        ids = [NO_CHARACTER, *names.vocabulary.ids_of(self._prefix).tolist()]
        self._last, self.unread = ids[-1], ids[-2::-1]
        self._begin()

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(self.lines)

    def end_line(self) -> None:
        self._failed += self.rows
        attempts = [((self._prefix + line.text).strip(" "), line) for line in self.finished]
        new = [(name, line) for name, line in attempts if self._is_new(name)]
        kept = [
            name
            for name, line in new
            if self._names.worth.keeps(name, self._prefix) and self._chance_accepts(name, line)
        ]
        if kept:  # not the first one, as short names are finished first
            self._accept(kept[int(self.generator.random() * len(kept))])
            return
        names = [name for name, _ in (*new, *attempts)] or [f"{self._prefix}…"]
        self._spare = self._spare or (names[0] if new else "")
        self._try_again(names[0])

    def _begin(self, *, may_be_whole: bool = True) -> None:
        """Begin a name. If it `may_be_whole`, chance decides whether it must consist of roots."""
        self._failed, self._spare = 0, ""
        self.masks, self.least, node = None, NO_WEIGHT, 0
        if may_be_whole and self._roots and self.generator.random() < SHARE:
            self.masks, self.least = self._roots, -MOST_BARRED
            node = self._roots.start(self._prefix)
        self.beginning = Beginning(self._last, node)

    def _is_new(self, name: str) -> bool:
        if name in (self._prefix, self._prefix.rstrip(" "), *self.lines):
            return False
        return fold(name) not in self.lines and not self._names.knows(name)

    def _chance_accepts(self, name: str, line: Line) -> bool:
        """Return whether a name has the roots that it must have, and a random number accepts them.

        Each piece has its probability. Without a table of roots, all names are accepted.
        """
        if not self._roots:
            return True
        if self.masks:
            way = self._roots.way(name, self._prefix) if line.nats >= self.least else ()
        elif len(name) > max(LONGEST_PARTLY, len(self._prefix) + LETTERS_MORE):
            return False
        else:
            way = self._roots.end(name)
        return bool(way) and self.generator.random() < math.prod(piece.chance for piece in way)

    def _accept(self, name: str) -> None:
        self.lines.append(name)
        if not self.is_done:
            self._begin()
            self._refuse_another(name)

    def _try_again(self, name: str) -> None:
        """Try again or, after the last attempt, do what is left."""
        is_last = self._failed >= self._attempts or self._gives_one
        if is_last and self.masks:
            self._begin(may_be_whole=False)
        elif is_last and self._spare:
            self._accept(self._spare)
        elif self._failed >= self._attempts:
            beginning = f" that begins with {self._prefix!r}" if self._prefix else ""
            self.error = RequestError(
                f"no new name{beginning} after {self._failed} attempts; try a higher temperature"
            )
        else:
            self._refuse_another(name)

    def _refuse_another(self, name: str) -> None:
        """Give up if temperature 0 would only repeat this name."""
        if self._gives_one:
            self.error = RequestError(
                f"temperature 0 always gives {name!r}; other names need a higher temperature"
            )
