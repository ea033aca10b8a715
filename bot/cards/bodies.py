"""The tables of data/creatures.tsv and data/words.tsv, from which pictures are drawn.

A point is "x y" or "x y half-width". x grows forwards and y downwards, from the ground or a joint.
A paint is a colour or its name.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from model.files import PROGRAM, read_table

Point: TypeAlias = tuple[float, ...]
Points: TypeAlias = Sequence[Point]


class Real(NamedTuple):
    """What is known of a real dinosaur: when it lived, in millions of years ago; what it ate; how
    long it was, in metres; where it was found; and which body is nearest.
    """

    begins: str
    ends: str
    food: str
    metres: str
    places: str
    body: str


class Body(NamedTuple):
    """A body that faces right. `metres` is its length.

    All creatures with this body have the parts in the list "parts", and one of those in "choices".
    "kinds" names rows of LIMBS, which the legs use in turn. "people" names rows of
    PEOPLE: who dares to stand there.

    The spine runs from the tail to the joint of the head. A leg is x and y of the hip, thickness
    and stride; the far legs come first. An arm, neck, eye and nose are x, y and a size.

    A pose is eight numbers. Three are slopes that turn the whole spine at the hip, the neck and the
    tail. The others are the slope of the head; how wide the strides are; how far the mouth is open;
    how far an arm swings back, and a wing forwards; and how far the body sits down, on folded legs.
    """

    metres: float
    lists: Mapping[str, Sequence[str]]
    poses: Mapping[str, Point]
    points: Mapping[str, Points]


class Fringe(NamedTuple):
    """A row of blades along the spine: plates, feathers, stripes. The blades have the paints in
    turn. In the layer "sail", skin joins them.
    """

    layer: str
    paints: Sequence[str]
    start: float
    """The place on the spine where the row begins, from 0 to 1."""
    end: float
    many: float
    level: float
    """How many half widths above the spine the blades stand."""
    outwards: float
    """How far they point away from the body, and `backwards`, to the tail."""
    backwards: float
    long: float
    by_width: float
    """How much longer they are for each half width of the body."""
    in_the_middle: float
    """How much longer they are in the middle of the row."""
    wide: float
    """Their width, as a share of their length."""
    bulge: float
    """How much they bulge; 0 makes a feather."""


def points(text: str) -> Points:
    """Return the points in a text such as "0 1, 2 3"."""
    return [
        tuple(float(number) for number in point.split())
        for point in text.split(",")
        if point.strip()
    ]


def table(name: str) -> dict[str, str]:
    """Return the keys and values of a table of data/creatures.tsv or data/words.tsv."""
    return {key: value for title, key, value in _ROWS if title == name}


def _body(kind: str) -> Body:
    """Return a body from its two tables."""
    row = table(kind)
    return Body(
        float(row["metres"]),
        {
            name: row.get(name, "").split(", ")
            for name in ("parts", "choices", "never", "moods", "kinds", "people")
        },
        {pose: points(numbers)[0] for pose, numbers in table(f"{kind} pose").items()},
        {
            name: points(row.get(name, ""))
            for name in ("arm", "legs", "spine", "neck", "eye", "nose")
        },
    )


def _parts(row: str) -> list[tuple[str, Points]]:
    """Return the parts of a person or a thing, each with its colour."""
    return [(colour, points(where)) for colour, where in (p.split(": ") for p in row.split("; "))]


def _fringe(row: str) -> Fringe:
    layer, paints, *numbers = row.split()
    return Fringe(layer, paints.split("/"), *map(float, numbers))


_ROWS = [
    row
    for name in ("creatures.tsv", "words.tsv")
    for row in read_table(PROGRAM / "data" / name, ("table", "key", "value"))
]
CHOICES, ADDED, DYED, PATTERNS, HORNS, SIZES, SHAPES, POSED, PLACED = (
    table(f"means {what}")
    for what in ("body", "part", "coat", "pattern", "horns", "size", "shape", "pose", "scene")
)
"""Each table has bodies, parts, coats and so on, and the words in a name that choose them. Such a
word is one of a root's meaning, or a form of the root. After "=" stands a whole meaning. A shape is
three factors: how stout the body is, and how long its neck and its tail are."""
OTHERWISE = [*CHOICES, *[*CHOICES][1:], *[*CHOICES][2:]]
"""A name that means no body gets one of these. The first one stands here once, the second twice and
the others three times, because names often mean the first two."""
BODIES = {kind: _body(kind) for kind in CHOICES}
FRINGES = {
    part: [_fringe(row) for row in rows.split("; ")] for part, rows in table("fringe").items()
}
"""The fringes of each part that has some."""
PIECES = table("piece")
"""Pieces that are set at a joint, in a layer with the joint's name. A piece has a paint, a width, a
bulge and a bend, and then points: one makes a dot, two make a blade, more are an outline."""
LIMBS = {kind: points(row) for kind, row in table("limb").items()}
"""Points from hip to foot: x, y and half the width, as shares of the hip's height. An arm's points
are shares of the arm's size."""
PLANTS = {kind: points(row) for kind, row in table("plant").items()}
"""Blades, each with two points, a width, a bend and a bulge, as shares of the plant's height.
Stars, clouds and pterosaurs are drawn in the same way."""
FIGURES, GUESTS = table("figure"), table("guest")
"""FIGURES are parts that many rows of PEOPLE share. GUESTS are the people that come with scenes."""
PEOPLE = {
    pose: _parts("; ".join(FIGURES.get(name, name) for name in row.split("; ")))
    for pose, row in table("person").items()
}
"""People 100 units tall, who look left. A part is a colour with a limb, a colour with one point and
its radius, or the name of one of FIGURES. The rows of PIECES that are named after the person or the
pose are drawn, too."""
THINGS = {thing: _parts(row) for thing, row in table("thing").items()}
"""What stands beside a creature because of a word that somebody typed: about 100 units tall. Its
parts are like those of PEOPLE, or outlines: with straight sides or, with "~", smooth."""
BESIDE = {f"#{word}": thing for word, thing in table("beside").items()}
"""The thing of each subject (see subject.py)."""
COATS, MIXED = [*table("coat").values()], table("mixed")
"""A coat has four colours: of the body, of the belly, of marks, and of plates, crests and frills. A
paint in MIXED names two others, and the share of the second."""
SCENES = table("scene")
"""Seven colours: the sky above and below, sun, far hills, near hills, ground and plants; then the
things in the sky: their kind, how many, and their colour."""
REAL = {
    genus: Real(*facts)
    for genus, *facts in read_table(
        PROGRAM / "data" / "real_dinosaurs.tsv",
        ("genus", "from", "to", "food", "metres", "places", "body"),
    )
}
