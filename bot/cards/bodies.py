"""What creatures are drawn from: the tables of data/creatures.tsv.

A point is "x y" or "x y half-width". x grows forwards and y downwards, from the ground or a joint.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from model.files import PROGRAM, read_table

Point: TypeAlias = tuple[float, ...]
Points: TypeAlias = Sequence[Point]


SHAPES_OF_A_BODY = (
    *("arm", "legs", "spine", "skull", "jaw"),
    *("eye", "mouth", "nostril", "beak", "teeth"),
)


class Body(NamedTuple):
    """A body that faces right: its length in metres, the slope of its head, what else it has, and
    the points of each shape.

    The arm is x, y and its size. Legs are x and y of the hip, thickness and stride, the far ones
    first; `kinds` are rows of LIMBS, in turn. The spine runs from the tail to the joint of the
    head, and the head is drawn around that joint.
    """

    metres: float
    slope: float
    parts: Sequence[str]
    kinds: Sequence[str]
    points: Mapping[str, Points]


def points(text: str) -> Points:
    """Read points with commas between."""
    return [
        tuple(float(number) for number in point.split())
        for point in text.split(",")
        if point.strip()
    ]


def _table(name: str) -> dict[str, str]:
    return {key: value for table, key, value in _ROWS if table == name}


def _body(row: Mapping[str, str]) -> Body:
    return Body(
        float(row["metres"]),
        float(row["slope"]),
        row.get("parts", "").split(", "),
        row["kinds"].split(),
        {name: points(row.get(name, "")) for name in SHAPES_OF_A_BODY},
    )


_ROWS = read_table(PROGRAM / "data" / "creatures.tsv", ("table", "key", "value"))
CHOICES, ADDED, DYED, PATTERNS, HORNS, SIZES, SHAPES = (
    _table(f"means {what}")
    for what in ("body", "part", "coat", "pattern", "horns", "size", "shape")
)
"""Which words in a name choose a body, add a part to it, choose its coat and so on. Such a word is
part of a root's meaning, a form of the root, or "=" and the whole meaning."""
BODIES = {kind: _body(_table(kind)) for kind in CHOICES}
FRINGES = _table("fringe")
"""Rows of blades along the spine: plates, feathers, stripes. A row has a layer, its paints in turn,
and eleven numbers: start and end on the spine; how many blades; their height above it in half
widths; how far they point out and back; their length, what each half width adds to it, and the
middle of the row; width by length; bulge (0: a feather)."""
PIECES = _table("piece")
"""What is set at a joint: a layer; then paint, width, bulge, bend, and one point (dot), two (blade)
or an outline."""
LIMBS = {kind: points(row) for kind, row in _table("limb").items()}
"""From hip to foot: x, y and half the width, as shares of the hip's height; for an arm, of its
size."""
FEET = {kind: points(row) for kind, row in _table("foot").items()}
"""A hoof, toes, and their nails: each nail is two points and a width.

The unit is half the width of the leg there.
"""
WING = tuple(points(row) for row in _table("wing").values())
"""The bone of a wing, and the tips of its feathers."""
PLANTS = {kind: points(row) for kind, row in _table("plant").items()}
"""Blades, each of two points, a width, a bend and a bulge, as shares of the height."""
PERSON = [points(row) for row in _table("person").values()]
"""A person of 100 units."""
COATS, MIXED, SCENES = [*_table("coat").values()], _table("mixed"), [*_table("scene").values()]
"""A coat has four colours: of the body, of the belly, of marks, and of plates, crests and frills. A
mixed paint names two others, and the share of the second. A scene has six colours: sky, sun, far
hills, near hills, ground and plants."""
FRILLS, CRESTS = ("frill", "spiked frill", "frill"), ("tube crest", "round crest", "swept crest")
