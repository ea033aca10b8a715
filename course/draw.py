"""Draws the pictures of the course that need more lines than they explain.

Read the chapters for what a picture says; read this file only if you want to know how one draws.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap

INK, GREEN, ORANGE, GREY = "#1f2a24", "#2e7d4f", "#d9822b", "#9aa5a0"
Point = tuple[float, float]


def style() -> None:
    """Give all pictures of a chapter the same size and colours."""
    plt.rcParams.update(
        {
            "figure.figsize": (8, 4),
            "figure.dpi": 100,
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "legend.frameon": False,
        }
    )


def shares(letters: Sequence[Any]) -> None:
    """Draw the share that a network gave to each letter of a line; a surprise is orange."""
    figure, ax = plt.subplots(figsize=(8, 3.4))
    found = [letter.share for letter in letters]
    ax.bar(range(len(found)), found, color=[ORANGE if share < 0.1 else GREEN for share in found])
    ax.set_xticks(range(len(found)), [letter.token for letter in letters], family="monospace")
    ax.set(ylim=(0, 1), ylabel="share of the letter that came")
    ax.set_title("green: expected    orange: a surprise, below 10 %", fontsize=10)
    figure.tight_layout()
    plt.show()


def coloured(text: str, units: Mapping[str, Any]) -> None:
    """Write a text of several lines once for each unit, every letter in the colour of its number:
    0 is orange, 1 is green.
    """
    colours = LinearSegmentedColormap.from_list("units", [ORANGE, "#ece7d8", GREEN])
    lines = text.split("\n")
    figure, panels = plt.subplots(len(units), figsize=(8, 3.8))
    for ax, (title, numbers) in zip(panels, units.items(), strict=True):
        start = 0
        for y, line in enumerate(lines):
            for x, (letter, number) in enumerate(zip(line, numbers[start:], strict=False)):
                colour = colours(round(8 * float(number)) / 8)  # one of nine
                ax.add_patch(plt.Rectangle((x + 0.03, -y), 0.94, 0.92, color=colour, lw=0))
                ax.text(
                    *(x + 0.5, -y + 0.42, letter),
                    ha="center",
                    va="center",
                    family="monospace",
                    fontsize=9,
                )
            start += len(line) + 1
        ax.set(xlim=(0, max(map(len, lines))), ylim=(-len(lines) + 0.9, 1))
        ax.set_title(title, fontsize=10, loc="left")
        ax.axis("off")
    figure.tight_layout(pad=0.4)
    plt.show()


def over_letters(numbers: Any, text: str, name: str) -> None:
    """Draw one number after each letter of a text; a vertical line is where a line of it ends."""
    figure, ax = plt.subplots(figsize=(8, 3.6))
    ax.plot(numbers, color=GREEN)
    for t, letter in enumerate(text):
        if letter == "\n":
            ax.axvline(t, color=ORANGE, lw=1)
    ax.set(xlabel="letters read (orange: a line ends)", ylabel=name)
    figure.tight_layout()
    plt.show()


def candidates(lines: Mapping[str, float], kept: str) -> None:
    """Draw the chance of each line to be kept, and the one that was."""
    figure, ax = plt.subplots(figsize=(8, 4))
    for row, (line, chance) in enumerate(lines.items()):
        ax.barh(-row, chance, color=GREEN if line == kept else GREY)
        ax.text(
            chance + 0.01, -row, line, va="center", fontsize=9, weight=700 if line == kept else 400
        )
    ax.set(yticks=[], xlim=(0, 1.6), xticks=[0, 0.25, 0.5, 0.75, 1])
    ax.set_xticklabels(["0", "25 %", "50 %", "75 %", "100 %"])
    ax.set_xlabel("chance to be kept (green: the one that was)")
    ax.spines["left"].set_visible(False)
    figure.tight_layout()
    plt.show()


def pairs(rows: Mapping[str, Sequence[float]], names: tuple[str, str], what: str) -> None:
    """Draw two bars for each row, an orange one and a green one."""
    figure, ax = plt.subplots(figsize=(8, 3.6))
    for number, (name, colour) in enumerate(zip(names, (ORANGE, GREEN), strict=True)):
        places = [-row + 0.2 - 0.4 * number for row in range(len(rows))]
        ax.barh(places, [both[number] for both in rows.values()], 0.38, color=colour, label=name)
    ax.set_yticks([-row for row in range(len(rows))], [*rows])
    ax.axvline(0, color=INK, lw=0.8)
    ax.set_xlabel(what)
    ax.legend(loc="lower right")
    figure.tight_layout()
    plt.show()


def beads(rows: Any, neighbours: float = 12, steps: int = 600) -> Any:
    """Return a place on a page (N, 2) for each row (N, D): near rows pull, and all push (t-SNE).

    A row's pulls are those of about so many neighbours.
    """
    squares = ((rows[:, None] - rows) ** 2).sum(axis=-1)
    np.fill_diagonal(squares, np.inf)
    squares -= squares.min(axis=1, keepdims=True)
    low, high = np.full((len(rows), 1), 1e-4), np.full((len(rows), 1), 1e4)
    for _ in range(60):  # each row has its own sharpness, found by halving
        sharpness = np.sqrt(low * high)
        pull = np.exp(-sharpness * squares)
        pull /= pull.sum(axis=1, keepdims=True)
        entropy = -(pull * np.log(np.maximum(pull, 1e-300))).sum(axis=1, keepdims=True)
        is_wide = entropy > np.log(neighbours)
        low, high = np.where(is_wide, sharpness, low), np.where(is_wide, high, sharpness)
    pull = (pull + pull.T) / (2 * len(rows))
    left, sizes, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    places = left[:, :2] * sizes[:2]
    places *= 0.01 / places.std()
    speed = np.zeros_like(places)
    for step in range(steps):
        near = 1 / (1 + ((places[:, None] - places) ** 2).sum(axis=-1))
        np.fill_diagonal(near, 0)
        is_early = step < 150
        force = ((4 if is_early else 1) * pull - near / near.sum()) * near
        slope = 4 * (force.sum(axis=1)[:, None] * places - force @ places)
        speed = (0.5 if is_early else 0.8) * speed - 50 * slope
        places = places + speed
    return places


def words(places: Any, names: Sequence[str], threads: Mapping[int, int]) -> None:
    """Draw words at their places, moved a little apart, and threads between some of them."""
    figure, ax = plt.subplots(figsize=(8, 8))
    span = np.ptp(places, axis=0)
    places = (places - places.min(axis=0)) / span
    sizes = np.array([(0.0105 * len(name) + 0.008, 0.017) for name in names])
    for _ in range(200):  # two words that overlap give way, along the shorter of two ways
        apart = places[:, None] - places
        room = (sizes[:, None] + sizes) / 2 - abs(apart)
        is_over = (room > 0).all(axis=-1)
        np.fill_diagonal(is_over, False)
        for a, b in np.argwhere(np.triu(is_over)):
            axis = int(room[a, b, 1] < room[a, b, 0])
            way = 0.25 * room[a, b, axis] * (1 if apart[a, b, axis] >= 0 else -1)
            places[a, axis] += way
            places[b, axis] -= way
    for one, other in threads.items():
        ax.plot(*places[[one, other]].T, color=GREEN, lw=0.7, alpha=0.5, zorder=1)
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.2, "alpha": 0.8}
    for place, name in zip(places, names, strict=True):
        ax.text(*place, name, ha="center", va="center", fontsize=7.5, bbox=box, zorder=2)
    low, high = places.min(axis=0), places.max(axis=0)
    ax.set(xlim=(low[0] - 0.04, high[0] + 0.04), ylim=(low[1] - 0.02, high[1] + 0.02))
    ax.axis("off")
    figure.tight_layout(pad=0.2)
    plt.show()


def distances(places: Any) -> None:
    """Draw how many sums lie how many steps of the last digit from the true one."""
    figure, ax = plt.subplots(figsize=(8, 3.2))
    values, counts = np.unique(places, return_counts=True)
    ax.bar(values, counts, color=[GREEN if value == 0 else ORANGE for value in values])
    ax.set(xlabel="distance from the true sum, in steps of the last digit", ylabel="orders")
    ax.set_title("One sum, a thousand orders (green: the true sum)", fontsize=10)
    figure.tight_layout()
    plt.show()


def border(ends: tuple[Any, Any], letters: Sequence[str], number: float) -> None:
    """Draw the letters' shares end to end, added forwards and backwards; `ends` says where each
    one ends. Below stands what lies about the random number, much larger.
    """
    figure, panels = plt.subplots(2, figsize=(8, 4))
    forwards, backwards = ends
    edge = int(abs(forwards - number).argmin())
    half = 2.5 * abs(forwards[edge] - backwards[edge])
    for ax, (low, high) in zip(panels, ((0.0, 1.0), (number - half, number + half)), strict=True):
        for row, bounds in enumerate(ends):
            for n, (left, right) in enumerate(pairwise([0.0, *np.clip(bounds, 0, 1)])):
                left, right = max(left, low), min(right, high)
                if right > left:
                    colour = (GREEN, GREY, ORANGE)[n % 3]
                    ax.barh(-row, right - left, 0.8, left, color=colour, ec="white", alpha=0.75)
                if right - left > 0.02 * (high - low):
                    _label(ax, ((left + right) / 2, -row), letters[n], "white", 12, weight=700)
        ax.axvline(number, color=INK, lw=1.5)
        ax.set(xlim=(low, high), ylim=(-1.6, 0.6), yticks=[0, -1])
        ax.set_yticklabels(["added forwards", "added backwards"])
        ax.spines["left"].set_visible(False)
    panels[0].set_title("from 0 to 1; the black line is the random number", fontsize=10)
    panels[1].set_title(
        f"under a microscope: a piece of {2 * half:.0e} about the number", fontsize=10
    )
    panels[1].set_xticks([])
    panels[1].spines["bottom"].set_visible(False)
    figure.tight_layout()
    plt.show()


def waiting() -> None:
    """Draw which products of a layer wait for a step before (orange), and which for nothing."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.6))
    for ax, title in zip(panels, ("forward", "back"), strict=True):
        is_forward = title == "forward"
        for t in range(4):
            _gate(ax, (2 * t, 1.5), ("$h_%d$" if is_forward else "$d_{z%d}$") % (t + 1), ORANGE)
            ends = [(2 * t, 0.6), (2 * t, 1.22)]
            _arrow(ax, ends if is_forward else ends[::-1], GREEN)
            if t and is_forward:
                _arrow(ax, [(2 * t - 1.48, 1.5), (2 * t - 0.52, 1.5)], ORANGE, 2.5)
                _label(ax, (2 * t - 1, 1.75), "$w_h$", ORANGE, 10)
            elif t:
                _arrow(ax, [(2 * t - 0.52, 1.5), (2 * t - 1.48, 1.5)], ORANGE, 2.5)
                _label(ax, (2 * t - 1, 1.75), "$w_h^T$", ORANGE, 10)
            if not is_forward:
                _arrow(ax, [(2 * t, 2.6), (2 * t, 1.78)], GREY)
        ax.add_patch(plt.Rectangle((-0.6, 0.05), 7.2, 0.55, fc="white", ec=GREEN, lw=1.6))
        inside = (
            "$x\\,w_x + b$ of all steps" if is_forward else "$d_x,\\ d_{w_x},\\ d_{w_h},\\ d_b$"
        )
        _label(ax, (3, 0.32), inside, GREEN)
        _label(ax, (3, 2.85), "" if is_forward else "from above", GREY, 10)
        _label(
            ax,
            (3, -0.3),
            "one product, before" if is_forward else "one product each, after",
            size=10,
        )
        ax.set(xlim=(-0.8, 6.8), ylim=(-0.6, 3.1), title=title)
        ax.axis("off")
    figure.tight_layout()
    plt.show()


def stairs(table: Callable[[Any], Any]) -> None:
    """Draw tanh beside a table of it, from afar and near."""
    figure, panels = plt.subplots(1, 2, figsize=(8, 3.2))
    wide, near = np.linspace(-3, 3, 2001), np.linspace(0.6, 0.7, 2001)
    for ax, z, title in zip(
        panels, (wide, near), ("from afar", "under the magnifying glass"), strict=True
    ):
        ax.plot(z, np.tanh(z), color=GREY, label="tanh")
        ax.plot(z, table(z), color=GREEN, label="from the table")
        ax.set(xlabel="z")
        ax.set_title(title, fontsize=10)
    panels[0].legend()
    figure.tight_layout()
    plt.show()


def times(seconds: Mapping[str, float]) -> None:
    """Draw times of very different length, each ten times as far as the one before."""
    figure, ax = plt.subplots(figsize=(8, 2.6))
    for row, (name, time) in enumerate(reversed(seconds.items())):
        ax.plot(time, row, "o", color=GREEN, markersize=9)
        told = f"{1000 * time:.1f} ms" if time < 1 else f"{time:.1f} s"
        ax.text(time * 1.4, row, f"{name}: {told}", va="center")
    ax.set_xscale("log")
    ax.set(xlim=(5e-4, 400), ylim=(-0.6, len(seconds) - 0.4), yticks=[])
    ax.set_xticks([0.001, 0.01, 0.1, 1, 10], ["1 ms", "10 ms", "0.1 s", "1 s", "10 s"])
    ax.set_xlabel("one time step of 48 rows")
    ax.grid(axis="x", color="#e3e7e5")
    ax.spines["left"].set_visible(False)
    figure.tight_layout()
    plt.show()


def curves(
    lines: Mapping[str, tuple[Sequence[float], Sequence[float], str, str]],
    marks: Mapping[str, tuple[float, str]],
    **axes: Any,
) -> None:
    """Draw lines (across, up, colour, style) with a legend, and marks (height, colour) across the
    whole picture.
    """
    figure, ax = plt.subplots()
    for name, (across, up, colour, dashes) in lines.items():
        ax.plot(across, up, color=colour, ls=dashes, lw=2, label=name)
    for name, (height, colour) in marks.items():
        ax.axhline(height, color=colour, lw=1)
        ax.annotate(
            name, (1, height), (0, 3), ("axes fraction", "data"), "offset points", ha="right"
        )
    ax.set(**axes)
    figure.subplots_adjust(right=0.76)
    ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    plt.show()


def one_step(w_x: Any, w_h: Any, w_y: Any) -> None:
    """Draw the network of three letters and two units, a number beside the head of each arrow."""
    figure, ax = plt.subplots(figsize=(8, 4.6))
    read, predicted = ([(x, y) for x in (-2.4, 0, 2.4)] for y in (0, 4.2))
    before, units = [(-6.6, 2.1), (-4.6, 2.1)], [(-1.2, 2.1), (1.2, 2.1)]
    rows = ((read, "¶am", INK), (predicted, "¶am", INK))
    for places, words, colour in (
        *rows,
        (units, ("$h_1$", "$h_2$"), GREEN),
        (before, ("$h_1$", "$h_2$"), GREY),
    ):
        for place, word in zip(places, words, strict=True):
            circle = plt.Circle(place, 0.33, facecolor="white", edgecolor=colour, lw=1.8, zorder=3)
            ax.add_patch(circle)
            ax.text(*place, word, ha="center", va="center", color=INK, zorder=4)
    for starts, weights, ends, where in (
        (read, w_x, units, 0.25),
        (units, w_y, predicted, 0.6),
    ):
        for i, j in np.argwhere(weights):
            _weight(ax, starts[i], ends[j], weights[i, j], where)
    _weight(ax, before[0], units[1], w_h[0, 1], 0.3, bend=-0.3, lift=0.85)
    _weight(ax, before[1], units[1], w_h[1, 1], 0.28, bend=0.22, lift=-0.55)
    for y, words in (
        (0, "the letter that is read"),
        (2.1, "the new state h'"),
        (4.2, "the next letter?"),
    ):
        ax.text(3.2, y, words, va="center", color=INK)
    ax.text(-5.6, 1.35, "the state h before", ha="center", color=GREY)
    ax.set(xlim=(-7.2, 6.2), ylim=(-0.5, 4.7), aspect="equal")
    ax.axis("off")
    figure.tight_layout()
    plt.show()


def _weight(
    ax: Any,
    start: Point,
    end: Point,
    weight: float,
    where: float,
    bend: float = 0.0,
    lift: float = 0.0,
) -> None:
    colour = GREEN if weight > 0 else ORANGE
    style = {
        "arrowstyle": "-|>",
        "shrinkA": 18,
        "shrinkB": 18,
        "connectionstyle": f"arc3,rad={bend}",
        "color": colour,
        "lw": 0.8 + 0.5 * abs(weight),
    }
    ax.annotate("", end, start, arrowprops=style)
    x, y = np.add(start, where * np.subtract(end, start))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    word = f"{weight:+.0f}".replace("-", "\u2212")
    ax.text(x, y + lift, word, color=colour, ha="center", va="center", bbox=box, zorder=5)


def word_unrolled(states: Any, expected: Any, word: str, letters: str) -> None:
    """Draw one network at each letter of a word that begins and ends with ¶."""
    thin = {"arrowstyle": "-|>", "color": INK}
    thick = {"arrowstyle": "-|>", "color": GREEN, "lw": 2.5}
    _, ax = plt.subplots(figsize=(8, 4))
    for n, (h, p) in enumerate(zip(states, expected, strict=True)):
        x = 2 * n
        ax.annotate("", (x, 1.45), (x, 0.45), arrowprops=thin)
        ax.annotate("", (x, 3.25), (x, 2.55), arrowprops=thin)
        if n:
            ax.annotate("", (x - 0.5, 2), (x - 1.5, 2), arrowprops=thick)
        box = plt.Rectangle((x - 0.5, 1.5), 1, 1, facecolor="white", edgecolor=GREEN, lw=1.8)
        ax.add_patch(box)
        words = "\n".join(f"{unit:+.2f}".replace("-", "\u2212") for unit in h)
        ax.text(x, 2, words, ha="center", va="center", color=INK)
        ax.text(x, 0.15, word[n], ha="center", va="center", fontsize=15, color=INK)
        for k, (letter, share) in enumerate(zip(letters, p, strict=True)):
            left, colour = x - 0.6 + 0.42 * k, ORANGE if letter == word[n + 1] else GREY
            ax.add_patch(plt.Rectangle((left, 3.75), 0.36, share, color=colour))
            ax.text(left + 0.18, 3.5, letter, ha="center", va="center", color=colour)
    for y, words in ((0.15, "it reads"), (2, "its state"), (4.2, "it expects")):
        ax.text(-1.2, y, words, ha="right", va="center", color=INK)
    ax.set(xlim=(-2.6, 8.8), ylim=(-0.2, 4.9))
    ax.axis("off")
    plt.tight_layout()
    plt.show()


def way_back(reads: Sequence[str], targets: Sequence[str]) -> None:
    """Draw a network at each step: grey arrows go forward, orange ones back."""
    _, ax = plt.subplots(figsize=(8, 4.4))

    def node(x: float, y: float, text: str, colour: str) -> None:
        box = {"boxstyle": "round,pad=0.35", "fc": colour, "ec": colour}
        ax.text(x, y, text, ha="center", va="center", color="white", bbox=box)

    def line(start: Point, end: Point, colour: str) -> None:
        gap = 15 if start[0] == end[0] else 27
        style = {"arrowstyle": "-|>", "color": colour, "lw": 1.6, "shrinkA": gap, "shrinkB": gap}
        ax.annotate("", end, start, arrowprops=style)

    for t in range(len(reads) + 1):
        x = 2.2 * t
        node(x, 1.2, f"state {t}" if t else "(0, 0)", GREEN if t else GREY)
        if not t:
            continue
        node(x, 0, f"reads {reads[t - 1]}", GREY)
        node(x, 2.4, "logits", GREEN)
        ax.text(x, 3.4, f"cost of “{targets[t - 1]}”", ha="center")
        for start, end, colour in (
            ((x - 0.08, 2.4), (x - 0.08, 3.4), GREY),
            ((x + 0.1, 3.4), (x + 0.1, 2.4), ORANGE),
            ((x - 0.08, 0), (x - 0.08, 1.2), GREY),
            ((x - 0.08, 1.2), (x - 0.08, 2.4), GREY),
            ((x - 2.2, 1.28), (x, 1.28), GREY),
            ((x + 0.1, 2.4), (x + 0.1, 1.2), ORANGE),
        ):
            line(start, end, colour)
        ax.text(x - 0.16, 0.55, "w_x", color=GREY, ha="right", fontsize=9)
        ax.text(x - 0.16, 1.75, "w_y", color=GREY, ha="right", fontsize=9)
        ax.text(x - 1.1, 1.36, "w_h", color=GREY, ha="center", fontsize=9)
        ax.text(x + 0.2, 1.75, "from above", color=ORANGE, fontsize=9)
        if t > 1:
            line((x, 1.1), (x - 2.2, 1.1), ORANGE)
            words = "from the\nnext step"
            ax.text(x - 1.1, 0.72, words, color=ORANGE, ha="center", va="center", fontsize=9)
    ax.set(xlim=(-0.7, 2.2 * len(reads) + 1), ylim=(-0.4, 3.7))
    ax.axis("off")
    plt.show()


def batch(columns: Sequence[Any], letters: str) -> None:
    """Draw inputs, targets and mask (T, B) side by side, the padding grey."""
    _, panels = plt.subplots(1, 3, figsize=(8, 4.2))
    mask = columns[2]
    for ax, title, numbers in zip(panels, ("inputs", "targets", "mask"), columns, strict=True):
        ax.imshow(np.where(mask, 0.16, 0.0), cmap="Greens", vmin=0, vmax=1, aspect="auto")
        for (t, b), number in np.ndenumerate(numbers):
            if title == "mask":
                word = "1" if number else "0"
            else:
                word = "·" if number < 0 else letters[number]
            ax.text(b, t, word, ha="center", va="center", color=INK if mask[t, b] else GREY)
        ax.set(title=title, xticks=[], yticks=[])
        ax.spines[:].set_visible(False)
    panels[0].set_ylabel("time: downwards")
    plt.show()


def valley(steepness: Any, paths: Mapping[str, tuple[Any, str]]) -> None:
    """Draw a valley of two numbers from above, with ways (steps, 2) and their colours."""
    _, ax = plt.subplots()
    flat, steep = np.meshgrid(np.linspace(-4.5, 1.5, 200), np.linspace(-1.4, 1.4, 100))
    height = 0.5 * (steepness[0] * flat**2 + steepness[1] * steep**2)
    ax.contour(
        flat, steep, height, levels=[0.2, 1, 3, 8, 18, 32], colors=[GREY] * 6, linewidths=0.7
    )
    for name, (path, colour) in paths.items():
        ax.plot(*np.transpose(path), "o-", color=colour, ms=3, lw=1.2, label=name)
    ax.plot(0, 0, "+", color=INK, ms=14)
    ax.set(xlabel="w₁, the flat direction", ylabel="w₂, the steep direction")
    ax.legend(loc="lower right")
    plt.show()


def chances(rows: Mapping[str, Any], letters: str, what: str) -> None:
    """Draw probabilities of letters as bars, one panel a row."""
    _, panels = plt.subplots(len(rows), 1, sharex=True, sharey=True, figsize=(8, 4.6))
    top = 1.15 * max(max(p) for p in rows.values())
    for ax, (name, p) in zip(panels, rows.items(), strict=True):
        ax.bar(range(len(letters)), p, color=GREEN)
        ax.set(xticks=range(len(letters)), xticklabels=list(letters), ylim=(0, top))
        ax.locator_params(axis="y", nbins=2)
        ax.text(len(letters) - 0.6, 0.8 * top, name, ha="right")
    panels[len(rows) // 2].set_ylabel(what)
    plt.show()


def errors(
    lengths: Mapping[str, tuple[Sequence[float], str, str]], title: str = "", **axes: Any
) -> None:
    """Draw how the length of an error falls, on a scale where an equal factor is an equal step.

    Each line is (lengths, colour, style); a name that begins with a blank is not written.
    """
    figure, ax = plt.subplots()
    for name, (values, colour, dashes) in lengths.items():
        ax.semilogy(values, color=colour, ls=dashes, lw=2)
        if not name.startswith(" "):
            ax.annotate(
                name,
                (len(values) - 1, values[-1]),
                (6, 0),
                textcoords="offset points",
                color=colour,
                va="center",
                annotation_clip=False,
            )
    ax.set(xlabel="steps back", ylabel="length of the error that is left", **axes)
    ax.set_title(title, size=10, loc="left")
    figure.subplots_adjust(right=0.84)
    plt.show()


def memories(units: Mapping[str, Any], firsts: str) -> None:
    """Draw one unit's value (T, games) for each network, a colour for each game's first letter."""
    _, panels = plt.subplots(1, len(units), sharey=True, figsize=(8, 3.4))
    for ax, (name, values) in zip(panels, units.items(), strict=True):
        for first, colour, line in zip(firsts, (INK, GREEN, ORANGE, GREY), values.T, strict=True):
            ax.plot(line, color=colour, lw=1.5, label=first)
        ax.set(title=name, xlabel="letters of chatter", xticks=range(0, len(values), 5))
    panels[0].set_ylabel("value of one unit of h")
    panels[1].legend(title="first letter", ncols=2, loc="center")
    plt.show()


# Where the parts of an LSTM stand: the gates below each other, in the order of the code.
_ROWS = {"o": 5.7, "i": 4.6, "f": 3.5, "g": 2.4}
_GATES, _FORGET, _ADD, _SHOW, _LANE = 3.5, 5.2, 7.2, 9.0, 1.0


def lstm() -> None:
    """Draw a step of the LSTM."""
    ax = _canvas(11, 6.3)
    _lane(ax, _LANE, "c", (_FORGET, _ADD), -0.35)
    _label(ax, (1.1, 6.05), "x, h", size=13)
    ax.plot([1.1, 1.1], [5.85, _ROWS["g"]], color=GREY, lw=1.4)
    for name, y in _ROWS.items():
        _gate(ax, (_GATES, y), f"{name} = tanh" if name == "g" else f"{name} = σ")
        _arrow(ax, [(1.1, y), (_GATES - 0.54, y)], GREY)
    _label(ax, (2.0, 4.05), "a linear layer\nof x and h,\nfour times", GREY, 10)
    right = _GATES + 0.52
    _arrow(ax, [(right, _ROWS["g"]), (_ADD - 0.19, _ROWS["g"])])
    ax.plot([_FORGET] * 2, [2.2, 2.6], color="white", lw=6, zorder=1)  # one way over the other
    _arrow(ax, [(right, _ROWS["f"]), (_FORGET, _ROWS["f"]), (_FORGET, _LANE + 0.19)])
    _arrow(ax, [(right, _ROWS["i"]), (_ADD, _ROWS["i"]), (_ADD, _ROWS["g"] + 0.19)])
    _arrow(ax, [(right, _ROWS["o"]), (_SHOW - 0.19, _ROWS["o"])])
    _arrow(ax, [(_ADD, _ROWS["g"] - 0.19), (_ADD, _LANE + 0.19)])
    _arrow(ax, [(_SHOW, _LANE), (_SHOW, 2.9)])
    _gate(ax, (_SHOW, 3.15), "tanh", INK)
    _arrow(ax, [(_SHOW, 3.39), (_SHOW, _ROWS["o"] - 0.19)])
    _arrow(ax, [(_SHOW + 0.19, _ROWS["o"]), (10.3, _ROWS["o"])])
    for x, y, sign in (
        (_FORGET, _LANE, "×"),
        (_ADD, _LANE, "+"),
        (_ADD, _ROWS["g"], "×"),
        (_SHOW, _ROWS["o"], "×"),
    ):
        _knot(ax, (x, y), sign)
    _label(ax, (10.6, _ROWS["o"]), "h'", size=15)
    _label(ax, (6.4, _ROWS["o"] + 0.25), "how much of it shows", GREEN, 10)
    _label(ax, (5.6, _ROWS["i"] + 0.25), "how much of g is added", GREEN, 10)
    _label(ax, (4.72, 1.75), "how much\nof c stays", GREEN, 10, ha="right")
    _label(ax, (_ADD + 0.15, 1.7), "what is\nadded", GREEN, 10, ha="left")
    plt.show()


def lstm_way_back() -> None:
    """Draw how an error goes back through a step of the LSTM, a factor at each arrow."""
    ax = _canvas(11, 6.3)
    right, left = _GATES + 0.52, _GATES - 0.52
    slopes = {"o": "o (1 − o)", "i": "i (1 − i)", "f": "f (1 − f)", "g": "(1 − g²)"}
    for name, y in _ROWS.items():
        _gate(ax, (_GATES, y), f"{name} = tanh" if name == "g" else f"{name} = σ", GREY)
        _arrow(ax, [(left, y), (1.25, y)], ORANGE)
        _label(ax, (2.2, y + 0.22), f"⊙ {slopes[name]}", ORANGE, 10)
        _label(ax, (0.75, y), f"$d_{{z_{name}}}$", ORANGE, 14)
        _label(ax, (right + 0.35, y - 0.25), f"$d_{name}$", ORANGE, 13)
    _arrow(ax, [(10.2, _ROWS["o"]), (_SHOW + 0.19, _ROWS["o"])], ORANGE)
    _arrow(ax, [(_SHOW - 0.19, _ROWS["o"]), (right, _ROWS["o"])], ORANGE)
    _arrow(ax, [(_SHOW, _ROWS["o"] - 0.19), (_SHOW, 3.39)], ORANGE)
    _gate(ax, (_SHOW, 3.15), "tanh", GREY)
    _arrow(ax, [(_SHOW, 2.91), (_SHOW, _LANE + 0.19)], ORANGE)
    _arrow(ax, [(10.2, _LANE), (_SHOW + 0.19, _LANE)], ORANGE, 3.5)
    _arrow(ax, [(_SHOW - 0.19, _LANE), (_ADD + 0.19, _LANE)], ORANGE, 3.5)
    _arrow(ax, [(_ADD - 0.19, _LANE), (_FORGET + 0.19, _LANE)], ORANGE, 3.5)
    _arrow(ax, [(_FORGET - 0.19, _LANE), (1.25, _LANE)], ORANGE, 3.5)
    _arrow(ax, [(_ADD, _LANE + 0.19), (_ADD, _ROWS["g"] - 0.19)], ORANGE)
    _arrow(ax, [(_ADD, _ROWS["g"] + 0.19), (_ADD, _ROWS["i"]), (right, _ROWS["i"])], ORANGE)
    _arrow(ax, [(_ADD - 0.19, _ROWS["g"]), (right, _ROWS["g"])], ORANGE)
    ax.plot([_FORGET] * 2, [2.2, 2.6], color="white", lw=6, zorder=1)
    _arrow(ax, [(_FORGET, _LANE + 0.19), (_FORGET, _ROWS["f"]), (right, _ROWS["f"])], ORANGE)
    for x, y, sign in (
        (_FORGET, _LANE, "×"),
        (_ADD, _LANE, "+"),
        (_ADD, _ROWS["g"], "×"),
        (_SHOW, _ROWS["o"], "×"),
        (_SHOW, _LANE, "+"),
    ):
        _knot(ax, (x, y), sign)
    for x, y, words, side in (
        (6.6, _ROWS["o"] + 0.25, "⊙ tanh c'", "center"),
        (_SHOW + 0.15, 4.5, "⊙ o", "left"),
        (_SHOW + 0.15, 2.1, "⊙ (1 − tanh² c')", "left"),
        (6.1, _ROWS["i"] + 0.25, "⊙ g", "center"),
        (6.1, _ROWS["g"] + 0.25, "⊙ i", "center"),
        (_FORGET - 0.12, 1.75, "⊙ c", "right"),
        (_ADD + 0.15, 1.7, "as it is", "left"),
        (3.3, _LANE - 0.3, "⊙ f", "center"),
        (6.2, _LANE - 0.3, "as it is", "center"),
        (8.1, _LANE - 0.3, "$d_{c'}$, whole", "center"),
        (10.0, _LANE - 0.5, "from the\nnext step", "center"),
    ):
        _label(ax, (x, y), words, ORANGE, 11, ha=side)
    _label(ax, (10.55, _ROWS["o"]), "$d_{h'}$", ORANGE, 14)
    _label(ax, (10.55, _LANE), "$d_{c'}$", ORANGE, 14)
    _label(ax, (0.75, _LANE), "$d_c$", ORANGE, 14)
    plt.show()


def gru() -> None:
    """Draw a step of the textbook's GRU: x and h come on lines of their own, and r multiplies
    h's part alone.
    """
    ax = _canvas(11, 5.6)
    _lane(ax, 4.8, "h", (2.9, 8.3))
    x_line, h_line = 0.4, 0.95
    ax.plot([0.7, 8.6], [x_line, x_line], color=GREY, lw=1.4, zorder=1)
    ax.plot([1.1, 1.1, 8.05], [4.8, h_line, h_line], color=ORANGE, lw=1.4, zorder=1)
    _label(ax, (0.4, x_line), "x", size=15)
    _label(ax, (1.4, h_line + 0.22), "h", ORANGE, 11)
    for name, x in {"u = σ": 2.9, "r = σ": 5.6}.items():
        _gate(ax, (x, 2.2), name)
        _arrow(ax, [(x - 0.25, x_line), (x - 0.25, 1.96)], GREY)
        _arrow(ax, [(x + 0.25, h_line), (x + 0.25, 1.96)], ORANGE)
        ax.plot([x - 0.25], [x_line], "o", color=GREY, ms=4)
        ax.plot([x + 0.25], [h_line], "o", color=ORANGE, ms=4)
    _gate(ax, (8.3, 2.2), "n = tanh")
    _arrow(ax, [(8.6, x_line), (8.6, 1.96)], GREY)
    _arrow(ax, [(8.05, h_line), (8.05, 1.21)], ORANGE)
    _arrow(ax, [(8.05, 1.59), (8.05, 1.96)], ORANGE)
    _arrow(ax, [(6.12, 2.2), (6.8, 2.2), (6.8, 1.4), (7.86, 1.4)])
    _knot(ax, (8.05, 1.4), "×")
    _label(ax, (6.95, 2.6), "how much of h enters n", GREEN, 10)
    _arrow(ax, [(2.9, 2.44), (2.9, 4.61)])
    _knot(ax, (2.9, 4.8), "×")
    _label(ax, (1.95, 3.75), "how much\nof h stays", GREEN, 10)
    _arrow(ax, [(2.9, 3.4), (8.11, 3.4)])
    _label(ax, (5.6, 3.6), "1 - u", INK, 10)
    _arrow(ax, [(8.3, 2.44), (8.3, 3.21)])
    _knot(ax, (8.3, 3.4), "×")
    _arrow(ax, [(8.3, 3.59), (8.3, 4.61)])
    _knot(ax, (8.3, 4.8), "+")
    _label(ax, (9.35, 4.0), "what is added", GREEN, 10)
    plt.show()


def _canvas(width: float, height: float) -> Any:
    figure, ax = plt.subplots(figsize=(8, 8 * height / width))
    figure.subplots_adjust(0, 0, 1, 1)
    ax.set(xlim=(0, width), ylim=(0, height))
    ax.axis("off")
    return ax


def _lane(ax: Any, y: float, name: str, knots: tuple[float, float], lift: float = 0.35) -> None:
    """Draw the lane from left to right, with room for the signs on it."""
    first, second = knots
    for begin, end in ((0.7, first - 0.19), (first + 0.19, second - 0.19), (second + 0.19, 10.3)):
        _arrow(ax, [(begin, y), (end, y)], ORANGE, 3.5)
    _label(ax, (0.4, y), name, size=15)
    _label(ax, (10.6, y), f"{name}'", size=15)
    _label(ax, (1.6, y + lift), "the lane", ORANGE)


def _arrow(ax: Any, points: Iterable[Point], colour: str = INK, width: float = 1.4) -> None:
    """Draw a line through the points, with a head at its end."""
    points = list(points)
    xs, ys = zip(*points, strict=True)
    ax.plot(xs[:-1], ys[:-1], color=colour, lw=width, solid_capstyle="round", zorder=1)
    ax.annotate(
        "",
        points[-1],
        points[-2],
        zorder=1,
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0},
    )


def _label(
    ax: Any, at: Point, words: str, colour: str = INK, size: float = 11, **more: Any
) -> None:
    ax.text(*at, words, color=colour, size=size, **{"ha": "center", "va": "center"} | more)


def _gate(ax: Any, at: Point, name: str, colour: str = GREEN) -> None:
    corner = (at[0] - 0.52, at[1] - 0.24)
    ax.add_patch(plt.Rectangle(corner, 1.04, 0.48, fc="white", ec=colour, lw=1.6, zorder=2))
    _label(ax, at, name, zorder=3)


def _knot(ax: Any, at: Point, sign: str) -> None:
    ax.add_patch(plt.Circle(at, 0.19, fc="white", ec=INK, lw=1.4, zorder=2))
    _label(ax, (at[0], at[1] - 0.01), sign, size=13, zorder=3)


def both_ways(often: Any, different: Any, letters: str) -> None:
    """Draw the row of a letter twice: how often each letter follows, and after how many different
    ones; the highest is orange.
    """
    figure, panels = plt.subplots(2, 1, sharex=True, figsize=(8, 4.2))
    rows = {"how often": often, "after how many different letters": different}
    for ax, (title, row) in zip(panels, rows.items(), strict=True):
        colours = [ORANGE if count == max(row) else GREEN for count in row]
        ax.bar(range(len(letters)), row, color=colours)
        ax.set_xticks(range(len(letters)), list(letters))
        ax.locator_params(axis="y", nbins=3)
        ax.set_title(title, fontsize=10, loc="left")
    figure.tight_layout()
    plt.show()


def pushes(cases: Mapping[str, tuple[Any, str]], letters: str) -> None:
    """Draw what -(p - q) does to the score of each letter, for each letter that came, one push
    upon the other.

    A case is the probabilities and the letters that came, one after the other.
    """
    figure, panels = plt.subplots(1, len(cases), sharey=True, figsize=(8, 3.4))
    for ax, (title, (p, came)) in zip(panels, cases.items(), strict=True):
        top, bottom = np.zeros(len(letters)), np.zeros(len(letters))
        for letter in came:
            push = np.eye(len(letters))[letters.index(letter)] - p
            start = np.where(push > 0, top, bottom)
            colours = [GREEN if each > 0 else ORANGE for each in push]
            ax.bar(range(len(letters)), push, 0.6, start, color=colours, edgecolor="white", lw=1.5)
            top, bottom = top + np.maximum(push, 0), bottom + np.minimum(push, 0)
        for x, (share, above) in enumerate(zip(p, top, strict=True)):
            ax.text(x, above + 0.04, f"p = {share:.2f}", ha="center", fontsize=9)
        ax.axhline(0, color=INK, lw=1)
        ax.set_xticks(range(len(letters)), list(letters))
        ax.tick_params(axis="x", length=0)
        ax.spines["bottom"].set_visible(False)
        ax.set_title(title, fontsize=10)
    panels[0].set(ylim=(-0.95, 1.05), ylabel="push on the score")
    figure.tight_layout()
    plt.show()


def outer(grids: Mapping[str, tuple[tuple[str, Any], tuple[str, Any]]]) -> None:
    """Draw outer products: a column (name, numbers) at the left, a row above, and in each square
    the product of the number at its left and the one above it.
    """
    widths = [len(row[1]) + 1.6 for _, row in grids.values()]
    figure, panels = plt.subplots(1, len(grids), figsize=(8, 2.9), width_ratios=widths)
    colours = LinearSegmentedColormap.from_list("slopes", [ORANGE, "white", GREEN])
    for ax, (title, ((left, column), (above, row))) in zip(panels, grids.items(), strict=True):
        for (i, j), product in np.ndenumerate(np.outer(column, row)):
            colour = colours(0.5 + 0.4 * np.clip(product, -1, 1))
            ax.add_patch(
                plt.Rectangle((j, -i - 1), 1, 1, facecolor=colour, edgecolor="white", lw=2)
            )
            _label(ax, (j + 0.5, -i - 0.5), _signed(product))
        for j, number in enumerate(row):
            _label(ax, (j + 0.5, 0.28), _signed(number), ORANGE)
        for i, number in enumerate(column):
            _label(ax, (-0.5, -i - 0.5), _signed(number), GREY, weight=700)
        _label(ax, (len(row) / 2, 0.75), above, ORANGE)
        ax.text(-0.9, 0.28, left, color=GREY, ha="left", va="center", weight=700)
        ax.set(xlim=(-1.3, len(row) + 0.3), ylim=(-len(column) - 0.1, 1))
        ax.set_title(title, fontsize=10)
        ax.axis("off")
    figure.tight_layout()
    plt.show()


def top_p(rows: Mapping[str, Any], letters: str, share: float) -> None:
    """Draw the probabilities of each row from the likeliest letter down, and where top-p cuts."""
    figure, panels = plt.subplots(len(rows), 1, figsize=(8, 4.6))
    for ax, (text, p) in zip(panels, rows.items(), strict=True):
        order = np.argsort(-p)
        sums = np.cumsum(p[order])
        kept = int((sums - p[order] < share).sum())
        ax.bar(range(len(p)), p[order], color=[GREEN] * kept + [GREY] * (len(p) - kept))
        for place in range(min(kept + 1, len(p))):
            colour = GREEN if place < kept else GREY
            at = (place, p[order[place]] + 0.02 * p.max())
            ax.text(
                *at,
                f"{np.floor(100 * sums[place]) / 100:.2f}",
                ha="center",
                color=colour,
                fontsize=8,
            )
        ax.axvline(kept - 0.5, color=ORANGE, lw=1.5, ls="--")
        cut = f"the cut: with “{letters[order[kept - 1]]}” the sum reaches {share}"
        ax.text(kept - 0.35, 0.62 * p.max(), cut, color=ORANGE)
        ax.text(len(p) - 0.5, 1.02 * p.max(), f"after “{text}”", ha="right")
        ax.set(xlim=(-0.7, len(p) - 0.3), ylim=(0, 1.2 * p.max()))
        ax.set_xticks(range(len(p)), [letters[number] for number in order])
        ax.locator_params(axis="y", nbins=3)
    figure.supylabel("probability", fontsize=10, color=INK)
    figure.tight_layout()
    plt.show()


def _signed(number: float) -> str:
    return f"{number:.3f}".replace("-", "\u2212")


def early_stopping(losses: Sequence[float], patience: int) -> None:
    """Draw the losses of a training, the lowest so far, and where the patience is over."""
    lowest = np.minimum.accumulate(losses)
    bests = [losses.index(loss) for loss in lowest]
    waited = [epoch - best for epoch, best in enumerate(bests)]
    last = waited.index(patience)
    figure, ax = plt.subplots(figsize=(8, 3.8))
    epochs = range(last + 1)
    ax.step(epochs, lowest[: last + 1], where="post", color=GREEN, lw=1.2, ls=":")
    ax.plot(epochs, losses[: last + 1], "o-", color=INK, lw=1.2, ms=5)
    ax.plot(range(last, len(losses)), losses[last:], "o--", color=GREY, mfc="white", zorder=1)
    ax.plot(bests[last], lowest[last], "o", color=GREEN, ms=12, zorder=3)
    ax.annotate(
        *("the best: we keep this network", (bests[last], lowest[last])),
        *((bests[last], lowest[last] - 0.22), "data", "data"),
        ha="center",
        color=GREEN,
    )
    ax.axvline(last + 0.3, color=ORANGE, lw=1.5, ls="--")
    ax.text(last + 0.2, 2.85, "the patience is over: we stop", ha="right", color=ORANGE)
    ax.text(len(losses) - 0.65, losses[-1] - 0.02, "never\nseen", color=GREY, va="center")
    ax.text(0.08, 3.02, "the lowest so far is the dotted line", color=GREEN, va="bottom")
    for epoch, count in enumerate(waited[: last + 1]):
        word, colour = ("new", GREEN) if count == 0 else (str(count), ORANGE)
        ax.text(epoch, 1.28, word, ha="center", color=colour)
    ax.text(-0.45, 1.28, "waited", ha="right", color=ORANGE)
    ax.set(xlim=(-0.4, len(losses) - 0.2), ylim=(1.2, 3.15), xticks=range(len(losses)))
    ax.set(yticks=(1.5, 2, 2.5, 3), xlabel="epoch", ylabel="held-out loss")
    figure.subplots_adjust(left=0.12, bottom=0.14, top=0.97, right=0.97)
    plt.show()
