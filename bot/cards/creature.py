"""A dinosaur drawn from its name: the same for everybody.

A body is a spine with widths. Its outline is the spine moved to both sides by the width, so one
number of a table (`bodies.py`) makes a long neck or a thick tail. Legs, plates and stripes are
placed along that outline. The meaning of the name's parts chooses the body, its size and its
colours; a hash of the name decides what is left open.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import TypeVar

from bot.cards import bodies
from bot.cards.bodies import BODIES, FRINGES, LIMBS, PIECES, SCENES, Fringe, Point, Points
from bot.cards.shapes import (
    bent,
    blade,
    contrast,
    dot,
    edges,
    fill,
    limb,
    mixed,
    smooth,
    spline,
    toward,
    unit,
)
from model.names.roots import parts_of

T = TypeVar("T")
TALL = 1.75
"""How tall the person is, in metres."""
CALM = ("waving", "looking", "photographing", "sketching")
"""The people who suit every caption about a word."""
INK, BONE = "#2d2620", "#f0e0b8"


class Chance:
    """Makes decisions from a name in lower case: from what its parts mean or, if they say nothing,
    from a hash.

    Each decision has a word of its own, so that a new decision changes no other.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        roots = [part.root for part in reversed(parts_of(name))]
        self.parts = [
            {f"={root.meaning}", *re.findall(r"\w+", f"{root.meaning} {root.forms}")}
            for root in roots
        ]

    def between(self, word: str, least: float, most: float) -> float:
        """Return a number between two others, as a hash of the name and the word decides."""
        digest = blake2b(f"{self.name} {word}".encode(), digest_size=4).digest()
        return least + (most - least) * (int.from_bytes(digest) / 2**32)

    def among(self, word: str, choices: Sequence[T]) -> T:
        """Return one of some choices, as a hash of the name and the word decides."""
        return choices[int(self.between(word, 0, len(choices)))]

    def meant(self, table: Mapping[str, str]) -> list[str]:
        """Return each key of a table that has one of its words in the meaning of the name. Keys
        that fit the last part of the name come first.
        """
        return [
            key for part in self.parts for key, words in table.items() if part & set(words.split())
        ]

    def chosen(self, word: str, table: Mapping[str, str], otherwise: Sequence[str] = ()) -> str:
        """Return the first key that fits the name. If none does, return one of `otherwise` or,
        without these, of all keys.
        """
        return [*self.meant(table), self.among(word, otherwise or list(table))][0]


class Creature:
    """The dinosaur of a name in lower case, perhaps with a subject for the words on its card.

    It stands on y = 0. A joint is five numbers: a place, a direction and a size. `points` are all
    points of the shapes that were drawn so far.
    """

    def __init__(self, name: str, subject: str = "") -> None:
        self.chance = chance = Chance(name)
        self.subject, self.thing = subject, bodies.BESIDE.get(subject, "")
        real = bodies.REAL.get(name)
        chosen = chance.chosen("body", bodies.CHOICES, bodies.OTHERWISE)
        self.kind = real.body if real else chosen
        self.body = body = BODIES[self.kind]
        size = math.prod(map(float, chance.meant(bodies.SIZES)))
        # from the tail to the nose: the head is about 80 long
        self.long = 80 + body.points["spine"][-1][0] - body.points["spine"][0][0]
        metres = body.metres * size * chance.between("size", 0.85, 1.15)
        self.metres = max(0.6, float(real.metres)) if real else max(1.6, metres)
        poses = [pose for pose in body.poses if not (subject and pose == "sleeping")]
        self.pose = chance.chosen("pose", {pose: bodies.POSED.get(pose, "") for pose in poses})
        self.id = f"d{blake2b(name.encode(), digest_size=5).hexdigest()}"
        self.paints = self._paints(*chance.chosen("coat", bodies.DYED, bodies.COATS).split())
        self.scene = self._scene()
        # the scene's guest comes more often, or else the first of the people that suit the body
        there = bodies.GUESTS.get(self.scene.split()[0], body.lists["people"][0])
        people = CALM if subject else [*body.lists["people"], there, there]
        self.person = chance.among("person", people)
        self.tall = TALL * self.long / self.metres  # the person's height in the drawing
        self.parts = self._parts()

        pitch, neck, tail, slope, self.stride, gape, swing, self.sink = body.poses[self.pose]
        self.side = ""  # "far-" while the far side is drawn
        self.joints: dict[str, Point] = {}
        self.spine = self._spine(pitch, neck, tail)
        self.upper, self.lower = edges(self.spine)

        # the joints, to which other parts are fixed; (dx, dy) is where the head points
        dx, dy = unit((0, 0), (1, slope + chance.between("gaze", -0.1, 0.1)))
        end = self.spine[-1][:2]
        # the spine begins at the tip of the tail
        self.joints |= {
            "tail": (*self.spine[0][:2], *unit(self.spine[0], self.spine[4]), 1),
            "tip": (*self.spine[0][:2], 1, 0, self.tall / 100),
            "ground": (self.spine[len(self.spine) // 2][0], 0, 1, 0, 1),
            "head": (*end, dx, dy, 1),
            "jaw": (*end, *unit((0, 0), (dx - gape * dy, dy + gape * dx)), 1),
        }
        for joint in ("neck", "eye", "nose"):
            (x, y, size), *_ = body.points[joint]
            self.joints[joint] = (*self.at("head", [(x, y)])[0], dx, dy, size)
        self.joints["brow"] = (*self.at("eye", [(-1.3, -2.6)])[0], dx, dy, self.tall / 100)
        for x, y, size in body.points["arm"]:
            # the far arm is drawn a little ahead and below
            near, far = self.at("trunk", [(x, y), (x + 0.28 * size, y + 0.06 * size)])
            turn = unit((0, 0), (1, swing - pitch))
            self.joints |= {"arm": (*near, *turn, size), "far-arm": (*far, *turn, size)}
        self.points: list[Point] = []

    def _parts(self) -> list[str]:
        """Return all parts to draw, and set `worn`, the parts that the name adds."""
        chance, lists = self.chance, self.body.lists
        parts = [*lists["parts"], chance.among("choice", lists["choices"])]
        may_wear = [] if chance.name in bodies.REAL else chance.meant(bodies.ADDED)
        self.worn = [part for part in may_wear if part not in lists["never"]]
        parts += self.worn
        if self.kind == "horned":
            # the first kind, a single horn, comes only if the name means it
            parts += chance.chosen("horns", bodies.HORNS, list(bodies.HORNS)[1:]).split(", ")
        if "armour" not in parts:
            parts.append(chance.chosen("pattern", bodies.PATTERNS))
        mood = "asleep" if self.pose == "sleeping" else chance.among("mood", lists["moods"])
        return [*dict.fromkeys(parts), mood, self.pose, self.person]

    def _paints(self, *coat: str) -> dict[str, str]:
        """Return the colour of each paint: the four of the coat, and those mixed from them."""
        paints = dict(zip(("main", "pale", "mark", "accent"), coat, strict=True))
        paints |= {"bone": BONE, "ink": INK}
        mixes = ((name, row.split()) for name, row in bodies.MIXED.items())
        paints |= {name: mixed(paints[a], paints[b], float(share)) for name, (a, b, share) in mixes}
        return {"skin": f"url(#{self.id})"} | paints

    def _scene(self) -> str:
        """Return a scene with colours in which the creature stands out, if there is one."""
        # how much each paint must differ from the colours at some places of the scene's row
        clear = [
            scene
            for scene, row in SCENES.items()
            if all(
                contrast(row.split()[i], self.paints[paint]) > least
                for paint, least, places in (
                    ("main", 100, (1, 2, 3, 4)),
                    ("accent", 65, (3, 4)),
                    ("deep", 60, (1, 3)),
                )
                for i in places
            )
        ]
        return self.chance.chosen(
            "scene", {scene: bodies.PLACED.get(scene, "") for scene in clear or SCENES}
        )

    def _spine(self, pitch: float, neck: float, tail: float) -> list[Point]:
        """Return the spine in its pose, bent and stretched a little, and set the joint "trunk"."""
        chance, rest = self.chance, self.body.points["spine"]
        shapes = [row.split() for row in chance.meant(bodies.SHAPES)]
        stout, necked, tailed = (
            chance.between(f"shape {i}", 0.92, 1.1) * math.prod(float(row[i]) for row in shapes)
            for i in range(3)
        )
        tail += chance.between("lift", -0.15, 0.35)
        neck += chance.between("reach", -0.12, 0.12)
        hip = max(i for i, point in enumerate(rest) if point[0] <= 0)
        # the number of the point from which the neck bends
        shoulder = sum(point[0] <= 80 for point in rest[hip:])
        behind = bent(rest[hip::-1], -pitch, tail, 1, tailed)
        ahead = bent(rest[hip:], -pitch, -neck, shoulder, necked)
        self.joints["trunk"] = (*rest[hip][:2], *unit((0, 0), (1, -pitch)), 1)
        # the trunk turns around the hip, so its origin moves
        (origin,) = self.at("trunk", [(-rest[hip][0], self.sink - rest[hip][1])])
        self.joints["trunk"] = (*origin, *self.joints["trunk"][2:])
        bend = [*reversed(behind[1:]), *ahead]
        return spline(
            [(x, min(y + self.sink, -width * stout), width * stout) for x, y, width in bend]
        )

    def at(self, joint: str, points: Points) -> list[Point]:
        """Return where points around a joint lie in the drawing, with widths if they have any."""
        x, y, dx, dy, size = self.joints.get(self.side + joint) or self.joints[joint]
        return [
            (
                x + (u * dx - v * dy) * size,
                y + (u * dy + v * dx) * size,
                *(width * size for width in widths),
            )
            for u, v, *widths in points
        ]

    def along(self, t: float, level: float) -> Point:
        """Return a point beside the spine: `t` of the way along it, and `level` times half the
        width above it.
        """
        place = t * (len(self.spine) - 1)
        i = min(int(place), len(self.spine) - 2)
        middle, edge = (
            toward(line[i], line[i + 1], place - i) for line in (self.spine, self.upper)
        )
        return toward(middle, edge, level)

    def paint(self, name: str) -> str:
        """Return the colour of a paint. On the far side, the colour may be another one."""
        return self.paints.get(self.side + name) or self.paints.get(name, name)

    def shape(self, points: Points, paint: str) -> str:
        """Draw a smooth shape, and add its points to `points`."""
        self.points += points
        return fill(smooth(points), self.paint(paint))

    def blade(
        self, base: Point, tip: Point, width: float, bulge: float, bend: float, paint: str
    ) -> str:
        """Draw a blade, and add its tip to `points`."""
        self.points.append(tip)
        return fill(blade(base, tip, width, bulge, bend), self.paint(paint))

    def svg(self) -> str:
        """Draw the creature, from the far side to the near one."""
        # the line between the skin and the pale belly rises from the lower edge of the tail
        back = [
            self.along(t / 60, -1 + 0.66 * min(1, t / 18) * (2 - min(1, t / 18))) for t in range(61)
        ]
        # where the belly is in shadow
        under = [self.along(t / 60, -0.55) for t in range(61)]
        half = len(self.body.points["legs"]) // 2
        self.side = "far-"
        far = [self.arm(), *map(self.leg, range(half))]
        self.side = ""
        legs, arm = [self.leg(half + i) for i in range(half)], self.arm()
        drawn = (
            f'<linearGradient id="{self.id}" gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="-400"'
            f' y2="0"><stop stop-color="{self.paints["lit"]}"/>'
            f'<stop offset="1" stop-color="{self.paints["dim"]}"/></linearGradient>',
            *self.layer("tip"),
            *far,
            *self.layer("behind"),
            *self.layer("sail"),
            *self.layer("tail"),
            self.shape([*((x, y - 2) for x, y in back[1:]), *reversed(self.lower)], "pale"),
            self.shape([*self.upper, *reversed(back)], "skin"),
            *self.layer("skin"),
            fill(smooth([*under, *reversed(self.lower)]), INK, 0.14),
            *legs,
            *self.layer("neck"),
            *self.layer("jaw"),
            *self.layer("nose"),
            *self.layer("head"),
            *self.layer("eye"),
            *self.layer("brow"),
            arm,
            *self.layer("ground"),
        )
        return "".join(drawn)

    def box(self) -> tuple[float, float, float]:
        """Return the left, the right and the top end of what was drawn."""
        # the least x and y, and the greatest
        (left, top), (right, _) = (map(end, *self.points) for end in (min, max))
        return left, right, top

    def layer(self, layer: str) -> Iterator[str]:
        """Draw one layer of each part: its rows of blades, or its pieces at a joint."""
        for part in self.parts:
            for fringe in FRINGES.get(part, ()):
                if fringe.layer == layer:
                    yield from self.fringe(fringe)
            joint, _, pieces = PIECES.get(part, "").partition("| ")
            if joint == layer:
                yield from (self.piece(joint, *piece.split(": ")) for piece in pieces.split("; "))

    def fringe(self, fringe: Fringe) -> Iterator[str]:
        """Draw a row of blades on the back. Their number and length vary from name to name."""
        vary, last = self.chance.between("fringe", 0.8, 1.15), len(self.spine) - 1
        count = round(fringe.many * self.chance.between("count", 0.8, 1.2))
        blades, bases = [], []
        for i in range(count):
            share = (i + 0.5) / count
            t = fringe.start + (fringe.end - fringe.start) * share
            j = min(round(t * last), last - 1)
            (x, y), (dx, dy) = self.along(t, fringe.level), unit(self.spine[j], self.spine[j + 1])
            long = (fringe.long + fringe.in_the_middle * 4 * share * (1 - share)) * vary
            long += fringe.by_width * self.spine[j][2]
            out, back = fringe.outwards * long, fringe.backwards * long
            # (dy, -dx) points away from the body, (-dx, -dy) to the tail
            tip = x + dy * out - dx * back, y - dx * out - dy * back
            paint = fringe.paints[i % len(fringe.paints)]
            bases.append((x, y))
            blades.append(self.blade((x, y), tip, long * fringe.wide, fringe.bulge, 0, paint))
        if fringe.layer == "sail":
            # the newest points are the tips of these blades
            yield self.shape([*self.points[-count:], *reversed(bases)], "accent")
        yield from blades

    def piece(self, joint: str, look: str, where: str) -> str:
        """Draw a piece at a joint: a dot, a blade or a shape."""
        paint, *numbers = look.split()
        width, bulge, bend = map(float, numbers)
        placed, size = self.at(joint, bodies.points(where)), self.joints[joint][-1]
        if len(placed) == 1:
            return dot(placed[0], width * size, self.paint(paint))
        if len(placed) == 2:
            return self.blade(placed[0], placed[1], width * size, bulge, bend, paint)
        return self.shape(placed, paint)

    def limb(self, points: Points) -> str:
        """Draw a leg or an arm, and the shadow that its upper end casts on the body."""
        outline = limb(points)
        # the shadow lies beside the upper end of the front edge, and ends in a point
        front = outline[:9]
        shadow = [*front, *reversed([(x + 8 - i, y + 2) for i, (x, y) in enumerate(front)])]
        return fill(smooth(shadow), INK, 0.17) + self.shape(outline, "skin")

    def leg(self, i: int) -> str:
        """Draw leg number `i`, and the pieces at its foot."""
        x, y, thick, stride = self.body.points["legs"][i]
        ((x, top),) = self.at("trunk", [(x, y)])
        tall, reach = -top, stride * self.stride
        if top < 1.3 * y:  # the creature rears
            tall, reach = -y, stride + 0.3
        kind = "folded" if self.sink else self.body.lists["kinds"][i % 2]
        # u, v and w are shares of the hip's height, and a stride moves the foot most
        spine = [
            (x + tall * (u + reach * v * v), top + tall * v, -w * thick * y)
            for u, v, w in LIMBS[kind]
        ]
        x, _, width = spine[-1]
        self.joints["foot"] = (x, top + tall, 1, 0, width)
        return self.limb(spine) + "".join(self.layer("foot"))

    def arm(self) -> str:
        """Draw an arm or a wing, and the pieces at it. Return "" if the body has no arms."""
        if "arm" not in self.joints:
            return ""
        bones = LIMBS["wing" if "wings" in self.parts else "arm"]
        return "".join(self.layer("arm")) + self.limb(self.at("arm", bones))
