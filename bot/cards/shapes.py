"""Smooth shapes as SVG, computed by sums, products and square roots alone, so that the digits are
the same on every machine.
"""

import math
from itertools import pairwise

from bot.cards.bodies import Point, Points


def _channels(one: str, other: str) -> list[tuple[int, int]]:
    return [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]


def mixed(one: str, other: str, share: float) -> str:
    """Return a colour between two, as #rrggbb. `share` is the share of the other one."""
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in _channels(one, other))


def contrast(one: str, other: str) -> int:
    """Return how different two colours are, from 0 to 765."""
    return sum(abs(a - b) for a, b in _channels(one, other))


def toward(start: Point, end: Point, share: float) -> Point:
    """Return the point at a share of the way from one point to another."""
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def unit(start: Point, end: Point) -> tuple[float, float]:
    """Return the direction from one point to another, of length 1."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.sqrt(dx * dx + dy * dy) or 1
    return dx / length, dy / length


def spline(points: Points, steps: int = 6) -> list[Point]:
    """Return points of a curve through some points, with `steps` points from each to the next (the
    cubic of Catmull and Rom).
    """
    last, curve = len(points) - 1, []
    for i in range(last):
        around = list(zip(*(points[min(max(i + k, 0), last)] for k in (-1, 0, 1, 2)), strict=True))
        for t in (step / steps for step in range(steps)):
            bends = [
                (b, c - a, 2 * a - 5 * b + 4 * c - d, 3 * b - a - 3 * c + d)
                for a, b, c, d in around
            ]
            curve.append(
                tuple(
                    b + t * (slope + t * (bend + t * twist)) / 2 for b, slope, bend, twist in bends
                )
            )
    return [*curve, points[-1]]


def bent(line: Points, first: float, rest: float, start: int, stretch: float) -> list[Point]:
    """Return a line with widths, turned around its beginning by the slope `first`. From its point
    number `start` on, the line is also stretched, and bent by the slope `rest` in even steps.
    """
    placed, (dx, dy) = [line[0]], unit((0, 0), (1, first))
    cosine, sine = unit((0, 0), (1, rest / (len(line) - start)))
    for i, ((x, y, _), (u, v, width)) in enumerate(pairwise(line), 1):
        if i >= start:
            dx, dy = dx * cosine - dy * sine, dx * sine + dy * cosine
        long = stretch if i >= start else 1
        u, v = (u - x) * long, (v - y) * long
        placed.append((placed[-1][0] + u * dx - v * dy, placed[-1][1] + u * dy + v * dx, width))
    return placed


def edges(spine: Points) -> tuple[Points, Points]:
    """Return the left and the right edge of a spine with widths: upper and lower if it runs to the
    right.
    """
    left: list[Point] = []
    right: list[Point] = []
    for i, (x, y, width) in enumerate(spine):
        dx, dy = unit(spine[max(i - 1, 0)], spine[min(i + 1, len(spine) - 1)])
        left.append((x + dy * width, y - dx * width))
        right.append((x - dy * width, y + dx * width))
    return left, right


def limb(spine: Points) -> list[Point]:
    """Return the outline of a spine with widths, cut off at the ground."""
    left, right = edges(spline(spine, 4))
    return [(x, min(y, 0)) for x, y in (*left, *reversed(right))]


def smooth(points: Points) -> str:
    """Return a smooth closed path through points: a Catmull-Rom spline, as Bézier curves."""
    n, path = len(points), f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for i in range(n):
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = (points[(i + k) % n] for k in (-1, 0, 1, 2))
        path += (
            f"C{bx + (cx - ax) / 6:.1f} {by + (cy - ay) / 6:.1f} {cx - (dx - bx) / 6:.1f}"
            f" {cy - (dy - by) / 6:.1f} "
        )
        path += f"{cx:.1f} {cy:.1f}"
    return path + "Z"


def blade(base: Point, tip: Point, width: float, bulge: float, bend: float = 0) -> str:
    """Return the path of a horn, a plate or a tooth, bent by `bend` widths. Without a bulge, the
    path is that of a feather.
    """
    (x, y), (u, v), (dx, dy) = base, tip, unit(base, tip)
    nx, ny = dy * width, -dx * width
    if not bulge:
        # around the feather: shares of its length, and of its width to a side
        sides = ((0, 0.2), (0.5, 0.5), (0.86, 0.43), (1, 0), (0.86, -0.43), (0.5, -0.5), (0, -0.2))
        return smooth([(x + (u - x) * t + nx * w, y + (v - y) * t + ny * w) for t, w in sides])
    mx, my = (x + u) / 2 + nx * bend, (y + v) / 2 + ny * bend
    return (
        f"M{x + nx / 2:.1f} {y + ny / 2:.1f}Q{mx + nx * bulge:.1f} {my + ny * bulge:.1f} {u:.1f}"
        f" {v:.1f}Q{mx - nx * bulge:.1f} {my - ny * bulge:.1f} {x - nx / 2:.1f} {y - ny / 2:.1f}Z"
    )


def fill(path: str, colour: str, opacity: float = 1) -> str:
    """Return a filled path."""
    look = f'fill="{colour}" fill-opacity="{opacity}"'.replace(' fill-opacity="1"', "")
    return f'<path d="{path}" {look}/>'


def dot(centre: Point, radius: float, colour: str) -> str:
    """Return a filled circle."""
    return f'<circle cx="{centre[0]:.1f}" cy="{centre[1]:.1f}" r="{radius:.1f}" fill="{colour}"/>'


def svg(drawn: str, x: float, y: float, width: float, height: float) -> str:
    """Return a whole SVG that shows this part of a drawing."""
    size = (
        f'viewBox="{x:.0f} {y:.0f} {width:.0f} {height:.0f}" width="{width:.0f}"'
        f' height="{height:.0f}"'
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{drawn}</svg>'
