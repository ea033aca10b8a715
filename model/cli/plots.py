"""Draws a training's history as a PNG: losses, gradient norms before and after clipping, and
samples.

It uses matplotlib's objects without the global state (pyplot), so any thread may draw.
"""

import io
import textwrap
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from model.network.layers import Floats
from model.training.history import History

SMOOTHED_FROM, SMOOTHED_OVER = (
    20,
    50,
)  # a line is smoothed from 20 points on, over a fiftieth of its points
HEADROOM = 0.12  # share of the height that stays free above and below the lines
SAMPLES, LONGEST_SAMPLE = 6, 62  # at most 6 samples, of at most 62 characters each
WIDTH, HEIGHT, SAMPLE_HEIGHT = (
    5.4,
    4.6,
    0.22,
)  # inches: small, so that letters are large enough on a phone

Style = dict[str, Any]

# Blue, vermilion, green and purple of Okabe and Ito's palette, which people with colour blindness
# can tell apart.
TRAINING, HELD_OUT, BEFORE, AFTER, QUIET = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#666666"
MARKED: Style = {"color": HELD_OUT, "linewidth": 2, "marker": "o", "markersize": 3.5, "zorder": 3}
STAR: Style = {
    "color": HELD_OUT,
    "linestyle": "",
    "marker": "*",
    "markersize": 16,
    "markeredgecolor": "white",
}
ABOVE: Style = {"loc": "lower right", "bbox_to_anchor": (1, 1), "ncols": 4}
LEGEND: Style = ABOVE | {
    "fontsize": 9,
    "frameon": False,
    "handlelength": 1,
    "columnspacing": 1,
    "borderpad": 0,
}
BEHIND: Style = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1}
NOTE: Style = {
    "textcoords": "offset points",
    "va": "top",
    "color": QUIET,
    "fontsize": 9,
    "bbox": BEHIND,
    "zorder": 5,
}
TEXT = FontProperties(family="DejaVu Sans", size=9)


def draw(history: History) -> bytes:
    """Draw the history as a PNG, 1080 pixels wide and 920 high, and higher by 44 for each line of
    samples.
    """
    below = SAMPLE_HEIGHT * (min(len(history.samples), SAMPLES) + 1) if history.samples else 0
    heights = {"losses": 3.2, "gradients": 1.0} | ({"samples": below} if history.samples else {})
    figure = Figure(figsize=(WIDTH, HEIGHT + below), dpi=200, layout="constrained")
    axes = figure.subplot_mosaic([[part] for part in heights], height_ratios=list(heights.values()))
    _draw_losses(axes["losses"], history)
    _draw_gradients(axes["gradients"], history)
    axes["losses"].sharex(axes["gradients"])
    axes["losses"].tick_params(labelbottom=False)
    for each in (axes["losses"], axes["gradients"]):
        each.grid(visible=True, color="#e6e6e6", linewidth=0.8)
        each.spines[["top", "right"]].set_visible(False)
        each.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
        each.margins(x=0.02)
        for _, step in history.stages[1:]:
            each.axvline(step, color=QUIET, linewidth=1, linestyle=":", zorder=1)
    for stage, step in history.stages[
        1:
    ]:  # along the line, because a short stage leaves no room beside it
        axes["losses"].annotate(
            stage,
            (step, 1),
            xycoords=("data", "axes fraction"),
            xytext=(3, -4),
            rotation=90,
            **NOTE,
        )
    if history.samples:
        _write_samples(axes["samples"], history.samples)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", metadata={"Software": "Mangosaurus"})
    return picture.getvalue()


def is_drawn(picture: bytes) -> bool:
    """Return whether `draw` made this picture."""
    return b"tEXtSoftware\0Mangosaurus" in picture


def _draw_losses(axes: Axes, history: History) -> None:
    of_network = (
        "One more round"
        if history.recipe == "again"
        else f"Training of the {history.recipe} network"
    )
    axes.set_title(of_network if history.recipe else "Training", fontsize=13, loc="left", pad=22)
    axes.set_ylabel("nats per character")
    shown = [_draw_noisy(axes, history, history.training_loss, TRAINING, "training")]
    measured = np.isfinite(history.held_out_loss)
    steps, losses = history.steps[measured], history.held_out_loss[measured]
    for number, part in enumerate(_stages(history, steps)):
        axes.plot(steps[part], losses[part], label=None if number else "held out", **MARKED)
        shown.append(losses[part])
    if losses.size:
        best = int(np.argmin(losses))
        axes.plot(
            steps[best],
            losses[best],
            label=f"best: {losses[best]:.3f} at step {steps[best]:,.0f}",
            zorder=4,
            **STAR,
        )
    for loss, name in ((history.start_loss, "before"), (history.ngram_loss, "n-gram")):
        if np.isfinite(loss):  # a line to beat, with its name at the right, where curves are low
            axes.axhline(loss, color=QUIET, linewidth=1, linestyle=(0, (4, 4)), zorder=2)
            where = ("axes fraction", "data")
            axes.annotate(
                f"{name} {loss:.3f}", (1, loss), xycoords=where, xytext=(-4, 14), ha="right", **NOTE
            )
            shown.append(np.array([loss]))
    lowest, highest = np.nanmin(np.concatenate(shown)), np.nanmax(np.concatenate(shown))
    if lowest < highest:  # noise may leave the picture
        margin = HEADROOM * (highest - lowest)
        axes.set_ylim(lowest - margin, highest + margin)
    axes.legend(**LEGEND)


def _draw_gradients(axes: Axes, history: History) -> None:
    axes.set_ylabel("gradient norm")
    axes.set_xlabel("step")
    known = np.isfinite(history.clipped_gradient_norm)
    norms = {"before clipping": history.gradient_norm, "after": history.clipped_gradient_norm}
    if not (history.gradient_norm != history.clipped_gradient_norm)[known].any():
        norms = {"never clipped" if known.any() else "before clipping": history.gradient_norm}
    drawable = {
        label: np.where(np.isfinite(each) & (each > 0), each, np.nan)
        for label, each in norms.items()
    }
    for (label, each), colour in zip(drawable.items(), (BEFORE, AFTER), strict=False):
        if np.isfinite(each).any():
            _draw_noisy(axes, history, each, colour, label)
    shown = np.concatenate(list(drawable.values()))
    if np.isfinite(shown).any():
        is_wide = np.nanmax(shown) > 6 * np.nanmin(shown)
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(
            LogLocator(subs=(1, 2, 5) if is_wide else (1, 1.5, 2, 3, 4, 5, 7), numticks=8)
        )
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.legend(**LEGEND)


def _draw_noisy(axes: Axes, history: History, values: Floats, colour: str, label: str) -> Floats:
    """Draw values stage by stage; many get a smooth line over a pale one.

    Return the smooth or only line.
    """
    lines = []
    for number, part in enumerate(_stages(history, history.steps)):
        steps, line, name = history.steps[part], values[part], None if number else label
        if len(values) >= SMOOTHED_FROM:
            axes.plot(steps, line, color=colour, linewidth=0.7, alpha=0.25)
            line = _smooth(line, max(1, len(values) // SMOOTHED_OVER))
        axes.plot(steps, line, color=colour, linewidth=2, label=name)
        lines.append(line)
    return np.concatenate(lines)


def _stages(history: History, steps: Floats) -> Iterator[slice]:
    """Yield the slice of each stage that has any of the steps."""
    starts = np.searchsorted(steps, [step for _, step in history.stages]).tolist()
    return (slice(*edges) for edges in pairwise([*dict.fromkeys([*starts, len(steps)])]))


def _smooth(values: Floats, width: int) -> Floats:
    """Average each value with its neighbours up to 2 widths away; nearer neighbours count more."""
    reach = min(2 * width, (len(values) - 1) // 2)
    weights = np.bartlett(2 * reach + 3)[1:-1]
    return np.convolve(values, weights, "same") / np.convolve(np.ones_like(values), weights, "same")


def _write_samples(axes: Axes, samples: Sequence[tuple[float, str]]) -> None:
    """Write up to SAMPLES samples in lines, from the first to the last, each behind its step."""
    axes.set_axis_off()
    axes.set_title("samples by step", fontsize=10, loc="left", color=QUIET)
    font = get_font(findfont(TEXT))
    chosen = np.unique(np.linspace(0, len(samples) - 1, SAMPLES).round().astype(int))
    for line, (step, text) in enumerate(samples[index] for index in chosen):
        height = 1 - (line + 0.5) / len(chosen)
        joined = " / ".join(filter(None, map(str.strip, text.split("\n"))))
        shortened = textwrap.shorten(joined, LONGEST_SAMPLE, placeholder=" …")
        legible = "".join(
            character if font.get_char_index(ord(character)) else "□" for character in shortened
        )
        axes.text(
            0.09, height, f"{step:,.0f}", ha="right", va="center", color=QUIET, fontproperties=TEXT
        )
        axes.text(0.11, height, legible, va="center", fontproperties=TEXT, parse_math=False)
