"""A dinosaur drawn from its name: the same for everybody.

A body is a spine with widths. Its outline is the spine moved to both sides by the width, so a long
neck or a thick tail is a number of a table (`bodies.py`). Legs, plates and stripes are placed along
that outline. The meaning of the name's parts chooses the body, its size and its colours; a hash of
the name decides what is left open.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

from bot.cards import bodies
from bot.cards.bodies import BODIES, FEET, FRINGES, LIMBS, PIECES, Point, Points
from bot.cards.shapes import blade, dot, edges, fill, limb, mixed, smooth, spline, toward, unit
from model.names.roots import parts_of

T = TypeVar("T")
INK, BONE, GUM, TOOTH = "#2d2620", "#f0e0b8", "#7d2f2e", "#fff8e8"


class Chance:
    """What a name in lower case decides: by what its parts mean or, if they say nothing, by its
    hash.

    Each decision has a word of its own, so a new one changes no other.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        roots = [part.root for part in reversed(parts_of(name))]
        self.parts = [
            {f"={root.meaning}", *re.findall(r"\w+", f"{root.meaning} {root.forms}")}
            for root in roots
        ]

    def between(self, word: str, least: float, most: float) -> float:
        digest = blake2b(f"{self.name} {word}".encode(), digest_size=4).digest()
        return least + (most - least) * (int.from_bytes(digest) / 2**32)

    def among(self, word: str, choices: Sequence[T]) -> T:
        return choices[int(self.between(word, 0, len(choices)))]

    def meant(self, table: Mapping[str, str]) -> list[str]:
        """Return the keys of a table whose words the name means, those of its last part first."""
        return [
            key for part in self.parts for key, words in table.items() if part & set(words.split())
        ]

    def chosen(self, word: str, table: Mapping[str, str], otherwise: Sequence[str] = ()) -> str:
        """Return the key that the name means; else one of `otherwise`, or of all keys."""
        return [*self.meant(table), self.among(word, otherwise or list(table))][0]


class Creature:
    """One dinosaur, of a name in lower case.

    It stands on y = 0; `points` are what was drawn so far.
    """

    def __init__(self, name: str) -> None:
        self.chance = chance = Chance(name)
        self.kind = chance.chosen("body", bodies.CHOICES)
        self.body = BODIES[self.kind]
        size = math.prod(map(float, chance.meant(bodies.SIZES))) * chance.between(
            "size", 0.85, 1.15
        )
        self.metres = max(1.6, self.body.metres * size)
        self.parts = self._parts()
        self.paints = self._paints(*chance.chosen("coat", bodies.DYED, bodies.COATS).split())
        self.spine = self._pose(chance.meant(bodies.SHAPES))
        self.upper, self.lower = edges(self.spine)
        dx, dy = unit((0, 0), (1, self.body.slope + chance.between("gaze", -0.1, 0.1)))
        self.joints = {"tail": (*self.spine[0][:2], 1, 0), "head": (*self.spine[-1][:2], dx, dy)}
        self.joints["nose"] = (*self.at("head", self.body.points["nostril"])[0], dx, dy)
        self.clip = f"d{blake2b(name.encode(), digest_size=5).hexdigest()}"
        self.points: list[Point] = []

    def _parts(self) -> list[str]:
        parts = dict.fromkeys([*self.body.parts, *self.chance.meant(bodies.ADDED)])
        if self.kind == "horned":
            parts.pop("nose horn", None)
            horns = self.chance.chosen("horns", bodies.HORNS, list(bodies.HORNS)[1:])
            parts |= dict.fromkeys([self.chance.among("frill", bodies.FRILLS), *horns.split(", ")])
        elif self.kind == "crested":
            parts.pop("ridge crest", None)
            parts[self.chance.among("crest", bodies.CRESTS)] = None
        elif self.kind in {"sailed", "plated"}:
            parts.pop("back spikes", None)
        pattern = self.chance.chosen("pattern", bodies.PATTERNS)
        return [*parts, *([] if "armour" in parts else [pattern])]

    def _paints(self, *coat: str) -> dict[str, str]:
        paints = dict(zip(("main", "pale", "mark", "accent"), coat, strict=True)) | {
            "bone": BONE,
            "ink": INK,
        }
        mixes = ((name, row.split()) for name, row in bodies.MIXED.items())
        return paints | {
            name: mixed(paints[a], paints[b], float(share)) for name, (a, b, share) in mixes
        }

    def _pose(self, shapes: list[str]) -> list[Point]:
        """Return the spine, bent and stretched a little."""
        chance, legs = self.chance, [leg[0] for leg in self.body.points["legs"]]
        hip, shoulder = min(legs) - 40, max(legs)
        high = next(y for x, y, _ in self.body.points["spine"] if x >= shoulder - 10)
        lift, reach = chance.between("lift", -0.3, 0.5), chance.between("reach", 0.92, 1.15)
        tail = chance.between("tail", 0.85, 1.1) + 0.12 * ("tailed" in shapes)
        neck = (
            chance.between("neck", 0.88, 1.08)
            + 0.1 * ("long" in shapes)
            - 0.12 * ("short" in shapes)
        )
        stout = (
            chance.between("stout", 0.94, 1.08)
            + 0.1 * ("stout" in shapes)
            - 0.1 * ("slim" in shapes)
        )
        spine = []
        for x, y, width in self.body.points["spine"]:
            behind, ahead = max(0, hip - x), max(0, x - shoulder)
            y += (y - high) * (neck - 1) * (ahead > 0) - lift * behind * behind / 900
            spine.append((x + behind * (1 - tail) + ahead * (reach - 1), y, width * stout))
        return spline(spine)

    def at(self, joint: str, points: Points, size: float = 1) -> list[Point]:
        """Place points that are given around a joint."""
        x, y, dx, dy = self.joints[joint]
        return [(x + (u * dx - v * dy) * size, y + (u * dy + v * dx) * size) for u, v in points]

    def along(self, t: float, level: float) -> Point:
        """Return the point at the share `t` of the spine, `level` half widths above it."""
        place = t * (len(self.spine) - 1)
        i = min(int(place), len(self.spine) - 2)
        middle, edge = (
            toward(line[i], line[i + 1], place - i) for line in (self.spine, self.upper)
        )
        return toward(middle, edge, level)

    def shape(self, points: Points, paint: str) -> str:
        self.points += points
        return fill(smooth(points), self.paints.get(paint, paint))

    def blade(
        self, base: Point, tip: Point, width: float, bulge: float, bend: float, paint: str
    ) -> str:
        self.points.append(tip)
        return fill(blade(base, tip, width, bulge, bend), self.paints.get(paint, paint))

    def svg(self) -> str:
        """Draw it, from the far side to the near one."""
        back = [
            self.along(t / 60, -1 + 0.66 * min(1, t / 18) * (2 - min(1, t / 18))) for t in range(61)
        ]
        legs = [self.leg(i) for i in range(len(self.body.points["legs"]))]
        drawn = (
            (
                f'<clipPath id="{self.clip}"><path'
                f' d="{smooth([*self.upper, *reversed(self.lower)])}"/></clipPath>'
            ),
            *self.wing(34, -22, "dark"),
            *self.arm(far=True),
            *legs[: len(legs) // 2],
            *self.layer("behind"),
            *self.sail(),
            *self.layer("tail"),
            self.shape([*((x, y - 2) for x, y in back[1:]), *reversed(self.lower)], "pale"),
            self.shape([*self.upper, *reversed(back)], "main"),
            self.clipped("".join(self.layer("skin"))),
            *legs[len(legs) // 2 :],
            *self.layer("neck"),
            *self.head(),
            *self.layer("head"),
            *self.layer("nose"),
            *self.arm(far=False),
            *self.wing(0, 0, "main"),
        )
        return "".join(drawn)

    def box(self) -> tuple[float, float, float]:
        """Return the left, the right and the top end of what was drawn."""
        across = [x for x, _ in self.points]
        return min(across), max(across), min(y for _, y in self.points)

    def clipped(self, drawn: str) -> str:
        return f'<g clip-path="url(#{self.clip})">{drawn}</g>'

    def layer(self, layer: str) -> Iterator[str]:
        """Draw one layer: its rows of blades, and then its pieces at joints."""
        for row in (
            row for part in self.parts if part in FRINGES for row in FRINGES[part].split("; ")
        ):
            if row.startswith(layer):
                yield from self.fringe(*row.split()[1:])
        for part in self.parts:
            joint, _, pieces = PIECES.get(part, "").partition("|")
            if joint == layer:
                yield from (
                    self.piece(part, joint, *piece.split(":")) for piece in pieces.split(";")
                )

    def fringe(self, paints: str, *numbers: str) -> Iterator[str]:
        """Draw a row of blades on the back: from where to where on the spine, how many, at what
        level, and where they point.

        `long` is the length of each; `by_width` adds to it where the body is wide, `middle` in the
        middle of the row. `slim` and `bulge` are their shape.
        """
        start, end, many, level, outwards, backwards, long, by_width, middle, slim, bulge = map(
            float, numbers
        )
        vary, last = self.chance.between("fringe", 0.8, 1.15), len(self.spine) - 1
        count = round(many * self.chance.between("count", 0.8, 1.2))
        for i in range(count):
            share = (i + 0.5) / count
            t = start + (end - start) * share
            j = min(round(t * last), last - 1)
            (x, y), (dx, dy) = self.along(t, level), unit(self.spine[j], self.spine[j + 1])
            arched = (long + middle * 4 * share * (1 - share)) * vary
            tall = arched + by_width * self.spine[j][2]
            out, back = outwards * tall, backwards * tall
            tip = x + dy * out - dx * back, y - dx * out - dy * back
            paint = paints.split("/")[i % len(paints.split("/"))]
            yield self.blade((x, y), tip, tall * slim, bulge, 0, paint)

    def piece(self, part: str, joint: str, look: str, where: str) -> str:
        paint, *numbers = look.split()
        width, bulge, bend = map(float, numbers)
        size = 1 if part == "dome" else self.chance.between(part, 0.9, 1.15)
        if joint == "nose":
            size *= self.body.points["nostril"][0][0] / (80 if "brow horns" in self.parts else 55)
        elif "crest" in part:
            size *= min(y for _, y in self.body.points["skull"]) / -32
        placed = self.at(joint if joint in self.joints else "head", bodies.points(where), size)
        if len(placed) == 1:
            return dot(placed[0], width * size, self.paints[paint])
        if len(placed) == 2:
            return self.blade(placed[0], placed[1], width * size, bulge, bend, paint)
        return self.shape(placed, paint)

    def limb(self, points: Points, near: bool) -> str:
        """Draw a leg or an arm. One on the near side casts a shadow on the body."""
        if not near:
            return self.shape(points, "dark")
        shadow = fill(smooth([(x + 7, y + 2) for x, y in points]), self.paints["dark"], 0.45)
        return self.clipped(shadow) + self.shape(points, "main")

    def leg(self, i: int) -> str:
        x, y, thick, stride = self.body.points["legs"][i]
        kinds = self.body.kinds
        near = i >= len(self.body.points["legs"]) // 2
        kind = kinds[i % len(kinds)]
        spine = [
            (x - y * (u + stride * v * v), y * (1 - v), -w * thick * y) for u, v, w in LIMBS[kind]
        ]
        x, _, k = spine[-1]
        toes = "toes" if kind == "runner" else "hoof"
        foot = FEET[toes]
        nails = [*FEET[f"{toes} nails"], *(FEET["sickle"] if self.kind == "claw" else [])]
        drawn = self.limb(limb(spine), near)
        drawn += self.shape([(x + u * k, v * k) for u, v in foot], "main" if near else "dark")
        for a, b, c, d, w in nails:
            base, tip = (x + a * k, b * k), (x + c * k, d * k)
            drawn += self.blade(base, tip, w * k, 0.5, -0.3, "bone" if near else "far-bone")
        return drawn

    def arm(self, far: bool) -> Iterator[str]:
        for x, y, size in self.body.points["arm"]:
            x, y = x + size * 0.28 * far, y + size * 0.06 * far
            spine = [(x + u * size, y + v * size, w * size) for u, v, w in LIMBS["arm"]]
            u, v, _ = spine[-1]
            for k in (-0.6, 0.4, 1.4):
                tip = u + size * 0.26, v + size * (0.08 + 0.12 * k)
                yield self.blade(
                    (u - 2, v + 4 * k), tip, size * 0.09, 0.4, 0.8, "far-bone" if far else "bone"
                )
            yield self.limb(limb(spine), not far)
            for i in range(7 if "arm feathers" in self.parts and not far else 0):
                u, v = x + size * (0.073 * i - 0.02), y + size * (0.36 + 0.047 * i)
                tip = u - size * (0.62 - 0.04 * i), v + size * (0.3 + 0.05 * i)
                yield self.blade((u, v), tip, size * 0.2, 0, 0, ("mark", "accent")[i % 2])

    def wing(self, x: float, y: float, paint: str) -> Iterator[str]:
        if "wings" not in self.parts:
            return
        bone, tips = ([(u + x, v + y) for u, v in spline(points, 4)] for points in bodies.WING)
        for long, feathers, count in ((1, "mark", 11), (0.72, "accent", 10), (0.42, "pale", 9)):
            for i in range(count):
                base, tip = (
                    points[round(i / (count - 1) * (len(points) - 1))] for points in (bone, tips)
                )
                colour = mixed(self.paints[feathers], INK, 0.12 * (i % 2))
                if paint == "dark":
                    # the far wing is one shadow; pale feathers there would look washed out
                    colour = mixed(self.paints["mark"], INK, 0.3 + 0.06 * (i % 2))
                yield self.blade(base, toward(base, tip, long), 40, 0, 0, colour)
        left, right = edges([(u, v, 17 - 0.65 * i - 8 * (i == 0)) for i, (u, v) in enumerate(bone)])
        yield self.shape([*left, *reversed(right)], paint)

    def sail(self) -> Iterator[str]:
        if "sail" not in self.parts:
            return
        most, lean = self.chance.between("sail", 140, 205), self.chance.between("lean", -0.2, 0.45)
        low, high = [], []
        for s in (i / 24 for i in range(25)):
            q = (2 * s - 1) * (2 * s - 1)
            q *= self.chance.among("sail's edge", (q, q, 1))
            x, y = self.along(0.2 + 0.58 * s, 0.7)
            low.append((x, y))
            high.append((x - 26 * (1 - s), y - most * (1 - q) * (1 + lean * (s - 0.5))))
        yield self.shape([*high, *reversed(low)], "accent")
        for base, end in list(zip(low, high, strict=True))[2:-1:2]:
            yield self.blade(base, toward(base, end, 0.95), 7, 0.9, 0, "deep")

    def head(self) -> Iterator[str]:
        points = self.body.points
        if points["teeth"]:
            (a, b), (p, q) = points["teeth"][0], points["jaw"][4]
            yield self.shape(
                self.at("head", [(0, 6), (a / 2, b), (a, b), (p - 6, q - 2), (p / 2, q)]), GUM
            )
        yield self.shape(self.at("head", points["jaw"]), "pale")
        for x, y in points["teeth"]:
            base, tip = self.at("head", [(x, y - 3), (x - 2, y + 12)])
            yield self.blade(base, tip, 9, 0.5, 0, TOOTH)
        yield self.shape(self.at("head", points["skull"]), "main")
        if points["beak"]:
            yield self.shape(self.at("head", points["beak"]), "accent")
        if points["mouth"]:
            front, corner = self.at("head", points["mouth"])
            yield self.blade(front, corner, 3.4, 0.7, 1.5, INK)
        x, y, r = points["eye"][0]
        nostril, (x, y) = self.at("head", [*points["nostril"], (x, y)])
        yield dot(nostril, 2.4, mixed(self.paints["main"], INK, 0.6)) + dot(
            (x, y), r * 1.45, self.paints["dark"]
        )
        yield dot((x, y), r * 1.12, "#fdf3d0") + dot((x + r * 0.15, y), r * 0.8, INK)
        yield dot((x + r * 0.4, y - r * 0.35), r * 0.28, "#ffffff")
