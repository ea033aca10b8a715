"""Many rows one character on, each with the very bits it would have alone.

A matrix product rounds, and in which order it adds depends on the shapes. So the same row can come out different beside
other rows, by its neighbours' number or by its own place, and a single bit can become another character. Measured with
NumPy 2.4 and OpenBLAS 0.3.31, (B, H) @ (H, N) in float32 and float64, H 16 to 512, N 26, 27, 38, H and 4H, B 1 to 136:

- AVX-512 kernels (SkylakeX): all B that are multiples of 4 agree as long as B*H*N stays on one side of 10^6, where
  OpenBLAS changes from its small-matrix kernel to the general one. H 256 and N 38 changes at B 104, H 512 at B 52.
- AVX2 kernels (Haswell, Zen), float32: above B 8 the first and last six rows of every twelve are added up differently.
- Older kernels: Sandybridge agrees at all multiples of 4, Nehalem at multiples of 8.
- B 1 is a matrix-vector product, which agrees with the others only where H is small.
- One or two threads: no difference with SkylakeX; others split the sums (Haswell in float32, Nehalem in float64).

What holds on all of them: with one thread, blocks of exactly 8 rows give a row the same bits in each of the 8 places,
whatever the others hold. So 8 is the standard; wider blocks, two to three times as fast a row, are used only if this
machine, with this network, gives each of their rows the standard's bits. That is tried once, here, at the start.

Not here: what the rows mean, and when they come and go (`decoder`).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

from model.language_model import LanguageModel, State
from model.layers import Array, Ids

STANDARD = 8
WIDER = (16, 32, 64)
_TRIED_ROWS = max(WIDER)


class Lockstep:
    """A network that steps any number of rows without one depending on another."""

    def __init__(self, language_model: LanguageModel) -> None:
        self._language_model = language_model
        self._blas = ThreadpoolController().select(user_api="blas")
        self.widths = self._trustworthy_widths()

    def padded(self, rows: int) -> int:
        """How many rows the arrays need for `rows` rows to fill whole blocks."""
        return sum(self._blocks(rows))

    def step(self, ids: Ids, state: State) -> tuple[Array, State]:
        """Do what `LanguageModel.step` does, for B = padded(…) rows."""
        return self._step_blocks(self._blocks(len(ids)), ids, state)

    def _blocks(self, rows: int) -> list[int]:
        """Widths of blocks that hold `rows` rows: the widest while they are full, the narrowest that holds the rest."""
        widest = self.widths[-1]
        full, rest = divmod(rows, widest)
        return [widest] * full + [width for width in self.widths if width >= rest][: 1 if rest else 0]

    def _step_blocks(self, blocks: Sequence[int], ids: Ids, state: State) -> tuple[Array, State]:
        outcomes: list[tuple[Array, State]] = []
        start = 0
        with self._one_thread():
            for width in blocks:
                rows = slice(start, start + width)
                outcomes.append(self._language_model.step(ids[rows], State(state.h[:, rows], state.c[:, rows])))
                start += width
        if len(outcomes) == 1:
            return outcomes[0]
        h = np.concatenate([after.h for _, after in outcomes], axis=1)
        c = np.concatenate([after.c for _, after in outcomes], axis=1)
        return np.concatenate([logits for logits, _ in outcomes]), State(h, c)

    def _one_thread(self) -> AbstractContextManager[object]:
        """Keep the matrix products to one thread. Costs next to nothing where the owner of the thread has done so."""
        is_so = all(library.num_threads == 1 for library in self._blas.lib_controllers)
        return nullcontext() if is_so else self._blas.limit(limits=1)

    def _trustworthy_widths(self) -> tuple[int, ...]:
        """Return the widths whose rows all get the standard's bits, ascending; (1,) if even the standard's differ."""
        ids, state = self._trial()
        standard = self._outcome(STANDARD, ids, state)
        shifted = np.roll(np.arange(len(ids)), 3)
        elsewhere = self._outcome(STANDARD, ids[shifted], State(state.h[:, shifted], state.c[:, shifted]))
        if not np.array_equal(elsewhere, standard[shifted]):
            return (1,)
        return (STANDARD, *(w for w in WIDER if np.array_equal(self._outcome(w, ids, state), standard)))

    def _trial(self) -> tuple[Ids, State]:
        """Rows with random characters and states, for trying widths."""
        generator = np.random.default_rng(0)
        network = self._language_model
        ids: Ids = generator.integers(network.architecture.vocab_size, size=_TRIED_ROWS)
        state = network.initial_state(_TRIED_ROWS)
        return ids, State(*(generator.uniform(-1, 1, part.shape).astype(network.dtype) for part in state))

    def _outcome(self, width: int, ids: Ids, state: State) -> NDArray[np.generic]:
        """Everything that a step in blocks of `width` gives each row: (B, V + 2LH)."""
        logits, after = self._step_blocks([width] * (len(ids) // width), ids, state)
        return np.concatenate([logits, *after.h, *after.c], axis=1)
