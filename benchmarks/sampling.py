"""Times sampling beside torch: 1, 8, 32 and 128 streams of 400 characters at once.

Ours goes through the decoder, as the bot's requests do: each stream has a generator of its own,
each text is the same bit for bit in any company, and the rules of verse hold. Tanh comes from the
table that new versions have; the last column compares the same decoder with the processor's tanh,
which older versions have. Torch runs the usual loop of LSTM, Linear and multinomial with one
generator for all, in its fastest variant (see `torch_twin`). Both matrix libraries may use as many
threads as the table says; the rest of ours runs on one. Before the timing, both must find the same
logits for the same characters, within the decoder's rounding.

A second table has the CPU of poems that are written line by line with the released weights, alone
and many at once.
"""

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch
from threadpoolctl import threadpool_limits

from benchmarks.report import speed_verdict, table, verdict
from benchmarks.timing import Effort, compare, fastest, speedup
from benchmarks.torch_twin import TorchSampling, Variant, variants
from benchmarks.training import LAYERS, network
from model.engine.exact import Lockstep
from model.files import ROOT
from model.network.layers import Array, Ids
from model.network.network import LanguageModel
from model.text.vocabulary import Vocabulary
from model.verse.poem import ROWS
from model.weights.checkpoint import Checkpoint, Description
from model.weights.versions import Versions
from model.writing.decoder import Decoder
from model.writing.requests import Sampling, VerseRequest, generator_for

CHARACTERS = "".join(sorted("\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz"))
LENGTH = 400
HIDDEN_SIZES = (128, 256)
TARGETS = {1: 2.5, 8: 2.5, 32: 1.5, 128: 1.3}
THREADS = (1, 2)
POEMS = {1: 0.6, 100: 15.0}
"""The most seconds of CPU that so many poems at once may take together."""
LINES = (ROOT / "data" / "first_lines.txt").read_text(encoding="utf-8").splitlines()
ROUNDING = 0.02
"""Logits may differ by this much, because the decoder rounds parameters and states (see
`model.engine`)."""


def report(effort: Effort) -> str:
    """Measure, and return the tables."""
    sizes = HIDDEN_SIZES[:1] if effort.quick else HIDDEN_SIZES
    rows = []
    for threads in THREADS:
        torch.set_num_threads(threads)
        with threadpool_limits(threads, user_api="blas"):
            rows += [_row(size, streams, threads, effort) for size in sizes for streams in TARGETS]
    header = (
        "sampling",
        "streams",
        "threads",
        "ours char/s",
        "torch char/s",
        "ratio",
        "best",
        "target",
        "",
        "old tanh",
    )
    return (
        f"## Sampling {LENGTH} characters a stream, {LAYERS}-layer LSTM,"
        f" float32\n\n{table(header, rows)}\n\nRatio: median over rounds; best: ratio of each"
        " side's fastest round; both must reach the target. Ours: through the decoder, which gives"
        " the same text in any company. Old: our speed divided by our speed with the processor's"
        " tanh. Torch: the fastest of nn.LSTM or nn.LSTMCell, one-hot or embedding input, oneDNN"
        f" on or off.\n\n{poems(effort)}"
    )


def poems(effort: Effort) -> str:
    """Measure poems line by line; return the table."""
    released = Versions(ROOT / "checkpoints" / "poem").load_current()
    decoder, sampling = Decoder(released), Sampling(released.description.temperature)
    rows = []
    with threadpool_limits(1, user_api="blas"):
        for count, most in POEMS.items():
            seconds = []
            for repeat in range(min(effort.repeats, 3) + 1):
                starts = [
                    (turn, LINES[turn % len(LINES)])
                    for turn in range(repeat * count, (repeat + 1) * count)
                ]
                begun = time.process_time()
                decoder.generate(
                    [VerseRequest(generator_for(7, turn), line, sampling) for turn, line in starts]
                )
                seconds.append(time.process_time() - begun)
            median = statistics.median(seconds[1:])  # the first poem waits for the tables
            rows.append((str(count), f"{median:.2f} s", f"≤ {most:g} s", verdict(-median, -most)))
    header = ("poems at once", "CPU", "target", "")
    return f"## Poems, {ROWS} candidates for each line\n\n{table(header, rows)}"


def _row(hidden_size: int, streams: int, threads: int, effort: Effort) -> tuple[str, ...]:
    language_model = network(hidden_size)
    if threads == 1:
        check(language_model, streams)
    variant = _fastest_variant(language_model, streams)
    theirs = TorchSampling(language_model, variant, 0)
    sides: dict[str, Callable[[], object]] = {
        "ours": OurSampling(language_model, streams).generate,
        "torch": lambda: theirs.generate(streams, LENGTH, CHARACTERS),
    }
    seconds = compare(sides, effort)
    ratio = speedup(seconds["ours"], seconds["torch"])
    rate = {name: streams * LENGTH / statistics.median(values) for name, values in seconds.items()}
    print(
        f"H {hidden_size}, {streams} streams, {threads} threads: {ratio:.2f} × torch ({variant})",
        flush=True,
    )
    return (
        f"H {hidden_size}",
        str(streams),
        str(threads),
        f"{rate['ours']:,.0f}",
        f"{rate['torch']:,.0f}",
        *speed_verdict(seconds, "torch", TARGETS[streams]),
    )


class OurSampling:
    """Verse requests through a decoder, each cut after `LENGTH` characters."""

    def __init__(self, language_model: LanguageModel, streams: int) -> None:
        description = Description("verse", "bench", "", 0, 0.0, 0, "", {}, longest_line=40)
        self._decoder = Decoder(
            Checkpoint(language_model, Vocabulary(CHARACTERS), description, frozenset())
        )
        self._streams = streams
        self._turns = 0

    def generate(self) -> list[str]:
        """Draw the next texts."""
        turns = range(self._turns, self._turns + self._streams)
        self._turns += self._streams
        requests = [
            VerseRequest(
                generator_for(0, turn),
                min_characters=LENGTH - 1,
                max_characters=LENGTH - 1,
                max_lines=LENGTH,
            )
            for turn in turns
        ]
        return [result.texts[0] for result in self._decoder.generate(requests)]


def check(language_model: LanguageModel, streams: int) -> None:
    """Check that all variants give our logits within `ROUNDING`. SystemExit if not."""
    ids = np.random.default_rng(2).integers(len(CHARACTERS), size=(20, streams))
    ours = _logits(language_model, ids)
    for variant in variants():
        difference = float(
            np.abs(TorchSampling(language_model, variant, 0).logits(ids) - ours).max()
        )
        if difference > ROUNDING:
            raise SystemExit(
                f"{variant}: logits differ from ours by {difference}: not the same network"
            )


def _logits(language_model: LanguageModel, ids: Ids) -> Array:
    """Logits as the decoder computes them, (T, B, V)."""
    lockstep = Lockstep(language_model)
    lockstep.resize(ids.shape[1])
    return np.stack([lockstep.step(step.tolist()).copy() for step in ids])


def _fastest_variant(language_model: LanguageModel, streams: int) -> Variant:
    def sampling(variant: Variant) -> Callable[[], object]:
        theirs = TorchSampling(language_model, variant, 0)
        return lambda: theirs.generate(streams, LENGTH // 8, CHARACTERS)

    return fastest({variant: sampling(variant) for variant in variants()})
