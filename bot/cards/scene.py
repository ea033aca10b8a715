"""A creature in its world: sky, hills, ground and plants of one palette, a person beside it for
scale, and perhaps a thing between them.
"""

from collections.abc import Sequence
from typing import TypeAlias

from bot.cards.bodies import PEOPLE, PLANTS, SCENES, THINGS, Points
from bot.cards.creature import INK, Chance, Creature
from bot.cards.shapes import blade, dot, fill, limb, mixed, smooth, svg

WIDTH, HEIGHT, GROUND = 1080, 760, 640
"""The size of a drawing, and where its ground is, in pixels."""
THING = 190
"""How much room a thing has, in pixels."""
Ends: TypeAlias = tuple[float, float]


def world(creature: Creature) -> str:
    """Return a creature in its world as SVG. The drawing goes on beyond the frame."""
    animal, chance = creature.svg(), creature.chance
    scene = SCENES[creature.scene].split()
    ground, plant = scene[5:7]
    left, right, top = creature.box()
    ends = [point[0] for _, spine in PEOPLE[creature.person] for point in spine]
    # how far the person reaches to the left and to the right
    before, after = (max(33, 10 + end) * creature.tall / 100 for end in (-min(ends), max(ends)))
    # how large a young one is on the other side of the person, if there is one
    young = 0.7 * creature.tall / -top if creature.person == "standing between" else 0
    room = right - left + 30 + before + after + young * (right - left)
    gap = THING if creature.thing else 0
    scale = min((980 - gap) / room, 530 / -top, 380 / creature.tall)
    edge = (WIDTH - gap - room * scale) / 2
    animal_x, person_x = edge - left * scale, edge + gap + (right - left + 30 + before) * scale
    head, nose = (creature.joints[joint] for joint in ("head", "nose"))
    # the sun stands behind the head or, if that is too low, behind the person
    sun = (animal_x + head[0] * scale, GROUND + head[1] * scale)
    drawn = _sky(chance, scene, sun if sun[1] < 310 else (min(max(person_x, 180), 900), 190))
    distant = mixed(plant, scene[4], 0.5)
    for side, x in (("left", 80), ("right", person_x + 60)):
        kind = chance.among(side, ("palm", "conifer", "cycad", "fern"))
        drawn += _scattered(chance, kind, 4, (x - 110, x + 110), (618, 622), (120, 250), distant)
    drawn += fill(
        f"M0 {GROUND - 28}Q{WIDTH / 2} {GROUND - 44} {WIDTH} {GROUND - 28}V{HEIGHT + 9}H0Z", ground
    )
    if creature.pose == "drinking":
        drawn += _ellipse(
            animal_x + nose[0] * scale - 30, GROUND + 8, 100, 18, mixed(scene[1], scene[3], 0.3)
        )
    shade = mixed(ground, INK, 0.2)
    middle, half = animal_x + (left + right) / 2 * scale, (right - left) / 2 * scale
    drawn += _ellipse(middle, GROUND + 4, half * 0.8, 15, shade)
    drawn += _ellipse(person_x, GROUND + 2, creature.tall * scale * 0.24, 7, shade)
    drawn += _placed(_outlined(PEOPLE[creature.person]), person_x, creature.tall * scale / 100)
    drawn += _placed(animal, animal_x, scale)
    # about half of all worlds are mirrored, but no thing is
    turned = chance.among("turned", ("", "-"))
    if creature.thing:
        thing = _outlined(THINGS[creature.thing])
        drawn += _placed(thing, person_x - before * scale - gap / 2, THING / 118, turned, 34)
    if young:
        drawn += _placed(
            animal, person_x + (after + young * right) * scale, young * scale, turn="-"
        )
    for kind, count, across, down, sizes, share in (
        ("grass", 5, (40, WIDTH - 40), (GROUND + 44, HEIGHT), (26, 60), 0.1),
        ("fern", 1, (-30, 0), (HEIGHT + 20, HEIGHT + 40), (120, 190), 0.5),
        ("fern", 1, (WIDTH, WIDTH + 30), (HEIGHT + 20, HEIGHT + 40), (120, 190), 0.5),
    ):
        drawn += _scattered(chance, kind, count, across, down, sizes, mixed(plant, INK, share))
    mirror = f' transform="matrix(-1 0 0 1 {WIDTH} 0)"' if turned else ""
    return f"<g{mirror}>{drawn}</g>"


def portrait(name: str) -> str:
    """Return an SVG of the creature of a name without its world, as large as the creature."""
    creature = Creature(name.lower())
    animal = creature.svg()
    left, right, top = creature.box()
    return svg(animal, left - 8, top - 8, right - left + 16, 12 - top)


def _placed(drawn: str, x: float, scale: float, turn: str = "", nearer: int = 0) -> str:
    """Return a drawing at x on the ground, mirrored if `turn` is "-", and perhaps nearer to us."""
    return (
        f'<g transform="translate({x:.1f} {GROUND + nearer}) scale({turn}{scale:.3f} {scale:.3f})">'
        f"{drawn}</g>"
    )


def _ellipse(x: float, y: float, wide: float, high: float, colour: str) -> str:
    return f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{wide:.1f}" ry="{high:.1f}" fill="{colour}"/>'


def _outlined(parts: Sequence[tuple[str, Points]]) -> str:
    """Draw a person or a thing, about 100 units tall, with an outline. A person looks left."""
    drawn = "".join(_part(colour, where) for colour, where in parts)
    # a copy with a stroke lies below, so only its outline shows
    return f'<g stroke="{INK}" stroke-width="3" stroke-linejoin="round">{drawn}</g>{drawn}'


def _part(colour: str, where: Points) -> str:
    """Draw a dot, a limb, or an outline."""
    if len(where) == 1:
        return dot(where[0], where[0][2], colour)
    if colour.startswith("~"):
        return fill(smooth(where), colour[1:])
    if len(where[0]) == 3:
        return fill(smooth(limb(where)), colour)
    return fill("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in where) + "Z", colour)


def _sky(chance: Chance, scene: list[str], bright: tuple[float, float]) -> str:
    """Draw the sky, the sun near the point `bright`, and the hills."""
    above, below, sun, far, near = scene[:5]
    kind, count, colour = scene[7:]
    drawn = "".join(
        fill(f"M0 {24 * i}H{WIDTH}v28H0Z", mixed(above, below, i / 23)) for i in range(24)
    )
    drawn += _scattered(chance, kind, int(count), (40, WIDTH - 40), (30, 340), (0.5, 1), colour)
    u, v = bright[0] - chance.between("sun", -30, 50), bright[1] - chance.between("noon", -20, 30)
    drawn += dot((u, max(v, 150)), chance.between("disc", 95, 135), sun)
    for hills, y, rise in ((far, 520, 150), (near, 580, 90)):
        tops = [
            (x, y - rise * chance.between(f"{y} {x}", 0.2, 1))
            for x in range(-120, WIDTH + 360, 180)
        ]
        drawn += fill(smooth([(-120, HEIGHT + 60), *tops, (WIDTH + 120, HEIGHT + 60)]), hills)
    return drawn


def _scattered(
    chance: Chance, kind: str, count: int, across: Ends, down: Ends, sizes: Ends, colour: str
) -> str:
    """Draw plants, clouds or other things, with places and sizes that lie between two ends."""
    drawn = ""
    for i in range(count):
        x, y, size = (
            chance.between(f"{kind} {i} {ends} {colour}", *ends) for ends in (across, down, sizes)
        )
        for a, b, c, d, width, bend, bulge in PLANTS[kind]:
            base, tip = (x + a * size, y + b * size), (x + c * size, y + d * size)
            drawn += fill(blade(base, tip, width * size, bulge, bend), colour)
    return drawn
