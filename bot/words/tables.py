"""Tables in a fixed pitch: a training while it runs, the versions of a network, and /status."""

import time
from collections.abc import Mapping, Sequence
from itertools import pairwise

from bot.taboo import is_taboo
from bot.training.folder import Run
from bot.training.progress import Progress
from bot.words.pieces import Message, Piece, joined, said
from bot.words.sentences import counted, cut, duration
from model.text.forms import Form
from model.weights.checkpoint import Checkpoint

LONGEST_LINE, LONGEST_FAULT = 60, 120
LINES_BESIDE = 6
BAR, CURVE_POINTS = 20, 16
"""Characters.

With its label and its figure, a line has 31, and no more fit on the screen of a phone.
"""

_STAGES = {
    "names": {
        "pretrain": "reading other animals' names",
        "distil": "learning from its teachers",
        "tune": "reading the dinosaurs",
        "names": "reading the names",
        "adapt": "reading the names",
    },
    "verse": {
        "read": "reading other verse",
        "mix": "reading the plays and the sonnets",
        "verse": "reading the verse",
        "adapt": "reading the verse",
    },
}


def training(run: Run, progress: Progress) -> Message:
    """Show how far a run is, its losses above the losses that it should beat, and its newest
    sample.
    """
    done = round(BAR * progress.fraction)
    rows = [
        f"{'█' * done}{'░' * (BAR - done)} {progress.fraction:4.0%}",
        _loss("training", progress.training[-1] if progress.training else None, progress.training),
        _loss("held out", progress.held_out[-1] if progress.held_out else None, progress.held_out),
        _loss("best", min(progress.held_out, default=None)),
        _loss("in use", progress.serving),
        _loss("n-gram", progress.ngram),
    ]
    stage = (
        "one more round"
        if progress.stage == "again"
        else _STAGES[run.form].get(progress.stage, progress.stage)
    )
    left = "" if progress.seconds_left is None else f", {duration(progress.seconds_left)} left"
    now = f"{progress.speed:,.0f} characters a second{left}"
    if progress.ending:
        now = f"{progress.ending}: {duration(time.monotonic() - progress.ending_since)}"
    lines = [
        said("Training *{}*, {}").format(run.title, stage),
        _table("\n".join(filter(None, rows))),
        Message([Piece(now)]),
    ]
    if run.fresh:
        return joined("\n", [*lines, growth(progress)])
    sample = progress.samples[-1][1].strip() if progress.samples else ""
    lines += [said("_{}_").format(_sample(sample, LINES_BESIDE))] if sample else []
    return joined("\n", lines)


def growth(progress: Progress) -> Message:
    """Show how letters become names or verse: what a run that begins from nothing wrote after some
    of its steps.
    """
    return joined(
        "\n",
        (said("`step {:<6,}` _{}_").format(step, _sample(text)) for step, text in progress.samples),
    )


def beside(form: Form, old: Sequence[str], new: Sequence[str]) -> Message:
    """Show what the old and the new weights write: names side by side, verse one
    below the other.
    """
    if form == "names":
        names = (
            [name[:1].upper() + name[1:] for name in map(_sample, each)] for each in (old, new)
        )
        rows = [("in use", "new"), *zip(*names, strict=False)]
        width = max(len(left) for left, _ in rows)
        return _table("\n".join(f"{left:<{width}}  {right}" for left, right in rows))
    verse = (_sample("\n".join(each).strip(), LINES_BESIDE) for each in (old, new))
    return said("in use:\n_{}_\n\nnew:\n_{}_").format(*verse)


def _sample(text: str, lines: int = 1) -> str:
    shown = "\n".join(cut(line, LONGEST_LINE) for line in text.strip().split("\n")[:lines])
    return "…" if is_taboo(text) else shown


def curve(losses: Sequence[float]) -> str:
    """Draw losses as a line of blocks, the newest at the right; each block is the mean of its
    share.
    """
    width = min(len(losses), CURVE_POINTS)
    edges = [len(losses) * point // width for point in range(width + 1)]
    means = [sum(losses[a:b]) / (b - a) for a, b in pairwise(edges)]
    lowest, height = min(means), max(means) - min(means)
    return "".join(
        "▁▂▃▄▅▆▇█"[round(7 * (mean - lowest) / height) if height else 0] for mean in means
    )


def versions(title: str, entries: Sequence[tuple[str, Checkpoint | str]], serving: str) -> Message:
    """Show versions, the newest first: each with its description, or with the fault of its file."""
    if not entries:
        return said("*{}* has no weights yet.").format(title)
    shown = [said("Versions of *{}*, the newest first").format(title)]
    for version, made in entries:
        mark = said(" *in use*") if version == serving else ""
        shown.append(said("`{}`{}\n{}").format(version, mark, _made(made)))
    return joined("\n\n", shown)


def status(facts: Mapping[str, str]) -> Message:
    """Show facts, with a column for names and one for values."""
    width = max(map(len, facts))
    return _table("\n".join(f"{name.ljust(width)}  {value}" for name, value in facts.items()))


def latency(found: tuple[float, float] | None) -> str:
    """Say how long answers take: the median, and the 99th percentile."""
    if found is None:
        return "no answers yet"
    median, slowest = (
        f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s" for seconds in found
    )
    return f"usually {median}; 99 of 100 take at most {slowest}"


def size(count: int) -> str:
    """Return a number of bytes in MiB."""
    return f"{count / 2**20:,.1f} MiB"


def _loss(label: str, loss: float | None, losses: Sequence[float] = ()) -> str:
    return (
        ""
        if loss is None
        else f"{label:<8} {loss:.3f} {curve(losses) if len(losses) > 1 else ''}".rstrip()
    )


def _made(checkpoint: Checkpoint | str) -> str:
    if isinstance(checkpoint, str):
        return f"damaged: {cut(checkpoint, LONGEST_FAULT)}"
    made = checkpoint.description
    rules = f", with rules for {made.form}" if checkpoint.sequences or checkpoint.followers else ""
    day, recipe = made.created[:10], cut(made.recipe, 20)
    return (
        f"{day}, recipe {recipe}, {counted(made.steps, 'step')}, held-out loss"
        f" {made.held_out_loss:.4f}{rules}"
    )


def _table(text: str) -> Message:
    return Message([Piece(text, "table")])
