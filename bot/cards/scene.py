"""A creature in its world: sky, hills, ground and plants of one palette, and a person beside it for
scale.
"""

from bot.cards.bodies import PERSON, PLANTS, SCENES
from bot.cards.creature import INK, Chance, Creature
from bot.cards.shapes import blade, contrast, dot, fill, limb, mixed, smooth, svg

WIDTH, HEIGHT, GROUND = 1080, 760, 640
"""The size of a drawing, and where its ground is, in pixels."""
TALL = 1.75
"""How tall the person is, in metres."""


def drawing(name: str) -> str:
    """Return an SVG of WIDTH × HEIGHT: the creature of a name in its world."""
    return svg(world(name), 0, 0, WIDTH, HEIGHT)


def world(name: str) -> str:
    """Return what is drawn of a name, also beyond the frame."""
    creature = Creature(name.lower())
    animal, chance = creature.svg(), creature.chance
    scenes = [scene.split() for scene in SCENES]
    scene = chance.among(
        "scene", [row for row in scenes if contrast(row[3], creature.paints["main"]) > 100]
    )
    left, right, top = creature.box()
    long = right - left
    person = TALL * long / creature.metres
    room = long + 30 + 0.62 * person
    scale = min(950 / room, 520 / -top, 400 / person)
    x = (WIDTH - room * scale) / 2
    drawn = _behind(chance, scene)
    shade = f'rx="{long * scale * 0.4:.1f}" ry="15" fill="{mixed(scene[4], INK, 0.16)}"'
    drawn += f'<ellipse cx="{x + long * scale * 0.52:.1f}" cy="{GROUND + 4}" {shade}/>'
    drawn += _placed(
        _person(mixed(scene[5], INK, 0.42)), x + (room - 0.3 * person) * scale, person * scale / 100
    )
    drawn += _placed(animal, x - left * scale, scale)
    for i in range(6):
        u = chance.between(f"x {i}", 40, WIDTH - 40)
        v = chance.between(f"y {i}", GROUND + 50, HEIGHT)
        drawn += _plant("fern", u, v, 30 + 8 * i, mixed(scene[5], INK, 0.12))
    return drawn


def portrait(name: str) -> str:
    """Return an SVG of the creature of a name alone; it has the size of the creature."""
    creature = Creature(name.lower())
    animal = creature.svg()
    left, right, top = creature.box()
    return svg(animal, left - 8, top - 8, right - left + 16, 12 - top)


def _placed(drawn: str, x: float, scale: float) -> str:
    return f'<g transform="translate({x:.1f} {GROUND}) scale({scale:.3f})">{drawn}</g>'


def _person(colour: str) -> str:
    """Draw a person of 100 units who looks left and waves."""
    return "".join(fill(smooth(limb(spine)), colour) for spine in PERSON) + dot((0, -90), 7, colour)


def _behind(chance: Chance, scene: list[str]) -> str:
    sky, sun, far, near, ground, plant = scene
    drawn = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{sky}"/>'
    noon = chance.between("sun", 110, 480), chance.between("noon", 120, 220)
    drawn += dot(noon, chance.between("disc", 54, 84), sun)
    for colour, y, rise in ((far, 520, 150), (near, 580, 90)):
        tops = [
            (x, y - rise * chance.between(f"{y} {x}", 0.2, 1))
            for x in range(-120, WIDTH + 360, 180)
        ]
        drawn += fill(smooth([(-120, HEIGHT + 60), *tops, (WIDTH + 120, HEIGHT + 60)]), colour)
    for side, edge in (("left", 0), ("right", WIDTH)):
        kind = chance.among(side, list(PLANTS))
        for i in range(3):
            across = chance.between(f"{side} {i}", 10, 210)
            tall = chance.between(f"{side} {i} tall", 125, 230)
            drawn += _plant(kind, abs(edge - across), 618, tall, mixed(plant, near, 0.55 - 0.2 * i))
    earth = f"M0 {GROUND - 28}Q{WIDTH / 2} {GROUND - 44} {WIDTH} {GROUND - 28}V{HEIGHT + 9}H0Z"
    return drawn + fill(earth, ground)


def _plant(kind: str, x: float, y: float, tall: float, colour: str) -> str:
    return "".join(
        fill(
            blade(
                (x + a * tall, y + b * tall),
                (x + c * tall, y + d * tall),
                width * tall,
                bulge,
                bend,
            ),
            colour,
        )
        for a, b, c, d, width, bend, bulge in PLANTS[kind]
    )
