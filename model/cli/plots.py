"""A training's history as a PNG: losses, gradient norms before and after clipping, and samples.

It is drawn with matplotlib's objects and without its global state (pyplot), so any thread may draw.
"""

import io
import textwrap
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from model.training.log import Floats, History

SMOOTHED_FROM = 20  # points; fewer are drawn as they are
SMOOTHED_OVER = 50  # points of a smooth line
HEADROOM = 0.12  # share of the height above and below what is drawn

# Blue, vermilion, green and purple of Okabe and Ito's palette, which people with colour blindness can tell apart.
TRAINING, HELD_OUT, BEFORE, AFTER, QUIET = "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#666666"

BEHIND_A_LABEL = {"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1}
SAMPLES, LONGEST_SAMPLE = 6, 110  # number of samples, and characters of each
TEXT = FontProperties(family="DejaVu Sans", size=9)


def draw(history: History) -> bytes:
    """Draw the history as a PNG, 1080 pixels wide and 810 high, or 1020 with samples."""
    parts, height = {"losses": 3.0, "gradients": 1.0}, 6.75
    if history.samples:
        parts, height = parts | {"samples": 1.0}, 8.5
    figure = Figure(figsize=(9, height), dpi=120, layout="constrained")
    axes = figure.subplot_mosaic([[part] for part in parts], height_ratios=list(parts.values()))
    _draw_losses(axes["losses"], history)
    _draw_gradients(axes["gradients"], history)
    axes["losses"].sharex(axes["gradients"])
    axes["losses"].tick_params(labelbottom=False)
    for name in ("losses", "gradients"):
        _tidy(axes[name])
    for stage, step in history.stages[1:]:
        _draw_stage(axes["losses"], axes["gradients"], stage, step)
    if history.samples:
        _write_samples(axes["samples"], history.samples)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _draw_losses(axes: Axes, history: History) -> None:
    axes.set_title(_title(history), fontsize=15, loc="left", pad=12)
    axes.set_ylabel("nats per character")
    drawn = [_draw_noisy(axes, history, history.training_loss, TRAINING, "training")]
    measured = np.isfinite(history.held_out_loss)
    if measured.any():
        steps, losses = history.steps[measured], history.held_out_loss[measured]
        label: str | None = "held out"
        for part in _parts(history, steps):
            axes.plot(
                steps[part],
                losses[part],
                color=HELD_OUT,
                linewidth=2,
                marker="o",
                markersize=3.5,
                label=label,
                zorder=3,
            )
            label = None
        drawn.append(losses)
        own = steps >= history.after_teachers
        if own.any():
            _mark_best(axes, steps[own], losses[own])
    for loss, label in ((history.start_loss, "before"), (history.ngram_loss, "n-gram")):
        if np.isfinite(loss):
            _mark_line(axes, loss, label)
            drawn.append(np.array([loss]))
    _fit(axes, np.concatenate(drawn))
    _explain(axes)


def _title(history: History) -> str:
    if history.recipe == "again":
        return "One more round"
    return f"Training of the {history.recipe} network" if history.recipe else "Training"


def _mark_best(axes: Axes, steps: Floats, losses: Floats) -> None:
    best = int(np.argmin(losses))
    label = f"best: {losses[best]:.3f} at step {steps[best]:,.0f}"
    axes.plot(
        steps[best], losses[best], "*", color=HELD_OUT, markersize=16, markeredgecolor="white", label=label, zorder=4
    )


def _mark_line(axes: Axes, loss: float, label: str) -> None:
    """Draw a loss to beat as a dashed line, with its name at the right, where curves are low."""
    axes.axhline(loss, color=QUIET, linewidth=1, linestyle=(0, (4, 4)), zorder=2)
    axes.annotate(
        f"{label} {loss:.3f}",
        (1, loss),
        xycoords=("axes fraction", "data"),
        xytext=(-4, 3),
        textcoords="offset points",
        ha="right",
        va="bottom",
        color=QUIET,
        fontsize=9,
        bbox=BEHIND_A_LABEL,
    )


def _fit(axes: Axes, drawn: Floats) -> None:
    """Show all that is not noise. A noisy line may leave the picture."""
    lowest, highest = np.nanmin(drawn), np.nanmax(drawn)
    margin = HEADROOM * (highest - lowest)
    if margin > 0:
        axes.set_ylim(lowest - margin, highest + margin)


def _explain(axes: Axes) -> None:
    """Name the lines above the axes, where they cover nothing."""
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=4, fontsize=9, frameon=False, borderpad=0.3, handlelength=1.5
    )


def _draw_gradients(axes: Axes, history: History) -> None:
    axes.set_ylabel("gradient norm")
    axes.set_xlabel("step")
    known = np.isfinite(history.clipped_gradient_norm)
    if (history.gradient_norm != history.clipped_gradient_norm)[known].any():
        drawn = [
            *_draw_norms(axes, history, history.gradient_norm, BEFORE, "before clipping"),
            *_draw_norms(axes, history, history.clipped_gradient_norm, AFTER, "after"),
        ]
    else:
        drawn = _draw_norms(
            axes, history, history.gradient_norm, BEFORE, "never clipped" if known.any() else "before clipping"
        )
    if drawn:
        _scale_logarithmically(axes, max(drawn) / min(drawn))
        _explain(axes)


def _draw_norms(axes: Axes, history: History, norms: Floats, colour: str, label: str) -> list[float]:
    """Draw the norms that a logarithmic axis can show; return the least and the largest of them."""
    drawable = np.isfinite(norms) & (norms > 0)
    if not drawable.any():
        return []
    _draw_noisy(axes, history, np.where(drawable, norms, np.nan), colour, label)
    return [norms[drawable].min(), norms[drawable].max()]


def _write_samples(axes: Axes, samples: Sequence[tuple[float, str]]) -> None:
    """Write some of the samples below each other, from first to last, each behind its step."""
    axes.set_axis_off()
    axes.set_title("samples by step", fontsize=10, loc="left", color=QUIET)
    chosen = np.unique(np.linspace(0, len(samples) - 1, SAMPLES).round().astype(int))
    for line, (step, text) in enumerate(samples[index] for index in chosen):
        height = 1 - (line + 0.5) / SAMPLES
        axes.text(0.06, height, f"{step:,.0f}", ha="right", va="center", color=QUIET, fontproperties=TEXT)
        axes.text(0.075, height, _one_line(text), va="center", fontproperties=TEXT, parse_math=False)


def _one_line(text: str) -> str:
    """Join the lines, shorten a long text, and show a box for each character that the font lacks."""
    line = " / ".join(filter(None, (part.strip() for part in text.split("\n"))))
    shortened = textwrap.shorten(line, LONGEST_SAMPLE, placeholder=" …")
    font = get_font(findfont(TEXT))
    return "".join(character if font.get_char_index(ord(character)) else "□" for character in shortened)


def _scale_logarithmically(axes: Axes, span: float) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span > 6 else (1, 1.5, 2, 3, 4, 5, 7), numticks=8))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _draw_noisy(axes: Axes, history: History, values: Floats, colour: str, label: str) -> Floats:
    """Draw figures by step and return what is clearest of them: a smooth line, if there are many.

    Then the figures themselves are pale. No line leads from one stage to the next.
    """
    is_long = len(values) >= SMOOTHED_FROM
    clearest = [values[part] for part in _parts(history, history.steps)]
    for number, part in enumerate(_parts(history, history.steps)):
        if is_long:
            axes.plot(history.steps[part], values[part], color=colour, linewidth=0.7, alpha=0.25)
            clearest[number] = _smooth(values[part], max(1, len(values) // SMOOTHED_OVER))
        name = None if number else label
        axes.plot(history.steps[part], clearest[number], color=colour, linewidth=2 if is_long else 1.6, label=name)
    return np.concatenate(clearest)


def _parts(history: History, steps: Floats) -> list[slice]:
    """Return which of the steps are in each stage that has some."""
    starts = np.searchsorted(steps, [step for _, step in history.stages])
    edges = [*dict.fromkeys(starts.tolist()), len(steps)]
    return [slice(a, b) for a, b in pairwise(edges) if a < b]


def _smooth(values: Floats, width: int) -> Floats:
    return _running_mean(_running_mean(values, width), width)


def _running_mean(values: Floats, width: int) -> Floats:
    """Average each value with `width` neighbours on either side, or down to a third as many at the ends, (N,)."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    indices = np.arange(len(values))
    reach = np.clip(np.minimum(indices, indices[::-1]), width // 3, width)
    start, stop = np.maximum(indices - reach, 0), np.minimum(indices + reach + 1, len(values))
    means: Floats = (sums[stop] - sums[start]) / (stop - start)
    return means


def _draw_stage(losses: Axes, gradients: Axes, name: str, step: float) -> None:
    """Draw where a stage begins, and write its name along that line: a short stage leaves no room beside it."""
    for axes in (losses, gradients):
        axes.axvline(step, color=QUIET, linewidth=1, linestyle=":", zorder=1)
    losses.annotate(
        name,
        (step, 1),
        xycoords=("data", "axes fraction"),
        xytext=(3, -4),
        textcoords="offset points",
        rotation=90,
        va="top",
        color=QUIET,
        fontsize=9,
        bbox=BEHIND_A_LABEL,
        zorder=5,
    )


def _tidy(axes: Axes) -> None:
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#bbbbbb")
    axes.tick_params(color="#bbbbbb", labelcolor="#333333")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.margins(x=0.02)
