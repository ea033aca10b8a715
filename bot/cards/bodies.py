"""What creatures are drawn from, as tables of numbers.

A point is "x y" or "x y half-width". x grows forwards and y downwards, from the ground or a joint.
"""

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

Point: TypeAlias = tuple[float, ...]
Points: TypeAlias = Sequence[Point]


class Body(NamedTuple):
    """A body that looks right: its length in metres, the slope of its head, its arm (x, y, size), what else it has.

    `legs` are x and y of the hip, thickness and stride, the far ones first; `kinds` are rows of LEGS, in turn. The
    spine runs from the tail to the joint of the head, and the head is drawn around that joint.
    """

    metres: float
    slope: float
    arm: Points
    parts: Sequence[str]
    kinds: Sequence[str]
    legs: Points
    spine: Points
    skull: Points
    jaw: Points
    eye: Points
    mouth: Points
    nostril: Points
    beak: Points
    teeth: Points


def points(text: str) -> Points:
    """Read points with commas between."""
    return [tuple(float(number) for number in point.split()) for point in text.split(",") if point.strip()]


def _body(metres: float, slope: float, arm: str, parts: str, kinds: str, legs: str, spine: str, head: str) -> Body:
    shapes = map(points, (legs, spine, *head.split(";")))
    return Body(metres, slope, points(arm), parts.split(", "), kinds.split(), *shapes)


# fmt: off
BODIES: dict[str, Body] = {
    "long neck": _body(22, 0.24, "", "",
        "column", "-40 -190 .95 .12, 122 -185 .85 .1, -75 -195 1.05 -.08, 80 -190 .95 -.1",
        "-430 -150 1, -340 -128 7, -250 -140 17, -165 -172 36, -80 -200 60, 10 -206 66, 90 -216 56, 150 -252 36, "
        "190 -318 24, 216 -392 18, 236 -440 15",
        "-15 6, -14 -12, 0 -22, 17 -21, 27 -12, 44 -9, 55 0, 52 10, 34 13, 8 14; -8 6, 20 6, 46 9, 44 17, 20 20, "
        "-4 16; 12 -8 4.6; 52 9, 18 6; 47 -2; ; "),
    "big hunter": _body(11, 0.1, "98 -246 62", "brow",
        "runner", "24 -228 1.2 .2, -10 -232 1.42 -.12",
        "-360 -262 1, -270 -252 13, -170 -244 30, -75 -246 52, 10 -258 62, 80 -284 54, 128 -320 44, 160 -348 40",
        "-40 26, -44 -20, -10 -44, 30 -52, 48 -42, 80 -36, 116 -24, 128 -4, 124 8, 90 7, 40 12, 0 26; -24 4, 20 12, "
        "60 22, 104 24, 116 30, 100 42, 50 44, 0 42, -30 30; 32 -28 7.5; ; 112 -12; ; 118 8, 106 7, 93 8, 79 8, 66 9, "
        "53 11"),
    "claw": _body(3.2, 0.12, "82 -222 92", "tail tuft, ruff, head feathers, arm feathers",
        "runner", "10 -215 .85 .2, -15 -215 1 -.1",
        "-380 -258 1, -280 -236 8, -180 -222 16, -80 -218 30, 0 -222 44, 70 -240 40, 118 -278 26, 142 -326 18, "
        "164 -352 17",
        "-22 12, -22 -14, 0 -27, 22 -27, 40 -17, 66 -10, 80 -2, 80 6, 50 7, 22 10, 0 18; -14 4, 14 9, 44 11, 72 12, "
        "70 19, 40 22, 6 24, -14 18; 16 -12 5.6; ; 70 -1; ; 74 6, 66 6, 57 6, 48 7, 39 8"),
    "horned": _body(8, 0.22, "", "",
        "hind fore", "-70 -160 1.1 .16, 110 -150 1.1 .16, -110 -165 1.2 -.06, 70 -155 1.2 -.08",
        "-330 -96 1, -260 -128 14, -180 -162 46, -85 -190 80, 10 -196 86, 90 -186 76, 145 -180 62, 185 -184 50",
        "-40 20, -44 -40, -6 -58, 36 -46, 64 -24, 88 -8, 98 8, 88 22, 50 28, 0 44; -20 10, 30 20, 74 24, 70 42, "
        "30 54, -16 50; 22 -22 6.5; 84 26, 26 22; 80 -2; 76 -16, 92 -12, 108 6, 104 34, 88 24, 80 8; "),
    "plated": _body(8, 0.2, "", "plates, tail spikes",
        "hind fore", "-50 -200 .95 .12, 98 -150 1 .16, -85 -205 1.05 -.05, 64 -155 1.1 -.08",
        "-340 -150 1, -260 -160 14, -170 -190 36, -80 -218 66, 10 -214 72, 90 -178 54, 150 -138 32, 196 -116 20, "
        "226 -112 17",
        "-16 10, -16 -10, 0 -18, 20 -16, 44 -8, 60 2, 58 12, 36 14, 8 15; -8 6, 20 9, 48 12, 44 20, 16 22, -8 17; "
        "14 -5 4.4; 56 12, 22 9; 48 0; 42 -8, 54 -4, 64 6, 58 16, 46 12; "),
    "armoured": _body(6.5, 0.16, "", "armour, ear spikes, club",
        "hind fore", "-60 -115 1.2 .2, 110 -105 1.3 .2, -95 -120 1.35 -.05, 75 -110 1.4 -.1",
        "-350 -112 9, -270 -104 12, -190 -112 26, -110 -132 58, -20 -144 76, 70 -140 70, 130 -126 48, 170 -116 36",
        "-30 20, -30 -22, -6 -34, 22 -30, 48 -16, 62 0, 58 14, 30 20, 0 26; -20 6, 20 16, 50 16, 46 28, 16 32, "
        "-18 26; 18 -12 5; 58 13, 18 12; 52 -2; 46 -16, 58 -8, 68 6, 60 20, 48 12; "),
    "domed": _body(4.5, 0.2, "84 -240 78", "dome",
        "runner", "10 -225 .95 .18, -18 -225 1.15 -.1",
        "-340 -216 1, -250 -216 12, -160 -220 26, -70 -228 46, 10 -240 54, 76 -266 44, 116 -302 30, 136 -338 25",
        "-24 20, -34 -6, -32 -44, -6 -72, 30 -66, 46 -34, 58 -10, 68 6, 60 14, 30 18, 0 26; -16 8, 20 14, 54 14, "
        "50 24, 20 30, -12 26; 26 -9 6.4; 62 13, 22 10; 58 -2; 50 -12, 62 -6, 72 8, 62 20, 52 12; "),
    "crested": _body(9, 0.26, "", "",
        "hind fore", "-25 -215 .95 .14, 108 -215 .72 .18, -60 -220 1.05 -.06, 80 -220 .8 -.04",
        "-350 -200 2, -260 -196 20, -165 -204 40, -70 -222 62, 20 -232 66, 92 -246 52, 138 -284 34, 162 -330 27, "
        "184 -352 24",
        "-28 18, -28 -18, -4 -32, 24 -28, 46 -10, 72 -4, 92 0, 100 10, 88 17, 50 14, 20 20; -18 6, 24 14, 60 16, "
        "90 18, 86 27, 50 26, 20 34, -16 28; 16 -12 5.8; 90 17, 34 12; 60 -3; 66 -6, 92 -3, 106 10, 98 24, "
        "74 22, 64 10; "),
    "winged": _body(2.6, 0.14, "", "wings, fan, ruff, head feathers",
        "runner", "-10 -190 .9 .18, -30 -190 1 -.1",
        "-210 -214 3, -150 -206 8, -90 -204 20, -30 -210 38, 30 -222 42, 82 -250 30, 106 -292 20, 120 -324 17",
        "-16 10, -18 -10, 0 -21, 20 -19, 32 -8, 54 -1, 58 5, 34 8, 8 13; -8 5, 20 7, 50 7, 30 14, 4 16; 13 -6 5.2; "
        "54 5, 20 5; 42 -2; 30 -9, 54 -3, 68 7, 50 9, 30 9; "),
    "sailed": _body(13, 0.2, "108 -196 92", "sail",
        "hind", "-20 -185 .95 .16, -50 -185 1.1 -.1",
        "-390 -190 2, -290 -172 18, -190 -178 36, -90 -192 56, 10 -200 60, 90 -216 50, 140 -254 36, 170 -292 30",
        "-26 18, -28 -14, -4 -30, 20 -28, 38 -14, 90 -8, 122 -6, 134 2, 128 10, 90 4, 40 8, 0 22; -16 4, 30 14, "
        "84 16, 120 19, 128 24, 112 29, 60 28, 10 32, -18 26; 18 -15 5.4; ; 94 -2; ; 128 9, 118 7, 108 6, 96 5, 84 4, "
        "72 5, 60 6, 48 7"),
    "ostrich": _body(4.5, 0.2, "72 -276 92", "arm feathers, bustle",
        "runner", "14 -256 .8 .2, -12 -256 .95 -.12",
        "-236 -292 1, -180 -282 12, -116 -272 30, -50 -268 52, 14 -274 58, 70 -298 38, 98 -352 20, 106 -420 14, "
        "124 -478 13",
        "-13 8, -15 -9, 0 -19, 16 -18, 28 -8, 48 -1, 54 4, 34 8, 8 12; -8 4, 20 7, 48 6, 28 13, 2 14; 11 -6 5.4; "
        "52 5, 18 5; 40 -1; 26 -8, 46 -4, 60 5, 44 10, 26 9; "),
}
# Rows of blades along the spine: plates, spikes, feathers, stripes. A row has a layer, its paints in turn, and numbers:
# start and end on the spine, how many, how many half widths above it, how far out and back they point, their length,
# so much more for each half width, so much more in the middle of the row, width by length, bulge (a feather has none).
FRINGES = {
    "plates": "behind deep .17 .97 7 .9 1 .1 26 0 105 .58 .95; behind accent .12 .92 7 .9 1 .1 26 0 110 .58 .95",
    "tail spikes": "behind far-bone .03 .13 2 .2 1 .4 78 0 0 .24 .4; behind bone .02 .14 2 .2 1 .85 74 0 0 .24 .4",
    "armour": (
        "behind accent .12 .96 15 .95 1 .6 10 .24 0 1 .5; skin accent .2 .98 11 .72 0 1 3 .32 0 .72 0; "
        "skin light .18 .98 11 .36 0 1 3 .34 0 .72 0; skin accent .2 .98 11 0 0 1 3 .32 0 .72 0; "
        "neck bone .18 .98 9 -.3 -.6 .9 12 .12 24 .6 .5"),
    "scales": "skin accent .2 .98 11 .72 0 1 3 .28 0 .72 0; skin light .18 .98 11 .36 0 1 3 .3 0 .72 0",
    "back spikes": "behind accent .1 .96 15 .9 1 .6 16 .32 0 .7 .5",
    "ruff": "behind mark .62 1 20 .7 .6 1 30 0 0 .55 .7",
    "bustle": (
        "behind mark/accent .02 .36 8 -.2 -.7 1 56 0 0 .36 0; behind accent/mark .04 .34 8 .5 -.2 1 60 0 0 .36 0"),
    "tail tuft": "behind mark/accent .01 .2 6 0 -.34 1 64 0 0 .25 0; behind mark/accent .01 .2 6 0 .34 1 64 0 0 .25 0",
    "fan": "behind mark/accent .02 .34 9 0 -.3 1 118 0 0 .23 0; behind mark/accent .02 .34 9 0 .3 1 118 0 0 .23 0",
    "stripes": "skin mark .08 .95 13 1.15 -1 .1 0 1.3 0 .28 .45",
    "bands": "skin mark .06 .97 10 1.15 -1 .1 0 1.75 0 .26 .7",
    "rings": "skin mark .02 .36 7 1.2 -1 0 4 2.5 0 .24 0",
    "saddle": "skin mark .04 .98 36 1.2 -1 0 6 .72 0 1 .6",
    "spots": (
        "skin mark .1 .96 11 .75 0 1 4 .25 0 .9 0; skin mark .14 .98 10 .1 0 1 4 .34 0 .9 0; "
        "skin mark .12 .9 9 .45 0 1 3 .18 0 .9 0"),
}
# What is set at a joint: its layer; then paint, width, bulge, bend, and one point (a dot), two (a blade) or an outline.
PIECES = {
    "brow horns": ("head", "far-bone 24 .35 -.9: 46 -42, 152 -128; bone 30 .35 -.9: 24 -44, 126 -150"),
    "nose horn": ("nose", "bone 28 .4 -.5: -6 -12, 26 -66"),
    "cheek horns": ("neck", "bone 24 .4 .5: -6 44, -34 84"),
    "frill": ("neck",
        "deep 34 .7 0: -120 -10, -168 4; deep 34 .7 0: -140 -64, -192 -72; deep 34 .7 0: -136 -128, -182 -154; "
        "deep 34 .7 0: -96 -184, -124 -226; deep 34 .7 0: -34 -190, -34 -238; deep 32 .7 0: 16 -152, 46 -192; "
        "accent 0 0 0: 8 58, -54 48, -112 4, -148 -66, -142 -140, -96 -192, -28 -196, 24 -152, 40 -76, 30 10; "
        "light 0 0 0: -6 30, -52 24, -92 -10, -116 -64, -112 -118, -78 -156, -28 -160, 10 -126, 22 -70, 16 -10; "
        "mark 15 0 0: -88 -66; mark 15 0 0: -74 -116; mark 15 0 0: -30 -130"),
    "spiked frill": ("neck",
        "deep 30 .5 .5: -96 -30, -196 -28; deep 32 .5 .4: -108 -78, -214 -104; deep 32 .5 .3: -96 -124, -186 -194; "
        "deep 32 .5 .2: -60 -150, -110 -246; deep 30 .5 0: -16 -150, -20 -238; accent 0 0 0: 8 54, -44 46, -94 10, "
        "-122 -52, -112 -118, -66 -158, -8 -154, 32 -112, 40 -60, 30 10; mark 0 0 0: -34 -4, -66 -20, -88 -64, "
        "-76 -104, -54 -84, -40 -50; mark 0 0 0: -42 -112, -10 -122, 6 -96, -10 -70, -30 -84"),
    "dome": ("head",
        "bald 0 0 0: -24 -50, -6 -67, 24 -63, 36 -42, 8 -53; deep 5.5 0 0: -29 -12; deep 5.5 0 0: -20 -22; "
        "deep 5 0 0: -7 -29; deep 5 0 0: 8 -32; deep 4.5 0 0: 22 -32; deep 4 0 0: 35 -27; bone 16 .5 0: -32 -18, "
        "-52 -30; bone 15 .5 0: -33 0, -54 -4; bone 13 .5 0: -26 14, -42 18; bone 12 .5 0: 54 -14, 66 -26"),
    "ear spikes": ("neck", "bone 26 .5 -.3: -12 -26, -46 -54; bone 22 .5 .3: -16 18, -50 34"),
    "tube crest": ("neck",
        "accent 0 0 0: 34 -26, 10 -50, -40 -84, -104 -104, -118 -92, -100 -80, -52 -52, -16 -14, 10 -14"),
    "ridge crest": ("neck",
        "accent 30 .8 .2: 38 -22, 40 -58; accent 34 .8 .2: 20 -28, 8 -76; accent 34 .8 .2: 0 -28, -24 -72; "
        "accent 32 .8 .2: -16 -22, -46 -52"),
    "round crest": ("neck", "accent 0 0 0: 64 -6, 52 -42, 28 -74, -8 -86, -40 -64, -38 -20, -6 -4"),
    "swept crest": ("neck", "accent 0 0 0: 46 -14, 36 -54, -2 -82, -62 -88, -92 -74, -58 -52, -28 -20, 0 -8"),
    "club": ("tail",
        "accent 0 0 0: 16 -16, -8 -30, -44 -24, -56 0, -44 24, -8 28, 16 14; light 0 0 0: 6 -8, -14 -15, -34 -9, "
        "-34 8, -12 11, 6 7"),
    "brow": ("head", "dark 9 0 0: 10 -39, 55 -39"),
    "head feathers": ("head",
        "accent 14 .7 0: 2 -18, -34 -44; mark 14 .7 0: -4 -14, -38 -28; accent 14 .7 0: -10 -10, -42 -12; "
        "mark 14 .7 0: -16 -6, -46 4"),
}
LEGS = {
    "column": points("-.01 -.16 .1, 0 -.04 .21, .02 .3 .19, .03 .58 .13, 0 .82 .11, .01 1 .13"),
    "hind": points("-.03 -.2 .1, -.01 -.06 .26, .07 .26 .25, .1 .5 .14, -.02 .76 .09, 0 1 .11"),
    "fore": points("0 -.16 .08, 0 -.02 .19, -.05 .33 .17, -.05 .6 .115, .02 .82 .1, .03 1 .12"),
    "runner": points(
        "-.05 -.17 .08, -.02 -.05 .19, .09 .18 .18, .15 .42 .095, .01 .64 .055, -.05 .82 .038, 0 .97 .04"),
}
"""From hip to foot: x, y, half the width, as shares of the height of the hip."""
ARM = points("0 -.16 .09, 0 .02 .19, -.05 .36 .15, .22 .62 .09, .5 .66 .07")
"""From shoulder to hand, in sizes of the arm."""
FEET = (
    (points("-1 -.7, 0 -.9, 1 -.7, 1.3 -.16, 1.2 0, 0 0, -1.1 0"),
     points("1.08 0 1 -.45 .46, .48 0 .4 -.45 .46, -.12 0 -.2 -.45 .46")),
    (points("-1.2 -1.7, .8 -2.1, 3.5 -1.3, 5.2 -.3, 4.8 0, 1 0, -1.5 0, -1.8 -.6"),
     points("4.4 -.4 6 0 .8, 2.8 -.5 4.4 0 .8")),
)
SICKLE = (1.6, -1.6, 4.2, -4, 1.5)
"""A hoof and toes with their nails, each from x and y to x and y with a width, in half widths of the leg there."""
WING = points("62 -226, 34 -268, 26 -322, -4 -372, -44 -408"), points(
    "-70 -208, -150 -226, -212 -276, -238 -342, -222 -414, -176 -466, -110 -490")
"""The bone of a wing, and the tips of its feathers."""
PLANTS = {
    "fern": points(
        "0 0 -.63 -.25 .12 -.6 .9, 0 0 -.42 -.52 .12 -.5 .9, 0 0 -.14 -.7 .12 -.2 .9, 0 0 .18 -.66 .12 .2 .9, "
        "0 0 .46 -.49 .12 .5 .9, 0 0 .63 -.2 .12 .6 .9"),
    "palm": points(
        "0 .1 0 -1.05 .07 0 .5, 0 -1 -.4 -1.03 .11 -1 .9, 0 -1 -.36 -.85 .11 -1 .9, 0 -1 -.24 -1.18 .11 -1 .9, "
        "0 -1 .02 -1.24 .11 0 .9, 0 -1 .24 -1.18 .11 1 .9, 0 -1 .36 -.85 .11 1 .9, 0 -1 .42 -1.03 .11 1 .9"),
    "conifer": points(
        "0 .1 0 -1 .07 0 .5, 0 -.15 0 -.58 .46 0 .3, 0 -.36 0 -.78 .37 0 .3, 0 -.57 0 -.96 .28 0 .3, "
        "0 -.75 0 -1.1 .19 0 .3"),
}
"""Blades from x and y to x and y with a width, a bend and a bulge, as shares of the height."""
PERSON = (
    "1 -82 3, 1 -76 8, 2 -62 9, 3 -46 9; 0 -50 7, -3 -26 5.4, -6 -4 4.4, -12 -2 3; 5 -50 7, 8 -26 5.4, 11 -4 4.4, "
    "6 -2 3; -3 -74 4, -13 -70 3.6, -20 -86 3, -20 -94 3; 6 -76 4.5, 13 -64 3.8, 10 -48 3; -11 -93 1.4, 0 -94 2, "
    "10 -93 1.4; -5 -95 4, 0 -96 5, 5 -95 4; 8 -77 3, 12 -70 7, 12 -58 6, 8 -54 2"
)
"""A person of 100 units: trunk, legs, arms, a hat of two pieces, a bag."""
# A coat: its own colour, the belly's, that of marks, and that of plates, crests and frills.
COATS = (
    "#7f9c4f #e9e0b0 #566f36 #d9903f", "#3f8f88 #dfe8c8 #27625f #e8a24c", "#c8683c #f5dba9 #8f4027 #3f7a80",
    "#d8a13f #f8e9bd #9c6726 #b4523a", "#8c5c86 #efd6cf #5c3a60 #e2a552", "#5a80a6 #e2e8e0 #38577c #e2b552",
    "#cf7c6c #f8e1ca #96494a #5d8d84", "#a98a62 #f0e3c4 #735a3c #5f8a8a", "#6a7f74 #e3e2cf #43544c #d07a4a",
    "#b9a04a #f3ebc4 #7a672c #6c7f9c", "#4f8f6b #e4e6bd #2f5f48 #c9605a", "#b86a52 #f2d6bb #6f3b38 #e0b45c",
    "#6c6f9c #dedbe6 #44466f #d98a62", "#9a5a52 #efd3bd #5f3336 #8fae8a", "#8fa0a0 #ecebdd #5b6c70 #c8703f",
)
MIXED = {
    "dark": ("main", "ink", 0.28), "far-bone": ("bone", "ink", 0.3), "bald": ("main", "pale", 0.42),
    "deep": ("accent", "mark", 0.5), "light": ("accent", "pale", 0.35),
}
# A scene: the sky, the sun, hills far and near, the ground, and plants.
SCENES = (
    "#fbeed6 #f6cf86 #e8d3a6 #d3bd86 #c3a468 #7f9160", "#dcebea #fdf6d8 #bcd5cc #98bba9 #8aa679 #4f7d65",
    "#fadfcf #f4a27c #e6b6a4 #c99488 #b98a6a #7d7a5c", "#e9e6f2 #fff3d6 #cdc7e0 #aba6c6 #a39c86 #6f7f78",
    "#dbe9f2 #fdf4d2 #b9d3df #9dbfc4 #c9b98a #5f8570", "#3c4a6b #f6ecca #4c5d7d #5b6f88 #6e7f78 #3a5557",
)
# The words of these tables are looked for among the words of a part's meaning, among its forms, and as "=" and all of
# its meaning.
CHOICES = {
    "horned": "horn horned bull buffalo bison goat ram ox deer gazelle rhinoceros cerato styraco",
    "claw": "thief robber claw talon swift sickle agile nimble elegant hollow reaping grasping hand fox wolf cat "
            "weasel leopard panther jackal scissors dromaeo",
    "big hunter": "hunter huntress hunting tyrant king devourer devouring killer murderer slayer terror savage "
                  "fierce biter flesh destroyer frightful terrible monster demon dragon ruler lion tiger shark bear "
                  "sword knife carno allo giganto",
    "long neck": "giant neck beam thunder earthquake whale elephant giraffe tower statue pillar Titan "
                 "brachio apato camara",
    "winged": "wing wings winged feather bird flying eagle vulture griffin butterfly bat hawk falcon raven crow owl "
              "harpy phoenix peacock kingfisher sparrow swallow dove",
    "armoured": "shield armoured breastplate turtle tortoise armadillo knot knob citadel scale hedgehog porcupine "
                "shell crab soldier ankyl nodo",
    "plated": "roof plate slab spike board fence blade stego kentro",
    "domed": "dome head skull forehead bald thick hammer tholo",
    "crested": "crest crests crested helmet crown crowned duck bill goose parrot trumpet pipe flute lyre stout hadro "
               "lambeo edmonto iguana",
    "sailed": "sail spine fish crocodile fisher heron pike salmon eel fan spin",
    "ostrich": "mimic ostrich emu runner running crane stork chicken rooster shin",
}
"""What chooses a body."""
ADDED = {
    "nose horn": "horn horned nose unicorn", "back spikes": "spike spine spiny thorn needle hedgehog saw dragon",
    "scales": "scale armoured shield stone", "ridge crest": "crest crests crested crown crowned helmet comb",
    "sail": "sail", "ruff": "hair wool woolly shaggy felt beard bearded feather bird", "club": "club hammer",
}
"""What else a meaning adds to any body."""
DYED = {
    "#bf4a38 #f6d9bb #7e2a26 #e6ad4f": "red reddish rose fire blood flame crimson copper rubro",
    "#e4dccb #faf6ea #a79f90 #c9794f": "white snow frost icy ice silver polar pearl chalk",
    "#4b4a52 #c9c2b6 #2b2a31 #c8663f": "black coal dark darkness night iron ghost death dusky",
    "#6f9a48 #e6e3b0 #44682f #e0913e": "green forest leaf oak vine reed grass moss olive",
    "#4a83ad #dfe9e6 #2b587f #eab35a": "blue sea ocean water lake sky azure",
    "#e0aa3c #fbedc4 #a56f25 #a8503c": "gold golden yellow sun amber dawn saffron",
    "#c9a66f #f5e8c8 #8f6e43 #5f8a8a": "sand sandy desert earth tawny brown dust",
    "#8fa0a0 #ecebdd #5b6c70 #c8703f": "grey ash stone rock cloud mist smoke",
    "#8c5c86 #efd6cf #5c3a60 #e2a552": "purple violet grape",
}
"""The coats that have a meaning."""
PATTERNS = {
    "stripes": "striped ribbon tiger fold furrow", "spots": "spot spotted star varied dappled net leopard flower",
    "saddle": "saddle cloak robe", "bands": "belt saw flame", "rings": "circle ring tail", "plain": "smooth naked bare",
}
HORNS = {
    "nose horn": "one single nose", "brow horns": "two double", "brow horns, nose horn": "three",
    "brow horns, nose horn, cheek horns": "four five six many",
}
FRILLS = ("frill", "spiked frill", "frill")
CRESTS = ("tube crest", "round crest", "swept crest")
SIZES = {"0.5": "=small =little =tiny smallest dwarf mouse", "1.4": "giant great large earthquake heavy monstrous"}
SHAPES = {
    "long": "long tall high neck stretching", "short": "short low", "stout": "thick stout heavy strong broad solid",
    "slim": "slim slender narrow thin graceful elegant", "tailed": "tail whip",
}
# fmt: on
