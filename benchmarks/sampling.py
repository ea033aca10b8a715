"""Times the decoder's step beside torch, and whole texts.

The networks are the released ones. A step reads a character in each row and returns the logits of
the next. Ours gives each row the same bits whatever the other rows are; torch runs in its fastest
variant (see `torch_twin`). Before the timing, both must find the same logits, within the decoder's
rounding.
"""

import asyncio
import statistics
import time
from functools import partial

import numpy as np
import torch

from benchmarks import units
from benchmarks.report import table, times
from benchmarks.timing import compare, fastest, speedup
from benchmarks.torch_twin import VARIANTS, TorchDecoder
from model.files import ROOT
from model.network.exact import Exact
from model.network.network import LanguageModel
from model.text.forms import Network
from model.weights.versions import Versions

REPEATS = 9
ROWS = (1, 12, 64, 192)
STEPS, ROUNDING = 20, 0.05
"""In the first steps, logits may differ by a share ROUNDING of their size, on average."""
TEXTS = {"a poem": 16, "a name alone": 1}


def report(repeats: int) -> str:
    """Measure, and return the tables."""
    torch.set_num_threads(1)
    rows = [_row(network, count, repeats) for network in Network for count in ROWS]
    texts = asyncio.run(units.measure(TEXTS, 1, repeats, time.process_time))
    poem, name = (f"{1000 * seconds:.1f} ms" for seconds in texts.values())
    header = ("step of the decoder, CPU of one thread", "rows", "ours", "torch", "ratio")
    return (
        f"## Sampling\n\n{table(header, rows)}\n\nRatio: torch's time divided by ours, median over"
        f" rounds. Whole texts, CPU of one thread: {poem} for each of 16 poems at once, {name} for"
        " one `/dino` alone."
    )


def _row(network: Network, count: int, repeats: int) -> tuple[str, ...]:
    language_model = Versions(ROOT / "checkpoints" / network).load_current().language_model
    ids = np.random.default_rng(0).integers(language_model.architecture.vocab_size, size=count)
    tensor = torch.from_numpy(ids)
    decoders = {variant: TorchDecoder(language_model, variant) for variant in VARIANTS}
    for decoder in decoders.values():
        check(language_model, decoder, count)
    steps = {variant: partial(decoder.step, tensor) for variant, decoder in decoders.items()}
    variant = fastest(steps)
    exact = Exact(language_model)
    state = exact.initial_state(count)
    sides = {"ours": partial(exact.step, ids, state), "torch": steps[variant]}
    seconds = compare(sides, repeats)
    ratio = times(speedup(seconds["ours"], seconds["torch"]))
    print(f"{network}, {count} rows: {ratio} torch ({variant})", flush=True)
    each = (f"{1e6 * statistics.median(seconds[side]):,.0f} µs" for side in sides)
    return (network, str(count), *each, ratio)


def check(language_model: LanguageModel, theirs: TorchDecoder, rows: int) -> None:
    """Check that logits are ours, but for rounding. Raises SystemExit if not."""
    exact = Exact(language_model)
    state = exact.initial_state(rows)
    size = language_model.architecture.vocab_size
    for ids in np.random.default_rng(1).integers(size, size=(STEPS, rows)):
        ours = exact.step(ids, state)
        difference = np.abs(theirs.step(torch.from_numpy(ids)).numpy() - ours).mean()
        if difference > ROUNDING * np.abs(ours).mean():
            raise SystemExit(f"logits differ from torch's by {difference}: not the same network")
