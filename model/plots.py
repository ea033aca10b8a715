"""A training's history as a picture: the losses over the steps, and the gradient's norm before clipping.

The history is what `train` logs beside a checkpoint: the JSON lines of its events. Pictures are PNG bytes, drawn with
matplotlib's objects and without its global state, so that any thread may draw.

Not here: reading checkpoints, or comparing several trainings in one picture.
"""

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter
from numpy.typing import NDArray

from model.errors import MangosaurusError

Floats = NDArray[np.float64]

COLUMNS = ("step", "training_loss", "held_out_loss", "gradient_norm")
SMOOTHED_FROM = 60  # points; fewer are drawn as they are

# Blue, vermilion and green of Okabe and Ito's palette, told apart with any kind of colour vision.
TRAINING, HELD_OUT, GRADIENT, QUIET = "#0072b2", "#d55e00", "#009e73", "#666666"


class HistoryError(MangosaurusError):
    """A history that cannot be read, or with nothing in it to draw."""


@dataclass(frozen=True)
class History:
    """N steps of one training: losses in nats per character, the held-out one NaN where it was not measured."""

    recipe: str
    steps: Floats
    training_loss: Floats
    held_out_loss: Floats
    gradient_norm: Floats
    stages: tuple[tuple[str, float], ...]  # each stage's name and first step

    @classmethod
    def from_events(cls, events: Iterable[Mapping[str, Any]]) -> "History":
        """Gather the steps among a training's events; of steps that a resumed training took again, the last count.

        Raises HistoryError where no event tells of progress, or one lacks a figure.
        """
        recipe, rows = "", list[Mapping[str, Any]]()
        for event in events:
            if event.get("event") == "started":
                recipe = str(event.get("recipe", ""))
            elif event.get("event") == "progress":
                while rows and rows[-1]["step"] >= event["step"]:
                    rows.pop()
                rows.append(event)
        if not rows:
            raise HistoryError("there is no step in this history; is it the .jsonl file that `train` writes?")
        return cls._from_rows(recipe, rows)

    @classmethod
    def _from_rows(cls, recipe: str, rows: list[Mapping[str, Any]]) -> "History":
        try:
            steps, training, held_out, gradient = (
                np.array([row[column] for row in rows], dtype=np.float64) for column in COLUMNS
            )
        except (KeyError, TypeError, ValueError) as error:
            raise HistoryError(f"a step in this history lacks a figure: {error}") from error
        stages: dict[str, float] = {}
        for row in rows:
            stages.setdefault(str(row.get("stage", "")), row["step"])
        return cls(recipe, steps, training, held_out, gradient, tuple(stages.items()))


def read_history(path: Path) -> History:
    """Read the JSON lines of a training; a line cut short by a killed process is passed over.

    Raises HistoryError, which names the file, if it cannot be read or has no steps.
    """
    try:
        return History.from_events(_events(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise HistoryError(f"cannot read {path}: {error.strerror or error}") from error
    except (HistoryError, UnicodeDecodeError) as error:
        raise HistoryError(f"cannot draw {path}: {error}") from error


def draw(history: History) -> bytes:
    """Draw the history as a PNG of 1080 x 810 pixels."""
    figure = Figure(figsize=(9, 6.75), dpi=120, layout="constrained")
    losses, gradients = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    _draw_losses(losses, history)
    _draw_gradients(gradients, history)
    for axes in (losses, gradients):
        _tidy(axes)
    for name, step in history.stages[1:]:
        _draw_stage(losses, gradients, name, step)
    picture = io.BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _events(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict):
            yield event


def _draw_losses(axes: Axes, history: History) -> None:
    title = f"Training of the {history.recipe} network" if history.recipe else "Training"
    axes.set_title(title, fontsize=15, loc="left", pad=12)
    axes.set_ylabel("nats per character")
    _draw_noisy(axes, history.steps, history.training_loss, TRAINING, "training")
    measured = np.isfinite(history.held_out_loss)
    if measured.any():
        steps, losses = history.steps[measured], history.held_out_loss[measured]
        axes.plot(steps, losses, color=HELD_OUT, linewidth=2, marker="o", markersize=3.5, label="held out")
        _mark_best(axes, steps, losses)
    axes.legend(loc="upper right", facecolor="white", edgecolor="none", framealpha=0.9)


def _mark_best(axes: Axes, steps: Floats, losses: Floats) -> None:
    best = int(np.argmin(losses))
    axes.axhline(losses[best], color=HELD_OUT, linewidth=0.8, linestyle=(0, (4, 4)), alpha=0.6, zorder=1)
    label = f"best held out: {losses[best]:.3f} at step {steps[best]:,.0f}"
    axes.plot(
        steps[best], losses[best], "*", color=HELD_OUT, markersize=16, markeredgecolor="white", label=label, zorder=4
    )


def _draw_gradients(axes: Axes, history: History) -> None:
    drawable = np.isfinite(history.gradient_norm) & (history.gradient_norm > 0)
    axes.set_ylabel("gradient norm\nbefore clipping")
    axes.set_xlabel("step")
    if drawable.any():
        norms = history.gradient_norm[drawable]
        _draw_noisy(axes, history.steps[drawable], norms, GRADIENT, None)
        _scale_logarithmically(axes, norms.max() / norms.min())


def _scale_logarithmically(axes: Axes, span: float) -> None:
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if span > 6 else (1, 1.5, 2, 3, 4, 5, 7), numticks=8))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_locator(NullLocator())


def _draw_noisy(axes: Axes, steps: Floats, values: Floats, colour: str, label: str | None) -> None:
    """Draw a line; of many points a pale one, and over it their running mean."""
    if len(values) < SMOOTHED_FROM:
        axes.plot(steps, values, color=colour, linewidth=1.6, label=label)
        return
    axes.plot(steps, values, color=colour, linewidth=0.8, alpha=0.3)
    axes.plot(steps, _running_mean(values, len(values) // 30), color=colour, linewidth=2, label=label)


def _running_mean(values: Floats, width: int) -> Floats:
    """Average each value with its neighbours, `width` on either side and down to a third of that at the ends, (N,)."""
    sums = np.concatenate(([0.0], np.cumsum(values)))
    places = np.arange(len(values))
    reach = np.clip(np.minimum(places, places[::-1]), width // 3, width)
    first, last = np.maximum(places - reach, 0), np.minimum(places + reach + 1, len(values))
    means: Floats = (sums[last] - sums[first]) / (last - first)
    return means


def _draw_stage(losses: Axes, gradients: Axes, name: str, step: float) -> None:
    for axes in (losses, gradients):
        axes.axvline(step, color=QUIET, linewidth=1, linestyle=":", zorder=1)
    losses.annotate(
        name,
        (step, 0),
        xycoords=("data", "axes fraction"),
        xytext=(5, 6),
        textcoords="offset points",
        color=QUIET,
        fontsize=9,
    )


def _tidy(axes: Axes) -> None:
    axes.grid(visible=True, color="#e6e6e6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color("#bbbbbb")
    axes.tick_params(color="#bbbbbb", labelcolor="#333333")
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    axes.margins(x=0.02)
