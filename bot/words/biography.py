"""One line about the life of a creature that never lived."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from model.names.roots import parts_of

if TYPE_CHECKING:
    from bot.cards.creature import Creature

INVENTED, REAL = "invented, and drawn by rule", "a real name; life and picture by rule"
WRITTEN, SHARED = "written by a network", "red: your words; the rest: a network's"

LIVES = {
    "long neck": ("leaves of tall trees, ferns, cones, young leaves", 70, 155),
    "big hunter": ("other dinosaurs, whatever ran too slowly, meat, fish, large prey", 66, 150),
    "claw": ("lizards, eggs, small mammals, insects, fish", 70, 125),
    "horned": ("ferns, roots, tough leaves, flowers", 66, 85),
    "plated": ("moss, ferns, soft leaves, fallen fruit", 120, 155),
    "armoured": ("ferns, roots, berries, low leaves", 66, 120),
    "domed": ("seeds, fruit, leaves, nuts", 66, 85),
    "crested": ("pine needles, twigs, leaves, water plants", 66, 85),
    "winged": ("insects, beetles, lizards, dragonflies", 120, 150),
    "sailed": ("fish, large fish, crabs and fish, turtles", 93, 125),
    "ostrich": ("seeds, insects, leaves, fruit", 66, 95),
}
"""What each body ate, and the youngest and the oldest age, in millions of years."""
LENGTHS = (
    (1.6, "a bathtub"), (2.2, "a sofa"), (2.7, "a grand piano"), (3.6, "a small car"),
    (4.6, "a family car"), (5.9, "a giraffe is tall"), (7, "an ambulance"), (9, "a fishing boat"),
    (12, "a city bus"), (16, "a lorry with its trailer"), (20, "a cricket pitch"),
    (24, "a tennis court"), (28, "a basketball court"), (36, "three city buses"),
)  # fmt: skip
PLACES = (
    "Argentina", "Australia", "Brazil", "Canada", "China", "Egypt", "England", "France", "Germany",
    "India", "Japan", "Madagascar", "Mexico", "Mongolia", "Montana", "Morocco", "Namibia",
    "Patagonia", "Portugal", "Romania", "Siberia", "Spain", "Tanzania", "Thailand", "Utah",
)  # fmt: skip
_PLACE = re.compile(
    rf"^(?:{'|'.join(PLACES)})$|(?<= in | of )(?!Tolkien|Troy|Wight)(?:\w+ern |central"
    r" )?[A-Z][\w ]+$"
)
"""A place in the meaning of a root, as in "city in China"."""


def biography(creature: Creature) -> str:
    """Say what it ate, how long it was, and where and when it lived: as its name says, else as its
    hash decides.
    """
    chance, (foods, youngest, oldest) = creature.chance, LIVES[creature.kind]
    eaten = chance.chosen("food", {food: food for food in foods.split(", ")})
    found = (_PLACE.search(part.root.meaning) for part in parts_of(chance.name))
    place = [*(match[0] for match in found if match), chance.among("place", PLACES)][0]
    _, long = min(LENGTHS, key=lambda row: abs(row[0] / creature.metres - 1))
    age = round(chance.between("age", youngest, oldest))
    return (
        f"It ate {eaten}, was about as long as {long}, and lived in what is now {place} {age}"
        " million years ago."
    )
